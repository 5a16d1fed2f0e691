//! `hydrant rollback`: restores earlier output of a branch in a new commit, and sets a hold that later deliveries respect.

use git::source::Ancestry;
use manifest::Diagnostic;

use super::recommit::{Recommit, never_delivered};
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip};
use crate::host::disk::DiskFiles;
use crate::host::trailers::ROLLBACK;
use crate::pipeline::Options;
use crate::pipeline::push::push;
use crate::plan::settings::Settings;
use crate::plan::{Plan, PlannedUnit, plan};
use crate::report::Report;
use crate::review::PreparedUnit;

/// Where to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// So many versions back, at least 1.
    Steps(u32),
    /// This commit of the branch; the id may be shortened.
    Commit(String),
}

/// The maximum number of commits of a branch that are searched.
const HISTORY: u32 = 1000;

/// Rolls back the branch of every unit of the plan, with one push per repository.
///
/// # Errors
/// A branch that was never delivered, a commit that is not in its history, one that is not a delivery; a remote that cannot be
/// reached. Nothing is written then.
pub fn rollback(
    settings: &Settings,
    ctx: &RunContext,
    target: &Target,
    reason: Option<&str>,
    options: &Options,
) -> Result<Report, Failure> {
    let plan = plan(&DiskFiles::default(), settings)?;
    let back = |unit: &PlannedUnit| {
        let choose = |past: &[BranchTip]| chosen(past, target);
        let found = branches::pick(unit, &plan.root, ctx, HISTORY, &choose)?;
        let tip = found.chosen.ok_or_else(|| not_found(unit, &found.past, target))?;
        back(&plan, unit, &tip, reason, ctx, options)
    };
    let prepared = plan.units.iter().map(back).collect::<Result<Vec<_>, Failure>>()?;
    // A rollback intentionally restores an older source, so every commit counts as an ancestor.
    push(&plan, ctx, prepared, &|_, _| Ancestry::Ancestor, options)
}

/// The position of the commit that is restored. A branch that was created for its first review had no output.
fn chosen(past: &[BranchTip], target: &Target) -> Option<usize> {
    match target {
        Target::Commit(id) => past.iter().position(|one| !one.empty && one.commit.id.starts_with(id.as_str())),
        Target::Steps(steps) => (0..*steps).try_fold(version(past, 0), |here, _| before(past, here)),
    }
}

/// The position of the delivery whose content a commit has: a rollback has that of the commit that it restored.
fn version(past: &[BranchTip], position: usize) -> usize {
    let restored = restored(&past[position]);
    let original = restored.and_then(|id| past.iter().position(|one| one.commit.id == id));
    // Only an older commit can be restored.
    match original.filter(|&original| original > position) {
        Some(original) => version(past, original),
        None => position,
    }
}

/// The position of the version before: the next older commit with other files, or the one that it restored.
fn before(past: &[BranchTip], position: usize) -> Option<usize> {
    let files = |at: usize| past[at].record.as_ref().and_then(|record| record.content.as_ref());
    let differs = |&at: &usize| !past[at].empty && (files(at).is_none() || files(at) != files(position));
    (position + 1..past.len()).find(differs).map(|at| version(past, at))
}

/// The commit that a rollback restored: by its record, or by its trailer.
fn restored(tip: &BranchTip) -> Option<&str> {
    let recorded = tip.record.as_ref().and_then(|record| record.restores.as_deref());
    let mut trailers = tip.commit.trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(ROLLBACK));
    recorded.or_else(|| trailers.next_back().map(|(_, id)| id.as_str()))
}

fn not_found(unit: &PlannedUnit, past: &[BranchTip], target: &Target) -> Diagnostic {
    if past.iter().all(|one| one.empty) {
        return never_delivered(unit);
    }
    let mut known: Vec<String> = Vec::new();
    let mut position = past.iter().position(|one| !one.empty).map(|at| version(past, at));
    while let Some(at) = position.and_then(|at| before(past, at)).filter(|_| known.len() < 10) {
        known.push(format!("{} {}", past[at].commit.short_id, past[at].commit.subject));
        position = Some(at);
    }
    let message = match target {
        Target::Commit(id) => format!("{}: delivery {id} not found on branch {}", unit.name(), unit.branch),
        Target::Steps(1) => format!("{}: no earlier version found on branch {}", unit.name(), unit.branch),
        Target::Steps(steps) => {
            format!("{}: no version {steps} steps back found on branch {}", unit.name(), unit.branch)
        }
    };
    let found = Diagnostic::new(message);
    if known.is_empty() { found } else { found.hint(format!("choose one of {}", known.join("; "))) }
}

fn back(
    plan: &Plan,
    unit: &PlannedUnit,
    tip: &BranchTip,
    reason: Option<&str>,
    ctx: &RunContext,
    options: &Options,
) -> Result<PreparedUnit, Failure> {
    let id = &tip.commit.short_id;
    let why = reason.map_or_else(|| format!("rolled back to {id}"), |reason| format!("rolled back to {id}: {reason}"));
    let mut prepared = Recommit {
        unit,
        tip,
        subject: format!("roll {} back to {id} in {}", unit.service, unit.environment),
        trailers: &[(ROLLBACK, &tip.commit.id)],
        time: tip.commit.author.time,
    }
    .prepare(plan, ctx, options)?;
    prepared.content.hold = Some(why);
    prepared.content.restores = Some(tip.commit.id.clone());
    Ok(prepared)
}

#[cfg(test)]
mod tests {
    use committer::Record;
    use git::source::CommitInfo;
    use git::{FileSet, Identity, Moment};

    use super::*;

    /// A commit with these files, by the name of their content; `restores` is another commit's name.
    fn tip(id: &str, content: &str, restores: &str) -> BranchTip {
        let who = Identity {
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            time: Moment { seconds: 0, offset_minutes: 0 },
        };
        let record = Record {
            files: Some(Vec::new()),
            content: Some(content.to_owned()),
            restores: Some(restores.to_owned()).filter(|id| !id.is_empty()),
            ..Record::default()
        };
        BranchTip {
            commit: CommitInfo {
                id: id.to_owned(),
                short_id: id.to_owned(),
                author: who.clone(),
                committer: who,
                subject: String::new(),
                body: String::new(),
                trailers: Vec::new(),
            },
            record: Some(record),
            noted_source: None,
            files: FileSet::new(),
            content_hash: String::new(),
            empty: content.is_empty(),
            intact: None,
        }
    }

    fn go_back(past: &[BranchTip], steps: u32) -> Option<&str> {
        chosen(past, &Target::Steps(steps)).map(|at| past[at].commit.id.as_str())
    }

    #[test]
    fn a_second_rollback_goes_one_more_version_back() {
        let mut past = vec![tip("d3", "3", ""), tip("d2", "2", ""), tip("d1", "1", ""), tip("start", "", "")];
        assert_eq!((go_back(&past, 1), go_back(&past, 2), go_back(&past, 3)), (Some("d2"), Some("d1"), None));
        past.insert(0, tip("r1", "2", "d2"));
        assert_eq!((go_back(&past, 1), go_back(&past, 2)), (Some("d1"), None));
        past.insert(0, tip("r2", "1", "d1"));
        assert_eq!(go_back(&past, 1), None);
        // After a release the next delivery follows the rollback: what ran before it is the restored version.
        past.insert(0, tip("d4", "4", ""));
        assert_eq!((go_back(&past, 1), go_back(&past, 2)), (Some("d1"), None));
    }

    #[test]
    fn commits_with_the_same_files_are_one_version() {
        let past = [tip("hold", "2", ""), tip("d2", "2", ""), tip("d1", "1", "")];
        assert_eq!(go_back(&past, 1), Some("d1"));
        assert_eq!(chosen(&past, &Target::Commit("d".to_owned())), Some(1));
    }
}
