//! Which files outside of the source repository may be delivered.

use render_core::files::{Files, join};

use crate::host::disk::is_within;

/// The folders outside of the source repository from which units may be rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOutside {
    /// `--allow-outside`: every folder.
    all: bool,
    /// `sources` of hydrant.yaml, absolute, as written and with symbolic links resolved.
    folders: Vec<String>,
}

impl AllowedOutside {
    /// The folders that `sources` names, as seen from `root`; all with `all`.
    pub(super) fn new(all: bool, root: &str, sources: &[String], disk: &dyn Files) -> Self {
        let written = sources.iter().map(|source| join(root, source));
        let folders = written.flat_map(|folder| [disk.real(&folder).ok(), Some(folder)]).flatten();
        let mut folders: Vec<String> = folders.collect();
        folders.sort_unstable();
        folders.dedup();
        AllowedOutside { all, folders }
    }

    /// Whether any file outside may be delivered.
    pub(crate) fn is_empty(&self) -> bool {
        !self.all && self.folders.is_empty()
    }

    /// Whether a file with this path, symbolic links resolved, may be delivered.
    pub fn allows(&self, path: &str) -> bool {
        self.all || self.folder_of(path).is_some()
    }

    /// The folder of `sources` that a path lies in.
    pub(crate) fn folder_of(&self, path: &str) -> Option<&str> {
        self.folders.iter().find(|folder| is_within(path, folder)).map(String::as_str)
    }
}
