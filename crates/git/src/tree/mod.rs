//! Parsed trees.
//!
//! libgit2 keeps only trees of at most 4 KiB in memory. A larger one, such as a folder of many services or the notes on many commits, is
//! inflated, hashed and parsed again each time that one of its entries is looked up by path.

mod names;

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use git2::Oid;

pub use names::invalid_name;
pub(crate) use names::refusal;

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

    /// Parses a tree of a foreign repository (`<mode> <name>\0<20 bytes>`, …). Every entry is checked, as `git fsck` does.
    ///
    /// # Errors
    /// [`InvalidTree`]: the first entry that is wrong.
    pub(crate) fn parse_foreign(mut bytes: &[u8]) -> Result<Self, InvalidTree> {
        let mut entries: Vec<TreeEntry> = Vec::new();
        while !bytes.is_empty() {
            let (entry, rest) = next_entry(bytes)?;
            bytes = rest;
            if let Some(reason) = refusal(&entry.name, entry.mode) {
                return Err(InvalidTree::new(&entry.name, reason));
            }
            if let Some(last) = entries.last() {
                let reason = if last.name == entry.name { DUPLICATE } else { "the entries are not sorted" };
                if git_order(last, &entry).is_ge() {
                    return Err(InvalidTree::new(&entry.name, reason));
                }
            }
            entries.push(entry);
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        match entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(InvalidTree::new(&pair[0].name, DUPLICATE)),
            None => Ok(Tree { entries }),
        }
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

const DUPLICATE: &str = "two entries have the name";

/// An entry that a tree must not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid entry {name:?}: {reason}")]
pub(crate) struct InvalidTree {
    /// The entry's name, decoded lossily.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) reason: &'static str,
}

impl InvalidTree {
    fn new(name: &[u8], reason: &'static str) -> Self {
        InvalidTree { name: String::from_utf8_lossy(name).into_owned(), reason }
    }
}

/// Splits the first entry off.
fn next_entry(bytes: &[u8]) -> Result<(TreeEntry, &[u8]), InvalidTree> {
    let malformed = |name: &[u8]| InvalidTree::new(name, "the entry is malformed");
    let blank = bytes.iter().take(8).position(|byte| *byte == b' ').ok_or_else(|| malformed(b""))?;
    let (mode, rest) = (&bytes[..blank], &bytes[blank + 1..]);
    let end = rest.iter().position(|byte| *byte == 0).ok_or_else(|| malformed(b""))?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    let id = rest.get(..20).and_then(|id| Oid::from_bytes(id).ok()).ok_or_else(|| malformed(name))?;
    let mode = std::str::from_utf8(mode).ok().and_then(|mode| i32::from_str_radix(mode, 8).ok());
    let known = |mode: &i32| matches!(*mode, FOLDER | LINK | SUBMODULE) || (*mode & 0o170_000 == 0o100_000);
    let mode = mode.filter(known).ok_or_else(|| InvalidTree::new(name, "the mode is unknown"))?;
    if id.is_zero() {
        return Err(InvalidTree::new(name, "the id is zero"));
    }
    Ok((TreeEntry { name: name.into(), mode, id }, &rest[20..]))
}

/// Compares two entries as git sorts them: a folder as if its name ended with a slash.
fn git_order(one: &TreeEntry, other: &TreeEntry) -> Ordering {
    let common = one.name.len().min(other.name.len());
    let next = |entry: &TreeEntry| match entry.name.get(common) {
        None if entry.mode == FOLDER => b'/',
        None => 0,
        Some(byte) => *byte,
    };
    one.name[..common].cmp(&other.name[..common]).then_with(|| next(one).cmp(&next(other)))
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

    fn raw(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[1; 20]);
        }
        bytes
    }

    fn reason(entries: &[(&str, &str)]) -> Option<&'static str> {
        Tree::parse_foreign(&raw(entries)).err().map(|error| error.reason)
    }

    #[test]
    fn a_well_formed_tree_is_accepted() {
        let entries = [
            ("100644", ".gitmodules"),
            ("100644", "a-"),
            ("100664", "a.b"),
            ("40000", "a"),
            ("100755", "a0"),
            ("120000", "link"),
            ("160000", "module"),
            ("040000", "padded"),
        ];
        let tree = Tree::parse_foreign(&raw(&entries)).unwrap();
        let names: Vec<_> = tree.entries().iter().map(|entry| String::from_utf8_lossy(&entry.name)).collect();
        assert_eq!(names, [".gitmodules", "a", "a-", "a.b", "a0", "link", "module", "padded"]);
        assert!(Tree::parse_foreign(b"").unwrap().entries().is_empty());
    }

    #[test]
    fn a_malformed_tree_is_refused() {
        let file = "100644";
        assert_eq!(reason(&[(file, "a"), (file, "a")]), Some(DUPLICATE));
        assert_eq!(reason(&[("120000", "a"), ("40000", "a")]), Some(DUPLICATE));
        assert_eq!(reason(&[("120000", "a"), (file, "a-"), ("40000", "a")]), Some(DUPLICATE));
        assert_eq!(reason(&[("160000", "a"), (file, "a.b"), ("40000", "a")]), Some(DUPLICATE));
        assert_eq!(reason(&[(file, "b"), (file, "a")]), Some("the entries are not sorted"));
        assert_eq!(reason(&[(file, "..")]), Some("the name leads to another folder"));
        assert_eq!(reason(&[("0", "a")]), Some("the mode is unknown"));
        assert_eq!(reason(&[("60000", "a")]), Some("the mode is unknown"));
        assert_eq!(reason(&[("9", "a")]), Some("the mode is unknown"));
        assert_eq!(reason(&[("777777777", "a")]), Some("the entry is malformed"));
        for bytes in [b"100644".as_slice(), b"100644 a", b"100644 a\x00123", b" a\0"] {
            assert!(Tree::parse_foreign(bytes).is_err());
        }
        let zero = [b"100644 a\0".as_slice(), &[0; 20]].concat();
        assert_eq!(Tree::parse_foreign(&zero).unwrap_err().reason, "the id is zero");
    }

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
