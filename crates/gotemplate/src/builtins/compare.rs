//! `eq`, `ne`, `lt`, `le`, `gt` and `ge`.

use crate::error::FunctionError;
use crate::format::sprintf;
use crate::value::{Kind, Value};

const BAD_TYPE: &str = "invalid type for comparison";

/// The kinds that can be compared with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
}

fn basic(value: &Value) -> Option<Basic> {
    match value.kind() {
        Kind::Bool => Some(Basic::Bool),
        Kind::Complex128 => Some(Basic::Complex),
        Kind::Float64 => Some(Basic::Float),
        Kind::String => Some(Basic::String),
        kind if kind.is_int() => Some(Basic::Int),
        kind if kind.is_uint() => Some(Basic::Uint),
        _ => None,
    }
}

/// Returns whether the first value equals any of the others.
pub(super) fn eq(first: &Value, others: &[Value]) -> Result<bool, FunctionError> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(one: &Value, two: &Value) -> Result<bool, FunctionError> {
    match (one, two) {
        (Value::Int(one, _), Value::Int(two, _)) => return Ok(one == two),
        (Value::Uint(one, _), Value::Uint(two, _)) => return Ok(one == two),
        (Value::Int(int, _), Value::Uint(uint, _)) | (Value::Uint(uint, _), Value::Int(int, _)) => {
            return Ok(u64::try_from(*int) == Ok(*uint));
        }
        _ => {}
    }
    match (basic(one), basic(two)) {
        (None, None) => composite(one, two),
        (kind, other) if kind == other => Ok(one == two),
        _ if matches!(one, Value::Nil) || matches!(two, Value::Nil) => Ok(false),
        _ => Err(incompatible(one, two)),
    }
}

fn incompatible(one: &Value, two: &Value) -> FunctionError {
    format!("incompatible types for comparison: {} and {}", one.type_name(), two.type_name()).into()
}

/// Compares values that are not of a basic kind: nil, lists, maps, objects, functions.
fn composite(one: &Value, two: &Value) -> Result<bool, FunctionError> {
    let (kind_one, kind_two) = (one.kind(), two.kind());
    if kind_one != kind_two && kind_one != Kind::Invalid && kind_two != Kind::Invalid {
        let message = format!("non-comparable types {}: {}, {}: {}", shown(one), one.type_name(), two.type_name(), two);
        return Err(message.into());
    }
    if one.is_nil() || two.is_nil() {
        return Ok(one.is_nil() == two.is_nil());
    }
    if matches!(two, Value::List(_) | Value::Bytes(_) | Value::Map(_) | Value::Function(_)) {
        return Err(format!("non-comparable type {}: {}", shown(two), two.type_name()).into());
    }
    Ok(one == two)
}

/// Returns a value as `%s` prints it.
fn shown(value: &Value) -> String {
    String::from_utf8_lossy(&sprintf(b"%s", std::slice::from_ref(value), usize::MAX)).into_owned()
}

/// Returns whether `one < two`.
pub(super) fn lt(one: &Value, two: &Value) -> Result<bool, FunctionError> {
    if basic(one).is_none() || basic(two).is_none() {
        return Err(BAD_TYPE.into());
    }
    match (one, two) {
        (Value::Int(one, _), Value::Int(two, _)) => Ok(one < two),
        (Value::Uint(one, _), Value::Uint(two, _)) => Ok(one < two),
        (Value::Int(int, _), Value::Uint(uint, _)) => Ok(u64::try_from(*int).map_or(true, |int| int < *uint)),
        (Value::Uint(uint, _), Value::Int(int, _)) => Ok(u64::try_from(*int).is_ok_and(|int| *uint < int)),
        (Value::Float(one), Value::Float(two)) => Ok(one < two),
        (Value::String(one), Value::String(two)) => Ok(one < two),
        (Value::Bool(_), Value::Bool(_)) | (Value::Complex(..), Value::Complex(..)) => Err(BAD_TYPE.into()),
        _ => Err(incompatible(one, two)),
    }
}

/// Returns whether `one <= two`.
pub(super) fn le(one: &Value, two: &Value) -> Result<bool, FunctionError> {
    Ok(lt(one, two)? || equal(one, two)?)
}
