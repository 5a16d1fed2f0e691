//! Items of lists that must differ: `x-kubernetes-list-type` of `set` and `map`.

use manifest::Node;
use manifest::yaml::Rules;
use rustc_hash::FxHashMap;

use super::model::{ListType, Schema};
use super::values::canonical;

/// Two items of a list with the same key.
pub(super) struct Duplicate {
    /// The position of the first.
    pub(super) first: usize,
    /// The position of the second.
    pub(super) second: usize,
    /// What they have in common.
    pub(super) key: String,
}

/// Returns the items that have the key of an earlier one. `schema` is the items' schema, whose defaults count for keys.
pub(super) fn duplicates(items: &[Node], list: &ListType, schema: Option<&Schema>, rules: Rules) -> Vec<Duplicate> {
    let key_of = |item: &Node| match list {
        ListType::Atomic => None,
        ListType::Set => Some(canonical(item, rules)),
        ListType::Map(fields) => {
            let value = |field: &String| {
                let default = || schema?.properties.get(field)?.default.as_deref();
                match item.get(field).or_else(default) {
                    Some(value) => format!("{field}={}", canonical(value, rules)),
                    // The one key of Kubernetes' own lists that has a default.
                    None if field == "protocol" => "protocol=\"TCP\"".to_owned(),
                    None => format!("{field}="),
                }
            };
            item.as_map().map(|_| fields.iter().map(value).collect::<Vec<_>>().join(", "))
        }
    };
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    let mut found = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let Some(key) = key_of(item) else { continue };
        match seen.get(&key) {
            Some(&first) => found.push(Duplicate { first, second: position, key }),
            None => _ = seen.insert(key, position),
        }
    }
    found
}
