//! A view of files that records which of them are read: the exact inputs of a unit.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use render_core::files::{FileError, FileKind, Files};

/// A view of other files, and the paths that were read through it.
pub(crate) struct RecordedFiles<'a> {
    inner: &'a dyn Files,
    read: Mutex<BTreeSet<String>>,
    listed: Mutex<BTreeSet<String>>,
}

impl<'a> RecordedFiles<'a> {
    /// A view through which nothing was read yet.
    pub(crate) fn new(inner: &'a dyn Files) -> Self {
        RecordedFiles { inner, read: Mutex::default(), listed: Mutex::default() }
    }

    /// The paths that were read.
    pub(crate) fn into_paths(self) -> ReadPaths {
        let taken = |paths: Mutex<BTreeSet<String>>| paths.into_inner().unwrap_or_else(PoisonError::into_inner);
        ReadPaths { files: taken(self.read), folders: taken(self.listed) }
    }
}

/// The absolute paths that were read through a `RecordedFiles`, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadPaths {
    /// The files that were read.
    pub files: BTreeSet<String>,
    /// The folders that were listed.
    pub folders: BTreeSet<String>,
}

impl ReadPaths {
    /// Both together.
    pub(crate) fn and(mut self, other: ReadPaths) -> Self {
        self.files.extend(other.files);
        self.folders.extend(other.folders);
        self
    }
}

impl Files for RecordedFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let bytes = self.inner.read(path)?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        Ok(bytes)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.inner.kind(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let names = self.inner.list(folder)?;
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        Ok(names)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.inner.real(path)
    }
}
