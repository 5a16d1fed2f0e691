//! Files that remember which of them were read: a unit's exact inputs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use render_core::files::{FileError, FileKind, Files};

/// Other files, and the paths that were read through this value.
pub(crate) struct Recorded<'a> {
    inner: &'a dyn Files,
    read: Mutex<BTreeSet<String>>,
}

impl<'a> Recorded<'a> {
    /// Nothing read yet.
    pub(crate) fn new(inner: &'a dyn Files) -> Self {
        Recorded { inner, read: Mutex::default() }
    }

    /// Every path that was read, sorted.
    pub(crate) fn into_paths(self) -> Vec<String> {
        self.read.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
    }
}

impl Files for Recorded<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let bytes = self.inner.read(path)?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        Ok(bytes)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.inner.kind(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.inner.list(folder)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.inner.real(path)
    }
}
