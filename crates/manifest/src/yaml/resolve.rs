//! The types and values of scalars.

use std::borrow::Cow;

use crate::node::{Scalar, Style, Tag};

use super::types::{Rules, Value};
use super::{base64, number, timestamp};

/// Returns the type and value of a scalar in go-yaml (`resolve` in v2 2.4.4 and v3 3.0.4).
///
/// # Errors
/// go-yaml's message where the text does not match an explicit tag.
pub(super) fn checked(scalar: &Scalar, rules: Rules) -> Result<Value, String> {
    let text = scalar.text.as_str();
    let tag = match &scalar.tag {
        Tag::Implicit if scalar.style == Style::Plain => return Ok(implicit(text, rules)),
        Tag::Implicit | Tag::Str | Tag::Binary | Tag::Other(_) => return Ok(Value::Str),
        tag => tag,
    };
    let value = match implicit(text, rules) {
        // Only an untagged scalar or one tagged as a timestamp is tried as one.
        Value::Timestamp(_) if *tag != Tag::Timestamp => Value::Str,
        Value::Int(value) if *tag == Tag::Float => Value::Float(value as f64),
        value => value,
    };
    let (fits, name) = match (tag, &value) {
        (Tag::Null, Value::Null) => (true, "null"),
        (Tag::Bool, Value::Bool(_)) => (true, "bool"),
        (Tag::Int, Value::Int(_) | Value::Uint(_)) => (true, "int"),
        (Tag::Float, Value::Float(_)) => (true, "float"),
        (Tag::Timestamp, Value::Timestamp(_)) => (true, "timestamp"),
        (Tag::Timestamp, _) if rules == Rules::V2 && timestamp::parse(text).is_some() => (true, "timestamp"),
        (Tag::Null, _) => (false, "null"),
        (Tag::Bool, _) => (false, "bool"),
        (Tag::Int, _) => (false, "int"),
        (Tag::Float, _) => (false, "float"),
        _ => (false, "timestamp"),
    };
    if fits { Ok(value) } else { Err(format!("cannot decode {} `{text}` as a !!{name}", tag_of(&value))) }
}

fn tag_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "!!null",
        Value::Bool(_) => "!!bool",
        Value::Int(_) | Value::Uint(_) => "!!int",
        Value::Float(_) => "!!float",
        Value::Str => "!!str",
        Value::Timestamp(_) => "!!timestamp",
    }
}

/// Returns the type and value of a plain scalar without a tag.
pub(super) fn implicit(text: &str, rules: Rules) -> Value {
    let Some(first) = text.bytes().next() else { return Value::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' => {
            if let Some(infinite) = infinity(text) {
                return Value::Float(infinite);
            }
            if let Some(time) = timestamp::parse(text) {
                // v2 reads them as strings where no type is requested.
                return if rules == Rules::V2 { Value::Str } else { Value::Timestamp(time) };
            }
            number::parse(text, rules == Rules::V3).unwrap_or(Value::Str)
        }
        b'.' => match (infinity(text), text) {
            (Some(infinite), _) => Value::Float(infinite),
            (None, ".nan" | ".NaN" | ".NAN") => Value::Float(f64::NAN),
            _ => number::parse(text, rules == Rules::V3).unwrap_or(Value::Str),
        },
        b't' | b'T' | b'f' | b'F' | b'n' | b'N' | b'~' | b'y' | b'Y' | b'o' | b'O' => keyword(text, rules),
        _ => Value::Str,
    }
}

fn infinity(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn keyword(text: &str, rules: Rules) -> Value {
    match text {
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        "~" | "null" | "Null" | "NULL" => Value::Null,
        _ if rules == Rules::V3 => Value::Str,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => Value::Str,
    }
}

/// Returns the string of a scalar of type [`Value::Str`]: its text, or what `!!binary` encodes, with U+FFFD for every byte that is
/// not UTF-8, as Go's `encoding/json` writes it.
///
/// # Errors
/// A `!!binary` that is not base64.
pub(super) fn string(scalar: &Scalar) -> Result<Cow<'_, str>, String> {
    let Some(bytes) = bytes(scalar)? else { return Ok(Cow::Borrowed(&scalar.text)) };
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    Ok(Cow::Owned(text))
}

/// The bytes that a `!!binary` scalar encodes; `None` for any other.
///
/// # Errors
/// A `!!binary` that is not base64.
pub(super) fn bytes(scalar: &Scalar) -> Result<Option<Vec<u8>>, String> {
    if scalar.tag != Tag::Binary {
        return Ok(None);
    }
    base64::decode(&scalar.text).map(Some).ok_or_else(|| "!!binary value contains invalid base64 data".to_owned())
}
