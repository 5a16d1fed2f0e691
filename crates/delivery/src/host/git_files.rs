//! The engine's files in a revision of the source repository: nothing is checked out.

use std::sync::{Arc, OnceLock};

use git::source::{CommitFiles, EntryKind, ReadError, SourceError, SourceRepository, blob_id};
use render_core::files::{FileError, FileKind, Files};

use super::disk::{DiskFiles, is_within};

/// The files of one revision, at the paths that they have in the work tree, so that a rendering of a revision and one of
/// the work tree name the same files. Paths outside the repository do not exist, unless they are allowed.
pub struct GitFiles {
    files: CommitFiles,
    commit: String,
    outside: OnceLock<AllowedFiles>,
}

/// The files outside of the repository that may be read.
struct AllowedFiles {
    disk: DiskFiles,
    allows: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl GitFiles {
    /// The files of `revision` (anything that git understands) of `source`.
    ///
    /// # Errors
    /// Where there is no such revision, or the work tree's path is not UTF-8.
    pub fn new(source: &SourceRepository, revision: &str) -> Result<Self, SourceError> {
        let files = source.files(revision)?;
        Ok(GitFiles { commit: files.commit(), files, outside: OnceLock::new() })
    }

    /// Reads those paths outside of the repository from the disk for which `allows` is true, with symbolic links resolved. Only the first
    /// call has an effect.
    pub(crate) fn allow_outside(&self, allows: impl Fn(&str) -> bool + Send + Sync + 'static) {
        drop(self.outside.set(AllowedFiles { disk: DiskFiles::default(), allows: Box::new(allows) }));
    }

    /// The result of reading the commit; of the disk where the path leads out of the repository to an allowed file.
    fn read_either<T>(
        &self,
        path: &str,
        commit: impl FnOnce(&CommitFiles) -> Result<T, ReadError>,
        disk: impl FnOnce(&DiskFiles, &str) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        let error = match commit(&self.files) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let target = match &error {
            ReadError::LinkOut { path } => path.as_str(),
            ReadError::NotFound if !is_within(path, self.files.root()) => path,
            _ => return Err(file_error(error)),
        };
        let Some(allowed) = self.outside.get() else { return Err(file_error(error)) };
        match allowed.disk.real(target) {
            Ok(real) if (allowed.allows)(&real) => disk(&allowed.disk, target),
            Ok(_) => Err(FileError::Other(format!(
                "it is outside of the source repository {}, and neither `sources` in hydrant.yaml nor --allow-outside allows it",
                self.files.root()
            ))),
            Err(_) => Err(file_error(error)),
        }
    }

    /// The commit of the submodule at a path, if there is one.
    pub(crate) fn submodule_commit(&self, path: &str) -> Option<String> {
        self.files.submodule_commit(path)
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
        self.read_either(path, |files| files.read(path), DiskFiles::read)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let kind = |files: &CommitFiles| match files.kind(path)? {
            EntryKind::File => Ok(FileKind::File),
            EntryKind::Folder | EntryKind::Submodule => Ok(FileKind::Folder),
        };
        self.read_either(path, kind, DiskFiles::kind)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.read_either(folder, |files| files.list(folder), DiskFiles::list)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.read_either(path, |files| files.real_path(path), DiskFiles::real)
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
