//! The entries of `resources`, read: one by one, or many at once on all cores.

use std::sync::Arc;

use manifest::Diagnostic;
use rayon::prelude::*;

use super::target::Target;
use crate::kustomize::decode::LocatedText;
use crate::kustomize::load::reference::{Spelling, spelling};
use crate::kustomize::load::{Io, KustomizationDir, Opened};
use crate::kustomize::object::reader;
use crate::kustomize::object::resource::Resource;

/// From this many entries on, files are read and parsed on all cores.
const MANY: usize = 64;

/// An entry of `resources`, opened.
pub(crate) enum Entry {
    /// The objects of a file.
    Objects(Vec<Resource>),
    /// A folder or repository.
    Folder(Arc<KustomizationDir>),
}

/// Opens an entry and reads its objects, if it is a file.
///
/// # Errors
/// Returns an error if the entry does not exist, may not be read, or holds no objects.
pub(crate) fn open(io: Io<'_>, target: &Target, entry: &str) -> Result<Entry, Diagnostic> {
    match target.dir.open(io, entry)? {
        Opened::File(loaded) => reader::read(&loaded.bytes, &loaded.name).map(Entry::Objects),
        Opened::Folder(dir) => Ok(Entry::Folder(dir)),
    }
}

/// Reads the files of many entries in parallel; returns nothing for few entries, and skips remote ones.
pub(crate) fn read_ahead(
    io: Io<'_>,
    target: &Target,
    entries: &[LocatedText],
) -> Vec<Option<Result<Entry, Diagnostic>>> {
    if entries.len() < MANY {
        return Vec::new();
    }
    let local = |entry: &&LocatedText| matches!(spelling(&entry.text), Spelling::Local);
    entries.par_iter().map(|entry| Some(entry).filter(local).map(|entry| open(io, target, &entry.text))).collect()
}
