//! `--changed-since`: the units whose inputs changed. An input is every file that reading and rendering a unit touches, every
//! folder that it lists, the tags of its artifacts, the config, the rules for images, and the lock file where it is read.

use std::collections::BTreeSet;
use std::path::Path;

use git::source::{Source, SourceError};
use render_core::files::Files;

use super::render::{Doors, Loaded, load};
use super::{SourceTree, rendered};
use crate::error::{Failure, ToDiagnostic};
use crate::host::RunContext;
use crate::host::disk::DiskFiles;
use crate::host::git_files::GitFiles;
use crate::lock;
use crate::plan::{PinnedInputs, Plan, Unit};

/// Keeps the units of the plan whose inputs differ between the work tree and `revision`. No registry is asked.
///
/// # Errors
/// A revision that is not there, and whatever is wrong with a unit as it is now.
pub fn keep_changed(plan: &mut Plan, ctx: &RunContext, revision: &str) -> Result<(), Failure> {
    let unknown = |error: SourceError| error.to_diagnostic().field("--changed-since");
    let source = Source::discover(Path::new(&plan.root)).map_err(unknown)?;
    let root = source.root().display().to_string();
    let before = GitFiles::new(source, revision).map_err(unknown)?;
    let now = DiskFiles::default();
    let general = plan.config.iter().chain(&plan.rules).chain(plan.digests.reads_lock().then_some(&plan.lock));
    if general.into_iter().any(|path| now.read(path).ok() != before.read(path).ok()) {
        return Ok(());
    }
    let probe = Plan { units: plan.units.iter().map(without_images).collect(), recorded_only: true, ..plan.clone() };
    let units = rendered(&probe, ctx, SourceTree { files: &now, revision: None })?;
    let below = |path: &String| path.strip_prefix(&root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let touched = units.iter().map(|unit| {
        let differs = |path: &&String| now.read(path).ok() != before.read(path).ok();
        unit.inputs.iter().filter(|path| below(path)).any(|path| differs(&path))
            || unit.folders.iter().filter(|path| below(path)).any(|path| lost(&before, &now, path))
    });
    let mut keep = touched.collect::<Vec<bool>>().into_iter();
    let old = SourceTree { files: &before, revision: Some(before.commit()) };
    let new = SourceTree { files: &now, revision: None };
    let whole = plan.clone();
    plan.units.retain(|unit| {
        let alone = Plan { units: vec![unit.clone()], ..whole.clone() };
        keep.next().unwrap_or(true) || tags(&alone, ctx, old) != tags(&alone, ctx, new)
    });
    Ok(())
}

/// Whether a folder that is listed lacks something that was there before. What is new in it and matters is read, and so an input itself.
fn lost(before: &dyn Files, now: &dyn Files, folder: &str) -> bool {
    let there: BTreeSet<String> = now.list(folder).unwrap_or_default().into_iter().collect();
    before.list(folder).unwrap_or_default().iter().any(|name| !there.contains(name))
}

/// The unit with its artifacts' names in place of images, so that nothing is looked up.
fn without_images(unit: &Unit) -> Unit {
    Unit {
        pinned_inputs: Some(PinnedInputs { images: Vec::new(), default_repo: None, promoted_from: None }),
        ..unit.clone()
    }
}

/// The images that the one unit's source builds, by their tags; nothing where it cannot be read.
fn tags(plan: &Plan, ctx: &RunContext, source: SourceTree<'_>) -> Option<Vec<String>> {
    let lock = lock::read(source.files, &plan.lock, &plan.digests).ok()?;
    let doors = Doors::new(plan, source, lock);
    let loaded = load(plan, ctx, &doors).ok()?;
    let builds = loaded.iter().flat_map(|(unit, _)| match unit {
        Loaded::Skaffold(both) => both.1.builds.as_slice(),
        Loaded::BuildsNothing => &[],
    });
    Some(builds.map(|build| build.tag.clone()).collect())
}
