//! The entries of a map, in the order of their keys.

use std::collections::{BTreeMap, btree_map};
use std::slice;

use super::{Str, Value};

/// Up to this size entries are a sorted list, which takes less memory and is faster to copy than a tree.
const FEW: usize = 64;

/// Entries in the order of their keys' bytes.
#[derive(Clone, Debug)]
pub struct Entries(Storage);

#[derive(Clone, Debug)]
enum Storage {
    Few(Vec<(Str, Value)>),
    Many(BTreeMap<Str, Value>),
}

impl Entries {
    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Storage::Few(entries) => entries.len(),
            Storage::Many(entries) => entries.len(),
        }
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        match &self.0 {
            Storage::Few(entries) => position(entries, key).ok().map(|at| &entries[at].1),
            Storage::Many(entries) => entries.get(key),
        }
    }

    /// Sets a key, and returns the value that it had.
    pub fn insert(&mut self, key: Str, value: Value) -> Option<Value> {
        match &mut self.0 {
            Storage::Few(entries) => match position(entries, &key) {
                Ok(at) => Some(std::mem::replace(&mut entries[at].1, value)),
                Err(at) if entries.len() < FEW => {
                    entries.insert(at, (key, value));
                    None
                }
                Err(_) => {
                    let mut tree: BTreeMap<Str, Value> = std::mem::take(entries).into_iter().collect();
                    tree.insert(key, value);
                    self.0 = Storage::Many(tree);
                    None
                }
            },
            Storage::Many(entries) => entries.insert(key, value),
        }
    }

    /// Removes a key, and returns its value.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        match &mut self.0 {
            Storage::Few(entries) => position(entries, key).ok().map(|at| entries.remove(at).1),
            Storage::Many(entries) => entries.remove(key),
        }
    }

    /// Returns the values.
    pub(super) fn into_values(self) -> Vec<Value> {
        match self.0 {
            Storage::Few(entries) => entries.into_iter().map(|(_, value)| value).collect(),
            Storage::Many(entries) => entries.into_values().collect(),
        }
    }

    /// Iterates over the entries.
    #[must_use]
    pub fn iter(&self) -> EntriesIter<'_> {
        EntriesIter(match &self.0 {
            Storage::Few(entries) => Iter::Few(entries.iter()),
            Storage::Many(entries) => Iter::Many(entries.iter()),
        })
    }
}

fn position(entries: &[(Str, Value)], key: &[u8]) -> Result<usize, usize> {
    entries.binary_search_by(|entry| entry.0.as_bytes().cmp(key))
}

impl Default for Entries {
    fn default() -> Entries {
        Entries(Storage::Few(Vec::new()))
    }
}

/// Sorts entries by their keys. Of entries with one key the last one stays.
pub fn sort_by_key<V>(entries: &mut Vec<(Str, V)>) {
    let is_sorted = |entries: &[(Str, V)]| entries.is_sorted_by(|one, two| one.0 < two.0);
    if !is_sorted(entries) {
        entries.sort_by(|one, two| one.0.cmp(&two.0));
        if !is_sorted(entries) {
            // Of the entries of a key, which are in their order, the first one is kept.
            entries.reverse();
            entries.dedup_by(|one, two| one.0 == two.0);
            entries.reverse();
        }
    }
}

/// Of two entries with one key the last one counts.
impl FromIterator<(Str, Value)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Entries {
        Entries::from(entries.into_iter().collect::<Vec<_>>())
    }
}

/// Of two entries with one key the last one counts.
impl From<Vec<(Str, Value)>> for Entries {
    fn from(mut entries: Vec<(Str, Value)>) -> Entries {
        if entries.len() > FEW {
            return Entries(Storage::Many(entries.into_iter().collect()));
        }
        sort_by_key(&mut entries);
        Entries(Storage::Few(entries))
    }
}

impl<const N: usize> From<[(Str, Value); N]> for Entries {
    fn from(entries: [(Str, Value); N]) -> Entries {
        entries.into_iter().collect()
    }
}

impl<'e> IntoIterator for &'e Entries {
    type Item = (&'e Str, &'e Value);
    type IntoIter = EntriesIter<'e>;

    fn into_iter(self) -> EntriesIter<'e> {
        self.iter()
    }
}

/// An iterator over entries in the order of their keys.
#[derive(Clone, Debug)]
pub struct EntriesIter<'e>(Iter<'e>);

#[derive(Clone, Debug)]
enum Iter<'e> {
    Few(slice::Iter<'e, (Str, Value)>),
    Many(btree_map::Iter<'e, Str, Value>),
}

impl<'e> Iterator for EntriesIter<'e> {
    type Item = (&'e Str, &'e Value);

    fn next(&mut self) -> Option<(&'e Str, &'e Value)> {
        match &mut self.0 {
            Iter::Few(entries) => entries.next().map(|(key, value)| (key, value)),
            Iter::Many(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Iter::Few(entries) => entries.size_hint(),
            Iter::Many(entries) => entries.size_hint(),
        }
    }
}

impl ExactSizeIterator for EntriesIter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few and many entries behave alike: inserts in any order, replacements and removals.
    #[test]
    fn entries_of_every_size_are_sorted() {
        for count in [0, 1, 5, FEW, FEW + 1, 1_000] {
            let keys = || (0..count).map(|number| (number * 7_919) % 1_009);
            let mut inserted = Entries::default();
            for key in keys() {
                assert_eq!(inserted.insert(Str::from(format!("{key:04}")), Value::from(1)), None);
            }
            let collected: Entries =
                keys().chain(keys()).map(|key| (Str::from(format!("{key:04}")), Value::from(1))).collect();
            let shown = |entries: &Entries| entries.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>();
            let mut sorted: Vec<String> = keys().map(|key| format!("{key:04}")).collect();
            sorted.sort();
            assert_eq!((shown(&inserted), shown(&collected)), (sorted.clone(), sorted.clone()));
            for key in &sorted {
                assert_eq!(inserted.insert(Str::from(key.as_str()), Value::from(2)), Some(Value::from(1)));
                assert_eq!(inserted.get(key.as_bytes()), Some(&Value::from(2)));
                assert_eq!(inserted.remove(key.as_bytes()), Some(Value::from(2)));
                assert_eq!(inserted.get(key.as_bytes()), None);
            }
            assert!(inserted.is_empty());
        }
    }
}
