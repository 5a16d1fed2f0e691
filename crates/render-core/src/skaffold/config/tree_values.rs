//! Typed values of a mapping's entries.

use std::collections::BTreeMap;

use manifest::{Map, Node};

use crate::skaffold::model::LocatedText;

/// The text under `key`, empty if there is none.
pub(super) fn text(map: &Map, key: &str) -> String {
    map.get(key).and_then(Node::text).unwrap_or_default().to_owned()
}

/// The text under `key` and its position.
pub(super) fn placed(map: &Map, key: &str) -> LocatedText {
    map.get(key).map(placed_node).unwrap_or_default()
}

/// The texts of the list under `key`.
pub(super) fn texts(map: &Map, key: &str) -> Vec<String> {
    items(map, key).filter_map(Node::text).map(str::to_owned).collect()
}

/// The texts of the list under `key`, each with its position.
pub(super) fn placed_list(map: &Map, key: &str) -> Vec<LocatedText> {
    items(map, key).map(placed_node).collect()
}

/// Whether `key` is true.
pub(super) fn flag(map: &Map, key: &str) -> bool {
    map.get(key).and_then(Node::text) == Some("true")
}

/// The mappings of the list under `key`.
pub(super) fn maps<'n>(map: &'n Map, key: &str) -> impl Iterator<Item = (&'n Node, &'n Map)> {
    items(map, key).filter_map(|node| Some((node, node.as_map()?)))
}

fn items<'n>(map: &'n Map, key: &str) -> impl Iterator<Item = &'n Node> {
    map.get(key).and_then(Node::as_seq).into_iter().flatten()
}

fn placed_node(node: &Node) -> LocatedText {
    LocatedText { text: node.text().unwrap_or_default().to_owned(), at: node.at }
}

/// The texts of the mapping under `key`, each with its position.
pub(super) fn placed_map(map: &Map, key: &str) -> BTreeMap<String, LocatedText> {
    let entries = map.get(key).and_then(Node::as_map).map_or(&[][..], Map::entries);
    entries.iter().map(|entry| (entry.key.text.to_string(), placed_node(&entry.value))).collect()
}
