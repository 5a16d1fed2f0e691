//! The files below a tree of git's objects, by their paths.
//!
//! A tree is read and parsed once and kept, and paths are resolved by walking the kept trees: see [`Tree`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use git2::Oid;

use crate::tree::{FOLDER, LINK, SUBMODULE, Tree, TreeEntry, refusal};

/// The maximum number of symbolic links in one path, as on Linux.
const MAX_LINKS: usize = 40;

/// Why a path of a commit could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The commit has no entry at the path, or the path is outside of the repository.
    #[error("no such file or folder")]
    NotFound,
    /// The path is a folder or a submodule.
    #[error("is a folder")]
    NotFile,
    /// The path is a file.
    #[error("is not a folder")]
    NotFolder,
    /// The path is a submodule.
    #[error("is a submodule, whose files are not in this repository")]
    Submodule,
    /// A symbolic link leads out of the repository.
    #[error("a symbolic link that leads out of the repository, to {path}")]
    LinkOut {
        /// The absolute path that it leads to.
        path: String,
    },
    /// An entry has a name that is refused.
    #[error("invalid entry {path:?}: {reason}")]
    InvalidEntry {
        /// The entry's name, or its path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Symbolic links lead to each other.
    #[error("too many symbolic links in a row")]
    LinkLoop,
    /// A symbolic link has a target that is not UTF-8.
    #[error("a link whose target is not UTF-8")]
    LinkTarget,
    /// An object cannot be read.
    #[error("{message}")]
    Object {
        /// libgit2's message.
        message: String,
    },
}

/// The kind of entry at a path of a commit, with symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file, executable or not.
    File,
    /// A folder.
    Folder,
    /// Another repository's commit, whose files are not here.
    Submodule,
}

/// Gets each entry of a folder with its path in it.
pub(crate) type EntryVisitor<'a, E> = dyn FnMut(&[u8], FoundEntry) -> Result<(), E> + 'a;

/// An entry of a commit's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundEntry {
    /// A folder, or a submodule whose files are part of the tree.
    Folder,
    /// A file.
    File {
        /// The content.
        bytes: Arc<[u8]>,
        /// Whether it may be run.
        executable: bool,
    },
    /// A symbolic link.
    Link {
        /// Where it leads, as git stores it.
        target: Arc<[u8]>,
    },
}

/// Reads objects by their ids.
pub(super) trait ReadObjects {
    fn tree(&self, id: Oid) -> Result<Tree, ReadError>;
    fn blob(&self, id: Oid) -> Result<Arc<[u8]>, ReadError>;
    /// The tree of a submodule's commit, if its files are part of these.
    fn submodule(&self, _commit: Oid) -> Result<Option<Oid>, ReadError> {
        Ok(None)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    File,
    Link,
    Folder,
    Submodule,
}

impl Mode {
    fn of(mode: i32) -> Self {
        match mode {
            FOLDER => Mode::Folder,
            LINK => Mode::Link,
            SUBMODULE => Mode::Submodule,
            _ => Mode::File,
        }
    }
}

/// A tree, once it was read.
type TreeSlot = OnceLock<Result<Arc<Tree>, ReadError>>;

/// The files below a tree. Caches the trees that were read.
pub(super) struct TreeFiles<O> {
    objects: O,
    /// The path of the tree, without a trailing slash.
    root: String,
    tree: Oid,
    trees: RwLock<HashMap<Oid, Arc<TreeSlot>>>,
    blobs: Mutex<HashMap<Oid, Arc<[u8]>>>,
}

/// What a path leads to, links followed.
struct Resolved {
    path: String,
    target: Target,
}

#[derive(Clone, Copy)]
struct Target {
    mode: Mode,
    id: Oid,
}

/// Where walking along a path stopped.
enum Step {
    Target(Target),
    /// A symbolic link at the part of the path that ends at this byte.
    Link {
        end: usize,
        id: Oid,
    },
}

impl Resolved {
    fn kind(&self) -> EntryKind {
        match self.target.mode {
            Mode::File | Mode::Link => EntryKind::File,
            Mode::Folder => EntryKind::Folder,
            Mode::Submodule => EntryKind::Submodule,
        }
    }

    fn blob(&self) -> Result<Oid, ReadError> {
        if self.target.mode == Mode::File { Ok(self.target.id) } else { Err(ReadError::NotFile) }
    }
}

impl<O: ReadObjects> TreeFiles<O> {
    pub(super) fn new(objects: O, tree: Oid, root: &str) -> Self {
        let root = root.trim_end_matches('/').to_owned();
        TreeFiles { objects, root, tree, trees: RwLock::default(), blobs: Mutex::default() }
    }

    /// The path of the tree, without a trailing slash.
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    pub(super) fn kind(&self, path: &str) -> Result<EntryKind, ReadError> {
        Ok(self.resolve(path)?.kind())
    }

    pub(super) fn blob_id(&self, path: &str) -> Result<Oid, ReadError> {
        self.resolve(path)?.blob()
    }

    /// The commit of the submodule at `path`; `None` if something else is there.
    pub(super) fn submodule_commit(&self, path: &str) -> Option<Oid> {
        let target = self.resolve(path).ok()?.target;
        (target.mode == Mode::Submodule).then_some(target.id)
    }

    pub(super) fn real_path(&self, path: &str) -> Result<String, ReadError> {
        Ok(self.resolve(path)?.path)
    }

    pub(super) fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        let id = self.resolve(path)?.blob()?;
        if let Some(bytes) = lock(&self.blobs).get(&id) {
            return Ok(Arc::clone(bytes));
        }
        let bytes = self.objects.blob(id)?;
        Ok(Arc::clone(lock(&self.blobs).entry(id).or_insert(bytes)))
    }

    pub(super) fn list(&self, path: &str) -> Result<Vec<String>, ReadError> {
        let target = self.resolve(path)?.target;
        match target.mode {
            Mode::Folder => {}
            Mode::Submodule => return Err(ReadError::Submodule),
            Mode::File | Mode::Link => return Err(ReadError::NotFolder),
        }
        let tree = self.tree(target.id)?;
        Ok(tree.entries().iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect())
    }

    /// Calls `visit` with every entry, a folder before its entries, and with its path from the root.
    ///
    /// # Errors
    /// An object that cannot be read, an entry with a name that is refused, and those of `visit`.
    pub(super) fn visit<E: From<ReadError>>(&self, visit: &mut EntryVisitor<'_, E>) -> Result<(), E> {
        let mut open = vec![(Vec::new(), self.tree)];
        while let Some((folder, id)) = open.pop() {
            for entry in self.tree(id)?.entries() {
                if let Some(reason) = refusal(&entry.name, entry.mode) {
                    let path = String::from_utf8_lossy(&entry.name).into_owned();
                    return Err(ReadError::InvalidEntry { path, reason }.into());
                }
                let mut path: Vec<u8> = folder.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(&entry.name);
                let below = match Mode::of(entry.mode) {
                    Mode::File => {
                        let executable = entry.mode & 0o100 != 0;
                        visit(&path, FoundEntry::File { bytes: self.objects.blob(entry.id)?, executable })?;
                        None
                    }
                    Mode::Link => {
                        visit(&path, FoundEntry::Link { target: self.objects.blob(entry.id)? })?;
                        None
                    }
                    Mode::Folder => Some(entry.id),
                    Mode::Submodule => self.objects.submodule(entry.id)?,
                };
                if let Some(tree) = below {
                    visit(&path, FoundEntry::Folder)?;
                    open.push((path, tree));
                }
            }
        }
        Ok(())
    }

    fn resolve(&self, path: &str) -> Result<Resolved, ReadError> {
        let mut path = path.to_owned();
        for followed in 0..MAX_LINKS {
            let below = self.below(&path);
            let below =
                if followed > 0 { below.map_err(|_| ReadError::LinkOut { path: path.clone() })? } else { below? };
            match self.walk(below)? {
                Step::Target(target) => return Ok(Resolved { path, target }),
                Step::Link { end, id } => {
                    let (link, rest) = below.split_at(end);
                    let target = self.objects.blob(id)?;
                    let target = std::str::from_utf8(&target).map_err(|_| ReadError::LinkTarget)?;
                    let folder = link.rfind('/').map_or("", |slash| &link[..slash]);
                    path = join(&[&self.root, folder], target, rest);
                }
            }
        }
        Err(ReadError::LinkLoop)
    }

    /// `path` as seen from the root; empty for the root itself.
    fn below<'a>(&self, path: &'a str) -> Result<&'a str, ReadError> {
        let tail = path.strip_prefix(&self.root).ok_or(ReadError::NotFound)?;
        tail.strip_prefix('/').or(tail.is_empty().then_some("")).ok_or(ReadError::NotFound)
    }

    fn walk(&self, below: &str) -> Result<Step, ReadError> {
        let mut here = Target { mode: Mode::Folder, id: self.tree };
        let mut end = 0;
        for part in below.split('/').filter(|_| !below.is_empty()) {
            if here.mode != Mode::Folder {
                return Err(ReadError::NotFound);
            }
            let tree = self.tree(here.id)?;
            let entry = tree.entry(part).ok_or(ReadError::NotFound)?;
            end += part.len();
            here = self.target(entry)?;
            if here.mode == Mode::Link {
                return Ok(Step::Link { end, id: entry.id });
            }
            end += 1;
        }
        Ok(Step::Target(here))
    }

    /// What an entry is; a submodule whose files are part of these is a folder.
    fn target(&self, entry: &TreeEntry) -> Result<Target, ReadError> {
        let mode = Mode::of(entry.mode);
        if mode == Mode::Submodule
            && let Some(id) = self.objects.submodule(entry.id)?
        {
            return Ok(Target { mode: Mode::Folder, id });
        }
        Ok(Target { mode, id: entry.id })
    }

    /// Returns the tree with this id. Concurrent callers wait for one read.
    fn tree(&self, id: Oid) -> Result<Arc<Tree>, ReadError> {
        let known = self.trees.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        let slot = known.unwrap_or_else(|| {
            let mut trees = self.trees.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(trees.entry(id).or_default())
        });
        slot.get_or_init(|| self.objects.tree(id).map(Arc::new)).clone()
    }
}

/// `target` as seen from a folder (unless it is absolute), then `rest`, without `.` and `..`.
fn join(folder: &[&str], target: &str, rest: &str) -> String {
    let start: &[&str] = if target.starts_with('/') { &[] } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.iter().copied().chain([target, rest]).flat_map(|text| text.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use git2::{Repository, RepositoryInitOptions};

    use super::*;

    /// A repository whose reads of trees are counted.
    struct Counted {
        repository: Mutex<Repository>,
        trees: Mutex<BTreeMap<Oid, usize>>,
    }

    impl ReadObjects for Counted {
        fn tree(&self, id: Oid) -> Result<Tree, ReadError> {
            *lock(&self.trees).entry(id).or_default() += 1;
            let repository = lock(&self.repository);
            let tree = repository.find_tree(id).map_err(|error| ReadError::Object { message: error.to_string() })?;
            Ok(Tree::parse(&tree))
        }

        fn blob(&self, id: Oid) -> Result<Arc<[u8]>, ReadError> {
            let repository = lock(&self.repository);
            let blob = repository.find_blob(id).map_err(|error| ReadError::Object { message: error.to_string() })?;
            Ok(blob.content().into())
        }
    }

    /// What a test commits at a path.
    enum Put<'a> {
        File(&'a str),
        Link(&'a str),
        Submodule,
    }

    /// A tree with these entries, at `/repo`.
    fn files(entries: &[(&str, Put<'_>)], folder: &tempfile::TempDir) -> TreeFiles<Counted> {
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        let repository = Repository::init_opts(folder.path(), &options).unwrap();
        let mut index = git2::Index::new().unwrap();
        for (path, put) in entries {
            let (mode, id) = match put {
                Put::File(text) => (0o100_644, repository.blob(text.as_bytes()).unwrap()),
                Put::Link(target) => (0o120_000, repository.blob(target.as_bytes()).unwrap()),
                Put::Submodule => (0o160_000, Oid::hash_object(git2::ObjectType::Blob, b"elsewhere").unwrap()),
            };
            let zero = git2::IndexTime::new(0, 0);
            let entry = git2::IndexEntry {
                ctime: zero,
                mtime: zero,
                dev: 0,
                ino: 0,
                mode,
                uid: 0,
                gid: 0,
                file_size: 0,
                id,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).unwrap();
        }
        let tree = index.write_tree_to(&repository).unwrap();
        let counted = Counted { repository: Mutex::new(repository), trees: Mutex::default() };
        TreeFiles::new(counted, tree, "/repo")
    }

    #[test]
    fn each_tree_is_read_once_however_many_paths_and_threads_ask() {
        let paths: Vec<String> = (0..300)
            .flat_map(|service| ["base/a.yaml", "base/b.yaml", "prod/c.yaml"].map(|file| format!("s/{service}/{file}")))
            .collect();
        let texts: Vec<String> = (0..paths.len()).map(|number| number.to_string()).collect();
        let entries: Vec<(&str, Put<'_>)> =
            paths.iter().zip(&texts).map(|(path, text)| (path.as_str(), Put::File(text))).collect();
        let folder = tempfile::tempdir().unwrap();
        let files = files(&entries, &folder);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for (path, text) in paths.iter().zip(&texts) {
                        assert_eq!(&*files.read(&format!("/repo/{path}")).unwrap(), text.as_bytes());
                    }
                    assert_eq!(files.list("/repo/s").unwrap().len(), 300);
                });
            }
        });
        let trees = lock(&files.objects.trees);
        assert_eq!(trees.values().max(), Some(&1));
        // The root, s, and three for each service.
        assert_eq!(trees.len(), 2 + 300 * 3);
    }

    #[test]
    fn links_are_followed_inside_the_repository_alone() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [
            ("a/file", Put::File("x")),
            ("a/up", Put::Link("../b")),
            ("b/back", Put::Link("../a/file")),
            ("absolute", Put::Link("/repo/a")),
            ("outside-in", Put::Link("../repo/a/file")),
            ("out", Put::Link("../../etc/passwd")),
            ("loop1", Put::Link("loop2")),
            ("loop2", Put::Link("loop1")),
            ("module", Put::Submodule),
            ("to-module", Put::Link("module")),
        ];
        let files = files(&entries, &folder);
        let real = |path: &str| files.real_path(&format!("/repo{path}"));
        assert_eq!(real("/a/up/back").unwrap(), "/repo/a/file");
        assert_eq!(real("/absolute/up/back").unwrap(), "/repo/a/file");
        assert_eq!(real("/outside-in").unwrap(), "/repo/a/file");
        assert_eq!(real("").unwrap(), "/repo");
        assert_eq!(real("/out").unwrap_err(), ReadError::LinkOut { path: "/etc/passwd".to_owned() });
        assert_eq!(real("/loop1").unwrap_err(), ReadError::LinkLoop);
        assert_eq!(real("/a/file/below").unwrap_err(), ReadError::NotFound);
        assert_eq!(real("/module/file").unwrap_err(), ReadError::NotFound);
        assert_eq!(files.kind("/repo/to-module").unwrap(), EntryKind::Submodule);
        assert_eq!(files.list("/repo/module").unwrap_err(), ReadError::Submodule);
        assert_eq!(files.read("/repo/module").unwrap_err(), ReadError::NotFile);
        assert_eq!(files.kind("/repository").unwrap_err(), ReadError::NotFound);
        assert_eq!(&*files.read("/repo/outside-in").unwrap(), b"x");
    }

    #[test]
    fn names_are_listed_by_their_bytes_and_found_beside_longer_ones() {
        let folder = tempfile::tempdir().unwrap();
        let entries =
            [("a.b", Put::File("1")), ("a/c", Put::File("2")), ("a0", Put::File("3")), ("a-", Put::File("4"))];
        let files = files(&entries, &folder);
        assert_eq!(files.list("/repo").unwrap(), ["a", "a-", "a.b", "a0"]);
        for (path, text) in [("a.b", "1"), ("a/c", "2"), ("a0", "3"), ("a-", "4")] {
            assert_eq!(&*files.read(&format!("/repo/{path}")).unwrap(), text.as_bytes());
        }
    }
}
