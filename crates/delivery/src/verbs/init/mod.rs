//! `hydrant init`: inspects a repository and writes a `hydrant.yaml` for it.

mod environment_names;
mod globs;
mod layout;
mod look;
mod releases;
mod write;
mod write_releases;

use manifest::Diagnostic;
use render_core::files::{FileError, FileKind, Files, join};

use crate::config::{Host, Template};
use crate::plan;
use crate::plan::settings::{Selection, Settings};

pub use layout::{FoundUnit, Layout, LeftOut};
pub use look::{Candidate, How, Inspection, Scope, look};
pub use releases::{FoundChart, FoundRelease};
pub use write::write;

/// The decisions of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The environments; those that were found where empty.
    pub environments: Vec<String>,
    /// The manifest repository: a URL or a path.
    pub repository: Option<Template>,
    /// The branch.
    pub branch: Option<Template>,
    /// The file, or with a slash at its end the folder.
    pub path: Option<Template>,
    /// The environments whose changes go through a pull request.
    pub review: Vec<String>,
    /// The kind of git host of the manifest repository, if its name does not show it.
    pub review_host: Option<Host>,
    /// The registry and path in front of every image that a Skaffold config builds, in all environments.
    pub default_repo: Option<String>,
}

impl Choices {
    /// The environments of the config: the chosen ones, else the detected ones, else a default.
    pub fn environments(&self, found: &Inspection) -> Vec<String> {
        let chosen = if self.environments.is_empty() { found.environments.clone() } else { self.environments.clone() };
        if chosen.is_empty() { vec!["production".to_owned()] } else { chosen }
    }
}

impl Choices {
    /// Whether a review is chosen and the kind of its git host is unknown.
    pub fn want_a_host(&self) -> bool {
        let known = self.repository.as_ref().and_then(|repository| crate::host::git_hosts::known(repository.text()));
        !self.review.is_empty() && self.review_host.or(known).is_none()
    }
}

/// Whether an environment may have this name, which becomes a part of a branch's name and of files' names.
///
/// # Errors
/// A message for the user.
pub fn environment_name(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let good = !text.is_empty() && text.chars().all(plain) && !text.starts_with(['-', '.']);
    if good {
        Ok(text.to_owned())
    } else {
        Err(format!("invalid environment name \"{text}\": expected letters, digits, `-`, `_` and `.`"))
    }
}

/// Whether the text, as the `hydrant.yaml` of `root`, can be planned.
///
/// # Errors
/// What `hydrant plan --all` would say of it.
pub fn check(files: &dyn Files, root: &str, text: &str) -> Result<(), Diagnostic> {
    let path = join(root, "hydrant.yaml");
    let files = WithConfig { files, path: path.clone(), text };
    let settings = Settings {
        folder: root.to_owned(),
        config: Some(path),
        clone: crate::host::clone::containing(root),
        selection: Selection { all: true, ..Selection::default() },
        ..Settings::default()
    };
    match plan::plan(&files, &settings) {
        Ok(_) => Ok(()),
        Err(errors) => Err(errors.into_all().swap_remove(0)),
    }
}

/// Files, and a config that does not exist yet.
struct WithConfig<'a> {
    files: &'a dyn Files,
    path: String,
    text: &'a str,
}

impl Files for WithConfig<'_> {
    fn read(&self, path: &str) -> Result<std::sync::Arc<[u8]>, FileError> {
        if path == self.path { Ok(self.text.as_bytes().into()) } else { self.files.read(path) }
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        if path == self.path { Ok(FileKind::File) } else { self.files.kind(path) }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.files.list(folder)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.files.real(path)
    }
}
