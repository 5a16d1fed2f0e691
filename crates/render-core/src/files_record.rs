//! Reads of files with their results, to tell later whether they would give the same again.

use std::sync::{Arc, Mutex, PoisonError};

use crate::files::{FileError, FileKind, Files};

/// A read and its result.
#[derive(Clone, Debug)]
pub enum FileRead {
    Content(String, Result<Arc<[u8]>, FileError>),
    Kind(String, Result<FileKind, FileError>),
    List(String, Result<Vec<String>, FileError>),
    Real(String, Result<String, FileError>),
}

impl FileRead {
    /// Returns whether the same read has the same result now.
    pub fn is_still_so(&self, files: &dyn Files) -> bool {
        match self {
            FileRead::Content(path, Ok(bytes)) => {
                files.read(path).is_ok_and(|now| Arc::ptr_eq(&now, bytes) || now == *bytes)
            }
            FileRead::Content(path, answer) => files.read(path) == *answer,
            FileRead::Kind(path, answer) => files.kind(path) == *answer,
            FileRead::List(folder, answer) => files.list(folder) == *answer,
            FileRead::Real(path, answer) => files.real(path) == *answer,
        }
    }

    /// Returns the size in bytes of the content that it holds.
    pub fn bytes(&self) -> usize {
        match self {
            FileRead::Content(_, Ok(bytes)) => bytes.len(),
            _ => 0,
        }
    }
}

/// An implementation of [`Files`] that records every read.
pub(crate) struct RecordedFiles<'f> {
    files: &'f dyn Files,
    reads: Mutex<Vec<FileRead>>,
}

impl<'f> RecordedFiles<'f> {
    /// Returns files without records.
    pub(crate) fn new(files: &'f dyn Files) -> RecordedFiles<'f> {
        RecordedFiles { files, reads: Mutex::default() }
    }

    /// Returns the reads in their order.
    pub(crate) fn into_reads(self) -> Vec<FileRead> {
        self.reads.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, read: FileRead) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).push(read);
    }
}

impl Files for RecordedFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let answer = self.files.read(path);
        self.note(FileRead::Content(path.to_owned(), answer.clone()));
        answer
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let answer = self.files.kind(path);
        self.note(FileRead::Kind(path.to_owned(), answer.clone()));
        answer
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let answer = self.files.list(folder);
        self.note(FileRead::List(folder.to_owned(), answer.clone()));
        answer
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        let answer = self.files.real(path);
        self.note(FileRead::Real(path.to_owned(), answer.clone()));
        answer
    }
}
