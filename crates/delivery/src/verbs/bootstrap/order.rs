//! The order in which a puller applies the units of a service: that of `after` between their environments.

use std::collections::BTreeMap;

use super::name;
use crate::plan::{Plan, PlannedUnit};

/// What has to be applied before a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    /// The name of the objects of the unit before it.
    pub(super) after: Option<String>,
    /// How many units come before it.
    pub(super) wave: usize,
}

/// The order of each unit, by the unit's name. Only the given units count: a puller that waits for an object that does not exist waits
/// forever. If the environment before has no unit of the service, the one before that counts.
pub(super) fn of_plan(plan: &Plan) -> BTreeMap<String, Order> {
    let units = &plan.units;
    let before = |unit: &PlannedUnit| {
        let mut environment = unit.after.as_deref()?;
        loop {
            let found = units.iter().find(|one| one.service == unit.service && one.environment == environment);
            if found.is_some() {
                return found;
            }
            environment = plan.promoted_from.get(environment)?;
        }
    };
    let order = |unit: &PlannedUnit| {
        // The plan has no circles.
        let wave = std::iter::successors(before(unit), |one| before(one)).count();
        (unit.name(), Order { after: before(unit).map(name), wave })
    };
    units.iter().map(order).collect()
}
