//! Where commits are built: a temporary repository whose new objects stay in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use git2::{ObjectType, Odb, Oid, Repository, RepositoryInitOptions};

use crate::file::Mode;
use crate::pack::{Contents, Pack};
use crate::transport::TransportError;

/// Higher than the priorities of libgit2's own stores (1 and 2), so that what is written lands in memory.
const MEMORY_FIRST: i32 = 1000;

/// git's mode of a folder.
const FOLDER: i32 = 0o040_000;

/// A temporary repository. What is fetched lies in a temporary folder, what is made in memory.
pub struct ObjectStore {
    repository: Repository,
    contents: Contents,
    _folder: tempfile::TempDir,
}

/// What to do with a path of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Put this blob there.
    Put(Oid, Mode),
    /// Take away what is there.
    Remove,
}

/// git's number for a mode.
pub fn filemode(mode: Mode) -> i32 {
    match mode {
        Mode::Regular => 0o100_644,
        Mode::Executable => 0o100_755,
        Mode::Link => 0o120_000,
    }
}

impl ObjectStore {
    /// An empty one.
    ///
    /// # Errors
    /// The disk's.
    pub fn open() -> Result<Self, TransportError> {
        let failed = |words: String| TransportError::Git { place: "temporary repository".to_owned(), words };
        let folder =
            tempfile::Builder::new().prefix("hydrant-").tempdir().map_err(|error| failed(error.to_string()))?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        let repository = Repository::init_opts(folder.path(), &options).map_err(|error| own(&error))?;
        {
            let odb = repository.odb().map_err(|error| own(&error))?;
            odb.add_new_mempack_backend(MEMORY_FIRST).map_err(|error| own(&error))?;
        }
        Ok(Self { repository, contents: Contents::new(), _folder: folder })
    }

    /// The repository itself.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    fn odb(&self) -> Result<Odb<'_>, git2::Error> {
        self.repository.odb()
    }

    /// Whether the object is here.
    pub fn has(&self, id: Oid) -> bool {
        self.odb().is_ok_and(|odb| odb.exists(id))
    }

    /// The bytes of a blob that is here.
    pub fn blob(&self, id: Oid) -> Result<Vec<u8>, git2::Error> {
        Ok(self.repository.find_blob(id)?.content().to_vec())
    }

    /// What a tree holds at a path: id and mode. `None` where nothing is, or a tree on the way is not here.
    pub fn entry(&self, tree: Oid, path: &str) -> Option<(Oid, i32)> {
        if path.is_empty() {
            return Some((tree, 0o040_000));
        }
        let tree = self.repository.find_tree(tree).ok()?;
        let entry = tree.get_path(path.as_ref()).ok()?;
        Some((entry.id(), entry.filemode_raw()))
    }

    /// The paths of everything but folders under a tree, in git's order, at most `limit`.
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

    /// Writes an object and notes it in `made`.
    pub fn write(&self, kind: ObjectType, bytes: &[u8], made: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        let id = self.odb()?.write(kind, bytes)?;
        made.push(id);
        Ok(id)
    }

    /// Takes a file's content as a blob without copying it, and notes it in `made`.
    pub fn share(&mut self, bytes: &Arc<[u8]>, made: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        let id = Oid::hash_object(ObjectType::Blob, bytes)?;
        self.contents.insert(id, Arc::clone(bytes));
        made.push(id);
        Ok(id)
    }

    /// `base` with the edits: the new tree, or `None` where nothing is left. New trees are noted in `made`.
    ///
    /// The depth is that of the longest path, which `unit::check` bounds.
    pub fn edit(
        &self,
        base: Option<Oid>,
        edits: &BTreeMap<String, Edit>,
        made: &mut Vec<Oid>,
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
                // A file takes the folder's place, and with it everything below goes.
                continue;
            }
            let there = entries.folder(folder);
            match self.edit(there, &below, made)? {
                Some(id) => entries.put(folder, id, FOLDER),
                // Where a file stands now and nothing goes below, the file stays.
                None if there.is_some() => entries.remove(folder),
                None => {}
            }
        }
        if entries.0.is_empty() {
            return Ok(None);
        }
        let id = self.odb()?.write(ObjectType::Tree, &entries.to_bytes())?;
        if base != Some(id) {
            made.push(id);
        }
        Ok(Some(id))
    }

    /// The tree that holds nothing.
    pub fn empty_tree(&self, made: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        self.write(ObjectType::Tree, &[], made)
    }

    /// What a push of these objects carries.
    pub fn pack<'a>(&'a self, objects: &[Oid]) -> Pack<'a> {
        Pack::new(&self.repository, &self.contents, objects)
    }
}

/// The entries of a tree in git's order: a folder is sorted as if its name ended with a slash.
///
/// Our own beside libgit2's tree builder, which wants every blob in its store.
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

/// An error of the temporary repository.
pub fn own(error: &git2::Error) -> TransportError {
    TransportError::Git { place: "temporary repository".to_owned(), words: error.message().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &ObjectStore, text: &str) -> Edit {
        let id = store.write(ObjectType::Blob, text.as_bytes(), &mut Vec::new()).unwrap();
        Edit::Put(id, Mode::Regular)
    }

    #[test]
    fn a_tree_is_edited_and_empty_folders_go() {
        let store = ObjectStore::open().unwrap();
        let mut made = Vec::new();
        let edits = [("a/b/c", "1"), ("a/d", "2"), ("e", "3")];
        let edits: BTreeMap<String, Edit> =
            edits.into_iter().map(|(path, text)| (path.to_owned(), put(&store, text))).collect();
        let tree = store.edit(None, &edits, &mut made).unwrap().unwrap();
        assert_eq!(store.paths(tree, 10), ["a/b/c", "a/d", "e"]);
        assert_eq!(made.len(), 3);
        let remove = BTreeMap::from([("a/b/c".to_owned(), Edit::Remove), ("nothing/here".to_owned(), Edit::Remove)]);
        let smaller = store.edit(Some(tree), &remove, &mut made).unwrap().unwrap();
        assert_eq!(store.paths(smaller, 10), ["a/d", "e"]);
        let file_to_folder = BTreeMap::from([("e".to_owned(), Edit::Remove), ("e/f".to_owned(), put(&store, "4"))]);
        let other = store.edit(Some(smaller), &file_to_folder, &mut made).unwrap().unwrap();
        assert_eq!(store.paths(other, 10), ["a/d", "e/f"]);
        let folder_to_file = BTreeMap::from([("e".to_owned(), put(&store, "5")), ("e/f".to_owned(), Edit::Remove)]);
        let file = store.edit(Some(other), &folder_to_file, &mut made).unwrap().unwrap();
        assert_eq!(store.paths(file, 10), ["a/d", "e"]);
        let all = BTreeMap::from([("a/d".to_owned(), Edit::Remove), ("e/f".to_owned(), Edit::Remove)]);
        assert_eq!(store.edit(Some(other), &all, &mut made).unwrap(), None);
    }
}
