//! YAML as sigs.k8s.io/yaml reads and writes it: to values by YAML 1.1's rules through JSON, so that every number is a float.

use std::borrow::Cow;

use gotemplate::strconv::{FloatFormat, format_float};
use gotemplate::{Entries, List, Map, Str, Value, allowance, types};
use manifest::yaml::{Rules, Value as Resolved, read_first_document, resolve, write_kustomize, write_skaffold};
use manifest::{Data, Map as NodeMap, Node, Scalar, Tag};

use crate::template_functions::durations::DURATION;
use crate::template_functions::encodings::decode_base64;
use crate::template_functions::json;
use crate::template_functions::times::Time;

use super::shared_value::SharedValue;
use super::yaml_error;

/// The start of the errors of sigs.k8s.io/yaml.
const CONVERSION: &str = "error converting YAML to JSON: ";

/// How many bytes a tree may take for each byte of its text.
const TREE_BYTES: usize = 32;

/// Reads the first document.
///
/// # Errors
/// helm's text, from `error converting YAML to JSON` on.
pub(super) fn read(text: &[u8]) -> Result<Value, String> {
    value_of(&document(text)?)
}

/// Reads the first document as a value that threads can share.
///
/// # Errors
/// As [`read`].
pub(super) fn read_shared(text: &[u8]) -> Result<SharedValue, String> {
    shared_of(&document(text)?)
}

/// Reads the first document as a tree, which JSON can represent.
///
/// # Errors
/// As [`read`].
pub(super) fn read_node(text: &[u8]) -> Result<Node, String> {
    let node = document(text)?;
    check(&node)?;
    Ok(node)
}

fn document(text: &[u8]) -> Result<Node, String> {
    if !allowance::allows(text.len().saturating_mul(TREE_BYTES)) {
        return Err(format!("{CONVERSION}yaml: the text is too large"));
    }
    read_first_document(text).map_err(|error| format!("{CONVERSION}yaml: {}", yaml_error::text(&error, text)))
}

/// Checks that JSON can represent a tree.
fn check(node: &Node) -> Result<(), String> {
    match &node.data {
        Data::Map(map) => map.entries().iter().try_for_each(|entry| {
            key_of(&entry.key, &entry.value)?;
            check(&entry.value)
        }),
        Data::Seq(items) => items.iter().try_for_each(check),
        Data::Scalar(scalar) if scalar.tag == Tag::Binary => scalar_value(scalar).map(|_| ()),
        Data::Scalar(scalar) => match resolve(scalar, Rules::V2) {
            Resolved::Float(value) if !value.is_finite() => scalar_value(scalar).map(|_| ()),
            _ => Ok(()),
        },
    }
}

/// Returns the value of a tree.
///
/// # Errors
/// What JSON cannot represent.
pub(super) fn value_of(node: &Node) -> Result<Value, String> {
    match &node.data {
        Data::Map(map) => {
            let mut entries = Vec::with_capacity(map.entries().len());
            for entry in map.entries() {
                let key = Str::from(key_of(&entry.key, &entry.value)?.as_bytes());
                entries.push((key, value_of(&entry.value)?));
            }
            Ok(Map::new(&types::MAP, Entries::from(entries)).into())
        }
        Data::Seq(items) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.push(value_of(item)?);
            }
            Ok(Value::List(List::new(&types::LIST, values)))
        }
        Data::Scalar(scalar) => scalar_value(scalar),
    }
}

/// Returns the value of a tree as [`value_of`] does.
fn shared_of(node: &Node) -> Result<SharedValue, String> {
    match &node.data {
        Data::Map(map) => {
            let mut entries = Vec::with_capacity(map.entries().len());
            for entry in map.entries() {
                let key = Str::from(key_of(&entry.key, &entry.value)?.as_bytes());
                entries.push((key, shared_of(&entry.value)?));
            }
            Ok(SharedValue::of_entries(entries))
        }
        Data::Seq(items) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.push(shared_of(item)?);
            }
            Ok(SharedValue::List(values))
        }
        Data::Scalar(scalar) => Ok(SharedValue::of(&scalar_value(scalar)?)),
    }
}

fn scalar_value(scalar: &Scalar) -> Result<Value, String> {
    Ok(match resolve(scalar, Rules::V2) {
        Resolved::Null => Value::Nil,
        Resolved::Bool(value) => Value::Bool(value),
        Resolved::Int(value) => Value::Float(value as f64),
        Resolved::Uint(value) => Value::Float(value as f64),
        Resolved::Float(value) if value.is_finite() => Value::Float(value),
        Resolved::Float(value) => {
            let shown = format_float(value, FloatFormat::Shorter, None);
            return Err(format!("{CONVERSION}json: unsupported value: {shown}"));
        }
        Resolved::Str if scalar.tag == Tag::Binary => {
            let bytes = decode_base64(scalar.text.as_bytes());
            Value::from(bytes.map_err(|_| format!("{CONVERSION}yaml: !!binary value contains invalid base64 data"))?)
        }
        Resolved::Str | Resolved::Timestamp(_) => Value::from(&*scalar.text),
    })
}

fn key_of<'k>(key: &'k Scalar, value: &Node) -> Result<Cow<'k, str>, String> {
    Ok(match resolve(key, Rules::V2) {
        Resolved::Bool(value) => value.to_string().into(),
        Resolved::Int(value) => value.to_string().into(),
        Resolved::Float(value) => yaml_error::float_key(value).into(),
        Resolved::Uint(key) => return Err(unsupported_key("uint64", &format!("{key:#x}"), value)),
        Resolved::Null => return Err(unsupported_key("%!s(<nil>)", "<nil>", value)),
        Resolved::Str | Resolved::Timestamp(_) => Cow::Borrowed(&key.text),
    })
}

fn unsupported_key(of: &str, key: &str, value: &Node) -> String {
    format!(
        "{CONVERSION}unsupported map key of type: {of}, key: {key}, value: {}",
        yaml_error::go_syntax(value, "<nil>")
    )
}

/// Writes a value as `toYaml` does, without the final newline.
///
/// # Errors
/// Returns an error for values that JSON cannot represent.
pub(super) fn write(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    // helm reads the JSON as YAML, which refuses some characters.
    let refused = |_| "yaml: control characters are not allowed".to_owned();
    write_kustomize(&through_json(value)?, &mut out).map_err(refused)?;
    Ok(without_newline(out))
}

/// Writes a value as `toYamlPretty` does, without the final newline.
///
/// # Errors
/// Returns an error for objects that the printer refuses.
pub(super) fn write_pretty(value: &Value) -> Result<String, String> {
    check_size(value, 0)?;
    let mut out = String::new();
    write_skaffold(&node_of(value), &mut out).map_err(|error| error.message)?;
    Ok(without_newline(out))
}

/// The maximum depth of values that are printed without JSON; with deeper ones Go overflows its stack.
const PRETTY_DEPTH: usize = 1_000;

/// Checks that there is room for a value's tree: a map can contain itself, or another one many times.
fn check_size(value: &Value, depth: usize) -> Result<(), String> {
    if depth > PRETTY_DEPTH || !allowance::take(2 * size_of::<Node>()) {
        return Err(format!("the value is nested more than {PRETTY_DEPTH} deep"));
    }
    match value {
        Value::List(list) => list.iter().try_for_each(|item| check_size(item, depth + 1)),
        Value::Map(map) => map.borrow().iter().try_for_each(|(_, item)| check_size(item, depth + 1)),
        _ => Ok(()),
    }
}

fn without_newline(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// Converts a value through JSON, as helm does: values that JSON cannot represent are errors, objects become maps, bytes become base64.
fn through_json(value: &Value) -> Result<Node, String> {
    let failed = |error: String| format!("error marshaling into JSON: {error}");
    let mut room = allowance::remaining() / (2 * size_of::<Node>());
    if let Some(node) = plain_node(value, 0, &mut room) {
        return Ok(node);
    }
    let text = json::encode(value, json::Style::COMPACT).map_err(failed)?;
    if !allowance::allows(text.len().saturating_mul(TREE_BYTES)) {
        return Err(format!("a text of {} bytes is too large", text.len()));
    }
    Ok(node_of(&json::parse_partly(&text, json::Numbers::Exact)?.value))
}

/// How deep values are converted without JSON, whose encoder finds those that contain themselves.
const PLAIN_DEPTH: usize = 100;

/// Returns the tree of a value that JSON would not change; `None` if it has objects, bytes or texts that are not UTF-8, or more nodes than
/// there is room for.
fn plain_node(value: &Value, depth: usize, room: &mut usize) -> Option<Node> {
    *room = room.checked_sub(1).filter(|_| depth <= PLAIN_DEPTH)?;
    Some(match value {
        Value::Nil => Scalar::null().into(),
        // In JSON a duration is a number, too.
        Value::Int(value, _) => Scalar { tag: Tag::Int, ..Scalar::plain(value.to_string()) }.into(),
        Value::Bool(_) | Value::Uint(..) => node_of(value),
        Value::Float(number) if number.is_finite() && !(*number == 0.0 && number.is_sign_negative()) => {
            let text = json::float(*number);
            let is_integer = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
            if is_integer { Scalar { tag: Tag::Int, ..Scalar::plain(text) }.into() } else { float_node(*number) }
        }
        Value::String(text) => Node::string(text.as_str()?),
        Value::List(list) if list.is_nil() => Scalar::null().into(),
        Value::Map(map) if map.is_nil() => Scalar::null().into(),
        Value::List(list) => {
            Node::from(list.iter().map(|item| plain_node(item, depth + 1, room)).collect::<Option<Vec<_>>>()?)
        }
        Value::Map(map) => {
            let mut entries = NodeMap::with_capacity(map.len());
            for (key, value) in map.borrow().iter() {
                entries.push(Scalar::string(key.as_str()?), plain_node(value, depth + 1, room)?);
            }
            Node::from(entries)
        }
        _ => return None,
    })
}

fn node_of(value: &Value) -> Node {
    match value {
        Value::Nil => Scalar::null().into(),
        Value::Bool(value) => Scalar { tag: Tag::Bool, ..Scalar::plain(value.to_string()) }.into(),
        Value::Int(_, of) if of.name == DURATION.name => Node::string(value.to_string()),
        Value::Int(value, _) => Scalar { tag: Tag::Int, ..Scalar::plain(value.to_string()) }.into(),
        Value::Uint(value, _) => Scalar { tag: Tag::Int, ..Scalar::plain(value.to_string()) }.into(),
        Value::Float(value) => float_node(*value),
        Value::List(list) => Node::from(list.iter().map(node_of).collect::<Vec<_>>()),
        Value::Map(map) => {
            let mut entries = NodeMap::with_capacity(map.len());
            for (key, value) in map.borrow().iter() {
                entries.push(Scalar::string(key.to_string()), node_of(value));
            }
            Node::from(entries)
        }
        Value::Bytes(bytes) => {
            let number = |byte: &u8| Node::from(Scalar { tag: Tag::Int, ..Scalar::plain(byte.to_string()) });
            Node::from(bytes.iter().map(number).collect::<Vec<_>>())
        }
        other => match other.downcast::<Time>() {
            Some(time) => Scalar { tag: Tag::Timestamp, ..Scalar::plain(time.rfc3339()) }.into(),
            None => Node::string(other.to_string()),
        },
    }
}

fn float_node(value: f64) -> Node {
    let negative_zero = value == 0.0 && value.is_sign_negative();
    let text = if negative_zero { "-0".to_owned() } else { format_float(value, FloatFormat::Shorter, None) };
    let tag = if text.bytes().all(|byte| byte.is_ascii_digit()) { Tag::Int } else { Tag::Float };
    Scalar { tag, ..Scalar::plain(text) }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_read_and_written_through_json() {
        let value = read(b"a: 1.0\nb: [yes, 0755, 2020-01-01, ~]\nn: 5\n1: x\n").unwrap();
        assert_eq!(value.to_string(), "map[1:x a:1 b:[true 493 2020-01-01 <nil>] false:5]");
        let value = read(b"a10: {b: 1e6, c: x}\na2: [-1.5, 1e21, '1']\n").unwrap();
        assert_eq!(write(&value).unwrap(), "a2:\n- -1.5\n- 1e+21\n- \"1\"\na10:\n  b: 1000000\n  c: x");
        assert_eq!(write(&Value::from("a: b")).unwrap(), "'a: b'");
        let duration = Value::Int(1_500_000_000, &DURATION);
        assert_eq!((write(&duration).unwrap(), write_pretty(&duration).unwrap()), ("1500000000".into(), "1.5s".into()));
    }
}
