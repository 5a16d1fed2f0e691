//! What is refused before anything is written.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, Node, ObjectId};

use super::object_fields::ObjectField;
use super::output::Output;
use super::secrets;
use crate::config::Secrets;
use crate::plan::PlannedUnit;

/// Checks a unit's objects: no plain values of a `Secret` unless allowed, no two objects of one name.
///
/// # Errors
/// Every object that breaks a rule, by name; values of secrets are never printed.
pub(crate) fn check(unit: &PlannedUnit, output: &Output) -> Result<(), Errors> {
    let objects = &output.objects;
    let mut wrong = doubles(unit, objects);
    if unit.secrets == Secrets::Refuse {
        wrong.extend(objects.iter().flat_map(|object| secrets::plain_values(&unit.name(), object)));
        wrong.extend(generated_values(unit, &output.generated));
    }
    Errors::check(wrong)
}

/// Values that were generated for the unit count as secret, whatever kind of object has them. Those of a `Secret` are plain values already.
fn generated_values(unit: &PlannedUnit, generated: &[ObjectField]) -> Vec<Diagnostic> {
    let mut by_object: BTreeMap<&ObjectId, Vec<String>> = BTreeMap::new();
    for field in
        generated.iter().filter(|field| !(field.object.gvk.kind == "Secret" && field.object.gvk.group.is_empty()))
    {
        by_object.entry(&field.object).or_default().push(field.path.to_string());
    }
    let finding = |(object, paths): (&ObjectId, Vec<String>)| {
        let message = format!("{}: {object} holds generated values ({})", unit.name(), paths.join(", "));
        Diagnostic::new(message)
            .field("policy.secrets")
            .hint("set the value in the chart's values, remove the field with a kustomization, or set `policy.secrets: allow`")
    };
    by_object.into_iter().map(finding).collect()
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
