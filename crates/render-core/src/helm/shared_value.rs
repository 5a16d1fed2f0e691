//! Values that threads can share: a chart's defaults, read once and copied for each rendering.

use gotemplate::{List, Map, Str, Value, sort_by_key, types};

/// A value as it is read from YAML.
#[derive(Clone, Debug, Default)]
pub(super) enum SharedValue {
    #[default]
    Nil,
    Bool(bool),
    Float(f64),
    String(Str),
    List(Vec<SharedValue>),
    /// Entries in the order of their keys.
    Map(Vec<(Str, SharedValue)>),
}

impl SharedValue {
    /// Copies a value. What YAML cannot contain becomes null.
    pub(super) fn of(value: &Value) -> SharedValue {
        match value {
            Value::Bool(value) => SharedValue::Bool(*value),
            Value::Float(value) => SharedValue::Float(*value),
            Value::String(text) => SharedValue::String(text.clone()),
            Value::List(list) => SharedValue::List(list.iter().map(SharedValue::of).collect()),
            Value::Map(map) => SharedValue::of_map(map),
            _ => SharedValue::Nil,
        }
    }

    /// Makes a map of entries in any order. Of two entries with one key the last one counts.
    pub(super) fn of_entries(mut entries: Vec<(Str, SharedValue)>) -> SharedValue {
        sort_by_key(&mut entries);
        SharedValue::Map(entries)
    }

    /// Copies a map.
    pub(super) fn of_map(map: &Map) -> SharedValue {
        SharedValue::Map(map.borrow().iter().map(|(key, value)| (key.clone(), SharedValue::of(value))).collect())
    }

    /// Makes a value of its own, which templates may change.
    pub(super) fn value(&self) -> Value {
        match self {
            SharedValue::Nil => Value::Nil,
            SharedValue::Bool(value) => Value::Bool(*value),
            SharedValue::Float(value) => Value::Float(*value),
            SharedValue::String(text) => Value::String(text.clone()),
            SharedValue::List(items) => {
                Value::List(List::new(&types::LIST, items.iter().map(SharedValue::value).collect()))
            }
            SharedValue::Map(_) => Value::Map(self.map()),
        }
    }

    /// Makes a map of its own; an empty one if this is not a map.
    pub(super) fn map(&self) -> Map {
        match self {
            SharedValue::Map(entries) => {
                Map::new(&types::MAP, entries.iter().map(|(key, value)| (key.clone(), value.value())).collect())
            }
            _ => Map::default(),
        }
    }
}

/// Returns a copy that shares no map and no list with the original.
pub(super) fn deep_copy(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::List(List::new(list.type_of(), list.iter().map(deep_copy).collect())),
        Value::Map(map) => Value::Map(deep_copy_map(map)),
        other => other.clone(),
    }
}

/// Returns a copy of a map that shares no map and no list with the original.
pub(super) fn deep_copy_map(map: &Map) -> Map {
    Map::new(map.type_of(), map.borrow().iter().map(|(key, value)| (key.clone(), deep_copy(value))).collect())
}
