//! What is refused before anything is written.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, Node, ObjectId};

use crate::config::Secrets;
use crate::plan::PlannedUnit;

/// Checks a unit's objects: no plain `Secret` unless allowed, no two objects of one name.
///
/// # Errors
/// Every object that breaks a rule, by name; values of secrets are never printed.
pub fn check(unit: &PlannedUnit, objects: &[Node]) -> Result<(), Errors> {
    let mut wrong = doubles(unit, objects);
    if unit.secrets == Secrets::Refuse {
        wrong.extend(objects.iter().filter_map(|object| plain_secret(unit, object)));
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

/// A `Secret` with values that are not encrypted. SOPS leaves the kind and adds a top-level `sops` (getsops/sops, README,
/// "encryption of YAML files"), with each value as `ENC[…]`; a SealedSecret or an ExternalSecret has another kind.
fn plain_secret(unit: &PlannedUnit, object: &Node) -> Option<Diagnostic> {
    let id = ObjectId::of(object);
    if id.gvk.kind != "Secret" || !id.gvk.group.is_empty() {
        return None;
    }
    let encrypted = object.get("sops").is_some();
    let values = ["data", "stringData"].into_iter().filter_map(|field| object.get(field)?.as_map());
    let plain: Vec<&str> = values
        .flat_map(|map| map.entries())
        .filter(|entry| !(encrypted && entry.value.text().is_some_and(|text| text.starts_with("ENC["))))
        .map(|entry| entry.key.text.as_str())
        .collect();
    if plain.is_empty() {
        return None;
    }
    let message = format!("{}: {id} holds plain values ({})", unit.name(), plain.join(", "));
    Some(
        Diagnostic::new(message)
            .field("policy.secrets")
            .hint("encrypt it (SOPS, SealedSecret), refer to it (ExternalSecret), or set `policy.secrets: allow`"),
    )
}
