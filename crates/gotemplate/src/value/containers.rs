//! Lists and maps: cheaply cloned references to shared storage.

use std::cell::{Ref, RefCell};
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use super::types::{LIST, MAP, STRINGS, Type};
use super::{Entries, Str, Value};
use crate::allowance;

/// A list, as Go's slices: it is not changed after it was made.
#[derive(Clone)]
pub struct List(Rc<ListStorage>);

struct ListStorage {
    of: &'static Type,
    nil: bool,
    items: Vec<Value>,
}

impl List {
    /// Makes a list of the given type, for instance [`STRINGS`].
    #[must_use]
    pub fn new(of: &'static Type, items: Vec<Value>) -> List {
        allowance::take(list_size(items.len()));
        List(Rc::new(ListStorage { of, nil: false, items }))
    }

    /// Makes the nil list of the type: it has no elements, and JSON shows it as `null`.
    #[must_use]
    pub fn nil(of: &'static Type) -> List {
        allowance::take(list_size(0));
        List(Rc::new(ListStorage { of, nil: true, items: Vec::new() }))
    }

    /// Makes a `[]string`.
    #[must_use]
    pub fn strings<T: Into<Str>>(items: impl IntoIterator<Item = T>) -> List {
        List::new(&STRINGS, items.into_iter().map(|item| Value::String(item.into())).collect())
    }

    /// Returns the type.
    #[must_use]
    pub fn type_of(&self) -> &'static Type {
        self.0.of
    }

    /// Returns whether this is a nil list.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Returns whether both refer to the same storage.
    #[must_use]
    pub fn same(&self, other: &List) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> List {
        List::new(&LIST, items.into_iter().collect())
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Returns the bytes that count for a list of that length.
fn list_size(length: usize) -> usize {
    size_of::<ListStorage>() + 16 + length * size_of::<Value>()
}

/// Returns the bytes that count for a map of that many entries, about a third of which are empty places.
fn map_size(entries: usize) -> usize {
    size_of::<MapStorage>() + 16 + entries * size_of::<(Str, Value)>() * 3 / 2
}

impl Drop for ListStorage {
    fn drop(&mut self) {
        allowance::give_back(list_size(self.items.len()));
        if self.items.iter().any(is_container) {
            drop_nested(std::mem::take(&mut self.items));
        }
    }
}

/// A map with string keys in the order of their bytes. Clones share the entries, as in Go.
#[derive(Clone)]
pub struct Map {
    of: &'static Type,
    storage: Rc<MapStorage>,
}

struct MapStorage {
    nil: bool,
    entries: RefCell<Entries>,
}

impl Map {
    /// Makes a map of the given type.
    #[must_use]
    pub fn new(of: &'static Type, entries: Entries) -> Map {
        allowance::take(map_size(entries.len()));
        Map { of, storage: Rc::new(MapStorage { nil: false, entries: RefCell::new(entries) }) }
    }

    /// Makes the nil map of the type: it has no entries, and JSON shows it as `null`.
    #[must_use]
    pub fn nil(of: &'static Type) -> Map {
        allowance::take(map_size(0));
        Map { of, storage: Rc::new(MapStorage { nil: true, entries: RefCell::default() }) }
    }

    /// Returns a map of another type with the same entries now; later changes are not shared.
    #[must_use]
    pub fn copy_as(&self, of: &'static Type) -> Map {
        Map::new(of, self.borrow().clone())
    }

    /// Returns the same map under another type, as Go's conversions do; later changes are shared.
    #[must_use]
    pub fn view_as(&self, of: &'static Type) -> Map {
        Map { of, storage: self.storage.clone() }
    }

    /// Returns the type.
    #[must_use]
    pub fn type_of(&self) -> &'static Type {
        self.of
    }

    /// Returns whether this is a nil map.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.storage.nil
    }

    /// Returns whether both refer to the same entries.
    #[must_use]
    pub fn same(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.storage, &other.storage)
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.borrow().len()
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.borrow().is_empty()
    }

    /// Returns the value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.borrow().get(key).cloned()
    }

    /// Returns whether the key exists.
    #[must_use]
    pub fn contains_key(&self, key: &[u8]) -> bool {
        self.borrow().get(key).is_some()
    }

    /// Sets a key, in every clone of the map.
    pub fn insert(&self, key: impl Into<Str>, value: Value) {
        let replaced = self.storage.entries.borrow_mut().insert(key.into(), value);
        if replaced.is_none() {
            allowance::take(map_size(1) - map_size(0));
        }
        drop(replaced);
    }

    /// Removes a key, in every clone of the map, and returns its value.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        let removed = self.storage.entries.borrow_mut().remove(key);
        if removed.is_some() {
            allowance::give_back(map_size(1) - map_size(0));
        }
        removed
    }

    /// Returns the entries to read. The map must not be changed while they are held.
    pub fn borrow(&self) -> Ref<'_, Entries> {
        self.storage.entries.borrow()
    }

    /// Returns the entries as they are now.
    #[must_use]
    pub fn entries(&self) -> Vec<(Str, Value)> {
        allowance::work(self.len() * size_of::<(Str, Value)>());
        self.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.storage).addr()
    }
}

impl Default for Map {
    fn default() -> Map {
        Map::new(&MAP, Entries::default())
    }
}

impl<K: Into<Str>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Map {
        Map::new(&MAP, entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.borrow().iter()).finish()
    }
}

impl Drop for MapStorage {
    fn drop(&mut self) {
        let entries = self.entries.get_mut();
        allowance::give_back(map_size(entries.len()));
        if entries.iter().any(|(_, value)| is_container(value)) {
            drop_nested(std::mem::take(entries).into_values());
        }
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

thread_local! {
    /// The values that wait for being dropped, while some are.
    static WAITING: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// Drops values that may be nested deeper than the stack is: one after the other, not one inside the other.
fn drop_nested(values: Vec<Value>) {
    let first = WAITING.with_borrow_mut(|waiting| match waiting {
        Some(waiting) => {
            waiting.extend(values);
            false
        }
        None => {
            *waiting = Some(values);
            true
        }
    });
    if first {
        while let Some(value) = WAITING.with_borrow_mut(|waiting| waiting.as_mut().and_then(Vec::pop)) {
            drop(value);
        }
        WAITING.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_map_share_their_entries() {
        let map = Map::default();
        let other = map.clone();
        map.insert("a", Value::from(1));
        assert_eq!(other.get(b"a"), Some(Value::from(1)));
        assert!(other.remove(b"a").is_some() && map.is_empty() && map.same(&other));
    }

    #[test]
    fn deeply_nested_values_can_be_dropped() {
        let mut value = Value::Nil;
        for _ in 0..1_000_000 {
            value = Value::List(List::from_iter([value]));
        }
        drop(value);
    }
}
