//! The files of one revision, read from git's objects without a checkout.

use git2::{FileMode, ObjectType, Oid, Repository, Tree};

use super::SourceError;

/// What stands at a path of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link; its bytes are the target.
    Link,
    /// A folder.
    Folder,
    /// Another repository's commit (a submodule), whose files are not here.
    Submodule,
}

/// A name in a folder of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name without folders, lossily decoded.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// The id of the blob, tree or commit.
    pub id: String,
}

/// The files of one revision. Paths are relative to the repository's root, with `/`, without `.` and `..`; links are not followed.
pub struct Revision<'repo> {
    repository: &'repo Repository,
    tree: Tree<'repo>,
    name: String,
}

impl<'repo> Revision<'repo> {
    pub(super) fn new(repository: &'repo Repository, tree: Tree<'repo>, name: &str) -> Self {
        Self { repository, tree, name: name.to_owned() }
    }

    /// What stands at `path`, or `None`. The empty path is the root.
    pub fn kind(&self, path: &str) -> Option<EntryKind> {
        if path.is_empty() {
            return Some(EntryKind::Folder);
        }
        self.tree.get_path(path.as_ref()).ok().map(|entry| kind(entry.filemode()))
    }

    /// The bytes of the file or link at `path`.
    ///
    /// # Errors
    /// [`SourceError::NotInTree`] where no file is.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let missing = || SourceError::NotInTree { revision: self.name.clone(), path: path.to_owned() };
        let entry = self.tree.get_path(path.as_ref()).map_err(|_| missing())?;
        if entry.kind() != Some(ObjectType::Blob) {
            return Err(missing());
        }
        let blob = self.repository.find_blob(entry.id()).map_err(|error| SourceError::NoRevision {
            revision: format!("{}:{path}", self.name),
            words: error.message().to_owned(),
        })?;
        Ok(blob.content().to_vec())
    }

    /// The entries of the folder `path` in git's order; of the root for the empty path.
    ///
    /// # Errors
    /// [`SourceError::NotInTree`] where no folder is.
    pub fn list(&self, path: &str) -> Result<Vec<Entry>, SourceError> {
        let missing = || SourceError::NotInTree { revision: self.name.clone(), path: path.to_owned() };
        let below;
        let tree = if path.is_empty() {
            &self.tree
        } else {
            let entry = self.tree.get_path(path.as_ref()).map_err(|_| missing())?;
            below = self.repository.find_tree(entry.id()).map_err(|_| missing())?;
            &below
        };
        Ok(tree
            .iter()
            .map(|entry| Entry {
                name: String::from_utf8_lossy(entry.name_bytes()).into_owned(),
                kind: kind(entry.filemode()),
                id: entry.id().to_string(),
            })
            .collect())
    }
}

/// The id of what `commit` holds at `path`; of its tree for the empty path.
pub(super) fn entry_id(commit: &git2::Commit<'_>, path: &str) -> Option<Oid> {
    if path.is_empty() {
        return Some(commit.tree_id());
    }
    commit.tree().ok()?.get_path(path.as_ref()).ok().map(|entry| entry.id())
}

fn kind(mode: i32) -> EntryKind {
    match mode {
        mode if mode == i32::from(FileMode::Tree) => EntryKind::Folder,
        mode if mode == i32::from(FileMode::Link) => EntryKind::Link,
        mode if mode == i32::from(FileMode::Commit) => EntryKind::Submodule,
        mode if mode == i32::from(FileMode::BlobExecutable) => EntryKind::Executable,
        _ => EntryKind::File,
    }
}
