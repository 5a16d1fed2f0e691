//! What the targets hold of units: read for those whose request is made or updated, or whose change is checked, in a round.

use git::{File, FileSet, Mode, ObjectStore};
use git2::Oid;

use super::read::tree_of;
use super::{Action, BranchPlan, BranchRole, Judged, Progress, RemoteState};
use crate::decide::{self, FolderState};
use crate::metadata::{METADATA, Record, TreeFile};
use crate::refusal::Refusal;
use crate::unit::{ChangeVerdict, RequestMethod, TargetContent, Unit};

/// What a target holds of a unit. The files' bytes may have to be fetched.
pub(crate) struct TargetFiles {
    unit: usize,
    files: Vec<TreeFile>,
    record: Option<Record>,
}

impl TargetFiles {
    /// The blobs of the files.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = Oid> {
        self.files.iter().map(|file| file.id)
    }
}

/// The record of a unit in a tree and the files that it lists, with their paths in the branch.
pub(super) fn unit_files(store: &ObjectStore, unit: &Unit, tree: Option<Oid>) -> Result<Vec<TreeFile>, git2::Error> {
    let Some(tree) = tree else { return Ok(Vec::new()) };
    let record = decide::folder_state(store, unit, tree)?.record();
    let paths = std::iter::once(METADATA.to_owned()).chain(decide::recorded_files(record.as_ref()));
    let files = paths.filter_map(|path| {
        let path = unit.in_branch(&path);
        let (id, mode) = store.entry(tree, &path)?;
        Some(TreeFile { path, id, mode })
    });
    Ok(files.collect())
}

/// The contents that the round's requests need.
pub(crate) fn for_requests(
    store: &ObjectStore,
    plans: &[BranchPlan],
    progress: &Progress<'_>,
    state: &RemoteState,
) -> Result<Vec<TargetFiles>, git2::Error> {
    let units = plans.iter().filter_map(|plan| match plan.role {
        BranchRole::Topic(unit) if makes_request(plan, progress.units[unit].unit) => Some(unit),
        _ => None,
    });
    units.map(|unit| content(store, unit, progress.units[unit].unit, state)).collect()
}

/// The contents that the checks of changes need.
pub(crate) fn for_checks(
    store: &ObjectStore,
    plans: &[BranchPlan],
    progress: &Progress<'_>,
    state: &RemoteState,
) -> Result<Vec<TargetFiles>, git2::Error> {
    let planned =
        plans.iter().filter(|plan| !matches!(plan.role, BranchRole::Withdrawal(_))).flat_map(|plan| &plan.units);
    let changed = planned.filter(|planned| matches!(planned.action, Action::Commit(_))).map(|planned| planned.unit);
    let unjudged = changed.filter(|unit| {
        let run = &progress.units[*unit];
        run.is_unjudged(state.head(&run.unit.branch))
    });
    unjudged.map(|unit| content(store, unit, progress.units[unit].unit, state)).collect()
}

/// Asks the checks about the changes of units. Returns whether a change is refused. The contents' blobs are in the store by now.
pub(crate) fn judge(
    store: &ObjectStore,
    contents: Vec<TargetFiles>,
    progress: &mut Progress<'_>,
    state: &RemoteState,
) -> Result<bool, git2::Error> {
    let mut refused = false;
    for TargetFiles { unit, files, record } in contents {
        let run = &mut progress.units[unit];
        let Some(check) = &run.unit.check else { continue };
        let content = TargetContent { files: file_set(store, &files)?, record };
        let refusal = match (check.0)(&content) {
            ChangeVerdict::Refuse(reason) => Some(Refusal::Risks { reason }),
            ChangeVerdict::Review(reason) if run.unit.topic.is_none() => Some(Refusal::NeedsReview { reason }),
            ChangeVerdict::Review(_) | ChangeVerdict::Accept => None,
        };
        refused |= refusal.is_some();
        run.judged = Some(Judged { head: state.head(&run.unit.branch), refusal });
    }
    Ok(refused)
}

/// Stores the contents in the units' results. Their blobs are in the store by now.
pub(crate) fn fill(
    store: &ObjectStore,
    contents: Vec<TargetFiles>,
    progress: &mut Progress<'_>,
) -> Result<(), git2::Error> {
    for TargetFiles { unit, files, record } in contents {
        if let Some(review) = &mut progress.units[unit].review {
            review.target_content = TargetContent { files: file_set(store, &files)?, record };
        }
    }
    Ok(())
}

/// Whether a request is made or updated for a topic branch in this round.
fn makes_request(plan: &BranchPlan, unit: &Unit) -> bool {
    let by_push = unit.requests_by(|method| matches!(method, RequestMethod::AgitPush(_)));
    let recovered = plan.units.iter().any(|planned| matches!(planned.action, Action::Recovered(_)));
    plan.new.is_some() && (plan.has_commits() || by_push || recovered)
}

fn content(store: &ObjectStore, index: usize, unit: &Unit, state: &RemoteState) -> Result<TargetFiles, git2::Error> {
    let tree = state.head(&unit.branch).map(|head| tree_of(store, head)).transpose()?;
    let record = tree.map(|tree| decide::folder_state(store, unit, tree)).transpose()?;
    let path = unit.in_branch(METADATA);
    let files = unit_files(store, unit, tree)?.into_iter().filter(|file| file.path != path).collect();
    Ok(TargetFiles { unit: index, files, record: record.and_then(FolderState::record) })
}

fn file_set(store: &ObjectStore, files: &[TreeFile]) -> Result<FileSet, git2::Error> {
    let mut set = FileSet::new();
    for file in files {
        let mode = match file.mode {
            0o100_755 => Mode::Executable,
            0o120_000 => Mode::Link,
            0o100_644 | 0o100_664 => Mode::Regular,
            _ => continue,
        };
        set.insert(file.path.clone(), File { bytes: store.blob(file.id)?.into(), mode });
    }
    Ok(set)
}
