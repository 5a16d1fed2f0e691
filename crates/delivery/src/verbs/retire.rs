//! `hydrant retire`: removes the output of units in short-lived environments from their destinations. Nothing is rendered.

use committer::{Record, Retirement, SourceRecord};
use git::source::Ancestry;
use manifest::{Diagnostic, Errors};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::pipeline::Options;
use crate::pipeline::identity::{CommitIdentities, identities};
use crate::pipeline::push::push;
use crate::pipeline::record;
use crate::pipeline::source_commit::RecordedCommit;
use crate::plan::settings::Settings;
use crate::plan::{Declared, Plan, PlannedUnit, plan};
use crate::report::Report;
use crate::review::PreparedUnit;

/// Removes every unit of the plan, with one push per repository: its branch if that is the environment's own, otherwise its files and its
/// record from the branch that it shares; the topic branch of a reviewed unit; and its entry in the order of deliveries. A unit that was
/// never delivered is unchanged.
///
/// With `force`, units in environments that last are removed, too, as are held units and files that no delivery wrote.
///
/// # Errors
/// No environment is selected; an environment that is declared by name or by a path of the source, without `force`; a branch of GitOps
/// Promoter; a remote that cannot be reached. Nothing is written then.
pub fn retire(settings: &Settings, ctx: &RunContext, force: bool, options: &Options) -> Result<Report, Failure> {
    if settings.selection.environments.is_empty() {
        let found = Diagnostic::new("no environment is selected").field("--env");
        return Err(found.hint("give the environment to retire with -e").into());
    }
    let plan = plan(&DiskFiles::default(), settings)?;
    let mut refused: Vec<Diagnostic> = plan.units.iter().filter_map(|unit| refusal(&plan, unit, force)).collect();
    refused.dedup();
    Errors::check(refused)?;
    let commit = RecordedCommit::read(&plan, None)?;
    let tips = branches::tips(&plan.units, &plan.root, ctx, Depth::Record)?;
    let prepare = |WithTip { unit, tip }: WithTip<&PlannedUnit>| {
        let record = tip.as_ref().and_then(|tip| tip.record.as_ref());
        let source = SourceRecord { repo_url: commit.url.clone(), ..last_source(record) };
        let time = ctx.now.unwrap_or(commit.head.author.time);
        let CommitIdentities { author, committer } = identities(&plan, ctx, time)?;
        let subject = format!("retire {} in {}", unit.service, unit.environment);
        let named = PlannedUnit { message: subject.clone(), ..unit.clone() };
        let message = record::message(&named, &source, &[], &[], &[], ctx);
        let content = committer::Unit {
            name: unit.name(),
            branch: unit.branch.clone(),
            topic: None,
            start_from: None,
            active: None,
            folder: unit.branch_folder(),
            files: git::FileSet::new(),
            source,
            images: Vec::new(),
            promoted_from: None,
            outside: Vec::new(),
            signatures: Vec::new(),
            check: None,
            assignments: Vec::new(),
            expected_assignments: None,
            kept_from: None,
            restores: None,
            message,
            author,
            committer,
            adopt: force,
            allow_older: true,
            hold: None,
            release: force,
            retirement: Some(Retirement { deletes_branch: unit.is_own_branch }),
        };
        Ok(PreparedUnit {
            unit: unit.clone(),
            content,
            subject,
            images: Vec::new(),
            ended: Vec::new(),
            origins: Vec::new(),
        })
    };
    let prepared = tips.into_iter().map(prepare).collect::<Result<Vec<_>, Failure>>()?;
    push(&plan, ctx, prepared, &|_, _| Ancestry::Ancestor, options)
}

/// The source of a unit's last delivery; of a unit that was never delivered, one that no repository has.
fn last_source(record: Option<&Record>) -> SourceRecord {
    match record {
        Some(record) if !record.source.dry_sha.is_empty() => record.source.clone(),
        _ => SourceRecord { dry_sha: "0".repeat(40), ..SourceRecord::default() },
    }
}

/// Why a unit must not be retired, whatever its branch holds.
fn refusal(plan: &Plan, unit: &PlannedUnit, force: bool) -> Option<Diagnostic> {
    let file = plan.config.as_deref().unwrap_or_default();
    let locate = |found: Diagnostic| if file.is_empty() { found } else { found.in_file(file) };
    let environment = &unit.environment;
    let found = match (&unit.active, &unit.declared) {
        (Some(active), _) => {
            Diagnostic::new(format!("{}: branch {} proposes changes to {active}", unit.name(), unit.branch)).hint(format!(
                "remove the promotion from GitOps Promoter, then delete both branches with `git push --delete origin {} {active}`",
                unit.branch
            ))
        }
        (None, Declared::Name) if !force => {
            let message = format!("environment \"{environment}\" is not short-lived: it is declared by name");
            Diagnostic::new(message).field(format!("environments.{environment}")).hint(
                "declare it by a pattern such as `\"pr-*\"`, or pass --force to remove its output in spite of that",
            )
        }
        (None, Declared::Path(path)) if !force => {
            let message = format!("{}: the source still declares it: {path}", unit.name());
            let found = Diagnostic::new(message).field(format!("environments.{environment}"));
            found.hint("remove it from the source, so that no delivery brings it back, or pass --force")
        }
        (None, Declared::Name | Declared::Path(_) | Declared::Pattern) => return None,
    };
    Some(locate(found))
}
