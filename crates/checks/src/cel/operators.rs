//! Operators.

use std::cmp::Ordering;
use std::rc::Rc;

use ::cel::common::ast::operators as op;

use super::budget::Budget;
use super::times::{parse_duration, parse_timestamp};
use super::value::{Value, compare, equal, no_overload, number};

/// Applies an operator to its operands; absent if `name` is no operator.
pub(super) fn apply<'a>(name: &str, arguments: &[Value<'a>], budget: &mut Budget) -> Option<Result<Value<'a>, String>> {
    Some(match (name, arguments) {
        (op::LOGICAL_NOT, [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        (op::NEGATE, [Value::Int(value)]) => {
            value.checked_neg().map(Value::Int).ok_or_else(|| "integer overflow".to_owned())
        }
        (op::NEGATE, [Value::Double(value)]) => Ok(Value::Double(-value)),
        (op::NEGATE, [Value::Duration(value)]) => Ok(Value::Duration(-value)),
        (op::EQUALS, [a, b]) => charged(a, b, budget).map(|()| Value::Bool(equal(a, b))),
        (op::NOT_EQUALS, [a, b]) => charged(a, b, budget).map(|()| Value::Bool(!equal(a, b))),
        (op::LESS, [a, b]) => ordered(a, b, |order| order == Ordering::Less),
        (op::LESS_EQUALS, [a, b]) => ordered(a, b, |order| order != Ordering::Greater),
        (op::GREATER, [a, b]) => ordered(a, b, |order| order == Ordering::Greater),
        (op::GREATER_EQUALS, [a, b]) => ordered(a, b, |order| order != Ordering::Less),
        (op::ADD, [a, b]) => add(a, b, budget),
        (op::SUBSTRACT, [a, b]) => subtract(a, b),
        (op::MULTIPLY | op::DIVIDE | op::MODULO, [a, b]) => multiply(name, a, b),
        (op::IN, [key, container]) => contains(key, container, budget),
        (op::INDEX, [container, key]) => index(container, key),
        (op::LOGICAL_NOT | op::NEGATE, [value]) => Err(no_overload(name, value)),
        _ => return None,
    })
}

/// Equality reads both values as a whole.
fn charged(a: &Value<'_>, b: &Value<'_>, budget: &mut Budget) -> Result<(), String> {
    let size = a.size().unwrap_or_default().min(b.size().unwrap_or_default());
    // Entries of mappings are compared with each other.
    budget.charge(if a.is_map() && b.is_map() { size.saturating_mul(size) } else { size / 8 })
}

fn ordered<'a>(a: &Value<'a>, b: &Value<'a>, test: impl Fn(Ordering) -> bool) -> Result<Value<'a>, String> {
    let order = compare(a, b).ok_or_else(|| format!("no such overload: {} < {}", a.type_name(), b.type_name()))?;
    Ok(Value::Bool(test(order)))
}

fn overflow() -> String {
    "integer overflow".to_owned()
}

fn add<'a>(a: &Value<'a>, b: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, String> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or_else(overflow),
        (Value::Uint(a), Value::Uint(b)) => a.checked_add(*b).map(Value::Uint).ok_or_else(overflow),
        (Value::Text(a), Value::Text(b)) => {
            budget.charge((a.len() + b.len()) / 16)?;
            Ok(Value::text(format!("{a}{b}")))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.charge((a.len() + b.len()) / 16)?;
            Ok(Value::Bytes(Rc::new([a.as_slice(), b.as_slice()].concat())))
        }
        (Value::Duration(a), Value::Duration(b)) => Ok(Value::Duration(a + b)),
        (Value::Timestamp(a), Value::Duration(b)) | (Value::Duration(b), Value::Timestamp(a)) => {
            Ok(Value::Timestamp(a + b))
        }
        (Value::Text(a), Value::Duration(b)) => {
            parse_timestamp(a).map(|a| Value::Timestamp(a + b)).ok_or_else(|| format!("invalid timestamp {a}"))
        }
        (a, b) if a.is_list() && b.is_list() => {
            budget.charge(a.size().unwrap_or_default() + b.size().unwrap_or_default())?;
            let mut items = a.items().unwrap_or_default();
            items.extend(b.items().unwrap_or_default());
            Ok(Value::list(items))
        }
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => Ok(Value::Double(a + b)),
            _ => Err(format!("no such overload: {} + {}", a.type_name(), b.type_name())),
        },
    }
}

fn subtract<'a>(a: &Value<'a>, b: &Value<'a>) -> Result<Value<'a>, String> {
    let time = |value: &Value<'_>| match value {
        Value::Timestamp(value) => Some(*value),
        Value::Text(text) => parse_timestamp(text),
        _ => None,
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_sub(*b).map(Value::Int).ok_or_else(overflow),
        (Value::Uint(a), Value::Uint(b)) => a.checked_sub(*b).map(Value::Uint).ok_or_else(overflow),
        (Value::Duration(a), Value::Duration(b)) => Ok(Value::Duration(a - b)),
        (Value::Timestamp(a), Value::Duration(b)) => Ok(Value::Timestamp(a - b)),
        (Value::Text(a), Value::Duration(b)) if parse_duration(a).is_some() => {
            Ok(Value::Duration(parse_duration(a).unwrap_or_default() - b))
        }
        _ => match (number(a), number(b), time(a), time(b)) {
            (Some(a), Some(b), _, _) => Ok(Value::Double(a - b)),
            (_, _, Some(a), Some(b)) => Ok(Value::Duration(a - b)),
            _ => Err(format!("no such overload: {} - {}", a.type_name(), b.type_name())),
        },
    }
}

fn multiply<'a>(name: &str, a: &Value<'a>, b: &Value<'a>) -> Result<Value<'a>, String> {
    let zero = || if name == op::DIVIDE { "division by zero" } else { "modulus by zero" }.to_owned();
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => {
            if *b == 0 && name != op::MULTIPLY {
                return Err(zero());
            }
            let result = match name {
                op::MULTIPLY => a.checked_mul(*b),
                op::DIVIDE => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result.map(Value::Int).ok_or_else(overflow)
        }
        (Value::Uint(a), Value::Uint(b)) => {
            if *b == 0 && name != op::MULTIPLY {
                return Err(zero());
            }
            let result = match name {
                op::MULTIPLY => a.checked_mul(*b),
                op::DIVIDE => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result.map(Value::Uint).ok_or_else(overflow)
        }
        _ => match (number(a), number(b), name) {
            (Some(a), Some(b), op::MULTIPLY) => Ok(Value::Double(a * b)),
            (Some(a), Some(b), op::DIVIDE) => Ok(Value::Double(a / b)),
            _ => Err(format!("no such overload: {} {name} {}", a.type_name(), b.type_name())),
        },
    }
}

fn contains<'a>(key: &Value<'a>, container: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, String> {
    budget.charge(container.size().unwrap_or_default() / 4)?;
    if let Some(items) = container.items() {
        return Ok(Value::Bool(items.iter().any(|item| equal(item, key))));
    }
    if let (true, Some(key)) = (container.is_map(), key.as_text()) {
        return Ok(Value::Bool(container.field(key).is_some()));
    }
    let entries = container.entries().ok_or_else(|| no_overload("in", container))?;
    Ok(Value::Bool(entries.iter().any(|entry| equal(&entry.key, key))))
}

fn index<'a>(container: &Value<'a>, key: &Value<'a>) -> Result<Value<'a>, String> {
    if let Value::Optional(_) = container {
        return optional_index(container, key);
    }
    match find(container, key)? {
        Some(value) => Ok(value),
        None if container.is_list() => Err("index out of bounds".to_owned()),
        None => Err(format!("no such key: {}", key.as_text().unwrap_or("…"))),
    }
}

fn find<'a>(container: &Value<'a>, key: &Value<'a>) -> Result<Option<Value<'a>>, String> {
    if container.is_list() {
        let position = number(key).ok_or_else(|| no_overload("[]", key))?;
        let is_position = position >= 0.0 && position.fract() == 0.0;
        return Ok(if is_position { container.item(position as usize) } else { None });
    }
    if let (true, Some(key)) = (container.is_map(), key.as_text()) {
        return Ok(container.field(key));
    }
    let entries = container.entries().ok_or_else(|| no_overload("[]", container))?;
    Ok(entries.into_iter().find(|entry| equal(&entry.key, key)).map(|entry| entry.value))
}

/// `a[?b]` and `a.?b`.
pub(super) fn optional_index<'a>(container: &Value<'a>, key: &Value<'a>) -> Result<Value<'a>, String> {
    let inner = match container {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => inner.as_ref(),
        other => other,
    };
    Ok(Value::Optional(find(inner, key)?.map(Rc::new)))
}
