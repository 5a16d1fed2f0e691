//! The decision for one unit: what a delivery of its files changes on its branch.
//!
//! Pure, except that it builds objects in the object store.

use std::collections::{BTreeMap, BTreeSet};

use git::{Change, ChangeKind, Edit, Mode, ObjectStore, filemode};
use git2::{ObjectType, Oid};

use crate::branch_record::{self, README};
use crate::metadata::{self, METADATA, Record, TreeFile};
use crate::notes::Note;
use crate::options::Options;
use crate::order::{self, LastDelivery};
use crate::order_ref::Entry;
use crate::refusal::Refusal;
use crate::unit::Unit;

/// The files that Argo CD's hydrator writes beside its record, which does not list them. They may be replaced. Those that a delivery does not
/// write stay, except the README, which would name the old source commit.
const ARGO_CD_FILES: &[&str] = &["manifest.yaml", README];

/// The most files that a refusal names.
pub(crate) const NAMED_FILES: usize = 20;

const FOLDER: i32 = 0o040_000;

/// The state of a branch: as it was read, or as an earlier unit of the same round leaves it.
pub(crate) struct BranchState<'a> {
    /// The tree of its commit; `None` if the branch does not exist.
    pub tree: Option<Oid>,
    /// The note on its commit.
    pub note: &'a Note,
    /// The unit's entry in the order ref.
    pub order: Option<&'a Entry>,
    /// For a topic branch: the hash over what the target holds of the unit.
    pub base: Option<&'a str>,
    /// Whether a newer source commit with the same output makes a commit with a new record, since the remote has no order ref.
    pub records_in_branch: bool,
}

/// What a delivery has to do for a unit.
pub(crate) enum Decision {
    /// Commit a new tree.
    Commit(NewTree),
    /// Update the note only: the output is the same, the source commit is newer.
    Note,
    /// Nothing: output and source commit are the same.
    Unchanged,
    /// Nothing, for this reason.
    Refuse(Refusal),
}

/// A tree with the unit's files and record.
pub(crate) struct NewTree {
    /// Its id.
    pub tree: Oid,
    /// How its files differ from those of the branch.
    pub changes: Vec<Change>,
    /// The record in the branch.
    pub previous: Option<Box<Record>>,
    /// The new objects.
    pub objects: Vec<Oid>,
}

/// The delivered content of a unit's folder in a branch.
pub(crate) enum FolderState {
    /// No record, and nothing that prevents a delivery.
    New,
    /// This record.
    Recorded(Box<Record>),
    /// Something that a delivery must not touch.
    Refused(Refusal),
}

impl FolderState {
    /// The record, if there is a valid one.
    pub(crate) fn record(self) -> Option<Record> {
        match self {
            Self::Recorded(record) => Some(*record),
            Self::New | Self::Refused(_) => None,
        }
    }
}

/// Decides what to do for `unit`.
pub(crate) fn decide(
    store: &mut ObjectStore,
    unit: &Unit,
    branch: &BranchState<'_>,
    options: &Options<'_>,
) -> Result<Decision, git2::Error> {
    let Some(tree) = branch.tree else {
        return build(store, unit, branch, changes(unit, &CurrentFiles::new())?, None, options);
    };
    let record = match folder_state(store, unit, tree)? {
        FolderState::New => None,
        FolderState::Recorded(record) => Some(*record),
        FolderState::Refused(refusal) => return Ok(Decision::Refuse(refusal)),
    };
    let last = LastDelivery { record: record.as_ref(), note: branch.note, order: branch.order };
    if let Some(refusal) = order::violation(unit, last, options) {
        return Ok(Decision::Refuse(refusal));
    }
    if branch.base.is_none()
        && let Some(refusal) = reassigned(unit, record.as_ref())
    {
        return Ok(Decision::Refuse(refusal));
    }
    let current = match current_files(store, unit, tree, record.as_ref()) {
        Ok(current) => current,
        Err(refusal) => return Ok(Decision::Refuse(refusal)),
    };
    let changes = changes(unit, &current)?;
    if let Some(record) = &record
        && changes.is_empty()
        && same_record(unit, record)
    {
        if last.is_current(unit) {
            return Ok(Decision::Unchanged);
        }
        if !branch.records_in_branch {
            return Ok(Decision::Note);
        }
    }
    if let Some(reason) = record.as_ref().and_then(|record| record.hold.clone())
        && unit.hold.is_none()
        && !unit.release
    {
        return Ok(Decision::Refuse(Refusal::Held { reason }));
    }
    build(store, unit, branch, changes, record, options)
}

/// Refuses a unit whose files were rendered with other assignments than the record has, or keep values of another delivery.
pub(crate) fn reassigned(unit: &Unit, record: Option<&Record>) -> Option<Refusal> {
    let recorded = record.map_or(&[][..], |record| &record.assignments);
    let content = record.and_then(|record| record.content.clone());
    let is_expected = unit.expected_assignments.as_ref().is_none_or(|expected| expected == recorded)
        && unit.kept_from.as_ref().is_none_or(|kept| kept.content == content);
    let images = || record.map(|record| record.images.clone()).unwrap_or_default();
    (!is_expected).then(|| Refusal::Reassigned { recorded: recorded.to_vec(), images: images() })
}

/// Reads the unit's folder in a tree.
pub(crate) fn folder_state(store: &ObjectStore, unit: &Unit, tree: Oid) -> Result<FolderState, git2::Error> {
    let path = unit.in_branch(METADATA);
    let Some((id, _)) = store.entry(tree, &path) else {
        let files = unmanaged_files(store, unit, tree);
        let free = files.is_empty() || unit.adopt;
        return Ok(if free { FolderState::New } else { FolderState::Refused(Refusal::UnmanagedFiles { files }) });
    };
    Ok(match Record::parse(&store.blob(id)?) {
        // The unit shares the branch with units in folders.
        Ok(record) if record.shared => FolderState::New,
        Ok(record) => FolderState::Recorded(Box::new(record)),
        Err(_) if unit.adopt => FolderState::New,
        Err(error) => FolderState::Refused(Refusal::InvalidRecord { path, message: error.to_string() }),
    })
}

/// The files because of which a branch or folder without a record is not free for a delivery.
fn unmanaged_files(store: &ObjectStore, unit: &Unit, tree: Oid) -> Vec<String> {
    if unit.folder.is_empty() {
        return store.paths(tree, NAMED_FILES);
    }
    match store.entry(tree, &unit.folder) {
        Some((id, FOLDER)) => store.paths(id, NAMED_FILES).into_iter().map(|path| unit.in_branch(&path)).collect(),
        Some(_) => vec![unit.folder.clone()],
        None => {
            let all = store.paths(tree, usize::MAX);
            let delivered = all.iter().any(|path| path == METADATA || path.ends_with(&format!("/{METADATA}")));
            if delivered { Vec::new() } else { all.into_iter().take(NAMED_FILES).collect() }
        }
    }
}

/// A file of a tree: blob id and git's mode.
type FileEntry = (Oid, i32);

/// The files that are now at the paths of this delivery or the last one, by their path in the branch. Folders are not listed.
type CurrentFiles = BTreeMap<String, FileEntry>;

/// Reads the files at the paths of this delivery and of the recorded one.
///
/// # Errors
/// A file of this delivery would replace one that no delivery wrote.
fn current_files(
    store: &ObjectStore,
    unit: &Unit,
    tree: Oid,
    record: Option<&Record>,
) -> Result<CurrentFiles, Refusal> {
    let recorded: BTreeSet<String> = recorded_files(record).iter().map(|path| unit.in_branch(path)).collect();
    let ours: BTreeSet<String> = unit.files.keys().map(|path| unit.in_branch(path)).collect();
    let removable = record.is_some_and(|record| record.files.is_some());
    let readme = unit.in_branch(README);
    let mut paths = if removable { recorded.union(&ours).collect() } else { ours.iter().collect::<BTreeSet<_>>() };
    if record.is_some() && !removable && branch_record::is_hydration_readme(store, tree, &readme) {
        paths.insert(&readme);
    }
    let mut current = CurrentFiles::new();
    for path in paths {
        let entry = store.entry(tree, path);
        let unmanaged = match entry {
            Some((id, FOLDER)) if ours.contains(path) => unmanaged_below(store, path, id, &recorded),
            Some((_, FOLDER)) => None,
            Some(entry) => {
                let free = recorded.contains(path) || unit.adopt || same_file(unit, path, entry);
                (!free).then(|| path.clone())
            }
            None if ours.contains(path) => file_above(store, tree, path).filter(|file| !recorded.contains(file)),
            None => None,
        };
        if let Some(path) = unmanaged {
            return Err(Refusal::UnmanagedFile { path });
        }
        current.extend(entry.filter(|(_, mode)| *mode != FOLDER).map(|entry| (path.clone(), entry)));
    }
    Ok(current)
}

/// A folder is at the path of a file. It may be replaced if a delivery wrote every file in it; returns the first one that none wrote.
fn unmanaged_below(store: &ObjectStore, path: &str, folder: Oid, recorded: &BTreeSet<String>) -> Option<String> {
    let files = store.paths(folder, usize::MAX);
    files.iter().map(|tail| format!("{path}/{tail}")).find(|file| !recorded.contains(file))
}

/// The file that is where `path` needs a folder.
fn file_above(store: &ObjectStore, tree: Oid, path: &str) -> Option<String> {
    let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    folders.find(|folder| store.entry(tree, folder).is_some_and(|(_, mode)| mode != FOLDER)).map(str::to_owned)
}

fn same_file(unit: &Unit, path: &str, (id, mode): FileEntry) -> bool {
    unit.file(path).is_some_and(|file| {
        filemode(file.mode) == mode && Oid::hash_object(ObjectType::Blob, &file.bytes).is_ok_and(|ours| ours == id)
    })
}

/// The files that the recorded delivery wrote, relative to its folder.
pub(crate) fn recorded_files(record: Option<&Record>) -> Vec<String> {
    match record {
        Some(Record { files: Some(files), .. }) => files.clone(),
        Some(Record { files: None, .. }) => ARGO_CD_FILES.iter().map(|&path| path.to_owned()).collect(),
        None => Vec::new(),
    }
}

/// Whether the record equals the unit's, apart from the source commit.
fn same_record(unit: &Unit, record: &Record) -> bool {
    let same_assignments = record.assignments == unit.assignments;
    let same_files = record.files.as_ref().is_none_or(|files| files.iter().eq(unit.files.keys()));
    // Setting or releasing a hold is a change, even if no file changes.
    let same_hold = record.hold == unit.hold || (unit.hold.is_none() && !unit.release);
    same_files && same_hold && same_assignments && git::same_repository(&record.source.repo_url, &unit.source.repo_url)
}

/// The differences between the unit's files and the current ones, sorted by path.
fn changes(unit: &Unit, current: &CurrentFiles) -> Result<Vec<Change>, git2::Error> {
    let mut changes = Vec::new();
    let mut kept = BTreeSet::new();
    for (path, file) in &unit.files {
        let path = unit.in_branch(path);
        let new = (Oid::hash_object(ObjectType::Blob, &file.bytes)?, filemode(file.mode));
        match current.get(&path) {
            Some(&entry) if entry == new => {}
            Some(_) => changes.push(Change { path: path.clone(), kind: ChangeKind::Modified }),
            None => changes.push(Change { path: path.clone(), kind: ChangeKind::Added }),
        }
        kept.insert(path);
    }
    let removed = current.keys().filter(|path| !kept.contains(*path));
    changes.extend(removed.map(|path| Change { path: path.clone(), kind: ChangeKind::Removed }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

/// Builds the tree with the changes and the unit's record.
fn build(
    store: &mut ObjectStore,
    unit: &Unit,
    branch: &BranchState<'_>,
    mut changes: Vec<Change>,
    previous: Option<Record>,
    options: &Options<'_>,
) -> Result<Decision, git2::Error> {
    let mut objects = Vec::new();
    let mut edits = branch_record::edits(store, unit, branch.tree, options.ancestors, &mut objects)?;
    if edits.contains_key(README) {
        changes.push(Change { path: README.to_owned(), kind: ChangeKind::Removed });
        changes.sort_by(|a, b| a.path.cmp(&b.path));
    }
    for change in &changes {
        let edit = match unit.file(&change.path) {
            Some(file) if change.kind != ChangeKind::Removed => {
                Edit::Put(store.share(&file.bytes, &mut objects)?, file.mode)
            }
            _ => Edit::Remove,
        };
        edits.insert(change.path.clone(), edit);
    }
    let record = store.write(ObjectType::Blob, &new_record(unit, branch.base)?.to_bytes(), &mut objects)?;
    edits.insert(unit.in_branch(METADATA), Edit::Put(record, Mode::Regular));
    let tree = match store.edit(branch.tree, &edits, &mut objects)? {
        Some(tree) => tree,
        None => store.empty_tree(&mut objects)?,
    };
    Ok(Decision::Commit(NewTree { tree, changes, previous: previous.map(Box::new), objects }))
}

fn new_record(unit: &Unit, base: Option<&str>) -> Result<Record, git2::Error> {
    let mut files = Vec::with_capacity(unit.files.len());
    for (path, file) in &unit.files {
        let id = Oid::hash_object(ObjectType::Blob, &file.bytes)?;
        files.push(TreeFile { path: path.clone(), id, mode: filemode(file.mode) });
    }
    Ok(Record {
        source: unit.source.clone(),
        files: Some(unit.files.keys().cloned().collect()),
        content: Some(metadata::content_hash(&files)?),
        images: unit.images.clone(),
        promoted_from: unit.promoted_from.clone(),
        base: base.map(str::to_owned),
        hold: unit.hold.clone(),
        assignments: unit.assignments.clone(),
        restores: unit.restores.clone(),
        shared: false,
        outside: unit.outside.clone(),
        signatures: unit.signatures.clone(),
    })
}
