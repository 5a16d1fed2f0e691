//! Mappings.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::{Result, Value};

use super::arguments::{Function, int, list_of, shown, string, strings, text, value, wrong};

/// The functions of this file. A mapping cannot be changed in place here, so `set` and `unset` give a new one.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("dict", dict),
    ("hasKey", |given| Ok(Value::Bool(map(given, 0)?.contains_key(text(given, 1)?)))),
    ("keys", |given| Ok(strings(map(given, 0)?.keys().map(AsRef::as_ref)))),
    ("values", |given| Ok(list_of(map(given, 0)?.values().cloned()))),
    ("set", |given| {
        let mut changed = map(given, 0)?.clone();
        changed.insert(Arc::from(text(given, 1)?), value(given, 2)?.clone());
        Ok(Value::Map(Arc::new(changed)))
    }),
    ("unset", |given| {
        let mut changed = map(given, 0)?.clone();
        changed.remove(text(given, 1)?);
        Ok(Value::Map(Arc::new(changed)))
    }),
    ("pick", |given| chosen(given, true)),
    ("omit", |given| chosen(given, false)),
    ("split", |given| Ok(numbered(text(given, 1)?.split(text(given, 0)?)))),
    ("splitn", splitn),
];

type Map = BTreeMap<Arc<str>, Value>;

fn map(given: &[Value], index: usize) -> Result<&Map> {
    match value(given, index)? {
        Value::Map(map) => Ok(map),
        other => Err(wrong(&format!("wrong type for value; expected map; got {}", other.type_name()))),
    }
}

fn dict(given: &[Value]) -> Result<Value> {
    let pairs =
        given.chunks(2).map(|pair| (Arc::from(shown(&pair[0])), pair.get(1).cloned().unwrap_or_else(|| string(""))));
    Ok(Value::Map(Arc::new(pairs.collect())))
}

fn chosen(given: &[Value], kept: bool) -> Result<Value> {
    let names: Vec<String> = given.iter().skip(1).map(shown).collect();
    let entries = map(given, 0)?.iter().filter(|(key, _)| names.iter().any(|name| **name == ***key) == kept);
    Ok(Value::Map(Arc::new(entries.map(|(key, value)| (key.clone(), value.clone())).collect())))
}

fn splitn(given: &[Value]) -> Result<Value> {
    let (separator, text) = (text(given, 0)?, text(given, 2)?);
    Ok(match usize::try_from(int(given, 1)?) {
        Ok(0) => Value::Map(Arc::default()),
        Ok(count) => numbered(text.splitn(count, separator)),
        Err(_) => numbered(text.split(separator)),
    })
}

/// The parts under `_0`, `_1`, ….
fn numbered<'t>(parts: impl Iterator<Item = &'t str>) -> Value {
    Value::Map(Arc::new(
        parts.enumerate().map(|(index, part)| (Arc::from(format!("_{index}")), string(part))).collect(),
    ))
}
