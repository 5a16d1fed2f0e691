//! Defaults, conditions and what a value is.

use gotmpl::{Result, Value};

use super::arguments::{Function, is_empty, shown, string, text, value, wrong};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("default", default),
    ("empty", |given| Ok(Value::Bool(is_empty(value(given, 0)?)))),
    ("coalesce", |given| Ok(given.iter().find(|one| !is_empty(one)).cloned().unwrap_or(Value::Nil))),
    ("ternary", ternary),
    ("fail", |given| Err(wrong(text(given, 0)?))),
    ("toString", |given| Ok(string(&shown(value(given, 0)?)))),
    ("kindOf", |given| Ok(string(kind(value(given, 0)?)))),
    ("kindIs", |given| Ok(Value::Bool(text(given, 0)? == kind(value(given, 1)?)))),
    ("typeOf", |given| Ok(string(value(given, 0)?.type_name()))),
    ("typeIs", |given| Ok(Value::Bool(text(given, 0)? == value(given, 1)?.type_name()))),
    ("deepEqual", |given| Ok(Value::Bool(value(given, 0)? == value(given, 1)?))),
    ("hello", |_| Ok(string("Hello!"))),
];

fn default(given: &[Value]) -> Result<Value> {
    let fallback = value(given, 0)?;
    Ok(given.get(1).filter(|one| !is_empty(one)).unwrap_or(fallback).clone())
}

fn ternary(given: &[Value]) -> Result<Value> {
    match value(given, 2)? {
        Value::Bool(true) => Ok(given[0].clone()),
        Value::Bool(false) => Ok(given[1].clone()),
        other => Err(wrong(&format!("wrong type for value; expected bool; got {}", other.type_name()))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Uint(_) => "uint",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Function(_) => "func",
    }
}
