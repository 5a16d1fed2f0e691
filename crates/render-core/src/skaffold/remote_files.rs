//! The files that a remote config may name: those of remote repositories.

use std::sync::Arc;

use crate::files::{FileError, FileKind, Files};
use crate::host::Host;

/// A view of files in which only those of remote repositories can be read.
pub(super) struct RemoteFiles<'a> {
    files: &'a dyn Files,
    host: &'a dyn Host,
}

impl<'a> RemoteFiles<'a> {
    pub(super) fn new(files: &'a dyn Files, host: &'a dyn Host) -> Self {
        RemoteFiles { files, host }
    }

    fn check(&self, path: &str) -> Result<(), FileError> {
        match self.host.repository_root(path) {
            Some(_) => Ok(()),
            None => Err(FileError::Other("a remote config must not name files outside of its repository".to_owned())),
        }
    }
}

impl Files for RemoteFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.check(path).and_then(|()| self.files.read(path))
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.check(path).and_then(|()| self.files.kind(path))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.check(folder).and_then(|()| self.files.list(folder))
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.check(path).and_then(|()| self.files.real(path))
    }
}
