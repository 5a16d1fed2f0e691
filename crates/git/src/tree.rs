//! Parsed trees.
//!
//! libgit2 keeps only trees of at most 4 KiB in memory. A larger one, such as a folder of many services or the notes on many commits, is
//! inflated, hashed and parsed again each time that one of its entries is looked up by path.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use git2::Oid;

/// git's mode of a folder.
pub(crate) const FOLDER: i32 = 0o040_000;
/// git's mode of a symbolic link.
pub(crate) const LINK: i32 = 0o120_000;
/// git's mode of a submodule.
pub(crate) const SUBMODULE: i32 = 0o160_000;

/// A parsed tree.
#[derive(Debug)]
pub struct Tree {
    /// Sorted by the bytes of their names.
    entries: Vec<TreeEntry>,
}

/// An entry of a tree.
#[derive(Debug)]
pub struct TreeEntry {
    /// The name.
    pub name: Box<[u8]>,
    /// git's number for the mode.
    pub mode: i32,
    /// The id of the blob, tree or commit.
    pub id: Oid,
}

impl Tree {
    pub(crate) fn parse(tree: &git2::Tree<'_>) -> Self {
        let entries = tree.iter().map(|entry| TreeEntry {
            name: entry.name_bytes().into(),
            mode: entry.filemode_raw(),
            id: entry.id(),
        });
        let mut entries: Vec<TreeEntry> = entries.collect();
        // git sorts a folder as if its name ended with a slash.
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Tree { entries }
    }

    /// Returns the entries, sorted by the bytes of their names.
    pub fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// Returns the entry with this name.
    pub fn entry(&self, name: &str) -> Option<&TreeEntry> {
        let index = self.entries.binary_search_by(|entry| (*entry.name).cmp(name.as_bytes())).ok()?;
        self.entries.get(index)
    }

    /// Returns whether one of the entries is a folder.
    pub fn has_folders(&self) -> bool {
        self.entries.iter().any(|entry| entry.mode == FOLDER)
    }
}

/// The trees that were read last. The number of their entries is limited.
#[derive(Debug, Default)]
pub(crate) struct TreeCache {
    trees: HashMap<Oid, Arc<Tree>>,
    /// The oldest first.
    order: VecDeque<Oid>,
    entries: usize,
}

impl TreeCache {
    /// The limit, about 16 MB.
    const MAX_ENTRIES: usize = 200_000;

    pub(crate) fn get(&self, id: Oid) -> Option<Arc<Tree>> {
        self.trees.get(&id).cloned()
    }

    pub(crate) fn insert(&mut self, id: Oid, tree: &Arc<Tree>) {
        if self.trees.insert(id, Arc::clone(tree)).is_none() {
            self.entries += tree.entries.len();
            self.order.push_back(id);
        }
        while self.entries > Self::MAX_ENTRIES
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries -= self.trees.remove(&oldest).map_or(0, |tree| tree.entries.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_trees_are_dropped_beyond_the_limit() {
        let mut cache = TreeCache::default();
        let id = |number: usize| Oid::hash_object(git2::ObjectType::Blob, number.to_string().as_bytes()).unwrap();
        let tree = |count: usize| {
            let entry =
                |number: usize| TreeEntry { name: number.to_string().into_bytes().into(), mode: 0o100_644, id: id(0) };
            Arc::new(Tree { entries: (0..count).map(entry).collect() })
        };
        for number in 0..5 {
            cache.insert(id(number), &tree(TreeCache::MAX_ENTRIES / 2));
            cache.insert(id(number), &tree(TreeCache::MAX_ENTRIES / 2));
        }
        let kept: Vec<bool> = (0..5).map(|number| cache.get(id(number)).is_some()).collect();
        assert_eq!(kept, [false, false, false, true, true]);
        cache.insert(id(5), &tree(TreeCache::MAX_ENTRIES + 1));
        assert!(cache.trees.is_empty() && cache.order.is_empty() && cache.entries == 0);
    }
}
