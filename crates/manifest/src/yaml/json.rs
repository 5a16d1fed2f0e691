//! Trees as JSON and back.

use crate::diagnostic::Diagnostic;
use crate::node::{At, Data, Map, Node, Scalar, Tag};

use super::types::{Rules, Value};
use super::{depth, number, resolve};

/// The object as JSON; see [`super::to_json`].
pub(super) fn from_node(node: &Node, rules: Rules, depth: usize) -> Result<serde_json::Value, Diagnostic> {
    depth::check(depth, node.at)?;
    Ok(match &node.data {
        Data::Map(map) => {
            let mut object = serde_json::Map::with_capacity(map.len());
            for entry in map.entries() {
                let key = string_key(&entry.key, entry.at, rules)?;
                object.insert(key.into(), from_node(&entry.value, rules, depth + 1)?);
            }
            object.into()
        }
        Data::Seq(items) => {
            items.iter().map(|item| from_node(item, rules, depth + 1)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Data::Scalar(scalar) => from_scalar(scalar, node.at, rules)?,
    })
}

fn from_scalar(scalar: &Scalar, at: At, rules: Rules) -> Result<serde_json::Value, Diagnostic> {
    let refuse = |message: String| Diagnostic::new(message).at(at);
    Ok(match resolve::checked(scalar, rules).map_err(refuse)? {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Uint(value) => value.into(),
        Value::Float(value) => {
            if !value.is_finite() {
                return Err(not_finite(scalar, at));
            }
            // Go's encoding/json writes a whole number without a point.
            match resolve::implicit(&number::format_json(value), Rules::V2) {
                Value::Int(whole) => whole.into(),
                Value::Uint(whole) => whole.into(),
                _ => value.into(),
            }
        }
        Value::Str => resolve::string(scalar).map_err(refuse)?.into_owned().into(),
        Value::Timestamp(time) => time.into(),
    })
}

/// The error for `.inf` and `.nan`, which JSON does not have.
pub(super) fn not_finite(scalar: &Scalar, at: At) -> Diagnostic {
    Diagnostic::new(format!("number \"{}\" cannot be represented in JSON", scalar.text))
        .at(at)
        .hint("put it in quotes if it is a string")
}

/// A key as a string.
///
/// # Errors
/// A key that is not a string.
pub(super) fn string_key(key: &Scalar, at: At, rules: Rules) -> Result<std::borrow::Cow<'_, str>, Diagnostic> {
    let refuse = |message: String| Diagnostic::new(message).at(at);
    match resolve::checked(key, rules).map_err(refuse)? {
        Value::Str => resolve::string(key).map_err(refuse),
        _ => Err(Diagnostic::new(format!("key \"{}\" is not a string", key.text)).at(at).hint("put it in quotes")),
    }
}

/// A JSON value as a tree; see [`super::from_json`].
pub(super) fn to_node(value: &serde_json::Value) -> Node {
    match value {
        serde_json::Value::Null => Scalar::null().into(),
        serde_json::Value::Bool(value) => {
            Scalar { tag: Tag::Bool, ..Scalar::plain(if *value { "true" } else { "false" }) }.into()
        }
        serde_json::Value::Number(number) => {
            let tag = if number.is_f64() { Tag::Float } else { Tag::Int };
            Scalar { tag, ..Scalar::plain(number.to_string()) }.into()
        }
        serde_json::Value::String(text) => Node::string(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(to_node).collect::<Vec<_>>().into(),
        serde_json::Value::Object(object) => {
            let mut map = Map::with_capacity(object.len());
            for (key, value) in object {
                map.push(Scalar::string(key.as_str()), to_node(value));
            }
            map.into()
        }
    }
}
