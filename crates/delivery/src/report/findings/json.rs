//! Findings for scripts.

use checks::Finding;
use manifest::At;
use serde_json::{Value, json};

use super::UnitFinding;

/// `[{unit, id, severity, object: {apiVersion, kind, namespace, name}, field, message, hint, file, line, column, reference}]`; what is not
/// known is null.
pub fn json(findings: &[UnitFinding]) -> Value {
    findings.iter().map(one).collect()
}

fn one(UnitFinding { unit, finding }: &UnitFinding) -> Value {
    let Finding { id, severity, object, field, message, hint, file, at, reference } = finding;
    let position = |number: u32| (file.is_some() && *at != At::default()).then_some(number);
    json!({
        "unit": unit,
        "id": id,
        "severity": severity.name(),
        "object": object.as_ref().map(|id| json!({
            "apiVersion": id.gvk.api_version(),
            "kind": id.gvk.kind.as_str(),
            "namespace": id.namespace.as_str(),
            "name": id.name.as_str(),
        })),
        "field": field,
        "message": message,
        "hint": hint,
        "file": file,
        "line": position(at.line),
        "column": position(at.column),
        "reference": reference,
    })
}
