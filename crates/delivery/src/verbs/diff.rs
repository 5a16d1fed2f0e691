//! `hydrant diff`: what a delivery would change, or any two of source, revision, branch and commit against each other.

use std::path::Path;
use std::str::FromStr;

use git::source::Source;
use manifest::{Diagnostic, Node};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::host::git_files::GitFiles;
use crate::pipeline::{self, SourceTree};
use crate::plan::settings::Settings;
use crate::plan::{Plan, plan};
use crate::report::diff::{Noise, UnitDiff, compare};

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// `source`: the work tree, rendered and pinned.
    WorkTree,
    /// `source@REV`: a revision of the source, rendered and pinned.
    Revision(String),
    /// `branch`: what stands on each unit's branch.
    Branch,
    /// `branch@COMMIT`: what stood there at a commit of the branch; the id may be shortened.
    Commit(String),
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('@').unwrap_or((text, "")) {
            ("source", "") => Ok(Side::WorkTree),
            ("source", revision) => Ok(Side::Revision(revision.to_owned())),
            ("branch", "") => Ok(Side::Branch),
            ("branch", commit) => Ok(Side::Commit(commit.to_owned())),
            _ => Err(format!("`{text}` is none of source, source@REVISION, branch, branch@COMMIT")),
        }
    }
}

/// What one side holds for one unit: what it is called, and the objects.
type Held = (String, Vec<Node>);

/// How far back on a branch a commit is looked for.
const HISTORY: u32 = 1000;

/// The differences of every unit of the plan from one side to the other, in the plan's order, those without any included.
///
/// # Errors
/// What either side is wrong with: as [`pipeline::rendered`] and [`branches::tips`], and a commit that is not there.
pub fn differences(
    settings: &Settings,
    ctx: &RunContext,
    from: &Side,
    to: &Side,
    noise: &Noise,
) -> Result<Vec<UnitDiff>, Failure> {
    let plan = plan(&DiskFiles::default(), settings)?;
    let old = side(settings, &plan, ctx, from)?;
    let new = side(settings, &plan, ctx, to)?;
    let units = plan.units.iter().zip(old.into_iter().zip(new));
    Ok(units
        .map(|(unit, (old, new))| UnitDiff {
            name: unit.name(),
            objects: compare(&old.1, &new.1, noise),
            sides: (old.0, new.0),
        })
        .collect())
}

fn side(settings: &Settings, plan: &Plan, ctx: &RunContext, side: &Side) -> Result<Vec<Held>, Failure> {
    match side {
        Side::WorkTree => {
            let files = DiskFiles::default();
            let rendered = pipeline::rendered(plan, ctx, SourceTree { files: &files, revision: None })?;
            Ok(rendered.into_iter().map(|unit| ("the work tree".to_owned(), unit.objects)).collect())
        }
        Side::Revision(revision) => at_revision(settings, plan, ctx, revision),
        Side::Branch => {
            let tips = branches::tips(&plan.units, &plan.root, ctx, Depth::Files)?;
            let held = tips.into_iter().map(|WithTip { unit, tip }| {
                tip.map_or_else(
                    || Ok((format!("branch {} (not there yet)", unit.branch), Vec::new())),
                    |tip| on_branch(unit, &tip),
                )
            });
            held.collect()
        }
        Side::Commit(commit) => plan
            .units
            .iter()
            .map(|unit| {
                let past = branches::past(unit, &plan.root, ctx, HISTORY, Depth::Files)?;
                let found = past.iter().find(|one| one.commit.id.starts_with(commit.as_str()));
                let tip = found.ok_or_else(|| {
                    Diagnostic::new(format!("branch {} has no commit {commit} among its last {HISTORY}", unit.branch))
                        .hint("`git log` of the branch lists them.")
                })?;
                on_branch(unit, tip)
            })
            .collect(),
    }
}

fn on_branch(unit: &crate::plan::Unit, tip: &BranchTip) -> Result<Held, Failure> {
    let name = format!("branch {} at {}", unit.branch, tip.commit.short_id);
    Ok((name, branches::objects(&unit.branch, tip)?))
}

/// The units of the revision's own config; one that it does not have has no objects there.
fn at_revision(settings: &Settings, wanted: &Plan, ctx: &RunContext, revision: &str) -> Result<Vec<Held>, Failure> {
    let source = Source::discover(Path::new(&wanted.root))?;
    let files = GitFiles::new(source, revision)?;
    let there = plan(&files, settings)?;
    let sourced = SourceTree { files: &files, revision: Some(files.commit()) };
    let rendered = pipeline::rendered(&there, ctx, sourced)?;
    let name = format!("the source at {}", files.commit().get(..7).unwrap_or(revision));
    let mut held: Vec<(String, Vec<Node>)> =
        there.units.iter().zip(rendered).map(|(unit, rendered)| (unit.name(), rendered.objects)).collect();
    let take = |unit: &crate::plan::Unit| {
        let found = held.iter_mut().find(|(known, _)| *known == unit.name());
        (name.clone(), found.map(|(_, objects)| std::mem::take(objects)).unwrap_or_default())
    };
    Ok(wanted.units.iter().map(take).collect())
}
