//! The engine's files: those of the source, and those of the remote bases of the run.

use std::sync::Arc;

use render_core::files::{FileError, FileKind, Files};

use super::bases::Bases;

/// The files of the source, and of the remote bases that a host has fetched.
#[derive(Clone, Copy)]
pub struct HostFiles<'a> {
    source: &'a dyn Files,
    bases: &'a Bases,
}

impl<'a> HostFiles<'a> {
    pub(super) fn new(source: &'a dyn Files, bases: &'a Bases) -> Self {
        HostFiles { source, bases }
    }

    fn with<T>(&self, path: &str, read: impl FnOnce(&dyn Files) -> Result<T, FileError>) -> Result<T, FileError> {
        match self.bases.at(path) {
            Some(base) => read(&*base),
            None => read(self.source),
        }
    }
}

impl Files for HostFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.with(path, |files| files.read(path))
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.with(path, |files| files.kind(path))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.with(folder, |files| files.list(folder))
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.with(path, |files| files.real(path))
    }
}
