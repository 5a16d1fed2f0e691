//! Numbers.

use gotmpl::{Result, Value};

use super::arguments::{Function, int, shown, text, value, wrong};

/// The functions of this file. Sums wrap around, as Go's do.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("atoi", |given| Ok(Value::Int(text(given, 0)?.parse().unwrap_or_default()))),
    ("int", |given| Ok(Value::Int(whole(value(given, 0)?)))),
    ("int64", |given| Ok(Value::Int(whole(value(given, 0)?)))),
    ("float64", |given| Ok(Value::Float(float(value(given, 0)?)))),
    ("toDecimal", |given| Ok(Value::Int(i64::from_str_radix(&shown(value(given, 0)?), 8).unwrap_or_default()))),
    ("add1", |given| Ok(Value::Int(whole(value(given, 0)?).wrapping_add(1)))),
    ("add", |given| Ok(Value::Int(given.iter().map(whole).fold(0, i64::wrapping_add)))),
    ("sub", |given| Ok(Value::Int(whole(value(given, 0)?).wrapping_sub(whole(value(given, 1)?))))),
    ("mul", |given| Ok(Value::Int(given.iter().map(whole).fold(1, i64::wrapping_mul)))),
    ("div", |given| divided(given, i64::checked_div)),
    ("mod", |given| divided(given, i64::checked_rem)),
    ("max", |given| Ok(Value::Int(given.iter().map(whole).max().unwrap_or_default()))),
    ("biggest", |given| Ok(Value::Int(given.iter().map(whole).max().unwrap_or_default()))),
    ("min", |given| Ok(Value::Int(given.iter().map(whole).min().unwrap_or_default()))),
    ("floor", |given| Ok(Value::Float(float(value(given, 0)?).floor()))),
    ("ceil", |given| Ok(Value::Float(float(value(given, 0)?).ceil()))),
    ("round", round),
];

/// Sprig's `toInt64`: what is no number is 0.
#[allow(clippy::cast_possible_truncation, reason = "Go's conversion cuts the fraction off as well")]
fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Uint(number) => i64::try_from(*number).unwrap_or(i64::MAX),
        Value::Float(number) => *number as i64,
        Value::Bool(value) => i64::from(*value),
        Value::String(text) => text.parse().unwrap_or_default(),
        _ => 0,
    }
}

/// Sprig's `toFloat64`: what is no number is 0.
#[allow(clippy::cast_precision_loss, reason = "Go's conversion rounds as well")]
fn float(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Uint(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(text) => text.parse().unwrap_or_default(),
        _ => 0.0,
    }
}

fn divided(given: &[Value], divide: fn(i64, i64) -> Option<i64>) -> Result<Value> {
    let (one, other) = (whole(value(given, 0)?), whole(value(given, 1)?));
    divide(one, other).map(Value::Int).ok_or_else(|| wrong("integer divide by zero"))
}

fn round(given: &[Value]) -> Result<Value> {
    let places = i32::try_from(int(given, 1)?).unwrap_or_default();
    let from = given.get(2).map_or(0.5, float);
    let power = 10f64.powi(places);
    let digit = power * float(value(given, 0)?);
    let rounded = if digit.fract() >= from { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}
