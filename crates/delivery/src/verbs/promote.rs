//! `hydrant promote`: the images that run in one environment, rendered with the other's overlay of the same source commit.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::host::recorded_source;
use crate::pipeline::{self, Delivered as Done, Options, SourceTree};
use crate::plan::settings::Settings;
use crate::plan::{PinnedInputs, Plan, plan};
use crate::report::Report;
use crate::verbs::verify::{default_repo, no_record};

/// What a promotion did.
#[derive(Clone, Debug, Default)]
pub struct Promoted {
    /// What became of each unit.
    pub report: Report,
    /// For each unit its name, the source commit it was at (if it was ever delivered), and the one it moves to.
    pub ranges: Vec<(String, Option<String>, String)>,
    /// What is worth saying beside it.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote.
    pub said: Vec<u8>,
}

/// Delivers to `to` what stands in `from`, for every selected service that has both.
///
/// # Errors
/// An environment that was never delivered or whose record is missing, a source commit that is gone, and everything that a
/// delivery may end with. A promotion of something older than the target is refused by its branch.
pub fn promote(
    settings: &Settings,
    ctx: &RunContext,
    (from, to): (&str, &str),
    options: &Options,
) -> Result<Promoted, Failure> {
    if from == to {
        let found = Diagnostic::new(format!("from {from} to {to} is no way to go"));
        return Err(found.hint("Give two environments to --from and --to.").into());
    }
    let source = plan(&DiskFiles::default(), &within(settings, from))?;
    let target = plan(&DiskFiles::default(), &within(settings, to))?;
    let tips = branches::tips(&source.units, &source.root, ctx, Depth::Record)?;
    let before = branches::tips(&target.units, &target.root, ctx, Depth::Record)?;
    let mut by_commit: BTreeMap<String, Vec<(&str, &BranchTip)>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for WithTip { unit, tip } in &tips {
        if tip.as_ref().is_some_and(|tip| tip.intact == Some(false)) {
            wrong.push(drifted(&unit.name(), &unit.branch));
            continue;
        }
        match tip.as_ref().and_then(|tip| Some((tip, branches::source_commit(tip)?))) {
            Some((tip, commit)) => by_commit.entry(commit.to_owned()).or_default().push((&unit.service, tip)),
            None if tip.is_some() => {
                let found = no_record(unit);
                wrong.push(Diagnostic { message: format!("{}: {}", unit.name(), found.message), ..found });
            }
            None => wrong.push(
                Diagnostic::new(format!("{}: nothing was delivered to {} yet", unit.name(), unit.branch)).hint(
                    format!("Deliver to {from} first: `hydrant deliver --service {} --env {from}`.", unit.service),
                ),
            ),
        }
    }
    Errors::check(wrong)?;
    let report = Report { dry_run: options.dry_run, ..Report::default() };
    let mut done = Promoted { report, ..Promoted::default() };
    for (commit, services) in by_commit {
        let delivered = at_commit(settings, ctx, (&source, &target), (from, to), (&commit, &services), options)?;
        done.warnings
            .extend(delivered.warnings.into_iter().filter(|one| !done.warnings.contains(one)).collect::<Vec<_>>());
        done.said.extend(delivered.said);
        for unit in &delivered.report.units {
            let old = before.iter().find(|known| known.unit.service == unit.service);
            let old = old.and_then(|known| known.tip.as_ref()).and_then(branches::source_commit).map(str::to_owned);
            done.ranges.push((unit.name(), old, commit.clone()));
        }
        done.report.units.extend(delivered.report.units);
    }
    Ok(done)
}

/// What runs there is not what was delivered, so its images are not known.
fn drifted(unit: &str, branch: &str) -> Diagnostic {
    Diagnostic::new(format!("{unit}: {branch} no longer holds what was delivered to it"))
        .hint("`hydrant diff` shows what differs; deliver to it again first.")
}

fn within(settings: &Settings, environment: &str) -> Settings {
    let mut settings = settings.clone();
    settings.selection.environments = vec![environment.to_owned()];
    settings
}

/// Delivers those services that stand at one source commit. What is rendered is that commit's; where it goes and how it is reviewed is what the
/// config says now.
fn at_commit(
    settings: &Settings,
    ctx: &RunContext,
    (source, target): (&Plan, &Plan),
    (from, to): (&str, &str),
    (commit, services): (&str, &[(&str, &BranchTip)]),
    options: &Options,
) -> Result<Done, Failure> {
    let files = recorded_source::files(&source.root, commit)?;
    let (before, mut plan) = (plan(&files, &within(settings, from))?, plan(&files, &within(settings, to))?);
    plan.units.retain(|unit| services.iter().any(|(service, _)| *service == unit.service));
    for unit in &mut plan.units {
        let tip = services.iter().find(|(service, _)| *service == unit.service).map(|(_, tip)| *tip);
        let there = before.units.iter().find(|other| other.service == unit.service);
        unit.pinned_inputs = there.zip(tip).map(|(there, tip)| PinnedInputs {
            images: branches::images(tip),
            default_repo: default_repo(there),
            promoted_from: Some(from.to_owned()),
        });
        if let Some(now) = target.units.iter().find(|other| other.service == unit.service) {
            unit.repository.clone_from(&now.repository);
            unit.branch.clone_from(&now.branch);
            unit.path.clone_from(&now.path);
            unit.review.clone_from(&now.review);
        }
        unit.message = format!("promote {} from {from} to {to}", unit.service);
    }
    let sourced = SourceTree { files: &files, revision: Some(commit) };
    pipeline::deliver(&plan, ctx, sourced, options)
}

impl Promoted {
    /// The report, and the range of source commits that each unit moves over.
    pub fn text(&self) -> String {
        let short = |id: &str| id.get(..7).unwrap_or(id).to_owned();
        let lines = self.ranges.iter().map(|(unit, old, new)| {
            let old = old.as_deref().map_or("nothing".to_owned(), short);
            format!("{unit}: source {old} -> {}\n", short(new))
        });
        format!("{}{}", self.report.text(), lines.collect::<String>())
    }
}
