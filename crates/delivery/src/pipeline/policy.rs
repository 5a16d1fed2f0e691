//! What is refused before anything is written.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, Node, ObjectId};

use super::secrets;
use crate::config::Secrets;
use crate::plan::PlannedUnit;

/// Checks a unit's objects: no plain values of a `Secret` unless allowed, no two objects of one name.
///
/// # Errors
/// Every object that breaks a rule, by name; values of secrets are never printed.
pub fn check(unit: &PlannedUnit, objects: &[Node]) -> Result<(), Errors> {
    let mut wrong = doubles(unit, objects);
    if unit.secrets == Secrets::Refuse {
        wrong.extend(objects.iter().flat_map(|object| secrets::plain_values(&unit.name(), object)));
    }
    Errors::check(wrong)
}

/// Two objects of one name would become one in the cluster, whichever comes last. Objects that the cluster names
/// (`generateName`) are never the same.
fn doubles(unit: &PlannedUnit, objects: &[Node]) -> Vec<Diagnostic> {
    let mut count: BTreeMap<ObjectId, usize> = BTreeMap::new();
    for id in objects.iter().map(ObjectId::of).filter(|id| !id.name.is_empty()) {
        *count.entry(id).or_default() += 1;
    }
    let doubled = count.into_iter().filter(|(_, count)| *count > 1);
    doubled
        .map(|(id, count)| {
            Diagnostic::new(format!("{}: duplicate resource {id} ({count} times)", unit.name()))
                .hint("rename or remove one")
        })
        .collect()
}
