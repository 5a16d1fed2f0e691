//! The entries of `resources`, read: one by one, or many at once on all cores.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use manifest::Diagnostic;
use rayon::prelude::*;

use super::target::Target;
use crate::kustomize::budget::{MAX_BYTES, size_of_node};
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

/// Reads the files of many entries in parallel; returns nothing for few entries, and skips remote ones, and those that do not fit in the
/// budget of a build.
pub(crate) fn read_ahead(
    io: Io<'_>,
    target: &Target,
    entries: &[LocatedText],
) -> Vec<Option<Result<Entry, Diagnostic>>> {
    if entries.len() < MANY {
        return Vec::new();
    }
    let local = |entry: &&LocatedText| matches!(spelling(&entry.text), Spelling::Local);
    let bytes = AtomicU64::new(0);
    let fits = |_: &&LocatedText| bytes.load(Ordering::Relaxed) <= MAX_BYTES;
    let read = |entry: &LocatedText| {
        let opened = open(io, target, &entry.text);
        if let Ok(Entry::Objects(resources)) = &opened {
            let size = |resource: &Resource| size_of::<Resource>() as u64 + size_of_node(&resource.node);
            let size = resources.iter().map(size).sum();
            bytes.fetch_add(size, Ordering::Relaxed);
        }
        opened
    };
    entries.par_iter().map(|entry| Some(entry).filter(local).filter(fits).map(read)).collect()
}
