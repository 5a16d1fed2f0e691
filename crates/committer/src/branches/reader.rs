//! Reads what a commit of a branch holds for a unit.

use std::collections::{BTreeMap, BTreeSet};

use git::source::CommitInfo;
use git::{File, FileSet, Mode, ObjectStore, Transport, TransportError};
use git2::Oid;

use crate::metadata::{self, METADATA, Record, TreeFile};
use crate::notes::{self, NOTES, Note};

/// Where a unit's output is: a branch, and the folder in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchPath {
    /// The branch without `refs/heads/`.
    pub branch: String,
    /// The folder without leading and trailing slashes; empty for the branch's root.
    pub folder: String,
}

impl BranchPath {
    /// The full name of the branch's ref.
    pub(super) fn ref_name(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// A path below the folder, from the branch's root.
    fn in_branch(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }
}

/// What a commit of a branch holds for a unit.
#[derive(Clone, Debug)]
pub struct BranchTip {
    /// The commit; `short_id` has seven digits.
    pub commit: CommitInfo,
    /// The record in the folder; `None` if no delivery has written one, or it is invalid.
    pub record: Option<Record>,
    /// The source commit in the git note: a newer one than the record's, with the same output.
    pub noted_source: Option<String>,
    /// The files that the record lists (without a list: everything below the folder except the record), by their path below the folder.
    /// Empty unless files were read.
    pub files: FileSet,
    /// A hash over the record and the files that it lists.
    pub content_hash: String,
    /// Whether the commit holds nothing of the unit: before its first delivery, the first merge of a reviewed unit, and after its retirement.
    pub empty: bool,
    /// Whether the files have the hash in the record; `None` if the record has none.
    pub intact: Option<bool>,
}

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The commit and its record.
    Record,
    /// The files as well.
    Files,
}

/// A unit's folder in a commit.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub path: &'a BranchPath,
    pub commit: Oid,
}

/// A connection to the remote, and the objects that it has brought.
pub(super) struct Reader<'a> {
    transport: &'a mut dyn Transport,
    store: ObjectStore,
    /// The tree of the notes.
    notes: Option<Oid>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(transport: &'a mut dyn Transport) -> Result<Self, TransportError> {
        Ok(Self { transport, store: ObjectStore::open()?, notes: None })
    }

    /// The commits that these refs and the notes ref point to, by name.
    pub(super) fn heads(&mut self, mut names: Vec<String>) -> Result<BTreeMap<String, Oid>, TransportError> {
        names.push(NOTES.to_owned());
        let refs = self.transport.list_refs(&names)?;
        Ok(refs.into_iter().map(|found| (found.name, found.id)).collect())
    }

    /// Fetches the commits that are missing, with `limit` commits of history (at least one).
    pub(super) fn fetch(&mut self, commits: &[Oid], limit: u32) -> Result<(), TransportError> {
        let missing = self.missing(commits.iter().copied());
        if missing.is_empty() {
            return Ok(());
        }
        self.transport.fetch(&missing, limit.max(1), self.store.repository())
    }

    /// Fetches what [`Reader::tip`] needs for these commits.
    pub(super) fn load(&mut self, commits: &[At<'_>], notes: Option<Oid>, depth: Depth) -> Result<(), TransportError> {
        let ids: Vec<Oid> = commits.iter().map(|at| at.commit).chain(notes).collect();
        self.fetch(&ids, 1)?;
        self.notes = notes.map(|id| self.tree(id)).transpose()?;
        let mut blobs = BTreeSet::new();
        for at in commits {
            let tree = self.tree(at.commit)?;
            blobs.extend(self.store.entry(tree, &at.path.in_branch(METADATA)).map(|(id, _)| id));
            blobs.extend(self.note(at.commit));
            if depth == Depth::Files {
                // Which of them the record lists is known only when it is here.
                blobs.extend(self.files_below(tree, at.path).into_iter().map(|file| file.id));
            }
        }
        let missing = self.missing(blobs);
        if missing.is_empty() { Ok(()) } else { self.transport.fetch_objects(&missing, self.store.repository()) }
    }

    /// What a commit holds for a unit. The objects are in the store by [`Reader::load`].
    pub(super) fn tip(&self, at: &At<'_>, depth: Depth) -> Result<BranchTip, TransportError> {
        self.read_tip(at, depth).map_err(TransportError::object_store)
    }

    fn read_tip(&self, at: &At<'_>, depth: Depth) -> Result<BranchTip, git2::Error> {
        let commit = self.store.repository().find_commit(at.commit)?;
        let tree = commit.tree()?;
        let record = match self.store.entry(tree.id(), &at.path.in_branch(METADATA)) {
            Some((id, _)) => Record::parse(&self.store.blob(id)?).ok().filter(|record| !record.shared),
            None => None,
        };
        let note = match self.note(at.commit) {
            Some(id) => Note::parse(&self.store.blob(id)?),
            None => Note::default(),
        };
        let recorded_source = record.as_ref().map(|record| record.source.dry_sha.as_str());
        let recorded = record.iter().flat_map(|record| record.files.iter().flatten());
        let paths = std::iter::once(METADATA).chain(recorded.map(String::as_str));
        let held = paths.filter_map(|path| self.file(tree.id(), at.path, path)).collect::<Vec<_>>();
        Ok(BranchTip {
            noted_source: note.sha(&at.path.folder).filter(|sha| Some(*sha) != recorded_source).map(str::to_owned),
            files: if depth == Depth::Files {
                self.files(tree.id(), at.path, record.as_ref())?
            } else {
                FileSet::new()
            },
            content_hash: metadata::content_hash(&held)?,
            empty: self.is_empty(&tree, at.path)?,
            intact: record.as_ref().map(|record| self.is_intact(tree.id(), at.path, record)).transpose()?.flatten(),
            commit: CommitInfo::read(&commit, at.commit.to_string()[..7].to_owned())?,
            record,
        })
    }

    /// Whether nothing in a tree is the unit's: the branch is only a start, or others share it.
    fn is_empty(&self, tree: &git2::Tree<'_>, path: &BranchPath) -> Result<bool, git2::Error> {
        if tree.is_empty() || !path.folder.is_empty() {
            return Ok(tree.is_empty() || self.store.entry(tree.id(), &path.folder).is_none());
        }
        let Some((id, _)) = self.store.entry(tree.id(), METADATA) else { return Ok(false) };
        Ok(Record::parse(&self.store.blob(id)?).is_ok_and(|record| record.shared))
    }

    /// The commits of a branch along first parents, newest first, as far as they are in the store.
    pub(super) fn first_parents(&self, head: Option<Oid>, limit: u32) -> Result<Vec<Oid>, TransportError> {
        let mut line = Vec::new();
        let mut next = head;
        while let Some(id) = next.filter(|&id| line.len() < limit.max(1) as usize && self.store.has(id)) {
            line.push(id);
            let commit = self.store.repository().find_commit(id).map_err(TransportError::object_store)?;
            next = commit.parent_id(0).ok();
        }
        Ok(line)
    }

    /// Whether `commit` is `head` or one of its ancestors, as far as they are in the store.
    pub(super) fn reaches(&self, head: Option<Oid>, commit: Oid) -> bool {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<Oid> = head.into_iter().collect();
        while let Some(id) = todo.pop() {
            if id == commit {
                return true;
            }
            if seen.insert(id)
                && let Ok(commit) = self.store.repository().find_commit(id)
            {
                todo.extend(commit.parent_ids());
            }
        }
        false
    }

    fn missing(&self, ids: impl IntoIterator<Item = Oid>) -> Vec<Oid> {
        let ids: BTreeSet<Oid> = ids.into_iter().collect();
        ids.into_iter().filter(|&id| !self.store.has(id)).collect()
    }

    fn tree(&self, commit: Oid) -> Result<Oid, TransportError> {
        let commit = self.store.repository().find_commit(commit).map_err(TransportError::object_store)?;
        Ok(commit.tree_id())
    }

    /// The blob of the note on a commit.
    fn note(&self, commit: Oid) -> Option<Oid> {
        self.notes.and_then(|notes| notes::find(&self.store, notes, commit)).map(|(_, blob)| blob)
    }

    fn file(&self, tree: Oid, path: &BranchPath, file: &str) -> Option<TreeFile> {
        let (id, mode) = self.store.entry(tree, &path.in_branch(file))?;
        Some(TreeFile { path: file.to_owned(), id, mode })
    }

    /// The files below the unit's folder, without submodules.
    fn files_below(&self, tree: Oid, path: &BranchPath) -> Vec<TreeFile> {
        let Some((folder, 0o040_000)) = self.store.entry(tree, &path.folder) else { return Vec::new() };
        let paths = self.store.paths(folder, usize::MAX).into_iter();
        paths.filter_map(|file| self.file(tree, path, &file)).filter(|file| file.mode != 0o160_000).collect()
    }

    /// The files that the record lists, with their bytes.
    fn files(&self, tree: Oid, path: &BranchPath, record: Option<&Record>) -> Result<FileSet, git2::Error> {
        let listed = record.and_then(|record| record.files.as_ref());
        let mut files = FileSet::new();
        for TreeFile { path, id, mode } in self.files_below(tree, path) {
            if listed.map_or(path != METADATA, |listed| listed.contains(&path)) {
                let mode = match mode {
                    0o100_755 => Mode::Executable,
                    0o120_000 => Mode::Link,
                    _ => Mode::Regular,
                };
                files.insert(path, File { bytes: self.store.blob(id)?.into(), mode });
            }
        }
        Ok(files)
    }

    fn is_intact(&self, tree: Oid, path: &BranchPath, record: &Record) -> Result<Option<bool>, git2::Error> {
        let (Some(files), Some(recorded)) = (&record.files, &record.content) else { return Ok(None) };
        let files: Option<Vec<TreeFile>> = files.iter().map(|file| self.file(tree, path, file)).collect();
        let Some(files) = files else { return Ok(Some(false)) };
        Ok(Some(metadata::content_hash(&files)? == *recorded))
    }
}
