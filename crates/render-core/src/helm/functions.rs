//! The functions that helm adds to Sprig's.

use std::sync::{Arc, LazyLock};

use gotemplate::strconv::{parse_float, quote};
use gotemplate::{Context, Function, FunctionError, FunctionResult, Functions, List, Map, Param, Value, types};

use super::semantics::Semantics;
use super::{toml, yaml};
use crate::template_functions::durations::{self, DURATION, SECOND};
use crate::template_functions::json::{self, Numbers, Parsed};
use crate::template_functions::{self, FunctionState, times};

const ANY: &[Param] = &[Param::Any];
const STRING: &[Param] = &[Param::String];

/// The error of Go's `reflect` for the type of a nil.
const ZERO_VALUE: &str = "reflect: call of reflect.Value.Type on zero Value";

/// The markers that enclose the message of `fail` and `required` in an error.
pub(super) const MARKERS: (&str, &str) = ("HELM_ERR_START", "HELM_ERR_END");

/// The maximum number of nested `include` calls of one name.
const NESTED_INCLUDES: usize = 1_000;

/// The table of all functions of helm 4.3.1.
static FUNCTIONS: LazyLock<Arc<Functions>> = LazyLock::new(|| {
    let mut functions = template_functions::functions();
    functions.remove("env");
    functions.remove("expandenv");
    functions.extend(TABLE);
    Arc::new(functions)
});

/// The functions that helm 4.1 does not have.
const SINCE_4_3: [&str; 12] = [
    "mustToToml",
    "mustToDuration",
    "durationSeconds",
    "durationMilliseconds",
    "durationMicroseconds",
    "durationNanoseconds",
    "durationMinutes",
    "durationHours",
    "durationDays",
    "durationWeeks",
    "durationRoundTo",
    "durationTruncateTo",
];

static FUNCTIONS_4_1: LazyLock<Arc<Functions>> = LazyLock::new(|| Arc::new(without(&FUNCTIONS, &SINCE_4_3)));
static FUNCTIONS_3: LazyLock<Arc<Functions>> = LazyLock::new(|| Arc::new(without(&FUNCTIONS_4_1, &["mustToYaml"])));

fn without(functions: &Functions, names: &[&str]) -> Functions {
    let mut functions = functions.clone();
    names.iter().for_each(|name| {
        functions.remove(name);
    });
    functions
}

/// Returns the functions of a version of helm.
pub(super) fn functions(semantics: Semantics) -> Arc<Functions> {
    match semantics {
        Semantics::V4_3 => FUNCTIONS.clone(),
        Semantics::V4_1 => FUNCTIONS_4_1.clone(),
        Semantics::V3_22 | Semantics::V3_17 => FUNCTIONS_3.clone(),
    }
}

static TABLE: &[(&str, Function)] = &[
    ("include", Function::with_context(&[Param::String, Param::Any], include)),
    ("tpl", Function::with_context(&[Param::String, Param::Any], tpl)),
    (
        "required",
        Function::new(&[Param::String, Param::Any], |args| match &args[1] {
            Value::Nil => Err(marked(&args[0])),
            Value::String(text) if text.is_empty() => Err(marked(&args[0])),
            value => Ok(value.clone()),
        })
        .returning_interface(),
    ),
    ("fail", Function::new(STRING, |args| Err(marked(&args[0])))),
    (
        "lookup",
        Function::new(&[Param::String, Param::String, Param::String, Param::String], |_| Ok(Map::default().into())),
    ),
    ("toYaml", Function::new(ANY, |args| Ok(yaml::write(&args[0]).unwrap_or_default().into()))),
    ("mustToYaml", Function::new(ANY, |args| Ok(yaml::write(&args[0])?.into()))),
    ("toYamlPretty", Function::new(ANY, |args| Ok(yaml::write_pretty(&args[0]).unwrap_or_default().into()))),
    ("fromYaml", Function::new(STRING, |args| Ok(as_map(yaml::read(bytes(args)), YAML_PREFIX).into()))),
    ("fromYamlArray", Function::new(STRING, |args| Ok(as_list(yaml::read(bytes(args)), YAML_PREFIX)))),
    ("fromJson", Function::new(STRING, |args| Ok(json_map(bytes(args)).into()))),
    ("fromJsonArray", Function::new(STRING, |args| Ok(json_list(bytes(args))))),
    ("fromToml", Function::with_context(STRING, from_toml)),
    (
        "toToml",
        Function::new(ANY, |args| match &args[0] {
            Value::Nil => Err(ZERO_VALUE.into()),
            value => Ok(toml::write(value).unwrap_or_else(|error| error).into()),
        }),
    ),
    (
        "mustToToml",
        Function::new(ANY, |args| match &args[0] {
            Value::Nil => Err(ZERO_VALUE.into()),
            value => Ok(toml::write(value)?.into()),
        }),
    ),
    ("mustToDuration", Function::new(ANY, |args| Ok(Value::Int(duration(&args[0])?, &DURATION)))),
    ("durationSeconds", Function::new(ANY, |args| Ok(in_units(args, 1.0)))),
    ("durationMinutes", Function::new(ANY, |args| Ok(in_units(args, 60.0)))),
    ("durationHours", Function::new(ANY, |args| Ok(in_units(args, 3_600.0)))),
    ("durationDays", Function::new(ANY, |args| Ok(divided(in_units(args, 3_600.0), &[24.0])))),
    ("durationWeeks", Function::new(ANY, |args| Ok(divided(in_units(args, 3_600.0), &[24.0, 7.0])))),
    (
        "durationMilliseconds",
        Function::new(ANY, |args| Ok(Value::int64(duration(&args[0]).unwrap_or_default() / 1_000_000))),
    ),
    (
        "durationMicroseconds",
        Function::new(ANY, |args| Ok(Value::int64(duration(&args[0]).unwrap_or_default() / 1_000))),
    ),
    ("durationNanoseconds", Function::new(ANY, |args| Ok(Value::int64(duration(&args[0]).unwrap_or_default())))),
    ("durationRoundTo", Function::new(&[Param::Any, Param::Any], |args| Ok(to_multiple(args, true)))),
    ("durationTruncateTo", Function::new(&[Param::Any, Param::Any], |args| Ok(to_multiple(args, false)))),
];

fn bytes(args: &[Value]) -> &[u8] {
    args[0].as_str().map_or(&[], |text| text.as_bytes())
}

fn marked(message: &Value) -> FunctionError {
    format!("{}{message}{}", MARKERS.0, MARKERS.1).into()
}

fn include(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let key = args[0].as_str().cloned().unwrap_or_default();
    let name = key.to_text();
    if let Some(state) = context.state_as::<FunctionState>() {
        let mut depths = state.includes.borrow_mut();
        let depth = depths.entry(key.clone()).or_insert(0);
        if *depth > NESTED_INCLUDES {
            let message = format!("rendering template has a nested reference name: {name}: unable to execute template");
            return Err(message.into());
        }
        *depth += 1;
    }
    let result = context.execute(&name, args[1].clone());
    if let Some(state) = context.state_as::<FunctionState>()
        && let Some(depth) = state.includes.borrow_mut().get_mut(&key)
    {
        *depth -= 1;
    }
    Ok(result?.into())
}

fn tpl(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let text = args[0].as_str().cloned().unwrap_or_default();
    match context.execute_text("gotpl", &text, args[1].clone()) {
        Ok(output) => Ok(without_no_value(output).into()),
        Err(error @ gotemplate::Error::Parse(_)) => {
            Err(FunctionError::with_source(format!("cannot parse template {}: ", quote(&text)), error))
        }
        Err(error) => {
            let message = format!("error during tpl function execution for {}: ", quote(&text));
            Err(FunctionError::with_source(message, error))
        }
    }
}

/// Removes every `<no value>`.
pub(super) fn without_no_value(output: Vec<u8>) -> Vec<u8> {
    const NO_VALUE: &[u8] = b"<no value>";
    if memchr::memmem::find(&output, NO_VALUE).is_none() {
        return output;
    }
    let mut out = Vec::with_capacity(output.len());
    let mut rest = &output[..];
    while let Some(at) = memchr::memmem::find(rest, NO_VALUE) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + NO_VALUE.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The prefix of errors about a value of the wrong type that was read as YAML.
const YAML_PREFIX: &str = "error unmarshaling JSON: while decoding JSON: ";

/// Returns a map; an error is its key `Error`.
fn as_map(read: Result<Value, String>, prefix: &str) -> Map {
    let error = match read {
        Ok(Value::Map(map)) => return map,
        Ok(Value::Nil) => return Map::default(),
        Ok(other) => prefix.to_owned() + &unmarshal_error(&other, "map[string]interface {}"),
        Err(error) => error,
    };
    [("Error", Value::from(error))].into_iter().collect()
}

/// Reads TOML; an error is the key `Error` of the result.
fn from_toml(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let local = context.state_as::<FunctionState>().and_then(|state| state.clock.as_ref());
    let local = local.map_or_else(times::utc, |clock| clock.local.clone());
    Ok(toml::read(bytes(args), &local)
        .unwrap_or_else(|error| [("Error", Value::from(error))].into_iter().collect())
        .into())
}

/// Returns a list; an error is its only item.
fn as_list(read: Result<Value, String>, prefix: &str) -> Value {
    let error = match read {
        Ok(list @ Value::List(_)) => return list,
        Ok(Value::Nil) => return Value::List(List::from_iter([])),
        Ok(other) => prefix.to_owned() + &unmarshal_error(&other, "[]interface {}"),
        Err(error) => error,
    };
    vec![Value::from(error)].into()
}

/// Reads a JSON object. As in Go, what was read stays beside the error.
fn json_map(text: &[u8]) -> Map {
    match json::parse_partly(text, Numbers::Floats) {
        Ok(Parsed { value: Value::Map(map), error: Some(error) }) => {
            map.insert("Error", error.into());
            map
        }
        Ok(Parsed { value: Value::Nil, error: Some(_) }) => as_map(Ok(Value::Float(0.0)), ""),
        Ok(Parsed { value: Value::Nil, error: None }) => Map::nil(&types::MAP),
        other => as_map(other.map(|parsed| parsed.value), ""),
    }
}

fn json_list(text: &[u8]) -> Value {
    match json::parse_partly(text, Numbers::Floats) {
        Ok(Parsed { value: Value::List(_), error: Some(error) }) => as_list(Err(error), ""),
        Ok(Parsed { value: Value::Nil, error: Some(_) }) => as_list(Ok(Value::Float(0.0)), ""),
        Ok(Parsed { value: Value::Nil, error: None }) => Value::List(List::nil(&types::LIST)),
        other => as_list(other.map(|parsed| parsed.value), ""),
    }
}

fn unmarshal_error(value: &Value, expected: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {expected}", super::maps::json_kind(value))
}

/// Returns a value as nanoseconds.
fn duration(value: &Value) -> Result<i64, String> {
    let seconds =
        |number: i64| number.checked_mul(SECOND).ok_or_else(|| format!("duration seconds overflow: {number}"));
    match value {
        Value::Int(value, of) if of.name == DURATION.name => Ok(*value),
        Value::Int(value, _) => seconds(*value),
        Value::Uint(value, _) => {
            i64::try_from(*value).map_err(|_| format!("duration seconds overflow: {value}")).and_then(seconds)
        }
        Value::Float(value) => float_duration(*value),
        Value::String(text) => {
            let shown = text.to_text();
            let trimmed = shown.trim();
            if trimmed.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(nanoseconds) = durations::parse(trimmed) {
                return Ok(nanoseconds);
            }
            match parse_float(trimmed.as_bytes()) {
                Some(number) => float_duration(number),
                None => Err(format!("could not parse duration {}", quote(text))),
            }
        }
        Value::Nil => Err("invalid duration".to_owned()),
        other => Err(format!("unsupported duration type {}", other.type_name())),
    }
}

fn float_duration(seconds: f64) -> Result<i64, String> {
    let shown = Value::Float(seconds);
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {shown}"));
    }
    let nanoseconds = seconds * SECOND as f64;
    if nanoseconds.abs() >= 9_223_372_036_854_775_807.0 {
        return Err(format!("duration seconds overflow: {shown}"));
    }
    Ok(nanoseconds as i64)
}

/// Returns a duration in units of so many seconds, as Go's `Duration.Hours` computes it.
fn in_units(args: &[Value], seconds: f64) -> Value {
    let nanoseconds = duration(&args[0]).unwrap_or_default();
    let unit = SECOND * seconds as i64;
    Value::Float((nanoseconds / unit) as f64 + (nanoseconds % unit) as f64 / (seconds * 1e9))
}

fn divided(value: Value, divisors: &[f64]) -> Value {
    match value {
        Value::Float(value) => Value::Float(divisors.iter().fold(value, |value, divisor| value / divisor)),
        other => other,
    }
}

/// Rounds or truncates to a multiple.
fn to_multiple(args: &[Value], round: bool) -> Value {
    let nanoseconds = duration(&args[0]).unwrap_or_default();
    let multiple = match (duration(&args[0]), duration(&args[1])) {
        (Ok(_), Ok(multiple)) if multiple > 0 => multiple,
        _ => return Value::Int(nanoseconds, &DURATION),
    };
    let rest = nanoseconds % multiple;
    let mut result = nanoseconds - rest;
    // Halves are rounded away from zero.
    if round && rest.unsigned_abs() >= multiple.unsigned_abs() - rest.unsigned_abs() {
        result = result.saturating_add(if nanoseconds < 0 { -multiple } else { multiple });
    }
    Value::Int(result, &DURATION)
}
