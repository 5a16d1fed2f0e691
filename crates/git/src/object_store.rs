//! The temporary repository in which commits are built. New objects stay in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use git2::{ObjectType, Odb, Oid, Repository, RepositoryInitOptions};

use crate::blob;
use crate::error::TransportError;
use crate::file::Mode;
use crate::limits::MAX_BLOB_BYTES;
use crate::pack::{Contents, Pack};
use crate::tree::{FOLDER, Tree, TreeCache};

/// Higher than the priorities of libgit2's other backends (1 and 2), so that new objects are written to memory.
const MEMPACK_PRIORITY: i32 = 1000;

/// A temporary repository. Fetched objects are in a temporary folder, new objects in memory.
pub struct ObjectStore {
    repository: Repository,
    contents: Contents,
    trees: RefCell<TreeCache>,
    _folder: tempfile::TempDir,
}

/// A change of one path of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Write this blob.
    Put(Oid, Mode),
    /// Remove the entry.
    Remove,
}

/// Returns git's number for a mode.
pub fn filemode(mode: Mode) -> i32 {
    match mode {
        Mode::Regular => 0o100_644,
        Mode::Executable => 0o100_755,
        Mode::Link => 0o120_000,
    }
}

impl ObjectStore {
    /// Creates an empty store.
    ///
    /// # Errors
    /// A temporary folder that cannot be written.
    pub fn open() -> Result<Self, TransportError> {
        let failed = |source| TransportError::Io { location: "the temporary object store".to_owned(), source };
        let folder = tempfile::Builder::new().prefix("hydrant-").tempdir().map_err(failed)?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        let repository = Repository::init_opts(folder.path(), &options).map_err(TransportError::object_store)?;
        {
            let odb = repository.odb().map_err(TransportError::object_store)?;
            odb.add_new_mempack_backend(MEMPACK_PRIORITY).map_err(TransportError::object_store)?;
        }
        Ok(Self { repository, contents: Contents::new(), trees: RefCell::default(), _folder: folder })
    }

    /// Returns the repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    fn odb(&self) -> Result<Odb<'_>, git2::Error> {
        self.repository.odb()
    }

    /// Returns whether the object is in the store.
    pub fn has(&self, id: Oid) -> bool {
        self.odb().is_ok_and(|odb| odb.exists(id))
    }

    /// Returns the content of a blob.
    ///
    /// # Errors
    /// An object that is not in the store, is not a blob or is larger than 128 MiB.
    pub fn blob(&self, id: Oid) -> Result<Vec<u8>, git2::Error> {
        Ok(blob::read(&self.repository, id, MAX_BLOB_BYTES)?.content().to_vec())
    }

    /// Returns id and mode of the entry at `path`. `None` if there is none, or a tree on the path is not in the store.
    pub fn entry(&self, tree: Oid, path: &str) -> Option<(Oid, i32)> {
        let mut found = (tree, FOLDER);
        for name in path.split('/').filter(|_| !path.is_empty()) {
            let (id, mode) = found;
            let tree = if mode == FOLDER { self.tree(id)? } else { return None };
            let entry = tree.entry(name)?;
            found = (entry.id, entry.mode);
        }
        Some(found)
    }

    /// Returns a tree; `None` if it is not in the store. The trees that were read last are kept.
    pub fn tree(&self, id: Oid) -> Option<Arc<Tree>> {
        if let Some(tree) = self.trees.borrow().get(id) {
            return Some(tree);
        }
        let tree = Arc::new(Tree::parse(&self.repository.find_tree(id).ok()?));
        self.trees.borrow_mut().insert(id, &tree);
        Some(tree)
    }

    /// Returns the paths of at most `limit` files, links and submodules in a tree, in git's order.
    pub fn paths(&self, tree: Oid, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        let Ok(tree) = self.repository.find_tree(tree) else { return found };
        let _ = tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() != Some(ObjectType::Tree) {
                found.push(format!("{}{}", folder, String::from_utf8_lossy(entry.name_bytes())));
            }
            if found.len() >= limit { git2::TreeWalkResult::Abort } else { git2::TreeWalkResult::Ok }
        });
        found
    }

    /// Writes an object and appends its id to `written`.
    ///
    /// # Errors
    /// libgit2's.
    pub fn write(&self, kind: ObjectType, bytes: &[u8], written: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        let id = self.odb()?.write(kind, bytes)?;
        written.push(id);
        Ok(id)
    }

    /// Adds a file's content as a blob without copying it, and appends its id to `written`.
    ///
    /// # Errors
    /// libgit2's.
    pub fn share(&mut self, bytes: &Arc<[u8]>, written: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        let id = Oid::hash_object(ObjectType::Blob, bytes)?;
        self.contents.insert(id, Arc::clone(bytes));
        written.push(id);
        Ok(id)
    }

    /// Returns the tree `base` with the edits applied, or `None` if it would be empty. Appends the ids of new trees to `written`.
    ///
    /// The recursion is as deep as the longest path, which the caller limits.
    ///
    /// # Errors
    /// A tree that is not in the store.
    pub fn edit(
        &self,
        base: Option<Oid>,
        edits: &BTreeMap<String, Edit>,
        written: &mut Vec<Oid>,
    ) -> Result<Option<Oid>, git2::Error> {
        let mut entries = Entries::of(self, base)?;
        let mut below: BTreeMap<&str, BTreeMap<String, Edit>> = BTreeMap::new();
        for (path, &edit) in edits {
            match (path.split_once('/'), edit) {
                (Some((folder, rest)), _) => {
                    below.entry(folder).or_default().insert(rest.to_owned(), edit);
                }
                (None, Edit::Put(id, mode)) => entries.put(path, id, filemode(mode)),
                (None, Edit::Remove) => entries.remove(path),
            }
        }
        for (folder, below) in below {
            if matches!(edits.get(folder), Some(Edit::Put(..))) {
                // A file replaces the folder and everything below it.
                continue;
            }
            let there = entries.folder(folder);
            match self.edit(there, &below, written)? {
                Some(id) => entries.put(folder, id, FOLDER),
                // A file with that name stays if nothing is written below it.
                None if there.is_some() => entries.remove(folder),
                None => {}
            }
        }
        if entries.0.is_empty() {
            return Ok(None);
        }
        let id = self.odb()?.write(ObjectType::Tree, &entries.to_bytes())?;
        if base != Some(id) {
            written.push(id);
        }
        Ok(Some(id))
    }

    /// Writes the empty tree.
    ///
    /// # Errors
    /// libgit2's.
    pub fn empty_tree(&self, written: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        self.write(ObjectType::Tree, &[], written)
    }

    /// Returns a pack of these objects.
    pub fn pack<'a>(&'a self, objects: &[Oid]) -> Pack<'a> {
        Pack::new(&self.repository, &self.contents, objects)
    }
}

/// The entries of a tree in git's order: a folder is sorted as if its name ended with a slash.
///
/// libgit2's tree builder cannot be used: it requires every blob to be in its own store.
struct Entries(BTreeMap<Vec<u8>, (Oid, i32)>);

impl Entries {
    fn of(store: &ObjectStore, base: Option<Oid>) -> Result<Self, git2::Error> {
        let Some(base) = base else { return Ok(Self(BTreeMap::new())) };
        let tree = store.repository.find_tree(base)?;
        let entries = tree.iter().map(|entry| {
            let mode = entry.filemode_raw();
            (key(entry.name_bytes(), mode), (entry.id(), mode))
        });
        Ok(Self(entries.collect()))
    }

    fn put(&mut self, name: &str, id: Oid, mode: i32) {
        self.remove(name);
        self.0.insert(key(name.as_bytes(), mode), (id, mode));
    }

    fn remove(&mut self, name: &str) {
        for mode in [0, FOLDER] {
            self.0.remove(&key(name.as_bytes(), mode));
        }
    }

    fn folder(&self, name: &str) -> Option<Oid> {
        self.0.get(&key(name.as_bytes(), FOLDER)).map(|(id, _)| *id)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * 48);
        for (key, (id, mode)) in &self.0 {
            out.extend_from_slice(format!("{mode:o} ").as_bytes());
            out.extend_from_slice(key.strip_suffix(b"/").unwrap_or(key));
            out.push(0);
            out.extend_from_slice(id.as_bytes());
        }
        out
    }
}

fn key(name: &[u8], mode: i32) -> Vec<u8> {
    let mut key = name.to_vec();
    if mode == FOLDER {
        key.push(b'/');
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &ObjectStore, text: &str) -> Edit {
        let id = store.write(ObjectType::Blob, text.as_bytes(), &mut Vec::new()).unwrap();
        Edit::Put(id, Mode::Regular)
    }

    #[test]
    fn empty_folders_are_removed() {
        let store = ObjectStore::open().unwrap();
        let mut written = Vec::new();
        let edits = [("a/b/c", "1"), ("a/d", "2"), ("e", "3")];
        let edits: BTreeMap<String, Edit> =
            edits.into_iter().map(|(path, text)| (path.to_owned(), put(&store, text))).collect();
        let tree = store.edit(None, &edits, &mut written).unwrap().unwrap();
        assert_eq!(store.paths(tree, 10), ["a/b/c", "a/d", "e"]);
        assert_eq!(written.len(), 3);
        let remove = BTreeMap::from([("a/b/c".to_owned(), Edit::Remove), ("nothing/here".to_owned(), Edit::Remove)]);
        let smaller = store.edit(Some(tree), &remove, &mut written).unwrap().unwrap();
        assert_eq!(store.paths(smaller, 10), ["a/d", "e"]);
        let file_to_folder = BTreeMap::from([("e".to_owned(), Edit::Remove), ("e/f".to_owned(), put(&store, "4"))]);
        let other = store.edit(Some(smaller), &file_to_folder, &mut written).unwrap().unwrap();
        assert_eq!(store.paths(other, 10), ["a/d", "e/f"]);
        let folder_to_file = BTreeMap::from([("e".to_owned(), put(&store, "5")), ("e/f".to_owned(), Edit::Remove)]);
        let file = store.edit(Some(other), &folder_to_file, &mut written).unwrap().unwrap();
        assert_eq!(store.paths(file, 10), ["a/d", "e"]);
        let all = BTreeMap::from([("a/d".to_owned(), Edit::Remove), ("e/f".to_owned(), Edit::Remove)]);
        assert_eq!(store.edit(Some(other), &all, &mut written).unwrap(), None);
    }
}
