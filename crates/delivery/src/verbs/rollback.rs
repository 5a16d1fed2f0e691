//! `hydrant rollback`: restores earlier output of a branch in a new commit, and sets a hold that later deliveries respect.

use committer::{Record, Unit as Files};
use git::source::Ancestry;
use manifest::Diagnostic;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth};
use crate::host::disk::DiskFiles;
use crate::host::trailers::ROLLBACK;
use crate::pipeline::Options;
use crate::pipeline::identity::{CommitIdentities, identities};
use crate::pipeline::push::push;
use crate::pipeline::record;
use crate::plan::settings::Settings;
use crate::plan::{Plan, PlannedUnit, plan};
use crate::report::Report;
use crate::review::PreparedUnit;

/// Where to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// So many deliveries back, at least 1.
    Steps(u32),
    /// This commit of the branch; the id may be shortened.
    Commit(String),
}

/// The maximum number of commits of a branch that are searched for a commit.
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
        let mut past = branches::past(unit, &plan.root, ctx, depth_for(target), Depth::Files)?;
        // A branch that was created for its first review had no output.
        past.retain(|one| !one.empty);
        let chosen = choose(unit, &past, target)?;
        back(&plan, unit, chosen, reason, ctx, options)
    };
    let prepared = plan.units.iter().map(back).collect::<Result<Vec<_>, Failure>>()?;
    // A rollback intentionally restores an older source, so every commit counts as an ancestor.
    push(&plan, ctx, prepared, &|_, _| Ancestry::Ancestor, options)
}

fn depth_for(target: &Target) -> u32 {
    match target {
        Target::Steps(steps) => steps.saturating_add(1).min(HISTORY),
        Target::Commit(_) => HISTORY,
    }
}

fn choose<'a>(unit: &PlannedUnit, past: &'a [BranchTip], target: &Target) -> Result<&'a BranchTip, Diagnostic> {
    let branch = &unit.branch;
    if past.is_empty() {
        return Err(Diagnostic::new(format!("{}: branch {branch} was never delivered", unit.name()))
            .hint("run `hydrant status` to see what was delivered"));
    }
    let found = match target {
        Target::Steps(steps) => past.get(*steps as usize),
        Target::Commit(id) => past.iter().find(|one| one.commit.id.starts_with(id.as_str())),
    };
    let known = past.iter().take(10).map(|one| format!("{} {}", one.commit.short_id, one.commit.subject));
    found.ok_or_else(|| {
        Diagnostic::new(format!("{}: delivery not found on branch {branch}", unit.name()))
            .hint(format!("choose one of {}", known.collect::<Vec<_>>().join("; ")))
    })
}

fn back(
    plan: &Plan,
    unit: &PlannedUnit,
    chosen: &BranchTip,
    reason: Option<&str>,
    ctx: &RunContext,
    options: &Options,
) -> Result<PreparedUnit, Failure> {
    let id = &chosen.commit.short_id;
    let Some(Record { source, outside, .. }) = &chosen.record else {
        let found = Diagnostic::new(format!("{}: {id} has no record of a delivery", unit.name()));
        return Err(found.hint("choose a commit with hydrant's trailers in the branch's `git log`").into());
    };
    let why = reason.map_or_else(|| format!("rolled back to {id}"), |reason| format!("rolled back to {id}: {reason}"));
    let subject = format!("roll {} back to {id} in {}", unit.service, unit.environment);
    let images: Vec<String> = branches::images(chosen).iter().map(ToString::to_string).collect();
    let rolled = PlannedUnit { message: subject.clone(), ..unit.clone() };
    let message = record::message(&rolled, source, &images, &[(ROLLBACK, &chosen.commit.id)], ctx);
    let CommitIdentities { author, committer } = identities(plan, ctx, chosen.commit.author.time)?;
    let content = Files {
        name: unit.name(),
        branch: unit.branch.clone(),
        topic: None,
        start_from: None,
        active: unit.active.clone(),
        folder: unit.branch_folder(),
        files: chosen.files.clone(),
        images: images.clone(),
        promoted_from: branches::promoted_from(chosen).map(str::to_owned),
        outside: outside.clone(),
        source: source.clone(),
        message,
        author,
        committer,
        adopt: options.adopt,
        allow_older: true,
        hold: Some(why),
        release: false,
    };
    Ok(PreparedUnit { unit: unit.clone(), content, subject, images, origins: Vec::new() })
}
