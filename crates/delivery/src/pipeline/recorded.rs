//! The image assignments that branches record, read for the units that need them before they are rendered.

use std::collections::{BTreeMap, BTreeSet};

use committer::{Outcome, Refusal};
use manifest::ImageRef;

use crate::config::ImageSource;
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, WithHistory};
use crate::images::assign::RecordedImages;
use crate::plan::{Plan, PlannedUnit};
use crate::report::{FailedUnit, Report, UnitReport};

/// Reads what is recorded for the units of a delivery that are given images or whose images are promoted. Of the others it is assumed that
/// they have no assignments; the delivery itself finds those that have some, so that a delivery without assignments reads its remotes once.
///
/// # Errors
/// A remote that cannot be reached.
pub(super) fn read_needed(units: &mut [PlannedUnit], plan: &Plan, ctx: &RunContext) -> Result<(), Failure> {
    let is_given = !plan.given_images.is_empty();
    let needs = |unit: &PlannedUnit| {
        let inputs = &unit.image_inputs;
        is_given || inputs.promoted.is_some() || inputs.decided_by == ImageSource::Promoted
    };
    read(units, &plan.root, ctx, needs)
}

/// Reads what is recorded for the units of a plan whose images are promoted.
///
/// # Errors
/// A remote that cannot be reached.
pub(crate) fn read_promoted(plan: &mut Plan, ctx: &RunContext) -> Result<(), Failure> {
    read(&mut plan.units, &plan.root, ctx, |unit| unit.image_inputs.decided_by == ImageSource::Promoted)
}

/// Reads what is recorded for all units: what a delivery would find.
///
/// # Errors
/// A remote that cannot be reached.
pub(crate) fn read_all(units: &mut [PlannedUnit], root: &str, ctx: &RunContext) -> Result<(), Failure> {
    read(units, root, ctx, |_| true)
}

fn read(
    units: &mut [PlannedUnit],
    root: &str,
    ctx: &RunContext,
    needs: impl Fn(&PlannedUnit) -> bool,
) -> Result<(), Failure> {
    let needed = units.iter().filter(|unit| !unit.image_inputs.recorded.is_read && needs(unit));
    let needed: Vec<PlannedUnit> = needed.cloned().collect();
    if needed.is_empty() {
        return Ok(());
    }
    let found = branches::histories(needed, root, ctx, 1)?.into_iter();
    let mut found: BTreeMap<String, RecordedImages> = found
        .map(|WithHistory { unit, state }| (unit.name(), of_tip(state.waiting.as_ref().or(state.tip.as_ref()))))
        .collect();
    for unit in units {
        if let Some(recorded) = found.remove(&unit.name()) {
            unit.image_inputs.recorded = recorded;
        }
    }
    Ok(())
}

/// The failed units whose branches record assignments that were not read before, with these. They are noted in `units`, too. If the
/// branches cannot be read, the units stay failed.
pub(super) fn assigned(
    units: &mut [PlannedUnit],
    failed: &[FailedUnit],
    plan: &Plan,
    ctx: &RunContext,
) -> Vec<PlannedUnit> {
    let names: BTreeSet<String> = failed.iter().map(FailedUnit::name).collect();
    let is_failed = |unit: &PlannedUnit| names.contains(&unit.name());
    let unread: BTreeSet<String> = units
        .iter()
        .filter(|unit| is_failed(unit) && !unit.image_inputs.recorded.is_read)
        .map(PlannedUnit::name)
        .collect();
    if unread.is_empty() || read(units, &plan.root, ctx, is_failed).is_err() {
        return Vec::new();
    }
    let read = units.iter().filter(|unit| unread.contains(&unit.name()));
    read.filter(|unit| !unit.image_inputs.recorded.assignments.is_empty()).cloned().collect()
}

/// What a commit of a branch records of images.
pub(crate) fn of_tip(tip: Option<&BranchTip>) -> RecordedImages {
    let record = tip.and_then(|tip| tip.record.as_ref());
    RecordedImages {
        is_read: true,
        assignments: record.map(|record| record.assignments.clone()).unwrap_or_default(),
        images: tip.map(branches::images).unwrap_or_default(),
        commit: tip.and_then(branches::source_commit).unwrap_or_default().to_owned(),
    }
}

/// The units whose changes the policy wants reviewed, with their review; all units if they are delivered together.
pub(super) fn to_be_reviewed(units: &[PlannedUnit], report: &Report, is_atomic: bool) -> Vec<PlannedUnit> {
    let asked = report
        .units
        .iter()
        .filter(|unit| matches!(unit.delivery.outcome, Outcome::Refused(Refusal::NeedsReview { .. })));
    let asked: BTreeSet<String> = asked.map(UnitReport::name).collect();
    let needs = |unit: &PlannedUnit| asked.contains(&unit.name()) && unit.review_if_asked.is_some();
    if !units.iter().any(needs) {
        return Vec::new();
    }
    let chosen = units.iter().filter(|unit| is_atomic || needs(unit)).cloned();
    let reviewed = chosen
        .map(|unit| if needs(&unit) { PlannedUnit { review: unit.review_if_asked.clone(), ..unit } } else { unit });
    reviewed.collect()
}

/// The units that were refused since their branch records other assignments, with these; all units if they are delivered together.
pub(super) fn reassigned(units: &[PlannedUnit], report: &Report, is_atomic: bool) -> Vec<PlannedUnit> {
    let mut found = BTreeMap::new();
    for unit in &report.units {
        if let Outcome::Refused(Refusal::Reassigned { recorded, images }) = &unit.delivery.outcome {
            found.insert(unit.name(), (recorded, images));
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let mut again = Vec::new();
    for unit in units {
        let mut unit = unit.clone();
        match found.get(&unit.name()) {
            Some((assignments, images)) => {
                let recorded = &mut unit.image_inputs.recorded;
                recorded.is_read = true;
                recorded.assignments.clone_from(assignments);
                recorded.images = images.iter().filter_map(|image| ImageRef::parse(image).ok()).collect();
            }
            None if is_atomic => {}
            None => continue,
        }
        again.push(unit);
    }
    again
}
