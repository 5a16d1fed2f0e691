//! `--label`: labels that are added to objects and never overwrite one.
//!
//! Source of the rules: Skaffold's `kubernetes/manifest/labels.go`.

use manifest::yaml::MAX_DEPTH;
use manifest::{Data, Map, Node, Text};

use super::selector::{GroupKind, Selector};

/// Adds the labels to one object in place, wherever the selector's rules say.
pub(super) fn add(object: &mut Node, labels: &[(String, String)], selector: &Selector) {
    let Some(kind) = GroupKind::of(object).filter(|_| !labels.is_empty()) else { return };
    let depth = if selector.takes(&kind) { MAX_DEPTH } else { 0 };
    if let Some(map) = object.as_map_mut() {
        walk(&Rule { kind, labels, selector }, map, &mut String::new(), depth);
    }
}

struct Rule<'a> {
    kind: GroupKind,
    labels: &'a [(String, String)],
    selector: &'a Selector,
}

fn walk(rule: &Rule<'_>, map: &mut Map, path: &mut String, depth: usize) {
    for entry in map.entries_mut() {
        let length = path.len();
        path.push('.');
        path.push_str(&entry.key.text);
        let field = rule.selector.labels_in(&rule.kind, path, &entry.key.text);
        let done = match (field, entry.value.as_map_mut()) {
            (Some(field), Some(map)) => put(map, field, rule.labels),
            _ => false,
        };
        if !done && depth > 0 {
            below(rule, &mut entry.value, path, depth - 1);
        }
        path.truncate(length);
    }
}

fn below(rule: &Rule<'_>, node: &mut Node, path: &mut String, depth: usize) {
    match &mut node.data {
        Data::Map(map) => walk(rule, map, path, depth),
        Data::Seq(items) if depth > 0 => items.iter_mut().for_each(|item| below(rule, item, path, depth - 1)),
        _ => {}
    }
}

/// The one label that Skaffold overwrites.
const RUN_ID: &str = "skaffold.dev/run-id";

/// Adds what is missing; `false` where the field is there and no map.
fn put(map: &mut Map, field: &str, labels: &[(String, String)]) -> bool {
    let Some(present) = map.get_or_insert_with(field, Node::map).as_map_mut() else { return false };
    for (name, value) in labels {
        if name == RUN_ID || !present.contains(name) {
            present.set(name, Node::string(Text::from(value.as_str())));
        }
    }
    true
}
