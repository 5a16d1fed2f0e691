//! YAML as sigs.k8s.io/yaml reads and writes it: to values by YAML 1.1's rules through JSON, so that every number is a float.

use std::collections::BTreeMap;

use gotemplate::{List, Map, Str, Value, types};
use manifest::yaml::{Rules, Value as Resolved, read_configuration, resolve, write_kustomize, write_skaffold};
use manifest::{Data, Diagnostic, Map as NodeMap, Node, Scalar, Tag};

use crate::template_functions::encodings::decode_base64;
use crate::template_functions::json;

/// Reads the first document.
///
/// # Errors
/// helm's text, from `error converting YAML to JSON` on.
pub(super) fn read(text: &[u8]) -> Result<Value, String> {
    let text = first_document(text);
    Ok(read_all(text)?.into_iter().next().unwrap_or_default())
}

/// Reads the first document as a tree, which JSON can represent.
///
/// # Errors
/// As [`read`].
pub(super) fn read_node(text: &[u8]) -> Result<Node, String> {
    let text = first_document(text);
    let (documents, _) = read_configuration(text).map_err(|error| yaml_error(&error, text))?;
    let node = documents.into_iter().next().unwrap_or_default();
    check(&node)?;
    Ok(node)
}

/// Checks that JSON can represent a tree.
fn check(node: &Node) -> Result<(), String> {
    match &node.data {
        Data::Map(map) => map.entries().iter().try_for_each(|entry| {
            key_of(&entry.key)?;
            check(&entry.value)
        }),
        Data::Seq(items) => items.iter().try_for_each(check),
        Data::Scalar(scalar) => scalar_value(scalar).map(|_| ()),
    }
}

/// Returns the text up to the line that ends the first document.
fn first_document(text: &[u8]) -> &[u8] {
    let mut begun = false;
    let mut at = 0;
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length + 1);
        let line = text[at..end].trim_ascii_end();
        let marker = |mark: &[u8]| {
            line.strip_prefix(mark).is_some_and(|rest| rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t')))
        };
        if marker(b"...") || (begun && marker(b"---")) {
            // `...` before any content ends nothing that matters.
            if begun {
                return &text[..at];
            }
        }
        begun |= !(line.is_empty() || line.starts_with(b"#") || line.starts_with(b"%"));
        at = end;
    }
    text
}

/// Reads all documents.
///
/// # Errors
/// As [`read`].
pub(super) fn read_all(text: &[u8]) -> Result<Vec<Value>, String> {
    let (documents, _) = read_configuration(text).map_err(|error| yaml_error(&error, text))?;
    documents.iter().map(value_of).collect()
}

/// Returns go-yaml v2's text: libyaml's wording and the line, which is left out for the first one.
fn yaml_error(error: &Diagnostic, text: &[u8]) -> String {
    let (context, message) = error.message.rsplit_once(": ").unwrap_or(("", &error.message));
    // Errors of the reader and of the composer have no line.
    if error.message.starts_with("control characters are not allowed") {
        return prefixed(0, "control characters are not allowed");
    }
    if message == "invalid UTF-8" {
        return prefixed(0, utf8_problem(text));
    }
    if message.starts_with("unknown anchor") {
        return prefixed(0, message);
    }
    let message = match message {
        "found a tab where an indentation space is expected" => {
            "found a tab character where an indentation space is expected".to_owned()
        }
        message => message
            .replace("did not find the expected", "did not find expected")
            .replace("find the expected ':'", "find expected ':'"),
    };
    // Of the scanner's errors Go counts lines from 1, of the parser's from 0 and where the construct begins.
    let line = if context.starts_with("while scanning") {
        error.at.line + 1
    } else if message.ends_with("'-' indicator") {
        // The place of a list's first item is not remembered.
        error.at.line.saturating_sub(1)
    } else if message.starts_with("did not find") {
        let start = context.rsplit_once("starts at line ").and_then(|(_, line)| line.parse::<u32>().ok());
        start.filter(|start| *start > 1).unwrap_or(error.at.line).saturating_sub(1)
    } else if error.at.line == 1 {
        0
    } else {
        error.at.line
    };
    prefixed(line, &message)
}

fn prefixed(line: u32, message: &str) -> String {
    let line = if line == 0 { String::new() } else { format!("line {line}: ") };
    format!("error converting YAML to JSON: yaml: {line}{message}")
}

/// Returns what libyaml's reader says of the first byte that is not UTF-8.
fn utf8_problem(text: &[u8]) -> &'static str {
    let Err(error) = std::str::from_utf8(text) else { return "invalid leading UTF-8 octet" };
    let first = text.get(error.valid_up_to()).copied().unwrap_or_default();
    match first {
        0x80..=0xbf | 0xf8..=0xff => "invalid leading UTF-8 octet",
        _ if error.error_len().is_none() => "incomplete UTF-8 octet sequence",
        _ => "invalid trailing UTF-8 octet",
    }
}

/// Returns the value of a tree.
///
/// # Errors
/// What JSON cannot represent.
pub(super) fn value_of(node: &Node) -> Result<Value, String> {
    match &node.data {
        Data::Map(map) => {
            let mut entries = BTreeMap::new();
            for entry in map.entries() {
                entries.insert(Str::from(key_of(&entry.key)?), value_of(&entry.value)?);
            }
            Ok(Map::new(&types::MAP, entries).into())
        }
        Data::Seq(items) => items.iter().map(value_of).collect::<Result<List, _>>().map(Value::List),
        Data::Scalar(scalar) => scalar_value(scalar),
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
            let shown = gotemplate::strconv::format_float(value, gotemplate::strconv::FloatFormat::Shorter, None);
            return Err(format!("error converting YAML to JSON: json: unsupported value: {shown}"));
        }
        Resolved::Str if scalar.tag == Tag::Binary => {
            let bytes = decode_base64(scalar.text.as_bytes());
            Value::from(
                bytes
                    .map_err(|_| "error converting YAML to JSON: yaml: !!binary value contains invalid base64 data")?,
            )
        }
        Resolved::Str | Resolved::Timestamp(_) => Value::from(&*scalar.text),
    })
}

fn key_of(key: &Scalar) -> Result<String, String> {
    Ok(match resolve(key, Rules::V2) {
        Resolved::Bool(value) => value.to_string(),
        Resolved::Int(value) => value.to_string(),
        Resolved::Uint(value) => value.to_string(),
        Resolved::Float(value) => json::float(value),
        Resolved::Null => {
            return Err("error converting YAML to JSON: unsupported map key of type: %!s(<nil>), key: <nil>".to_owned());
        }
        Resolved::Str | Resolved::Timestamp(_) => key.text.to_string(),
    })
}

/// Writes a value as `toYaml` does, without the final newline.
///
/// # Errors
/// Returns an error for values that JSON cannot represent.
pub(super) fn write(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write_kustomize(&through_json(value)?, &mut out).map_err(|error| error.message)?;
    Ok(without_newline(out))
}

/// Writes a value as `toYamlPretty` does, without the final newline.
///
/// # Errors
/// Returns an error for objects that the printer refuses.
pub(super) fn write_pretty(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write_skaffold(&node_of(value, true), &mut out).map_err(|error| error.message)?;
    Ok(without_newline(out))
}

fn without_newline(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// Converts a value through JSON, as helm does: values that JSON cannot represent are errors, objects become maps, bytes become base64.
fn through_json(value: &Value) -> Result<Node, String> {
    let text = json::encode(value, json::Style::COMPACT)?;
    Ok(node_of(&json::parse(&text)?, false))
}

fn node_of(value: &Value, exponent: bool) -> Node {
    match value {
        Value::Nil => Scalar::null().into(),
        Value::Bool(value) => Scalar { tag: Tag::Bool, ..Scalar::plain(value.to_string()) }.into(),
        Value::Int(value, _) => Scalar { tag: Tag::Int, ..Scalar::plain(value.to_string()) }.into(),
        Value::Uint(value, _) => Scalar { tag: Tag::Int, ..Scalar::plain(value.to_string()) }.into(),
        Value::Float(value) => float_node(*value, exponent),
        Value::List(list) => Node::from(list.iter().map(|item| node_of(item, exponent)).collect::<Vec<_>>()),
        Value::Map(map) => {
            let mut entries = NodeMap::with_capacity(map.len());
            for (key, value) in map.borrow().iter() {
                entries.push(Scalar::string(key.to_string()), node_of(value, exponent));
            }
            Node::from(entries)
        }
        other => Node::string(other.to_string()),
    }
}

fn float_node(value: f64, exponent: bool) -> Node {
    use gotemplate::strconv::{FloatFormat, format_float};
    let whole = value.fract() == 0.0 && value.abs() < 18_446_744_073_709_551_616.0;
    if whole && !exponent {
        // As JSON writes it: the shortest digits, filled up with zeros.
        let text = if value == 0.0 { "0".to_owned() } else { json::float(value) };
        return Scalar { tag: Tag::Int, ..Scalar::plain(text) }.into();
    }
    let text = format_float(value, FloatFormat::Shorter, None);
    let tag = if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') { Tag::Int } else { Tag::Float };
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
    }
}
