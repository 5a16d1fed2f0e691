//! The files of one commit, read from git's objects without a checkout.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::{ObjectType, Odb, Oid, Repository};

use super::error::SourceError;
use super::repository::SourceRepository;
use super::tree_files::{EntryKind, EntryVisitor, ReadError, ReadObjects, TreeFiles};
use crate::blob;
use crate::tree::{InvalidTree, Tree};

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
        let objects = Repositories::new(ObjectLocation::Repository(self.repository.path().to_owned()));
        Ok(CommitFiles { commit: commit.id(), files: TreeFiles::new(objects, commit.tree_id(), root) })
    }
}

impl CommitFiles {
    /// The files of a commit of a foreign repository, whose objects are in the folder `objects`, at the path `root`. `submodules` says
    /// whether the objects of the submodules are there too.
    ///
    /// # Errors
    /// libgit2's: the commit is not there, or its object is damaged.
    pub(crate) fn foreign(objects: &Path, id: Oid, submodules: bool, root: &str) -> Result<Self, git2::Error> {
        let location = ObjectLocation::Foreign { objects: objects.to_owned(), submodules };
        let repository = location.open()?;
        let (commit, tree) = {
            let commit = repository.find_object(id, None)?.peel_to_commit()?;
            (commit.id(), commit.tree_id())
        };
        let objects = Repositories::new(location);
        objects.idle().push(repository);
        Ok(CommitFiles { commit, files: TreeFiles::new(objects, tree, root) })
    }

    /// The path of the repository's root, without a trailing slash.
    pub fn root(&self) -> &str {
        self.files.root()
    }

    /// Calls `visit` with every entry, a folder before its entries, and with its path from the root as git stores it.
    ///
    /// # Errors
    /// An object that cannot be read, an entry with a name that `git fsck` refuses, and those of `visit`.
    pub fn visit<E: From<ReadError>>(&self, visit: &mut EntryVisitor<'_, E>) -> Result<(), E> {
        self.files.visit(visit)
    }

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

    /// The commit of the submodule at `path`, its full id; `None` if something else is there.
    pub fn submodule_commit(&self, path: &str) -> Option<String> {
        self.files.submodule_commit(path).map(|id| id.to_string())
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

/// Where the objects are, and how far their content is trusted.
enum ObjectLocation {
    /// The source: the path of its repository.
    Repository(PathBuf),
    /// A foreign repository: the folder with its objects alone, so that no configuration and no ref of it is read. Every tree is checked.
    Foreign {
        objects: PathBuf,
        /// Whether the objects of the submodules are there too.
        submodules: bool,
    },
}

impl ObjectLocation {
    fn open(&self) -> Result<Repository, git2::Error> {
        match self {
            ObjectLocation::Repository(path) => Repository::open(path),
            ObjectLocation::Foreign { objects, .. } => {
                let odb = Odb::new()?;
                let objects = objects.to_str().ok_or_else(|| git2::Error::from_str("the path is not UTF-8"))?;
                odb.add_disk_alternate(objects)?;
                Repository::from_odb(odb)
            }
        }
    }

    fn tree(&self, repository: &Repository, id: Oid) -> Result<Tree, ReadError> {
        let failed = |error: git2::Error| object(&error);
        let ObjectLocation::Foreign { .. } = self else {
            return Ok(Tree::parse(&repository.find_tree(id).map_err(failed)?));
        };
        let odb = repository.odb().map_err(failed)?;
        let object = odb.read(id).map_err(failed)?;
        if object.kind() != ObjectType::Tree {
            return Err(ReadError::Object { message: format!("object {id} is not a tree") });
        }
        let tree = Tree::parse_foreign(object.data());
        tree.map_err(|InvalidTree { name, reason }| ReadError::InvalidEntry { path: name, reason })
    }
}

/// Handles of one repository. Each thread that reads at a time has one to itself, as a handle is not for two threads at once.
struct Repositories {
    location: ObjectLocation,
    idle: Mutex<Vec<Repository>>,
    /// The trees of submodules, by their commits.
    submodules: Mutex<HashMap<Oid, Oid>>,
}

impl Repositories {
    fn new(location: ObjectLocation) -> Self {
        Repositories { location, idle: Mutex::default(), submodules: Mutex::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Repository>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, read: impl FnOnce(&Repository) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let idle = self.idle().pop();
        let repository = match idle {
            Some(repository) => repository,
            None => self.location.open().map_err(|error| object(&error))?,
        };
        let outcome = read(&repository);
        self.idle().push(repository);
        outcome
    }
}

impl ReadObjects for Repositories {
    fn tree(&self, id: Oid) -> Result<Tree, ReadError> {
        self.with(|repository| self.location.tree(repository, id))
    }

    fn blob(&self, id: Oid) -> Result<Arc<[u8]>, ReadError> {
        self.with(|repository| {
            Ok(blob::read(repository, id, net::bounded::MAX_BYTES).map_err(|error| object(&error))?.content().into())
        })
    }

    fn submodule(&self, commit: Oid) -> Result<Option<Oid>, ReadError> {
        if !matches!(self.location, ObjectLocation::Foreign { submodules: true, .. }) {
            return Ok(None);
        }
        let known = || self.submodules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tree) = known().get(&commit) {
            return Ok(Some(*tree));
        }
        let tree =
            self.with(|repository| Ok(repository.find_commit(commit).map_err(|error| object(&error))?.tree_id()))?;
        known().insert(commit, tree);
        Ok(Some(tree))
    }
}

fn object(error: &git2::Error) -> ReadError {
    ReadError::Object { message: error.message().to_owned() }
}
