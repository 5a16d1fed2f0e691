//! The entries of `resources`, read: one by one, or many at once on all cores.

use std::sync::Arc;

use manifest::Diagnostic;
use rayon::prelude::*;

use super::decode::Written;
use super::load::{Io, Opened, Place};
use super::objects;
use super::reference::{Spelling, spelling};
use super::resource::Resource;
use super::target::Target;

/// From this many entries on, files are read and parsed on all cores.
const MANY: usize = 64;

/// What an entry of `resources` is, read.
pub enum Entry {
    /// The objects of a file.
    Objects(Vec<Resource>),
    /// A folder or repository.
    Folder(Arc<Place>),
}

/// Opens an entry and reads its objects, if it is a file.
///
/// # Errors
/// Where nothing is there, what is there may not be read, or holds no objects.
pub fn open(io: Io<'_>, target: &Target, entry: &str) -> Result<Entry, Diagnostic> {
    match target.place.open(io, entry)? {
        Opened::File(loaded) => objects::read(&loaded.bytes, &loaded.name).map(Entry::Objects),
        Opened::Folder(place) => Ok(Entry::Folder(place)),
    }
}

/// Reads the files among many entries on all cores; nothing where there are few, and nothing of what is remote.
pub fn read_ahead(io: Io<'_>, target: &Target, entries: &[Written]) -> Vec<Option<Result<Entry, Diagnostic>>> {
    if entries.len() < MANY {
        return Vec::new();
    }
    let local = |entry: &&Written| matches!(spelling(&entry.text), Spelling::Local);
    entries.par_iter().map(|entry| Some(entry).filter(local).map(|entry| open(io, target, &entry.text))).collect()
}
