//! The files of a commit at a path where no folder is: a remote base, or the source at a revision.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use git::source::{CommitFiles, EntryKind, ReadError};
use manifest::Diagnostic;
use render_core::files::{FileError, FileKind, Files};

use super::confined::ConfinedFolder;
use super::program_files::Mount;

/// A commit whose files are read from git's objects, and written to a temporary folder if a program needs them.
pub(crate) struct CommitMount {
    files: CommitFiles,
    /// The repository in messages.
    name: String,
    /// The folder with the objects, if it is a cache.
    cache: Option<PathBuf>,
    /// The first error of the cache that was found.
    damage: OnceLock<String>,
    copy: OnceLock<Result<ConfinedFolder, Diagnostic>>,
}

impl std::fmt::Debug for CommitMount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommitMount").field("name", &self.name).finish_non_exhaustive()
    }
}

impl CommitMount {
    /// The files of a commit. `name` is how messages call the repository.
    pub(crate) fn new(files: CommitFiles, name: String, cache: Option<PathBuf>) -> Self {
        CommitMount { files, name, cache, damage: OnceLock::new(), copy: OnceLock::new() }
    }

    fn written(&self) -> Option<&ConfinedFolder> {
        self.copy.get().and_then(|copy| copy.as_ref().ok())
    }

    /// What is wrong with the objects in the cache, as far as they were read.
    pub(crate) fn damage(&self) -> Option<Diagnostic> {
        let message = self.damage.get()?;
        let finding = Diagnostic::new(format!("the cache of {} is damaged: {message}", self.name));
        Some(match &self.cache {
            Some(folder) => finding.hint(format!("remove {} and run again", folder.display())),
            None => finding,
        })
    }

    fn error(&self, error: ReadError) -> FileError {
        if let (ReadError::Object { message }, Some(_)) = (&error, &self.cache) {
            drop(self.damage.set(message.clone()));
        }
        match error {
            ReadError::NotFound => FileError::Missing,
            ReadError::NotFile => FileError::IsFolder,
            ReadError::NotFolder => FileError::NotFolder,
            other => FileError::Other(other.to_string()),
        }
    }

    /// The result of reading the commit; where it has nothing, what a program left in the copy.
    fn read_either<T>(
        &self,
        path: &str,
        commit: impl FnOnce(&CommitFiles) -> Result<T, ReadError>,
        copy: impl FnOnce(&ConfinedFolder, &str) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        match (commit(&self.files), self.written()) {
            (Err(ReadError::NotFound), Some(folder)) => copy(folder, self.below(path)),
            (result, _) => result.map_err(|error| self.error(error)),
        }
    }

    fn below<'p>(&self, path: &'p str) -> &'p str {
        let below = path.strip_prefix(self.root()).unwrap_or_default().trim_start_matches('/');
        if below.is_empty() { "." } else { below }
    }
}

impl Mount for CommitMount {
    fn root(&self) -> &str {
        self.files.root()
    }

    fn copy(&self) -> Result<&str, Diagnostic> {
        let copy = self.copy.get_or_init(|| {
            let failed = |error: &dyn std::fmt::Display| {
                Diagnostic::new(format!("cannot write the files of {} for a program: {error}", self.name))
            };
            let folder = ConfinedFolder::create().map_err(|error| failed(&error))?;
            folder.write_commit(&self.files).map_err(|error| failed(&error))?;
            Ok(folder)
        });
        copy.as_ref().map(ConfinedFolder::path).map_err(Clone::clone)
    }

    fn copied(&self) -> Option<&str> {
        self.written().map(ConfinedFolder::path)
    }
}

impl Files for CommitMount {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.read_either(path, |files| files.read(path), |copy, path| copy.read(path).map(Into::into))
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let kind = |files: &CommitFiles| match files.kind(path)? {
            EntryKind::File => Ok(FileKind::File),
            EntryKind::Folder | EntryKind::Submodule => Ok(FileKind::Folder),
        };
        self.read_either(path, kind, ConfinedFolder::kind)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let names = self.read_either(folder, |files| files.list(folder), ConfinedFolder::list)?;
        let written = self.written().and_then(|copy| copy.list(self.below(folder)).ok()).unwrap_or_default();
        if written.is_empty() {
            return Ok(names);
        }
        Ok(names.into_iter().chain(written).collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.read_either(path, |files| files.real_path(path), |copy, below| copy.kind(below).map(|_| path.to_owned()))
    }
}
