//! Files that remember which of them were read: a unit's exact inputs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use render_core::files::{FileError, FileKind, Files};

/// Other files, and the paths that were read through this value.
pub(crate) struct Recorded<'a> {
    inner: &'a dyn Files,
    read: Mutex<BTreeSet<String>>,
    listed: Mutex<BTreeSet<String>>,
}

impl<'a> Recorded<'a> {
    /// Nothing read yet.
    pub(crate) fn new(inner: &'a dyn Files) -> Self {
        Recorded { inner, read: Mutex::default(), listed: Mutex::default() }
    }

    /// What was touched.
    pub(crate) fn into_touched(self) -> Touched {
        let taken = |paths: Mutex<BTreeSet<String>>| paths.into_inner().unwrap_or_else(PoisonError::into_inner);
        Touched { files: taken(self.read), folders: taken(self.listed) }
    }
}

/// What was read through [`Recorded`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    /// The files that were read.
    pub(crate) files: BTreeSet<String>,
    /// The folders that were listed.
    pub(crate) folders: BTreeSet<String>,
}

impl Touched {
    /// Adds what another reading touched.
    pub(crate) fn extend(&mut self, other: Touched) {
        self.files.extend(other.files);
        self.folders.extend(other.folders);
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
        let names = self.inner.list(folder)?;
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        Ok(names)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.inner.real(path)
    }
}
