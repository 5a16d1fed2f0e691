//! `--changed-since`: the units whose inputs changed. An input is every file that reading and rendering a unit reads, every
//! folder that it lists, the tags of its artifacts, the config, the rules for images, and the lock file where it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git::source::{SourceError, SourceRepository};
use rayon::prelude::*;
use render_core::files::Files;

use super::session::{Pipeline, SourceTree};
use super::unit::LoadedUnit;
use crate::error::{Failure, IntoDiagnostic};
use crate::host::RunContext;
use crate::host::charts::is_in_remote_chart;
use crate::host::disk::DiskFiles;
use crate::host::git_files::{FileComparison, GitFiles};
use crate::host::recorded_files::ReadPaths;
use crate::lock::{self, LockedChart};
use crate::plan::{PinnedInputs, Plan, PlannedUnit};

/// Keeps the units of the plan whose inputs differ between the work tree and `revision`. No registry is queried.
///
/// # Errors
/// A revision that does not exist, and errors in a unit of the work tree.
pub fn keep_changed(plan: &mut Plan, ctx: &RunContext, revision: &str) -> Result<(), Failure> {
    let unknown = |error: SourceError| error.into_diagnostic().field("--changed-since");
    let source = SourceRepository::discover(Path::new(&plan.root)).map_err(unknown)?;
    let root = source.root().display().to_string();
    let old = GitFiles::new(&source, revision).map_err(unknown)?;
    let sides = Sides { root, old, new: DiskFiles::default() };
    let lock = plan.lock_mode.reads_lock().then_some(&plan.lock);
    if plan.config.iter().chain(&plan.rules).chain(lock).any(|path| sides.file_differs(path)) {
        return Ok(());
    }
    let changed = sides.changed_units(plan, ctx)?;
    plan.units.retain(|unit| changed.contains(&unit.name()));
    Ok(())
}

/// The source at the revision and as it is now.
struct Sides {
    /// The repository's root: files outside of it are not compared.
    root: String,
    old: GitFiles,
    new: DiskFiles,
}

impl Sides {
    /// The names of the units that differ.
    fn changed_units(&self, plan: &Plan, ctx: &RunContext) -> Result<BTreeSet<String>, Failure> {
        let now = SourceTree { files: &self.new, revision: None };
        let before = SourceTree { files: &self.old, revision: Some(self.old.commit()) };
        let probe = Plan { pinned_inputs_only: true, ..plan.clone() };
        let mut pipeline = Pipeline::open(&probe, ctx, now)?;
        let loaded = pipeline.load(plan.units.iter().map(without_images).collect())?;
        let rendered = pipeline.render(loaded)?;
        let moved = self.charts_differ(plan);
        let is_touched = |inputs: &ReadPaths| self.paths_differ(inputs) || (moved && reads_chart(inputs));
        let touched = rendered.iter().filter(|one| is_touched(&one.output.inputs)).map(|one| one.unit.name());
        let mut changed: BTreeSet<String> = touched.collect();
        let rest: Vec<&PlannedUnit> = plan.units.iter().filter(|unit| !changed.contains(&unit.name())).collect();
        let (old, new) = (tags(plan, &rest, ctx, before), tags(plan, &rest, ctx, now));
        let names = rest.iter().map(|unit| unit.name());
        changed.extend(names.filter(|name| old.get(name) != new.get(name)));
        Ok(changed)
    }

    /// Whether the lock file names other versions of charts than it did.
    fn charts_differ(&self, plan: &Plan) -> bool {
        let charts = |files: &dyn Files| -> Vec<LockedChart> {
            let lock = lock::read_if_there(files, &plan.lock, &plan.lock_mode).unwrap_or_default();
            lock.charts().cloned().collect()
        };
        charts(&self.old) != charts(&self.new)
    }

    fn paths_differ(&self, paths: &ReadPaths) -> bool {
        let below =
            |path: &&String| path.strip_prefix(&self.root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        paths.files.iter().filter(below).any(|path| self.file_differs(path))
            || paths.folders.iter().filter(below).any(|path| self.folder_lost_entry(path))
    }

    fn file_differs(&self, path: &str) -> bool {
        self.old.compare(&self.new, path) != FileComparison::Same
    }

    /// Whether a folder that is listed lacks an entry that it had. A new entry that matters is read, and so an input itself.
    fn folder_lost_entry(&self, folder: &str) -> bool {
        let now: BTreeSet<String> = self.new.list(folder).unwrap_or_default().into_iter().collect();
        self.old.list(folder).unwrap_or_default().iter().any(|name| !now.contains(name))
    }
}

/// Whether a file of a remote chart was read.
fn reads_chart(inputs: &ReadPaths) -> bool {
    inputs.files.iter().any(|path| is_in_remote_chart(path))
}

/// The unit with its artifacts' names in place of images, so that nothing is resolved.
fn without_images(unit: &PlannedUnit) -> PlannedUnit {
    PlannedUnit { pinned_inputs: Some(PinnedInputs::default()), ..unit.clone() }
}

/// The tags of the images that each unit's source builds, by the unit's name. A unit that cannot be read has no entry.
fn tags(
    plan: &Plan,
    units: &[&PlannedUnit],
    ctx: &RunContext,
    source: SourceTree<'_>,
) -> BTreeMap<String, Vec<String>> {
    let Ok(pipeline) = Pipeline::open(plan, ctx, source) else { return BTreeMap::new() };
    let tags = |loaded: LoadedUnit| {
        let tags = loaded.builds().iter().map(|build| build.tag.clone()).collect();
        (loaded.unit.name(), tags)
    };
    units.par_iter().filter_map(|unit| pipeline.load_unit((*unit).clone()).ok()).map(tags).collect()
}
