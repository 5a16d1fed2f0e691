//! The recorded reads of a build, and the check that they still have the same results.

use std::sync::{Arc, Mutex, PoisonError};

use manifest::Diagnostic;

use crate::files::{FileError, FileKind, Files};
use crate::files_record::FileRead;
use crate::host::{ChartRequest, ChartSettings, FetchedChart, Host, Program, ProgramOutput, RemoteRepository};
use crate::kustomize::load::Io;

/// A read and its result.
#[derive(Clone, Debug)]
pub enum Seen {
    File(FileRead),
    Repository(RemoteRepository, String),
    Download(String, Vec<u8>),
    /// A program was run, or a fetch failed: the result cannot be reused.
    Once,
}

impl Seen {
    /// Whether the same read has the same result now.
    pub fn is_still_so(&self, io: Io<'_>) -> bool {
        match self {
            Seen::File(read) => read.is_still_so(io.files),
            Seen::Repository(remote, root) => io.host.repository(remote).is_ok_and(|now| now == *root),
            Seen::Download(url, bytes) => io.host.download(url).is_ok_and(|now| now == *bytes),
            Seen::Once => false,
        }
    }

    /// The size in bytes of the file content that it holds.
    pub fn bytes(&self) -> usize {
        match self {
            Seen::File(read) => read.bytes(),
            Seen::Download(_, bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// An implementation of [`Files`] and [`Host`] that records every read.
pub(crate) struct Trace<'a> {
    io: Io<'a>,
    seen: Mutex<Vec<Seen>>,
}

impl<'a> Trace<'a> {
    /// Returns a trace of `io` without records.
    pub(crate) fn new(io: Io<'a>) -> Self {
        Trace { io, seen: Mutex::default() }
    }

    /// The number of records so far.
    pub(crate) fn len(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The records after the first `start`; `None` if one of them cannot be reused.
    pub(crate) fn since(&self, start: usize) -> Option<Vec<Seen>> {
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
        let answer = self.io.files.read(path);
        self.note(Seen::File(FileRead::Content(path.to_owned(), answer.clone())));
        answer
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let answer = self.io.files.kind(path);
        self.note(Seen::File(FileRead::Kind(path.to_owned(), answer.clone())));
        answer
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let answer = self.io.files.list(folder);
        self.note(Seen::File(FileRead::List(folder.to_owned(), answer.clone())));
        answer
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        let answer = self.io.files.real(path);
        self.note(Seen::File(FileRead::Real(path.to_owned(), answer.clone())));
        answer
    }
}

impl Host for Trace<'_> {
    fn repository(&self, remote: &RemoteRepository) -> Result<String, Diagnostic> {
        let answer = self.io.host.repository(remote);
        self.note(answer.as_ref().map_or(Seen::Once, |root| Seen::Repository(remote.clone(), root.clone())));
        answer
    }

    fn repository_root(&self, path: &str) -> Option<String> {
        self.io.host.repository_root(path)
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        let answer = self.io.host.download(url);
        self.note(answer.as_ref().map_or(Seen::Once, |bytes| Seen::Download(url.to_owned(), bytes.clone())));
        answer
    }

    fn charts(&self) -> ChartSettings {
        // A chart can depend on the time and on random bytes.
        self.note(Seen::Once);
        self.io.host.charts()
    }

    fn chart(&self, request: &ChartRequest) -> Result<FetchedChart, Diagnostic> {
        self.note(Seen::Once);
        self.io.host.chart(request)
    }

    fn chart_repository(&self, name: &str) -> Result<String, Diagnostic> {
        self.note(Seen::Once);
        self.io.host.chart_repository(name)
    }

    fn run(&self, program: &Program) -> Result<ProgramOutput, Diagnostic> {
        self.note(Seen::Once);
        self.io.host.run(program)
    }

    fn scratch(&self) -> Result<String, Diagnostic> {
        self.note(Seen::Once);
        self.io.host.scratch()
    }
}
