//! `hydrant promote`: the images that run in one environment, rendered with the other's overlay of the same source commit.

use std::collections::BTreeMap;
use std::path::Path;

use git::source::SourceRepository;
use manifest::{Diagnostic, Errors};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::host::recorded_source::RecordedSource;
use crate::pipeline::{self, Delivered, Options, SourceTree};
use crate::plan::settings::Settings;
use crate::plan::{PinnedInputs, Plan, PlannedUnit, plan};
use crate::report::Report;
use crate::verbs::verify::no_record;

/// The result of a promotion.
#[derive(Clone, Debug, Default)]
pub struct Promoted {
    /// What became of each unit.
    pub report: Report,
    /// For each unit the source commits that it moves between.
    pub ranges: Vec<SourceRange>,
    /// Findings that did not stop the promotion, each once.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
}

/// The source commits that a promoted unit moves between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRange {
    /// `service/environment`
    pub unit: String,
    /// The commit that it was at; absent where it was never delivered.
    pub old: Option<String>,
    /// The commit that it moves to.
    pub new: String,
}

/// Delivers to the environment `to` the content of `from`, for every selected service that has both.
///
/// # Errors
/// An environment that was never delivered or whose record is missing, a source commit that no longer exists, and every error of a
/// delivery. A promotion of something older than the target is refused by its branch.
pub fn promote(
    settings: &Settings,
    ctx: &RunContext,
    environments: &Promotion,
    options: &Options,
) -> Result<Promoted, Failure> {
    let Promotion { from, to } = environments;
    if from == to {
        return Err(Diagnostic::new("`--from` and `--to` must differ").hint("name two environments").into());
    }
    let source = plan(&DiskFiles::default(), &within(settings, from))?;
    let target = plan(&DiskFiles::default(), &within(settings, to))?;
    let by_commit = running(branches::tips(&source.units, &source.root, ctx, Depth::Record)?, from)?;
    let before = branches::tips(&target.units, &target.root, ctx, Depth::Record)?;
    let report = Report { dry_run: options.dry_run, ..Report::default() };
    let mut promoted = Promoted { report, ..Promoted::default() };
    let repository = SourceRepository::discover(Path::new(&target.root))?;
    let recorded = RecordedSource::of_known_branches(&repository, None);
    let run = Run { settings, ctx, environments, target: &target, recorded, options };
    for (commit, tips) in by_commit {
        let delivered = run.at_commit(&commit, &tips)?;
        for warning in delivered.warnings {
            if !promoted.warnings.contains(&warning) {
                promoted.warnings.push(warning);
            }
        }
        promoted.stderr.extend(delivered.stderr);
        promoted.ranges.extend(delivered.report.units.iter().map(|unit| SourceRange {
            unit: unit.name(),
            old: recorded_commit(&before, &unit.service),
            new: commit.clone(),
        }));
        promoted.report.units.extend(delivered.report.units);
    }
    Ok(promoted)
}

/// The environments of a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The environment whose images and source are taken.
    pub from: String,
    /// The environment that is delivered to.
    pub to: String,
}

/// The tips of the branches that are promoted, by the service's name.
type TipsByService = BTreeMap<String, BranchTip>;

/// What runs in the environment `from`, by the source commit that it was rendered from.
///
/// # Errors
/// Every unit that was never delivered, whose record cannot be read, or whose branch differs from its record.
fn running(tips: Vec<WithTip<&PlannedUnit>>, from: &str) -> Result<BTreeMap<String, TipsByService>, Errors> {
    let mut by_commit: BTreeMap<String, TipsByService> = BTreeMap::new();
    let mut wrong = Vec::new();
    for WithTip { unit, tip } in tips {
        let Some(tip) = tip else {
            wrong.push(never_delivered(unit, from));
            continue;
        };
        let commit = branches::source_commit(&tip).map(str::to_owned);
        match commit {
            _ if tip.intact == Some(false) => wrong.push(drifted(unit)),
            Some(commit) => drop(by_commit.entry(commit).or_default().insert(unit.service.clone(), tip)),
            None => {
                let found = no_record(unit);
                wrong.push(Diagnostic { message: format!("{}: {}", unit.name(), found.message), ..found });
            }
        }
    }
    Errors::check(wrong).map(|()| by_commit)
}

fn recorded_commit(tips: &[WithTip<&PlannedUnit>], service: &str) -> Option<String> {
    let known = tips.iter().find(|known| known.unit.service == service)?;
    known.tip.as_ref().and_then(branches::source_commit).map(str::to_owned)
}

fn never_delivered(unit: &PlannedUnit, from: &str) -> Diagnostic {
    let found = Diagnostic::new(format!("{}: nothing was delivered to {} yet", unit.name(), unit.branch));
    found.hint(format!("run `hydrant deliver --service {} --env {from}` first", unit.service))
}

fn drifted(unit: &PlannedUnit) -> Diagnostic {
    Diagnostic::new(format!("{}: {} no longer holds what was delivered to it", unit.name(), unit.branch))
        .hint("run `hydrant diff` to see what differs, and deliver to it again")
}

fn within(settings: &Settings, environment: &str) -> Settings {
    let mut settings = settings.clone();
    settings.selection.environments = vec![environment.to_owned()];
    settings
}

/// The state that the deliveries of a promotion share.
struct Run<'a> {
    settings: &'a Settings,
    ctx: &'a RunContext,
    environments: &'a Promotion,
    /// The units of the target environment as the config has them now.
    target: &'a Plan,
    recorded: RecordedSource<'a>,
    options: &'a Options,
}

impl Run<'_> {
    /// Delivers those services that were rendered from one source commit. That commit is rendered again; where it goes and how it is
    /// reviewed is what the config says now.
    fn at_commit(&self, commit: &str, tips: &TipsByService) -> Result<Delivered, Failure> {
        let Promotion { from, to } = self.environments;
        let files = self.recorded.files(commit)?;
        let before = plan(&files, &within(self.settings, from))?;
        let mut plan = plan(&files, &within(self.settings, to))?;
        let outside = plan.outside.clone();
        files.allow_outside(move |path| outside.allows(path));
        plan.units.retain(|unit| tips.contains_key(&unit.service));
        for unit in &mut plan.units {
            let rendered = before.units.iter().find(|other| other.service == unit.service);
            unit.pinned_inputs = rendered.zip(tips.get(&unit.service)).map(|(rendered, tip)| PinnedInputs {
                images: branches::images(tip),
                default_repo: rendered.default_repo().map(str::to_owned),
                promoted_from: Some(from.clone()),
            });
            if let Some(now) = self.target.units.iter().find(|other| other.service == unit.service) {
                unit.repository.clone_from(&now.repository);
                unit.branch.clone_from(&now.branch);
                unit.path.clone_from(&now.path);
                unit.review.clone_from(&now.review);
            }
            unit.message = format!("promote {} from {from} to {to}", unit.service);
        }
        pipeline::deliver(&plan, self.ctx, SourceTree { files: &files, revision: Some(commit) }, self.options)
    }
}

impl Promoted {
    /// The report, and the range of source commits that each unit moves over.
    pub fn text(&self) -> String {
        let short = |id: &str| id.get(..7).unwrap_or(id).to_owned();
        let lines = self.ranges.iter().map(|SourceRange { unit, old, new }| {
            let old = old.as_deref().map_or("nothing".to_owned(), short);
            format!("{unit}: source {old} -> {}\n", short(new))
        });
        format!("{}{}", self.report.text(), lines.collect::<String>())
    }
}
