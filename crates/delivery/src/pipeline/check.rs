//! The fourth stage: what is refused before anything is written.

use manifest::{Diagnostic, Errors};

use super::Rendered;
use crate::error::Failure;
use crate::images;
use crate::images::search::Search;
use crate::pipeline::policy;
use crate::plan::Plan;

/// Checks every unit by the policy that applies to it.
///
/// # Errors
/// Everything that breaks a rule, in every unit.
pub(super) fn all(plan: &Plan, search: &Search, units: &[Rendered]) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    for (unit, rendered) in plan.units.iter().zip(units) {
        if rendered.objects.is_empty() {
            let message = format!("{}: nothing was rendered", unit.name());
            wrong.push(Diagnostic::new(message).hint("An empty manifest would remove everything from the cluster."));
        }
        let bare = images::policy::offenders(&rendered.objects, search, unit.images, &rendered.built);
        wrong.extend(
            bare.into_iter().map(|one| Diagnostic { message: format!("{}: {}", unit.name(), one.message), ..one }),
        );
        if let Err(found) = policy::check(unit, &rendered.objects) {
            wrong.extend(found.into_all());
        }
    }
    Ok(Errors::check(wrong)?)
}
