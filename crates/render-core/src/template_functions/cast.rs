//! Conversions to numbers, as spf13/cast makes them for Sprig.

use gotemplate::strconv::{parse_float, parse_int};
use gotemplate::{Value, types};

/// Returns a value as `int64`; 0 where it is not a number.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(value, of) if is_plain(of.name) => *value,
        Value::Uint(value, of) if is_plain(of.name) => value.cast_signed(),
        Value::Float(value) => float_to_int(*value),
        Value::Bool(value) => i64::from(*value),
        Value::String(text) => parse_int(without_zero_decimals(text), 0).unwrap_or_default(),
        _ => 0,
    }
}

/// Converts as the processor does: what does not fit is the least integer.
pub(super) fn float_to_int(value: f64) -> i64 {
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        return i64::MIN;
    }
    value as i64
}

/// Returns a value as `float64`; 0 where it is not a number.
pub(super) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Float(value) => *value,
        Value::Int(value, of) if is_plain(of.name) => *value as f64,
        Value::Uint(value, of) if is_plain(of.name) => *value as f64,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(text) => parse_float(text).unwrap_or_default(),
        _ => 0.0,
    }
}

/// Named types (a duration, a month) are not converted.
fn is_plain(name: &str) -> bool {
    !name.contains('.') || name == types::INT.name
}

/// Cuts a tail of a point and zeros.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let digits = text.len() - text.iter().rev().take_while(|byte| **byte == b'0').count();
    match text[..digits].split_last() {
        Some((b'.', head)) if digits < text.len() => head,
        _ => text,
    }
}
