//! Delivered branches as they are at the remote: for comparing, promoting, rolling back and for the board.

mod board;

use std::collections::BTreeMap;

use git::source::{SourceCommit, commit_info};
use git::{File, FileSet, Mode, ObjectStore, Transport, TransportError, own};
use git2::Oid;

use crate::error::DeliverError;
use crate::metadata::{self, METADATA, Record, TreeFile};
use crate::notes::{self, NOTES, Note};

pub use board::{BoardEntry, board};

/// A unit's place: a branch and the folder in it (empty for the root).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchPath {
    /// The branch without `refs/heads/`.
    pub branch: String,
    /// The folder without slashes around it.
    pub folder: String,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub struct BranchTip {
    /// The commit, abbreviated to seven digits in `short_id`.
    pub commit: SourceCommit,
    /// The record in the folder; `None` where no delivery has written one, or it cannot be read.
    pub record: Option<Record>,
    /// The source commit that the git note tells, where it is newer than the record's.
    pub noted: Option<String>,
    /// The files that the record lists (without a list: everything below the folder but the record), by their path below the folder. Empty
    /// unless files were asked for.
    pub files: FileSet,
    /// A hash over the record and the files that it lists.
    pub holds: String,
    /// Whether the branch holds no file at all, as one does that waits for its first review.
    pub empty: bool,
    /// Whether the files are what the record says by its hash; `None` where it says none.
    pub intact: Option<bool>,
}

/// How much to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The commit and its record.
    Record,
    /// The files too.
    Files,
}

/// Reads these places at once. The result has an entry a place, in their order: `None` where the branch does not exist.
///
/// # Errors
/// A remote that cannot be reached or does not let us in.
pub fn read(
    transport: &mut dyn Transport,
    places: &[BranchPath],
    depth: Depth,
) -> Result<Vec<Option<BranchTip>>, DeliverError> {
    let mut reader = Reader::over(transport)?;
    let names: Vec<String> = places.iter().map(|place| format!("refs/heads/{}", place.branch)).collect();
    let heads = reader.heads(&names)?;
    let tips: Vec<(Option<Oid>, &BranchPath)> =
        names.iter().zip(places).map(|(name, place)| (heads.get(name).copied(), place)).collect();
    Ok(reader.read(&tips, heads.get(NOTES).copied(), depth)?)
}

/// The branches whose names begin with `prefix` (without `refs/heads/`) and the commits that they point to, sorted by name.
///
/// # Errors
/// A remote that cannot be reached or does not let us in.
pub fn list(transport: &mut dyn Transport, prefix: &str) -> Result<Vec<(String, String)>, DeliverError> {
    let found = transport.list(&[format!("refs/heads/{prefix}")])?;
    let short = |name: &str| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    Ok(found.iter().map(|found| (short(&found.name), found.id.to_string())).collect())
}

/// The last `limit` commits of a place's branch, newest first, along first parents: what was delivered there and when.
///
/// # Errors
/// A remote that cannot be reached or does not let us in.
pub fn history(
    transport: &mut dyn Transport,
    place: &BranchPath,
    limit: u32,
    depth: Depth,
) -> Result<Vec<BranchTip>, DeliverError> {
    let mut reader = Reader::over(transport)?;
    let name = format!("refs/heads/{}", place.branch);
    let heads = reader.heads(std::slice::from_ref(&name))?;
    let Some(&head) = heads.get(&name) else { return Ok(Vec::new()) };
    let limit = limit.max(1);
    reader.transport.fetch(&[head], limit, reader.store.repository())?;
    let line = reader.first_parents(Some(head), limit)?;
    let commits: Vec<(Option<Oid>, &BranchPath)> = line.into_iter().map(|id| (Some(id), place)).collect();
    let found = reader.read(&commits, heads.get(NOTES).copied(), depth)?;
    Ok(found.into_iter().flatten().collect())
}

struct Reader<'a> {
    transport: &'a mut dyn Transport,
    store: ObjectStore,
}

impl<'a> Reader<'a> {
    fn over(transport: &'a mut dyn Transport) -> Result<Self, TransportError> {
        Ok(Self { transport, store: ObjectStore::open()? })
    }

    /// What these refs, and that of the notes, point to.
    fn heads(&mut self, names: &[String]) -> Result<BTreeMap<String, Oid>, TransportError> {
        let mut prefixes = names.to_vec();
        prefixes.push(NOTES.to_owned());
        let found = self.transport.list(&prefixes)?;
        Ok(found.into_iter().map(|found| (found.name, found.id)).collect())
    }

    fn read(
        &mut self,
        tips: &[(Option<Oid>, &BranchPath)],
        notes: Option<Oid>,
        depth: Depth,
    ) -> Result<Vec<Option<BranchTip>>, TransportError> {
        let mut wanted: Vec<Oid> = tips.iter().filter_map(|(id, _)| *id).chain(notes).collect();
        self.missing(&mut wanted);
        if !wanted.is_empty() {
            self.transport.fetch(&wanted, 1, self.store.repository())?;
        }
        let notes = notes.map(|id| self.tree(id)).transpose()?;
        let mut blobs = Vec::new();
        for (id, place) in tips {
            let Some(id) = id else { continue };
            let tree = self.tree(*id)?;
            blobs.extend(self.store.entry(tree, &in_folder(place, METADATA)).map(|(id, _)| id));
            blobs.extend(notes.and_then(|notes| notes::find(&self.store, notes, *id)).map(|(_, blob)| blob));
            if depth == Depth::Files {
                // Records are small and come with the rest: which files they list is known only then.
                blobs.extend(self.below(tree, place).into_iter().map(|(_, id, _)| id));
            }
        }
        self.missing(&mut blobs);
        if !blobs.is_empty() {
            self.transport.objects(&blobs, self.store.repository())?;
        }
        tips.iter().map(|(id, place)| id.map(|id| self.delivered(id, place, notes, depth)).transpose()).collect()
    }

    fn missing(&self, ids: &mut Vec<Oid>) {
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|&id| !self.store.has(id));
    }

    fn tree(&self, commit: Oid) -> Result<Oid, TransportError> {
        let commit = self.store.repository().find_commit(commit).map_err(|error| own(&error))?;
        Ok(commit.tree_id())
    }

    /// The files below a place: path from there, id, mode. Submodules are none.
    fn below(&self, tree: Oid, place: &BranchPath) -> Vec<(String, Oid, Mode)> {
        let Some((folder, 0o040_000)) = self.store.entry(tree, &place.folder) else { return Vec::new() };
        let paths = self.store.paths(folder, usize::MAX).into_iter();
        let files = paths.filter_map(|path| {
            let (id, mode) = self.store.entry(folder, &path)?;
            let mode = match mode {
                0o100_755 => Mode::Executable,
                0o120_000 => Mode::Link,
                0o160_000 => return None,
                _ => Mode::Regular,
            };
            Some((path, id, mode))
        });
        files.collect()
    }

    fn delivered(
        &self,
        id: Oid,
        place: &BranchPath,
        notes: Option<Oid>,
        depth: Depth,
    ) -> Result<BranchTip, TransportError> {
        let tree = self.tree(id)?;
        let blob = |id: Oid| self.store.blob(id).map_err(|error| own(&error));
        let record = match self.store.entry(tree, &in_folder(place, METADATA)) {
            Some((id, _)) => Record::parse(&blob(id)?).ok(),
            None => None,
        };
        let note = match notes.and_then(|notes| notes::find(&self.store, notes, id)) {
            Some((_, id)) => Note::parse(&blob(id)?),
            None => Note::default(),
        };
        let intact = record.as_ref().map(|record| self.intact(tree, place, record)).transpose();
        let intact = intact.map_err(|error| own(&error))?.flatten();
        let paths = record.iter().flat_map(|record| record.files.iter().flatten());
        let entries = std::iter::once(METADATA).chain(paths.map(String::as_str)).filter_map(|path| {
            let (id, mode) = self.store.entry(tree, &in_folder(place, path))?;
            Some(TreeFile { path: path.to_owned(), id, mode })
        });
        let holds = metadata::content_hash(&entries.collect::<Vec<_>>()).map_err(|error| own(&error))?;
        let empty = self.store.repository().find_tree(tree).is_ok_and(|tree| tree.is_empty());
        let listed = record.as_ref().and_then(|record| record.files.as_ref());
        let mut files = FileSet::new();
        let below = if depth == Depth::Files { self.below(tree, place) } else { Vec::new() };
        for (path, id, mode) in below {
            if listed.map_or(path != METADATA, |listed| listed.contains(&path)) {
                files.insert(path, File { bytes: blob(id)?.into(), mode });
            }
        }
        let commit = self.store.repository().find_commit(id).map_err(|error| own(&error))?;
        let short = id.to_string()[..7].to_owned();
        let commit = commit_info(&commit, short).map_err(|error| own(&error))?;
        Ok(BranchTip { commit, record, noted: note.sha(&place.folder).map(str::to_owned), files, holds, empty, intact })
    }

    fn intact(&self, tree: Oid, place: &BranchPath, record: &Record) -> Result<Option<bool>, git2::Error> {
        let (Some(files), Some(recorded)) = (&record.files, &record.content) else { return Ok(None) };
        let entry = |path: &String| self.store.entry(tree, &in_folder(place, path));
        let entries: Option<Vec<TreeFile>> =
            files.iter().map(|path| entry(path).map(|(id, mode)| TreeFile { path: path.clone(), id, mode })).collect();
        let Some(entries) = entries else { return Ok(Some(false)) };
        Ok(Some(metadata::content_hash(&entries)? == *recorded))
    }
}

fn in_folder(place: &BranchPath, path: &str) -> String {
    if place.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", place.folder) }
}
