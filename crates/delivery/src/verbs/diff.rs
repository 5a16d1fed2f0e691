//! `hydrant diff`: what a delivery would change, or the differences between any two of source, revision, branch and commit.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use committer::{AssignedBy, Assignment};
use git::source::SourceRepository;
use manifest::{Diagnostic, Node};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::host::git_files::GitFiles;
use crate::images::assign::{self, EndedAssignment, ImageInputs};
use crate::pipeline::findings::{self, CheckInput};
use crate::pipeline::recorded;
use crate::pipeline::{PinnedUnit, Pipeline, SourceTree};
use crate::plan::settings::Settings;
use crate::plan::{Plan, PlannedUnit, plan};
use crate::report::diff::{Noise, UnitDiff, compare};
use crate::report::findings::UnitFinding;

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// `source`: the work tree, rendered and pinned.
    WorkTree,
    /// `source@REV`: a revision of the source, rendered and pinned.
    Revision(String),
    /// `branch`: the content of each unit's branch.
    Branch,
    /// `branch@COMMIT`: its content at a commit of the branch; the id may be shortened.
    Commit(String),
}

impl Side {
    fn is_source(&self) -> bool {
        matches!(self, Side::WorkTree | Side::Revision(_))
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('@').unwrap_or((text, "")) {
            ("source", "") => Ok(Side::WorkTree),
            ("source", revision) => Ok(Side::Revision(revision.to_owned())),
            ("branch", "") => Ok(Side::Branch),
            ("branch", commit) => Ok(Side::Commit(commit.to_owned())),
            _ => Err(format!("expected source, source@REVISION, branch or branch@COMMIT, found \"{text}\"")),
        }
    }
}

/// What one side holds for one unit.
struct SideContent {
    /// What it is called in the output.
    name: String,
    objects: Vec<Node>,
    /// Its image assignments, for people.
    assignments: Vec<String>,
    /// The recorded image assignments that end with it.
    ended: Vec<String>,
    /// The reason of the branch's hold.
    hold: Option<String>,
}

/// The maximum number of commits of a branch that are searched for a commit.
const HISTORY: u32 = 1000;

/// The differences of every unit of the plan from one side to the other, in the plan's order, those without any included.
///
/// # Errors
/// What is wrong with either side: a unit that cannot be rendered, a remote that cannot be read, a commit that does not exist.
pub fn differences(
    settings: &Settings,
    ctx: &RunContext,
    from: &Side,
    to: &Side,
    noise: &Noise,
) -> Result<Vec<UnitDiff>, Failure> {
    let mut plan = plan(&DiskFiles::default(), settings)?;
    match (from.is_source(), to.is_source()) {
        // Two states of the source are compared without what branches record.
        (true, true) => plan.units.iter_mut().for_each(|unit| unit.image_inputs = ImageInputs::default()),
        (false, false) => {}
        _ => recorded::read_all(&mut plan.units, &plan.root, ctx)?,
    }
    if let Some(given) = plan.given_images.first().filter(|_| !to.is_source()) {
        let found = given.finding("images are assigned to the rendered side only".to_owned());
        return Err(found.hint("compare with `--to source`").into());
    }
    let given_images = std::mem::take(&mut plan.given_images);
    let old = Comparison { settings: &without_images(settings), plan: &plan, ctx }.side(from);
    plan.given_images = given_images;
    let mut old = old?;
    let mut new = Comparison { settings, plan: &plan, ctx }.side(to)?;
    let mut findings = find(&plan, &old, &new)?;
    let diff = |unit: &PlannedUnit| {
        let name = unit.name();
        let (old, new) = (old.take(&name), new.take(&name));
        let findings = findings.remove(&unit.label()).unwrap_or_default();
        let objects = compare(&old.objects, &new.objects, noise);
        let hold = old.hold.or(new.hold);
        let sides = (old.name, new.name);
        UnitDiff { name, objects, sides, assignments: new.assignments, ended: new.ended, hold, findings }
    };
    Ok(plan.units.iter().map(diff).collect())
}

/// What checks find in the objects of the new side, by the unit's label.
fn find(plan: &Plan, old: &SideContents, new: &SideContents) -> Result<BTreeMap<String, Vec<UnitFinding>>, Failure> {
    let none: &[Node] = &[];
    let inputs: Vec<CheckInput<'_>> = plan
        .units
        .iter()
        .map(|unit| CheckInput { unit, objects: new.objects(unit).unwrap_or(none), delivered: old.objects(unit) })
        .collect();
    let mut by_unit: BTreeMap<String, Vec<UnitFinding>> = BTreeMap::new();
    for one in findings::find(&DiskFiles::default(), &plan.root, &inputs)? {
        by_unit.entry(one.unit.clone()).or_default().push(one);
    }
    Ok(by_unit)
}

/// The settings without given images, which are for the new side.
fn without_images(settings: &Settings) -> Settings {
    Settings { given_images: Vec::new(), ..settings.clone() }
}

/// What one side holds, by the unit's name.
struct SideContents {
    by_unit: BTreeMap<String, SideContent>,
    /// The name of the side for a unit that it does not have.
    absent: String,
}

impl SideContents {
    fn objects(&self, unit: &PlannedUnit) -> Option<&[Node]> {
        self.by_unit.get(&unit.name()).map(|one| one.objects.as_slice())
    }

    fn take(&mut self, unit: &str) -> SideContent {
        let absent = || SideContent {
            name: self.absent.clone(),
            objects: Vec::new(),
            assignments: Vec::new(),
            ended: Vec::new(),
            hold: None,
        };
        self.by_unit.remove(unit).unwrap_or_else(absent)
    }
}

/// The context for reading both sides of a comparison.
struct Comparison<'a> {
    settings: &'a Settings,
    plan: &'a Plan,
    ctx: &'a RunContext,
}

impl Comparison<'_> {
    fn side(&self, side: &Side) -> Result<SideContents, Failure> {
        match side {
            Side::WorkTree => {
                let source = SourceTree { files: &DiskFiles::default(), revision: None };
                self.rendered(self.plan, source, "the work tree")
            }
            Side::Revision(revision) => self.at_revision(revision),
            Side::Branch => self.on_branches(),
            Side::Commit(commit) => self.at_commit(commit),
        }
    }

    fn rendered(&self, plan: &Plan, source: SourceTree<'_>, name: &str) -> Result<SideContents, Failure> {
        let mut pipeline = Pipeline::open(plan, self.ctx, source)?;
        let units = pipeline.run_to_pinned(plan.units.clone())?;
        pipeline.check_given(units.iter().map(|unit| (&unit.output.assigned, unit.images.as_slice())))?;
        let content = |PinnedUnit { unit, output, .. }: PinnedUnit| {
            let assignments = described(&output.assigned.assignments);
            let ended = output.assigned.ended.iter().map(EndedAssignment::future).collect();
            (
                unit.name(),
                SideContent { name: name.to_owned(), objects: output.objects, assignments, ended, hold: None },
            )
        };
        Ok(SideContents { by_unit: units.into_iter().map(content).collect(), absent: name.to_owned() })
    }

    /// The units of the revision's own config.
    fn at_revision(&self, revision: &str) -> Result<SideContents, Failure> {
        let source = SourceRepository::discover(Path::new(&self.plan.root))?;
        let files = GitFiles::new(&source, revision)?;
        let mut plan = plan(&files, self.settings)?;
        let outside = plan.outside.clone();
        files.allow_outside(move |path| outside.allows(path));
        self.with_recorded(&mut plan);
        let name = format!("the source at {}", files.commit().get(..7).unwrap_or(revision));
        self.rendered(&plan, SourceTree { files: &files, revision: Some(files.commit()) }, &name)
    }

    /// Decides images as today: what is recorded now, and what the config says now.
    fn with_recorded(&self, plan: &mut Plan) {
        for unit in &mut plan.units {
            if let Some(now) = self.plan.units.iter().find(|other| other.name() == unit.name()) {
                unit.image_inputs.clone_from(&now.image_inputs);
            }
        }
    }

    fn on_branches(&self) -> Result<SideContents, Failure> {
        let tips = branches::tips(&self.plan.units, &self.plan.root, self.ctx, Depth::Files)?;
        let content = |WithTip { unit, tip }: WithTip<&PlannedUnit>| {
            let content = match tip {
                Some(tip) => on_branch(unit, &tip)?,
                None => SideContent {
                    name: format!("branch {} (does not exist)", unit.branch),
                    objects: Vec::new(),
                    assignments: Vec::new(),
                    ended: Vec::new(),
                    hold: None,
                },
            };
            Ok((unit.name(), content))
        };
        let by_unit = tips.into_iter().map(content).collect::<Result<_, Failure>>()?;
        Ok(SideContents { by_unit, absent: String::new() })
    }

    fn at_commit(&self, commit: &str) -> Result<SideContents, Failure> {
        let content = |unit: &PlannedUnit| {
            let past = branches::past(unit, &self.plan.root, self.ctx, HISTORY, Depth::Files)?;
            let found = past.iter().find(|one| one.commit.id.starts_with(commit));
            let tip = found.ok_or_else(|| {
                Diagnostic::new(format!("branch {} has no commit {commit} among its last {HISTORY}", unit.branch))
                    .hint("run `git log` on the branch to list its commits")
            })?;
            Ok((unit.name(), on_branch(unit, tip)?))
        };
        let by_unit = self.plan.units.iter().map(content).collect::<Result<_, Failure>>()?;
        Ok(SideContents { by_unit, absent: String::new() })
    }
}

fn on_branch(unit: &PlannedUnit, tip: &BranchTip) -> Result<SideContent, Failure> {
    let name = format!("branch {} at {}", unit.branch, tip.commit.short_id);
    let hold = tip.record.as_ref().and_then(|record| record.hold.clone());
    let assignments = tip.record.as_ref().map(|record| described(&record.assignments)).unwrap_or_default();
    Ok(SideContent { name, objects: branches::objects(&unit.branch, tip)?, assignments, ended: Vec::new(), hold })
}

/// The assignments that a command or a promotion made.
fn described(assignments: &[Assignment]) -> Vec<String> {
    assignments.iter().filter(|one| one.by != AssignedBy::Source).map(assign::text).collect()
}
