//! The engine's files in a revision of the source repository: nothing is checked out.

use std::sync::Arc;

use git::source::{CommitFiles, EntryKind, ReadError, SourceError, SourceRepository, blob_id};
use render_core::files::{FileError, FileKind, Files};

/// The files of one revision, at the paths that they have in the work tree, so that a rendering of a revision and one of
/// the work tree name the same files. Paths outside the repository do not exist.
pub struct GitFiles {
    files: CommitFiles,
    commit: String,
}

impl GitFiles {
    /// The files of `revision` (anything that git understands) of `source`.
    ///
    /// # Errors
    /// Where there is no such revision, or the work tree's path is not UTF-8.
    pub fn new(source: &SourceRepository, revision: &str) -> Result<Self, SourceError> {
        let files = source.files(revision)?;
        Ok(GitFiles { commit: files.commit(), files })
    }

    /// The revision's commit id.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Compares the file at `path` with the one that `others` hold there. The bytes here are not read, only their id is.
    pub(crate) fn compare(&self, others: &dyn Files, path: &str) -> FileComparison {
        match (self.files.blob_id(path).ok(), others.read(path).ok()) {
            (None, None) => FileComparison::Same,
            (None, Some(_)) => FileComparison::OnlyThere,
            (Some(id), Some(bytes)) if blob_id(&bytes).is_ok_and(|there| there == id) => FileComparison::Same,
            (Some(_), _) => FileComparison::Differs,
        }
    }
}

/// How a file of a revision compares with another one at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileComparison {
    /// Both have these bytes, or neither is a file that can be read.
    Same,
    /// The revision has the file; the other side has none, or other bytes.
    Differs,
    /// The revision has no file there.
    OnlyThere,
}

impl Files for GitFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.files.read(path).map_err(file_error)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        Ok(match self.files.kind(path).map_err(file_error)? {
            EntryKind::File => FileKind::File,
            EntryKind::Folder | EntryKind::Submodule => FileKind::Folder,
        })
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.files.list(folder).map_err(file_error)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.files.real_path(path).map_err(file_error)
    }
}

fn file_error(error: ReadError) -> FileError {
    match error {
        ReadError::NotFound => FileError::Missing,
        ReadError::NotFile => FileError::IsFolder,
        ReadError::NotFolder => FileError::NotFolder,
        other => FileError::Other(other.to_string()),
    }
}
