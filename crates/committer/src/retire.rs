//! The decision for one retired unit: what the removal of its output changes on its branch.
//!
//! | on the branch | what is done |
//! | --- | --- |
//! | nothing of the unit | its entry in the order ref is removed, if there is one |
//! | its files, and those of other units or people outside of its folder | a commit removes its files and its record |
//! | its files alone | the same; the plan deletes the branch instead, if it belongs to the environment |
//! | a hold, the record of another source repository, other files in its folder | refused |
//!
//! Pure, except that it builds objects in the object store.

use std::collections::{BTreeMap, BTreeSet};

use git::{Change, ChangeKind, Edit, Mode, ObjectStore};
use git2::{ObjectType, Oid};

use crate::branch_record;
use crate::decide::{BranchState, Decision, FolderState, NAMED_FILES, NewTree, folder_state, recorded_files};
use crate::metadata::{METADATA, Record};
use crate::options::Options;
use crate::order::{self, LastDelivery};
use crate::refusal::Refusal;
use crate::unit::{Retirement, Unit};

/// Decides what to do for a retired unit.
pub(crate) fn decide(
    store: &mut ObjectStore,
    unit: &Unit,
    retirement: Retirement,
    branch: &BranchState<'_>,
    options: &Options<'_>,
) -> Result<Decision, git2::Error> {
    // The entry of a unit without output is all that is left of it.
    let absent = if branch.order.is_some() { Decision::Note } else { Decision::Unchanged };
    let Some(tree) = branch.tree else { return Ok(absent) };
    let record = match folder_state(store, unit, tree)? {
        FolderState::New => None,
        FolderState::Recorded(record) => Some(*record),
        FolderState::Refused(refusal) => return Ok(refuse(refusal)),
    };
    let folder = FolderContent::read(store, unit, tree, record.as_ref());
    if record.is_none() && folder.own.is_empty() && (!unit.adopt || folder.unmanaged.is_empty() || folder.is_shared) {
        // A branch that was created for its first review has no files.
        let is_start = retirement.deletes_branch && store.paths(tree, 1).is_empty();
        return if is_start { removal(store, unit, tree, &folder, BTreeMap::new(), None) } else { Ok(absent) };
    }
    if let Some(refusal) = refusal(unit, branch, record.as_ref(), &folder, options) {
        return Ok(refuse(refusal));
    }
    let mut edits = BTreeMap::new();
    let mut objects = Vec::new();
    if folder.is_shared && unit.folder.is_empty() {
        // Other units deliver to folders of the branch: its root keeps a record, so that they and this one can be delivered again.
        let shared = branch_record::new_record(unit).to_bytes();
        let blob = store.write(ObjectType::Blob, &shared, &mut objects)?;
        edits.insert(METADATA.to_owned(), Edit::Put(blob, Mode::Regular));
    } else if retirement.deletes_branch && folder.is_last {
        edits.insert(METADATA.to_owned(), Edit::Remove);
    }
    let decision = removal(store, unit, tree, &folder, edits, record)?;
    Ok(match decision {
        Decision::Commit(mut new) => {
            new.objects.extend(objects);
            Decision::Commit(new)
        }
        other => other,
    })
}

/// Why the unit must not be retired.
fn refusal(
    unit: &Unit,
    branch: &BranchState<'_>,
    record: Option<&Record>,
    folder: &FolderContent,
    options: &Options<'_>,
) -> Option<Refusal> {
    let last = LastDelivery { record, note: branch.note, order: branch.order };
    if let Some(refusal) = order::violation(unit, last, options) {
        return Some(refusal);
    }
    if let Some(reason) = record.and_then(|record| record.hold.clone()).filter(|_| !unit.release) {
        return Some(Refusal::Held { reason });
    }
    let files: Vec<String> = folder.unmanaged.iter().take(NAMED_FILES).cloned().collect();
    (!files.is_empty() && !unit.adopt).then_some(Refusal::UnmanagedFiles { files })
}

fn refuse(cause: Refusal) -> Decision {
    Decision::Refuse(Refusal::Retirement { cause: Box::new(cause) })
}

/// The files of a unit's folder in a tree, by their paths in the branch.
struct FolderContent {
    /// Those that a delivery of the unit wrote, and its record.
    own: BTreeSet<String>,
    /// Those that no delivery wrote. The folders of other units are not among them.
    unmanaged: BTreeSet<String>,
    /// Whether other units have a folder in the branch.
    is_shared: bool,
    /// Whether the branch has no other files, but the record in its root.
    is_last: bool,
}

impl FolderContent {
    fn read(store: &ObjectStore, unit: &Unit, tree: Oid, record: Option<&Record>) -> Self {
        let all = store.paths(tree, usize::MAX);
        let own_record = unit.in_branch(METADATA);
        let suffix = format!("/{METADATA}");
        let others: Vec<&str> =
            all.iter().filter(|path| **path != own_record).filter_map(|path| path.strip_suffix(&suffix)).collect();
        let recorded: BTreeSet<String> = recorded_files(record)
            .iter()
            .map(|path| unit.in_branch(path))
            .chain(record.map(|_| own_record.clone()))
            .collect();
        let in_folder = |path: &str| unit.folder.is_empty() || is_below(path, &unit.folder);
        let of_others = |path: &str| {
            let deeper = others.iter().filter(|folder| folder.len() > unit.folder.len() && in_folder(folder));
            deeper.into_iter().any(|folder| is_below(path, folder))
        };
        let is_root_record = |path: &str| path == METADATA && !unit.folder.is_empty();
        let (mut own, mut unmanaged, mut is_last) = (BTreeSet::new(), BTreeSet::new(), true);
        for path in &all {
            if recorded.contains(path) {
                own.insert(path.clone());
            } else if in_folder(path) && !of_others(path) && !(record.is_none() && *path == own_record && !unit.adopt) {
                unmanaged.insert(path.clone());
            } else if !is_root_record(path) {
                is_last = false;
            }
        }
        // The root's record is that of a unit in the root, unless it lists no files of its own.
        let root = store.entry(tree, METADATA).filter(|_| !unit.folder.is_empty());
        let root = root.and_then(|(id, _)| Record::parse(&store.blob(id).ok()?).ok());
        is_last &= root.is_none_or(|root| root.shared);
        Self { own, unmanaged, is_shared: !others.is_empty(), is_last }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The tree without the unit's files, and without those that no delivery wrote: the unit is refused if there are any and they must stay.
fn removal(
    store: &mut ObjectStore,
    unit: &Unit,
    tree: Oid,
    folder: &FolderContent,
    more: BTreeMap<String, Edit>,
    record: Option<Record>,
) -> Result<Decision, git2::Error> {
    let removed: BTreeSet<&String> = folder.own.iter().chain(&folder.unmanaged).collect();
    let own_record = unit.in_branch(METADATA);
    let changes = removed.iter().filter(|path| ***path != own_record);
    let changes = changes.map(|path| Change { path: (*path).clone(), kind: ChangeKind::Removed }).collect();
    let mut edits: BTreeMap<String, Edit> = removed.into_iter().map(|path| (path.clone(), Edit::Remove)).collect();
    edits.extend(more);
    let mut objects = Vec::new();
    let tree = match store.edit(Some(tree), &edits, &mut objects)? {
        Some(tree) => tree,
        None => store.empty_tree(&mut objects)?,
    };
    Ok(Decision::Commit(NewTree { tree, changes, previous: record.map(Box::new), objects }))
}
