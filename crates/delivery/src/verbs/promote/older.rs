//! Promotions of something older than the target runs, which the order of source commits does not show.

use manifest::{Diagnostic, ImageRef};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth};
use crate::plan::PlannedUnit;

/// The maximum number of commits of a branch that are searched.
const HISTORY: u32 = 1000;

/// The finding about a unit that was rolled back, if the target runs what the unit ran after the version that it was rolled back to, from the
/// same source commit. Source commits of other deliveries are compared when they are delivered.
///
/// # Errors
/// A remote that cannot be reached.
pub(super) fn finding(promoted: &OlderCheck<'_>, root: &str, ctx: &RunContext) -> Result<Option<Diagnostic>, Failure> {
    let OlderCheck { unit, tip, target, target_tip } = *promoted;
    let Some(restored) = tip.record.as_ref().and_then(|record| record.restores.as_ref()) else { return Ok(None) };
    let (ours, theirs) = (shared(tip, target_tip), shared(target_tip, tip));
    if branches::source_commit(tip) != branches::source_commit(target_tip) || ours == theirs {
        return Ok(None);
    }
    let past = branches::past(unit, root, ctx, HISTORY, Depth::Record)?;
    let newer = past.iter().take_while(|one| one.commit.id != *restored);
    let runs = newer.filter(|one| !one.empty && shared(one, target_tip) == theirs).last();
    Ok(runs.map(|newer| {
        let (name, commit) = (unit.name(), &newer.commit.short_id);
        let message = format!(
            "{}: runs what {name} ran at {commit}, before {name} was rolled back to something older",
            target.name()
        );
        Diagnostic::new(message).hint("deliver a newer version first, or pass --allow-older")
    }))
}

/// A unit that is promoted, and its target.
pub(super) struct OlderCheck<'a> {
    pub(super) unit: &'a PlannedUnit,
    pub(super) tip: &'a BranchTip,
    pub(super) target: &'a PlannedUnit,
    pub(super) target_tip: &'a BranchTip,
}

/// The images of a branch that the other one runs in any version, sorted.
fn shared(tip: &BranchTip, other: &BranchTip) -> Vec<ImageRef> {
    let names: Vec<String> = branches::images(other).iter().map(ImageRef::full_name).collect();
    let mut images = branches::images(tip);
    images.retain(|image| names.contains(&image.full_name()));
    images.sort();
    images
}
