//! `hydrant update`: resolves locked entries again, and shows what that changes in the output.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Diagnostic, ImageRef, Node};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::disk::DiskFiles;
use crate::images::assign::ImageInputs;
use crate::lock::{self, Lock, LockOptions, LockedChart, is_named};
use crate::pipeline::{Pipeline, SourceTree};
use crate::plan::settings::Settings;
use crate::plan::{Plan, plan};
use crate::report::diff::{Noise, UnitDiff, compare};

/// An entry of the lock file that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockMove {
    /// What it is: `chart grafana of https://…`, the reference of an image, the URL of a remote base.
    pub name: String,
    /// What was locked; absent for a new entry.
    pub from: Option<String>,
    /// What is locked now; absent for an entry that nothing uses.
    pub to: Option<String>,
}

/// The result of an update.
#[derive(Clone, Debug, Default)]
pub struct Updated {
    /// The entries that move, in the order of the lock file.
    pub moves: Vec<LockMove>,
    /// What changes in the output, of every unit in the plan's order.
    pub units: Vec<UnitDiff>,
    /// The lock file, absolute.
    pub path: String,
    /// The lock file's new content.
    pub lock: Lock,
    /// Findings that do not stop the update.
    pub warnings: Vec<Diagnostic>,
}

/// Resolves the entries of these names again, all of them without names, and renders every unit with the old and the new lock file. Nothing is written.
///
/// # Errors
/// A name that nothing has, and what cannot be resolved or rendered with the new lock file.
pub fn update(settings: &Settings, ctx: &RunContext, names: &[String], noise: &Noise) -> Result<Updated, Failure> {
    let with = |locking: LockOptions| Settings { locking, ..settings.clone() };
    let file = settings.locking.file.clone();
    let refresh = LockOptions {
        update: names.is_empty().then(Vec::new),
        update_named: names.to_vec(),
        file: file.clone(),
        ..LockOptions::default()
    };
    let new_plan = planned(&with(refresh))?;
    let old_plan = planned(&with(LockOptions { lock: true, file, ..LockOptions::default() }))?;
    let old_lock = lock::read(&DiskFiles::default(), &old_plan.lock, &old_plan.lock_mode)?;
    let mut new = rendered(&new_plan, ctx)?;
    check_names(names, &new.lock)?;
    let selects_all = settings.selection.all || settings.folder == new_plan.root;
    if names.is_empty() && selects_all && !settings.selection.is_narrowed() {
        // What no unit uses any more is dropped.
        new.lock.retain_charts(|chart| new.charts.contains(chart));
    }
    let mut updated = Updated {
        moves: moves(&old_lock, &new.lock),
        path: new_plan.lock.clone(),
        lock: new.lock,
        ..Updated::default()
    };
    if updated.moves.is_empty() {
        return Ok(updated);
    }
    let mut old = match rendered(&old_plan, ctx) {
        Ok(old) => old.objects,
        Err(failure) => {
            let cannot = |error: Diagnostic| Diagnostic {
                message: format!("cannot compare with the output of the old lock file: {}", error.message),
                ..error
            };
            updated.warnings.extend(failure.into_errors().into_all().into_iter().map(cannot));
            return Ok(updated);
        }
    };
    for (name, objects) in new.objects {
        let before = old.remove(&name).unwrap_or_default();
        let sides = ("the old lock file".to_owned(), "the new lock file".to_owned());
        let objects = compare(&before, &objects, noise);
        updated.units.push(UnitDiff { name, objects, sides, ..UnitDiff::default() });
    }
    Ok(updated)
}

fn planned(settings: &Settings) -> Result<Plan, Failure> {
    let mut plan = plan(&DiskFiles::default(), settings)?;
    // Two states of the source are compared without what branches record.
    plan.units.iter_mut().for_each(|unit| unit.image_inputs = ImageInputs::default());
    Ok(plan)
}

/// The output of all units by their names, and the lock file with what they use.
struct RenderedUnits {
    objects: BTreeMap<String, Vec<Node>>,
    /// The charts that they use.
    charts: Vec<LockedChart>,
    lock: Lock,
}

fn rendered(plan: &Plan, ctx: &RunContext) -> Result<RenderedUnits, Failure> {
    let files = DiskFiles::default();
    let mut pipeline = Pipeline::open(plan, ctx, SourceTree { files: &files, revision: None })?;
    let units = pipeline.run_to_pinned(plan.units.clone())?;
    let objects = units.into_iter().map(|unit| (unit.unit.name(), unit.output.objects)).collect();
    Ok(RenderedUnits { objects, charts: pipeline.used_charts(), lock: pipeline.into_lock().unwrap_or_default() })
}

/// Refuses a name that no entry has.
fn check_names(names: &[String], lock: &Lock) -> Result<(), Failure> {
    let charts: BTreeSet<&str> = lock.charts().map(called).collect();
    let is_known = |name: &String| {
        let image = |reference: &str| ImageRef::parse(reference).is_ok_and(|image| is_named(name, &image));
        charts.contains(name.as_str())
            || lock.images().any(|one| image(&one.reference))
            || lock.remotes().any(|one| one.url == *name)
    };
    let Some(unknown) = names.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let found = Diagnostic::new(format!("no chart, image or remote base is called {unknown}"));
    let known: Vec<&str> = charts.into_iter().chain(lock.remotes().map(|one| one.url.as_str())).collect();
    Err(match known.as_slice() {
        [] => found,
        known => found.hint(format!("use the name of an image, or one of {}", known.join(", "))),
    }
    .into())
}

/// The name by which an update means a chart.
fn called(chart: &LockedChart) -> &str {
    if chart.name.is_empty() { &chart.repository } else { &chart.name }
}

fn moves(old: &Lock, new: &Lock) -> Vec<LockMove> {
    let (before, after) = (entries(old), entries(new));
    let names: BTreeSet<&(usize, String)> = before.keys().chain(after.keys()).collect();
    let one = |key: &(usize, String)| {
        let (from, to) = (before.get(key).cloned(), after.get(key).cloned());
        (from != to).then(|| LockMove { name: key.1.clone(), from, to })
    };
    names.into_iter().filter_map(one).collect()
}

/// What is locked, by kind and name.
fn entries(lock: &Lock) -> BTreeMap<(usize, String), String> {
    let charts = lock.charts().map(|chart| {
        let range = chart.range.as_ref().map(|range| format!(" {range}")).unwrap_or_default();
        let name = match chart.name.as_str() {
            "" => format!("chart {}{range}", chart.repository),
            name => format!("chart {name} of {}{range}", chart.repository),
        };
        ((0, name), format!("{} ({})", chart.version, short(&chart.digest)))
    });
    let remotes = lock.remotes().map(|remote| {
        let revision = remote.revision.as_ref().map(|revision| format!(" at {revision}")).unwrap_or_default();
        ((1, format!("{}{revision}", remote.url)), short(&remote.commit).to_owned())
    });
    let images = lock.images().map(|image| {
        let platform = image.platform.as_ref().map(|platform| format!(" for {platform}")).unwrap_or_default();
        ((2, format!("{}{platform}", image.reference)), short(image.digest.as_str()).to_owned())
    });
    charts.chain(remotes).chain(images).collect()
}

/// A digest or commit, shortened.
fn short(digest: &str) -> &str {
    digest.get(..19).filter(|_| digest.starts_with("sha256:")).or_else(|| digest.get(..7)).unwrap_or(digest)
}
