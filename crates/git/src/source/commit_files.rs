//! The files of one commit, read from git's objects without a checkout.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::{ObjectType, Oid, Repository};

use super::error::SourceError;
use super::repository::SourceRepository;
use super::tree_files::{EntryKind, ReadError, ReadObjects, TreeFiles};
use crate::tree::Tree;

/// The files of one commit, for any number of threads.
///
/// Paths are absolute, as they are in the work tree: below [`SourceRepository::root`], with `/` between the parts, without `.`, `..` and a trailing
/// slash. Symbolic links are followed as long as they stay in the repository.
pub struct CommitFiles {
    commit: Oid,
    files: TreeFiles<Repositories>,
}

impl SourceRepository {
    /// The files of `revision`, for reading without a checkout.
    ///
    /// # Errors
    /// [`SourceError::NoRevision`], and a root whose path is not UTF-8 ([`SourceError::Git`]).
    pub fn files(&self, revision: &str) -> Result<CommitFiles, SourceError> {
        let commit = self.peel(revision)?;
        let root = self.root.to_str().ok_or_else(|| self.git(git2::Error::from_str("the path is not UTF-8")))?;
        let objects = Repositories { git_dir: self.repository.path().to_owned(), idle: Mutex::default() };
        Ok(CommitFiles { commit: commit.id(), files: TreeFiles::new(objects, commit.tree_id(), root) })
    }
}

impl CommitFiles {
    /// The commit's full id.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// What `path` is.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] where the commit has nothing there.
    pub fn kind(&self, path: &str) -> Result<EntryKind, ReadError> {
        self.files.kind(path)
    }

    /// The bytes of the file at `path`, as git stores them.
    ///
    /// # Errors
    /// [`ReadError::NotFile`] for a folder, and those of [`CommitFiles::kind`].
    pub fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        self.files.read(path)
    }

    /// The id of the file at `path`: equal to [`blob_id`] of its bytes. Costs no read of the file.
    ///
    /// # Errors
    /// Those of [`CommitFiles::read`].
    pub fn blob_id(&self, path: &str) -> Result<Oid, ReadError> {
        self.files.blob_id(path)
    }

    /// The names in the folder at `path`, sorted by their bytes; a name that is not UTF-8 is decoded lossily.
    ///
    /// # Errors
    /// [`ReadError::NotFolder`] for a file, [`ReadError::Submodule`], and those of [`CommitFiles::kind`].
    pub fn list(&self, path: &str) -> Result<Vec<String>, ReadError> {
        self.files.list(path)
    }

    /// `path` with every symbolic link resolved.
    ///
    /// # Errors
    /// Those of [`CommitFiles::kind`].
    pub fn real_path(&self, path: &str) -> Result<String, ReadError> {
        self.files.real_path(path)
    }
}

/// The id that git gives a file with these bytes.
///
/// # Errors
/// libgit2's own; none is known.
pub fn blob_id(bytes: &[u8]) -> Result<Oid, git2::Error> {
    Oid::hash_object(ObjectType::Blob, bytes)
}

/// Handles of one repository. Each thread that reads at a time has one to itself, as a handle is not for two threads at once.
struct Repositories {
    git_dir: PathBuf,
    idle: Mutex<Vec<Repository>>,
}

impl Repositories {
    fn idle(&self) -> MutexGuard<'_, Vec<Repository>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, read: impl FnOnce(&Repository) -> Result<T, git2::Error>) -> Result<T, ReadError> {
        let idle = self.idle().pop();
        let opened = idle.map_or_else(|| Repository::open(&self.git_dir), Ok);
        let outcome = opened.and_then(|repository| {
            let outcome = read(&repository);
            self.idle().push(repository);
            outcome
        });
        outcome.map_err(|error| ReadError::Object { message: error.message().to_owned() })
    }
}

impl ReadObjects for Repositories {
    fn tree(&self, id: Oid) -> Result<Tree, ReadError> {
        self.with(|repository| Ok(Tree::parse(&repository.find_tree(id)?)))
    }

    fn blob(&self, id: Oid) -> Result<Arc<[u8]>, ReadError> {
        self.with(|repository| Ok(repository.find_blob(id)?.content().into()))
    }
}
