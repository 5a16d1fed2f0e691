//! Maps of values, and the errors where one is expected.

use gotemplate::{Map, Value};

/// Merges a later file into the earlier ones: maps by key, all else replaced.
pub(super) fn merge(target: &Map, later: &Map) {
    for (key, value) in later.entries() {
        match (target.get(&key), &value) {
            (Some(Value::Map(inner)), Value::Map(later)) => merge(&inner, later),
            _ => target.insert(key, value),
        }
    }
}

/// Returns the kind's name in errors of `encoding/json`.
pub(super) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    }
}

/// Returns the error of a document that should be a map.
pub(super) fn not_a_map(value: &Value) -> String {
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
        json_kind(value)
    )
}
