//! `index`, `slice` and `len`.

use super::Answer;
use crate::error::FunctionError;
use crate::value::{List, Str, TypedValue, Value, types};

/// Returns the item that each further argument selects in turn.
pub(super) fn index(arguments: &[TypedValue]) -> Answer {
    let mut item = arguments[0].clone().unwrapped();
    if item.is_invalid() {
        return Err("index of untyped nil".into());
    }
    for selector in &arguments[1..] {
        if matches!(item.value, Value::Nil) {
            return Err("index of nil pointer".into());
        }
        item = select(&item.value, &selector.value)?;
    }
    Ok(item)
}

fn select(item: &Value, selector: &Value) -> Answer {
    match item {
        Value::List(list) => {
            let at = position(selector, list.len())?;
            let item = list.get(at).ok_or("reflect: slice index out of range")?;
            Ok(TypedValue::element(item.clone(), list.type_of().element))
        }
        Value::String(text) | Value::Bytes(text) => {
            let at = position(selector, text.len())?;
            let kind = if matches!(item, Value::String(_)) { "string" } else { "slice" };
            let byte = text.get(at).ok_or_else(|| format!("reflect: {kind} index out of range"))?;
            Ok(TypedValue::plain(Value::Uint(u64::from(*byte), &types::UINT8)))
        }
        Value::Map(map) => {
            let key = match selector {
                Value::String(key) => key,
                Value::Nil => return Err("value is nil; should be of type string".into()),
                other => return Err(format!("value has type {}; should be string", other.type_name()).into()),
            };
            let declared = map.type_of().element;
            let value = map.get(key).or_else(|| declared.map(|element| element.zero())).unwrap_or_default();
            Ok(TypedValue::element(value, declared))
        }
        other => Err(format!("can't index item of type {}", other.type_name()).into()),
    }
}

/// Returns an index between 0 and `limit`.
fn position(selector: &Value, limit: usize) -> Result<usize, FunctionError> {
    let out_of_range = |shown: &dyn std::fmt::Display| FunctionError::from(format!("index out of range: {shown}"));
    let at = match selector {
        Value::Int(at, _) => usize::try_from(*at).map_err(|_| out_of_range(at))?,
        Value::Uint(at, _) => usize::try_from(*at).map_err(|_| out_of_range(at))?,
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name()).into()),
    };
    if at > limit { Err(out_of_range(&at)) } else { Ok(at) }
}

/// Returns the part of a string or list that the further arguments bound.
pub(super) fn slice(arguments: &[TypedValue]) -> Answer {
    let bounds = &arguments[1..];
    let item = &arguments[0].value;
    if matches!(item, Value::Nil) {
        return Err("slice of untyped nil".into());
    }
    if bounds.len() > 3 {
        return Err(format!("too many slice indexes: {}", bounds.len()).into());
    }
    let length = match item {
        Value::String(_) if bounds.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name()).into()),
    };
    let mut at = [0, length, length];
    for (place, bound) in at.iter_mut().zip(bounds) {
        // Unlike `index`, `slice` does not look into interfaces.
        if bound.interface {
            return Err("cannot index slice/array with type interface {}".into());
        }
        *place = position(&bound.value, length)?;
    }
    let [from, to, most] = at;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}").into());
    }
    if bounds.len() == 3 && to > most {
        return Err(format!("invalid slice index: {to} > {most}").into());
    }
    Ok(TypedValue::plain(match item {
        Value::List(list) => Value::List(List::new(list.type_of(), list[from..to].to_vec())),
        Value::Bytes(bytes) => Value::Bytes(Str::from(&bytes[from..to])),
        other => Value::String(Str::from(&other.as_str().cloned().unwrap_or_default()[from..to])),
    }))
}

/// Returns the number of elements, or of a string's bytes.
pub(super) fn len(argument: &TypedValue) -> Answer {
    if argument.is_nil_interface() {
        return Err("len of nil pointer".into());
    }
    let length = match &argument.value {
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        other => {
            let name = other.type_name();
            return Err(format!("len of type {}", name.strip_prefix('*').unwrap_or(&name)).into());
        }
    };
    Ok(TypedValue::plain(Value::from(length)))
}
