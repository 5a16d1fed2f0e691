//! A comparison for scripts.

use serde_json::{Value, json};

use super::super::findings;
use super::{Change, ObjectChange, UnitDiff};

/// `[{unit, from, to, added, changed, removed, assignments, ended, hold, findings, objects: [{apiVersion, kind, namespace, name, change, fields, images}]}]`.
pub fn json(units: &[UnitDiff]) -> Value {
    units.iter().map(unit).collect()
}

fn unit(unit: &UnitDiff) -> Value {
    let counts = unit.counts();
    json!({
        "unit": unit.name,
        "from": unit.sides.0,
        "to": unit.sides.1,
        "added": counts.added,
        "changed": counts.changed,
        "removed": counts.removed,
        "assignments": unit.assignments,
        "ended": unit.ended,
        "hold": unit.hold,
        "findings": findings::json(&unit.findings),
        "objects": unit.objects.iter().map(object).collect::<Value>(),
    })
}

fn object(object: &ObjectChange) -> Value {
    let id = &object.id;
    let mut found = json!({
        "apiVersion": id.gvk.api_version(),
        "kind": id.gvk.kind.as_str(),
        "namespace": id.namespace.as_str(),
        "name": id.name.as_str(),
    });
    let (change, fields, images) = match &object.change {
        Change::Added { .. } => ("added", &[][..], &[][..]),
        Change::Removed { .. } => ("removed", &[][..], &[][..]),
        Change::Changed { fields, images, .. } => ("changed", fields.as_slice(), images.as_slice()),
    };
    found["change"] = change.into();
    found["fields"] =
        fields.iter().map(|field| json!({"path": field.path, "old": field.old, "new": field.new})).collect();
    found["images"] =
        images.iter().map(|image| json!({"path": image.path, "old": image.old, "new": image.new})).collect();
    found
}
