//! `hydrant promote`: the images that run in one environment, rendered with the other's overlay of the same source commit.

mod candidates;
mod older;

use std::collections::BTreeMap;
use std::path::Path;

use committer::Outcome;
use git::source::SourceRepository;
use manifest::{Diagnostic, ImageRef};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::host::recorded_source::RecordedSource;
use crate::images::assign::{ImageInputs, PromotedImages};
use crate::images::moves;
use crate::pipeline::{self, Delivered, Options, SourceTree};
use crate::plan::settings::Settings;
use crate::plan::{Plan, PlannedUnit, plan};
use crate::report::{FailedUnit, Report, UnitReport};
use crate::verbs::verify::no_record;
use older::OlderCheck;

pub use candidates::{Candidate, candidates, json as candidates_json, text as candidates_text};

/// The result of a promotion.
#[derive(Clone, Debug, Default)]
pub struct Promoted {
    /// What became of each unit.
    pub report: Report,
    /// What each unit moves between.
    pub ranges: Vec<PromotedRange>,
    /// Findings that did not stop the promotion, each once.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
}

/// What a promoted unit moves between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotedRange {
    /// `service/environment`
    pub unit: String,
    /// The commit that it was at; absent where it was never delivered.
    pub old: Option<String>,
    /// The commit that it moves to.
    pub new: String,
    /// A line for each image that changes.
    pub images: Vec<String>,
}

/// Delivers to environments the images of those that they are promoted from, for every selected service that has both.
///
/// # Errors
/// No environment to promote from, one that was never delivered or whose record is missing if that concerns every service, a source commit
/// that no longer exists, and every error of a delivery. A promotion of something older than the target is refused by its branch.
pub fn promote(
    settings: &Settings,
    ctx: &RunContext,
    environments: &[Promotion],
    options: &Options,
) -> Result<Promoted, Failure> {
    let report = Report { dry_run: options.dry_run, ..Report::default() };
    let mut promoted = Promoted { report, ..Promoted::default() };
    for environments in environments {
        promote_one(settings, ctx, environments, options, &mut promoted)?;
    }
    if promoted.report.units.is_empty()
        && let Some(failure) = FailedUnit::failure(&promoted.report.failed)
    {
        return Err(failure);
    }
    Ok(promoted)
}

fn promote_one(
    settings: &Settings,
    ctx: &RunContext,
    environments: &Promotion,
    options: &Options,
    promoted: &mut Promoted,
) -> Result<(), Failure> {
    let Promotion { from, to } = environments;
    if from == to {
        return Err(Diagnostic::new("`--from` and `--to` must differ").hint("name two environments").into());
    }
    let source = plan(&DiskFiles::default(), &within(settings, from))?;
    let target = plan(&DiskFiles::default(), &within(settings, to))?;
    let mut running = running(branches::tips(&source.units, &source.root, ctx, Depth::Record)?, from, &target);
    let before = branches::tips(&target.units, &target.root, ctx, Depth::Record)?;
    if !options.allow_older {
        running.refuse_older(&source, &before, ctx)?;
    }
    promoted.report.failed.extend(running.failed);
    let repository = SourceRepository::discover(Path::new(&target.root))?;
    let recorded = RecordedSource::of_known_branches(&repository, None);
    let run = Run { settings, ctx, environments, target: &target, recorded, options };
    for (commit, tips) in running.by_commit {
        let delivered = run.at_commit(&commit, &tips)?;
        for warning in delivered.warnings {
            if !promoted.warnings.contains(&warning) {
                promoted.warnings.push(warning);
            }
        }
        promoted.stderr.extend(delivered.stderr);
        let is_written = |unit: &&UnitReport| matches!(unit.delivery.outcome, Outcome::Committed { .. });
        let written = delivered.report.units.iter().filter(is_written);
        promoted.ranges.extend(written.map(|unit| range(unit, &before, &commit)));
        promoted.report.units.extend(delivered.report.units);
        promoted.report.failed.extend(delivered.report.failed);
    }
    Ok(())
}

/// The promotions that a selection means: to each selected environment, from the one that its `after` names. Environments that others are
/// promoted from come last, so that a run moves an image by one step.
///
/// # Errors
/// A selection that selects nothing, and a selected environment without `after`, unless others have one.
pub fn selected(settings: &Settings, from: Option<&str>) -> Result<Vec<Promotion>, Failure> {
    let plan = plan(&DiskFiles::default(), settings)?;
    let mut found: Vec<Promotion> = Vec::new();
    for unit in &plan.units {
        let Some(from) = from.or(unit.after.as_deref()) else { continue };
        let promotion = Promotion { from: from.to_owned(), to: unit.environment.clone() };
        if !found.contains(&promotion) {
            found.push(promotion);
        }
    }
    if found.is_empty() {
        let environment = plan.units.first().map_or("", |unit| &unit.environment);
        let finding = Diagnostic::new(format!("the environment {environment} is promoted from no other"));
        let finding = plan.config.iter().fold(finding, |finding, file| finding.in_file(file));
        let field = format!("environments.{environment}.after");
        return Err(finding.field(field).hint("set `after` to an environment, or give --from ENV").into());
    }
    // The environment that another promotion starts from must not change before that.
    let mut ordered = Vec::new();
    while let Some(next) = found.iter().position(|one| !found.iter().any(|other| other.from == one.to && other != one))
    {
        ordered.push(found.remove(next));
    }
    ordered.extend(found);
    Ok(ordered)
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

/// What runs in an environment.
#[derive(Default)]
struct Running {
    /// The tips by the source commit that they were rendered from.
    by_commit: BTreeMap<String, TipsByService>,
    /// The units of the target that cannot be promoted: the other one was never delivered, its record cannot be read, or its branch differs
    /// from its record.
    failed: Vec<FailedUnit>,
}

fn running(tips: Vec<WithTip<&PlannedUnit>>, from: &str, target: &Plan) -> Running {
    let mut running = Running::default();
    for WithTip { unit, tip } in tips {
        let Some(promoted) = target.units.iter().find(|one| one.service == unit.service) else { continue };
        let mut fail = |finding: Diagnostic| running.failed.push(FailedUnit::new(promoted, finding.into()));
        let Some(tip) = tip.filter(|tip| !tip.empty) else {
            fail(never_delivered(unit, from));
            continue;
        };
        match branches::source_commit(&tip).map(str::to_owned) {
            _ if tip.intact == Some(false) => fail(drifted(unit)),
            Some(commit) => drop(running.by_commit.entry(commit).or_default().insert(unit.service.clone(), tip)),
            None => {
                let found = no_record(unit);
                fail(Diagnostic { message: format!("{}: {}", unit.name(), found.message), ..found });
            }
        }
    }
    running
}

impl Running {
    /// Refuses units that run something older than the target, which the order of source commits does not show.
    fn refuse_older(
        &mut self,
        source: &Plan,
        targets: &[WithTip<&PlannedUnit>],
        ctx: &RunContext,
    ) -> Result<(), Failure> {
        for WithTip { unit: target, tip } in targets {
            let unit = source.units.iter().find(|unit| unit.service == target.service);
            let (Some(unit), Some(target_tip)) = (unit, tip) else { continue };
            for tips in self.by_commit.values_mut() {
                let Some(tip) = tips.get(&target.service) else { continue };
                let promoted = OlderCheck { unit, tip, target, target_tip };
                if let Some(finding) = older::finding(&promoted, &source.root, ctx)? {
                    self.failed.push(FailedUnit::new(target, finding.into()));
                    tips.remove(&target.service);
                }
            }
        }
        self.by_commit.retain(|_, tips| !tips.is_empty());
        Ok(())
    }
}

/// What a delivered unit moves between: `before` are the branches of the target.
fn range(unit: &UnitReport, before: &[WithTip<&PlannedUnit>], commit: &str) -> PromotedRange {
    let tip = before.iter().find(|known| known.unit.service == unit.service).and_then(|known| known.tip.as_ref());
    let old_images = tip.map(branches::images).unwrap_or_default();
    let old_images: Vec<&str> = old_images.iter().map(ImageRef::as_str).collect();
    let images = moves::lines(&old_images, &unit.images, &|_| None).into_iter();
    PromotedRange {
        unit: unit.name(),
        old: tip.and_then(branches::source_commit).map(str::to_owned),
        new: commit.to_owned(),
        images: images.map(|line| line.trim_start_matches("- ").to_owned()).collect(),
    }
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
            unit.image_inputs.promoted = rendered.zip(tips.get(&unit.service)).map(|(rendered, tip)| PromotedImages {
                from: from.clone(),
                images: branches::images(tip),
                assignments: tip.record.as_ref().map(|record| record.assignments.clone()).unwrap_or_default(),
                default_repo: rendered.default_repo().map(str::to_owned),
            });
            if let Some(now) = self.target.units.iter().find(|other| other.service == unit.service) {
                unit.repository.clone_from(&now.repository);
                unit.branch.clone_from(&now.branch);
                unit.active.clone_from(&now.active);
                unit.path.clone_from(&now.path);
                unit.review.clone_from(&now.review);
                let promoted = unit.image_inputs.promoted.take();
                unit.image_inputs = ImageInputs { promoted, ..now.image_inputs.clone() };
            }
            unit.message = format!("promote {} from {from} to {to}", unit.service);
        }
        pipeline::deliver(&plan, self.ctx, SourceTree { files: &files, revision: Some(commit) }, self.options)
    }
}

impl Promoted {
    /// The report, and the images and source commits that each delivered unit moves between.
    pub fn text(&self) -> String {
        let lines = self.ranges.iter().flat_map(PromotedRange::lines);
        format!("{}{}", self.report.text(), lines.collect::<String>())
    }
}

impl PromotedRange {
    fn lines(&self) -> Vec<String> {
        let PromotedRange { unit, old, new, images } = self;
        let short = |id: &str| id.get(..7).unwrap_or(id).to_owned();
        let source = match old.as_deref() {
            Some(old) if old == new => None,
            old => Some(format!("source {} → {}", old.map_or("nothing".to_owned(), short), short(new))),
        };
        source.iter().chain(images).map(|what| format!("{unit}: {what}\n")).collect()
    }
}
