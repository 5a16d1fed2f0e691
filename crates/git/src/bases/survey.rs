//! Reads every tree of a fetched commit once: checks its entries, and lists the blobs and submodules.

use std::collections::{HashMap, HashSet};

use git2::{ObjectType, Odb, Oid};

use super::error::BaseError;
use crate::remote::Remote;
use crate::tree::{FOLDER, SUBMODULE, Tree};

/// The maximum number of files and folders of a base. A tree that is in many folders counts as often.
const MAX_ENTRIES: u64 = 1_000_000;
/// The maximum depth of nested folders.
const MAX_DEPTH: u32 = 100;

/// A submodule of a tree.
pub(super) struct Gitlink {
    /// Its path.
    pub(super) path: String,
    /// Its commit.
    pub(super) commit: Oid,
}

/// What the trees of a commit contain.
pub(super) struct Survey<'a> {
    odb: &'a Odb<'a>,
    remote: &'a Remote,
    trees: HashMap<Oid, Summary>,
    blobs: HashSet<Oid>,
}

/// What is below a tree.
#[derive(Clone, Copy, Default)]
struct Summary {
    entries: u64,
    height: u32,
    gitlinks: u64,
}

impl<'a> Survey<'a> {
    /// Reads all trees below `tree`.
    ///
    /// # Errors
    /// A tree that cannot be read, an invalid entry, and too many or too deep ones.
    pub(super) fn of(odb: &'a Odb<'a>, remote: &'a Remote, tree: Oid) -> Result<Self, BaseError> {
        let mut survey = Survey { odb, remote, trees: HashMap::new(), blobs: HashSet::new() };
        let total = survey.read(tree, "", 0)?;
        if total.entries > MAX_ENTRIES {
            return Err(survey.too_large("files and folders", MAX_ENTRIES));
        }
        Ok(survey)
    }

    /// All trees and blobs, each once.
    pub(super) fn objects(&self) -> impl Iterator<Item = Oid> + '_ {
        self.trees.keys().chain(&self.blobs).copied()
    }

    /// The blobs, each once.
    pub(super) fn blobs(&self) -> impl Iterator<Item = Oid> + '_ {
        self.blobs.iter().copied()
    }

    fn read(&mut self, id: Oid, path: &str, depth: u32) -> Result<Summary, BaseError> {
        let known = self.trees.get(&id).copied();
        if depth + known.map_or(0, |known| known.height) > MAX_DEPTH {
            return Err(self.too_large("levels of folders", MAX_DEPTH.into()));
        }
        if let Some(known) = known {
            return Ok(known);
        }
        let tree = self.tree(id, path)?;
        let mut summary = Summary::default();
        for entry in tree.entries() {
            summary.entries = summary.entries.saturating_add(1);
            match entry.mode {
                FOLDER => {
                    let below = self.read(entry.id, &join(path, &entry.name), depth + 1)?;
                    summary.entries = summary.entries.saturating_add(below.entries);
                    summary.gitlinks = summary.gitlinks.saturating_add(below.gitlinks);
                    summary.height = summary.height.max(below.height + 1);
                }
                SUBMODULE => summary.gitlinks = summary.gitlinks.saturating_add(1),
                _ => _ = self.blobs.insert(entry.id),
            }
        }
        self.trees.insert(id, summary);
        Ok(summary)
    }

    fn tree(&self, id: Oid, path: &str) -> Result<Tree, BaseError> {
        let object = self.odb.read(id).map_err(BaseError::git(self.remote))?;
        if object.kind() != ObjectType::Tree {
            return Err(self.invalid(path, "expected a tree, found another object"));
        }
        Tree::parse_foreign(object.data())
            .map_err(|invalid| self.invalid(&join(path, invalid.name.as_bytes()), invalid.reason))
    }

    /// The submodules below `tree`, by path, sorted; at most `limit`.
    ///
    /// # Errors
    /// A tree that cannot be read, and more submodules than the limit.
    pub(super) fn gitlinks(&self, tree: Oid, limit: u64) -> Result<Vec<Gitlink>, BaseError> {
        if self.trees.get(&tree).is_some_and(|summary| summary.gitlinks > limit) {
            return Err(self.too_large("submodules", limit));
        }
        let mut found = Vec::new();
        let mut open = vec![(String::new(), tree)];
        while let Some((path, id)) = open.pop() {
            if self.trees.get(&id).is_none_or(|summary| summary.gitlinks == 0) {
                continue;
            }
            for entry in self.tree(id, &path)?.entries() {
                let path = join(&path, &entry.name);
                match entry.mode {
                    FOLDER => open.push((path, entry.id)),
                    SUBMODULE => found.push(Gitlink { path, commit: entry.id }),
                    _ => {}
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn invalid(&self, path: &str, reason: &'static str) -> BaseError {
        BaseError::InvalidEntry { url: self.remote.redacted_url(), path: path.to_owned(), reason }
    }

    fn too_large(&self, what: &'static str, limit: u64) -> BaseError {
        BaseError::TooLarge { url: self.remote.redacted_url(), what, limit }
    }
}

fn join(folder: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") }
}
