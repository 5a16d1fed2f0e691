//! Functions: conversions and sizes here, the others by library.

use std::rc::Rc;

use super::budget::Budget;
use super::times::{parse_duration, parse_timestamp};
use super::value::{Value, no_overload};
use super::{kubernetes, lists, moments, operators, strings};

/// Calls a function without a target.
pub(super) fn global<'a>(name: &str, arguments: &[Value<'a>], budget: &mut Budget) -> Result<Value<'a>, String> {
    if let Some(result) = operators::apply(name, arguments, budget) {
        return result;
    }
    if let [value] = arguments
        && let Some(result) = conversion(name, value)
    {
        return result;
    }
    if let Some(result) = kubernetes::global(name, arguments).or_else(|| lists::global(name, arguments, budget)) {
        return result;
    }
    match (name, arguments) {
        ("matches", [text, pattern]) => member("matches", text, std::slice::from_ref(pattern), budget),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.of", [value]) => Ok(Value::Optional(Some(Rc::new(value.clone())))),
        ("optional.ofNonZeroValue", [value]) => Ok(Value::Optional((!is_zero(value)).then(|| Rc::new(value.clone())))),
        _ => Err(unknown(name, None, arguments)),
    }
}

/// Calls a function of a target.
pub(super) fn member<'a>(
    name: &str,
    target: &Value<'a>,
    arguments: &[Value<'a>],
    budget: &mut Budget,
) -> Result<Value<'a>, String> {
    if name == "size" && arguments.is_empty() {
        return size(target);
    }
    if let Value::Optional(inner) = target
        && let Some(result) = optional(name, inner.as_deref(), arguments)
    {
        return result;
    }
    let found = strings::member(name, target, arguments, budget)
        .or_else(|| lists::member(name, target, arguments, budget))
        .or_else(|| kubernetes::member(name, target, arguments))
        .or_else(|| moments::member(name, target));
    found.unwrap_or_else(|| Err(unknown(name, Some(target), arguments)))
}

fn unknown(name: &str, target: Option<&Value<'_>>, arguments: &[Value<'_>]) -> String {
    let types: Vec<&str> = target.into_iter().chain(arguments).map(Value::type_name).collect();
    format!("no such overload: {name}({})", types.join(", "))
}

fn size<'a>(value: &Value<'a>) -> Result<Value<'a>, String> {
    let size = value.size().ok_or_else(|| no_overload("size", value))?;
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn optional<'a>(name: &str, inner: Option<&Value<'a>>, arguments: &[Value<'a>]) -> Option<Result<Value<'a>, String>> {
    Some(match (name, arguments) {
        ("hasValue", []) => Ok(Value::Bool(inner.is_some())),
        ("value", []) => inner.cloned().ok_or_else(|| "optional.none() dereference".to_owned()),
        ("orValue", [other]) => Ok(inner.unwrap_or(other).clone()),
        ("or", [other]) => {
            Ok(inner.map_or_else(|| other.clone(), |inner| Value::Optional(Some(Rc::new(inner.clone())))))
        }
        _ => return None,
    })
}

fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Duration(0) => true,
        Value::Double(value) => *value == 0.0,
        value => value.size() == Some(0),
    }
}

fn conversion<'a>(name: &str, value: &Value<'a>) -> Option<Result<Value<'a>, String>> {
    let failed = || Err(format!("cannot convert {} to {name}", value.type_name()));
    Some(match (name, value) {
        ("size", value) => size(value),
        ("dyn", value) => Ok(value.clone()),
        ("type", value) => Ok(Value::Type(value.type_name())),
        ("string", value) => strings::shown(value).map(Value::text).map_or_else(failed, Ok),
        ("bool", Value::Bool(_)) | ("int", Value::Int(_)) | ("uint", Value::Uint(_)) | ("double", Value::Double(_)) => {
            Ok(value.clone())
        }
        ("bytes", Value::Bytes(_)) | ("duration", Value::Duration(_)) | ("timestamp", Value::Timestamp(_)) => {
            Ok(value.clone())
        }
        ("bool", Value::Text(text)) => match text.as_ref() {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
            _ => failed(),
        },
        ("int", Value::Text(text)) => text.parse().map(Value::Int).or_else(|_| failed()),
        ("int", Value::Uint(value)) => i64::try_from(*value).map(Value::Int).or_else(|_| failed()),
        ("int", Value::Double(value)) if value.abs() < 9.2e18 => Ok(Value::Int(*value as i64)),
        ("int", Value::Timestamp(value)) => {
            Ok(Value::Int(i64::try_from(value.div_euclid(1_000_000_000)).unwrap_or(i64::MAX)))
        }
        ("uint", Value::Text(text)) => text.parse().map(Value::Uint).or_else(|_| failed()),
        ("uint", Value::Int(value)) => u64::try_from(*value).map(Value::Uint).or_else(|_| failed()),
        ("uint", Value::Double(value)) if (0.0..1.8e19).contains(value) => Ok(Value::Uint(*value as u64)),
        ("double", Value::Int(value)) => Ok(Value::Double(*value as f64)),
        ("double", Value::Uint(value)) => Ok(Value::Double(*value as f64)),
        ("double", Value::Text(text)) => text.parse().map(Value::Double).or_else(|_| failed()),
        ("bytes", Value::Text(text)) => Ok(Value::Bytes(Rc::new(text.as_bytes().to_vec()))),
        ("duration", Value::Text(text)) => {
            parse_duration(text).map(Value::Duration).ok_or_else(|| format!("invalid duration {text:?}"))
        }
        ("timestamp", Value::Text(text)) => {
            parse_timestamp(text).map(Value::Timestamp).ok_or_else(|| format!("invalid timestamp {text:?}"))
        }
        ("bool" | "int" | "uint" | "double" | "bytes" | "duration" | "timestamp", _) => failed(),
        _ => return None,
    })
}
