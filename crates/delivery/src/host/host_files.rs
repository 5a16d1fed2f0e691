//! The engine's files: those of the source, and those of the remote bases and charts of the run.

use std::sync::Arc;

use render_core::files::{FileError, FileKind, Files, FolderEntry, parent};

use super::bases::Bases;
use super::charts::Charts;
use super::disk::is_within;

/// The files of the source, and of the remote bases and charts that a host has fetched.
#[derive(Clone, Copy)]
pub struct HostFiles<'a> {
    source: &'a dyn Files,
    bases: &'a Bases,
    charts: &'a Charts,
    /// The folder outside of which nothing of the source is read.
    confined: Option<&'a str>,
}

impl<'a> HostFiles<'a> {
    pub(super) fn new(source: &'a dyn Files, bases: &'a Bases, charts: &'a Charts, confined: Option<&'a str>) -> Self {
        HostFiles { source, bases, charts, confined }
    }

    fn with<T>(&self, path: &str, read: impl FnOnce(&dyn Files) -> Result<T, FileError>) -> Result<T, FileError> {
        if let Some(chart) = self.charts.at(path) {
            return read(&*chart);
        }
        match self.bases.at(path) {
            Some(base) => read(&*base),
            None => {
                self.check(path)?;
                read(self.source)
            }
        }
    }

    fn check(&self, path: &str) -> Result<(), FileError> {
        let Some(folder) = self.confined else { return Ok(()) };
        // A path that does not exist is checked by its next folder that does.
        let existing = || std::iter::successors(Some(path), |path| Some(parent(path)).filter(|up| up != path));
        let real = existing().find_map(|path| self.source.real(path).ok());
        if real.is_some_and(|real| is_within(&real, folder)) {
            return Ok(());
        }
        Err(FileError::Other(format!("it is outside of {folder}, which --untrusted does not allow")))
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

    fn entries(&self, folder: &str) -> Result<Vec<FolderEntry>, FileError> {
        self.with(folder, |files| files.entries(folder))
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.with(path, |files| files.real(path))
    }
}
