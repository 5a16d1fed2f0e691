//! A view of files that records which of them are read: the exact inputs of a unit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use render_core::files::{FileError, FileKind, Files};

/// A view of other files, and the paths that were read through it.
pub(crate) struct RecordedFiles<'a> {
    inner: &'a dyn Files,
    read: Mutex<BTreeSet<String>>,
    listed: Mutex<BTreeSet<String>>,
    absent: Mutex<BTreeSet<String>>,
    links: Mutex<BTreeMap<String, String>>,
}

impl<'a> RecordedFiles<'a> {
    /// A view through which nothing was read yet.
    pub(crate) fn new(inner: &'a dyn Files) -> Self {
        RecordedFiles {
            inner,
            read: Mutex::default(),
            listed: Mutex::default(),
            absent: Mutex::default(),
            links: Mutex::default(),
        }
    }

    /// The paths that were read.
    pub(crate) fn into_paths(self) -> ReadPaths {
        ReadPaths {
            files: self.read.into_inner().unwrap_or_else(PoisonError::into_inner),
            folders: self.listed.into_inner().unwrap_or_else(PoisonError::into_inner),
            absent: self.absent.into_inner().unwrap_or_else(PoisonError::into_inner),
            links: self.links.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// The absolute paths that were read through a `RecordedFiles`, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadPaths {
    /// The files that were read.
    pub files: BTreeSet<String>,
    /// The folders that were listed.
    pub folders: BTreeSet<String>,
    /// The paths where something was looked for and nothing was.
    pub absent: BTreeSet<String>,
    /// The paths that lead through a symbolic link, and where to.
    pub links: BTreeMap<String, String>,
}

impl ReadPaths {
    /// Both together.
    pub(crate) fn and(mut self, other: ReadPaths) -> Self {
        self.files.extend(other.files);
        self.folders.extend(other.folders);
        self.absent.extend(other.absent);
        self.links.extend(other.links);
        self
    }
}

impl RecordedFiles<'_> {
    /// Records that there is nothing at a path, if that is the error.
    fn note_absent(&self, path: &str, error: FileError) -> FileError {
        if error == FileError::Missing {
            self.absent.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        }
        error
    }
}

impl Files for RecordedFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let bytes = self.inner.read(path).map_err(|error| self.note_absent(path, error))?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        Ok(bytes)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.inner.kind(path).map_err(|error| self.note_absent(path, error))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let names = self.inner.list(folder).map_err(|error| self.note_absent(folder, error))?;
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        Ok(names)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        let real = self.inner.real(path).map_err(|error| self.note_absent(path, error))?;
        if real != path {
            self.links.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), real.clone());
        }
        Ok(real)
    }
}
