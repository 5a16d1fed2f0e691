//! What a build asked of the world, and whether the answers are still the same.

use std::sync::{Arc, Mutex, PoisonError};

use manifest::Diagnostic;

use super::super::load::Doors;
use crate::files::{FileError, FileKind, Files};
use crate::outside::{Finished, Outside, Program, RemoteRepository};

/// A question and its answer.
#[derive(Clone, Debug)]
pub(in super::super) enum Seen {
    Read(String, Result<Arc<[u8]>, FileError>),
    Kind(String, Result<FileKind, FileError>),
    List(String, Result<Vec<String>, FileError>),
    Real(String, Result<String, FileError>),
    Repository(RemoteRepository, String),
    Download(String, Vec<u8>),
    /// A program was run, or something failed: what came of it is nobody else's.
    Once,
}

impl Seen {
    /// Whether the same question has the same answer now.
    pub(super) fn is_still_so(&self, doors: Doors<'_>) -> bool {
        match self {
            Seen::Read(path, Ok(bytes)) => {
                doors.files.read(path).is_ok_and(|now| Arc::ptr_eq(&now, bytes) || now == *bytes)
            }
            Seen::Read(path, answer) => doors.files.read(path) == *answer,
            Seen::Kind(path, answer) => doors.files.kind(path) == *answer,
            Seen::List(folder, answer) => doors.files.list(folder) == *answer,
            Seen::Real(path, answer) => doors.files.real(path) == *answer,
            Seen::Repository(wanted, root) => doors.outside.repository(wanted).is_ok_and(|now| now == *root),
            Seen::Download(url, bytes) => doors.outside.download(url).is_ok_and(|now| now == *bytes),
            Seen::Once => false,
        }
    }

    /// How many bytes it holds of a file.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Seen::Read(_, Ok(bytes)) => bytes.len(),
            Seen::Download(_, bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// Doors that remember what was asked through them.
pub(in super::super) struct Trace<'a> {
    doors: Doors<'a>,
    seen: Mutex<Vec<Seen>>,
}

impl<'a> Trace<'a> {
    /// Nothing asked yet.
    pub(in super::super) fn new(doors: Doors<'a>) -> Self {
        Trace { doors, seen: Mutex::default() }
    }

    /// How much was asked so far.
    pub(in super::super) fn len(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What was asked since there were `start`; absent where something of it holds only once.
    pub(in super::super) fn since(&self, start: usize) -> Option<Vec<Seen>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = seen.get(start..).unwrap_or_default();
        (!tail.iter().any(|seen| matches!(seen, Seen::Once))).then(|| tail.to_vec())
    }

    fn note(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }
}

impl Files for Trace<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let answer = self.doors.files.read(path);
        self.note(Seen::Read(path.to_owned(), answer.clone()));
        answer
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let answer = self.doors.files.kind(path);
        self.note(Seen::Kind(path.to_owned(), answer.clone()));
        answer
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let answer = self.doors.files.list(folder);
        self.note(Seen::List(folder.to_owned(), answer.clone()));
        answer
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        let answer = self.doors.files.real(path);
        self.note(Seen::Real(path.to_owned(), answer.clone()));
        answer
    }
}

impl Outside for Trace<'_> {
    fn repository(&self, wanted: &RemoteRepository) -> Result<String, Diagnostic> {
        let answer = self.doors.outside.repository(wanted);
        self.note(answer.as_ref().map_or(Seen::Once, |root| Seen::Repository(wanted.clone(), root.clone())));
        answer
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        let answer = self.doors.outside.download(url);
        self.note(answer.as_ref().map_or(Seen::Once, |bytes| Seen::Download(url.to_owned(), bytes.clone())));
        answer
    }

    fn run(&self, program: &Program) -> Result<Finished, Diagnostic> {
        self.note(Seen::Once);
        self.doors.outside.run(program)
    }

    fn scratch(&self) -> Result<String, Diagnostic> {
        self.note(Seen::Once);
        self.doors.outside.scratch()
    }
}
