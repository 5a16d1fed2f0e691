//! The objects in which two manifests differ.

use std::collections::BTreeMap;

use manifest::{Node, ObjectId, secret_values, yaml};

use super::fields::{Comparison, FieldChange, REDACTED};
use super::images::{self, ImageChange};
use super::path::Noise;

/// An object that differs.
#[derive(Clone, Debug)]
pub struct ObjectChange {
    /// What it is called.
    pub id: ObjectId,
    /// How it differs.
    pub change: Change,
}

/// How an object differs.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is only on the new side.
    Added {
        /// The object as YAML, Secret values redacted.
        text: String,
    },
    /// It is on both sides, not alike.
    Changed {
        /// The fields that differ.
        fields: Vec<FieldChange>,
        /// The images among them.
        images: Vec<ImageChange>,
        /// Both sides as YAML, Secret values redacted.
        texts: (String, String),
    },
    /// It is only on the old side.
    Removed {
        /// The object as YAML, Secret values redacted.
        text: String,
    },
}

/// Compares two manifests. Objects belong together by group, kind, namespace and name (not by version, which may be
/// raised); ConfigMaps and Secrets without the hash that kustomize gives to their names; several of one id are compared in their order. Secret values never reach the result.
pub fn compare(old: &[Node], new: &[Node], noise: &Noise) -> Vec<ObjectChange> {
    let (olds, news) = (by_id(old), by_id(new));
    let mut ids: Vec<&Key> = olds.keys().chain(news.keys().filter(|id| !olds.contains_key(id))).collect();
    ids.sort_unstable();
    let mut found = Vec::new();
    for key in ids {
        match (olds.get(key), news.get(key)) {
            (Some(old), Some(new)) => found.extend(changed(old, new, noise)),
            (Some(old), None) => found.push(removed(old)),
            (None, Some(new)) => found.push(added(new)),
            (None, None) => {}
        }
    }
    found
}

fn added(new: &Node) -> ObjectChange {
    ObjectChange { id: ObjectId::of(new), change: Change::Added { text: shown(new) } }
}

fn removed(old: &Node) -> ObjectChange {
    ObjectChange { id: ObjectId::of(old), change: Change::Removed { text: shown(old) } }
}

/// Group, kind, namespace, name, and which one of several.
type Key = (String, String, String, String, usize);

fn by_id(objects: &[Node]) -> BTreeMap<Key, &Node> {
    let mut found = BTreeMap::new();
    for object in objects {
        let id = ObjectId::of(object);
        let base =
            (id.gvk.group.to_string(), id.gvk.kind.to_string(), id.namespace.to_string(), without_hash(&id).to_owned());
        let mut key = (base.0, base.1, base.2, base.3, 0);
        while found.contains_key(&key) {
            key.4 += 1;
        }
        found.insert(key, object);
    }
    found
}

/// The name without the hash of ten of these letters that kustomize appends to generated ConfigMaps and Secrets, so that a
/// changed value is shown as a change and not as one object removed and another added.
fn without_hash(id: &ObjectId) -> &str {
    let generated = id.gvk.group.is_empty() && matches!(id.gvk.kind.as_str(), "ConfigMap" | "Secret");
    match id.name.rsplit_once('-') {
        Some((name, hash))
            if generated && hash.len() == 10 && hash.bytes().all(|byte| b"bcdfghkmt2456789".contains(&byte)) =>
        {
            name
        }
        _ => &id.name,
    }
}

fn changed(old: &Node, new: &Node, noise: &Noise) -> Option<ObjectChange> {
    let secret_nodes = [old, new].into_iter().flat_map(secret_values::nodes).map(std::ptr::from_ref).collect();
    let mut comparison = Comparison { noise, secret_nodes, found: Vec::new() };
    comparison.compare(&mut Vec::new(), old, new);
    let fields = comparison.found;
    if fields.is_empty() {
        return None;
    }
    let images = images::of(&fields);
    let change = Change::Changed { fields, images, texts: (shown(old), shown(new)) };
    Some(ObjectChange { id: ObjectId::of(new), change })
}

/// The object as YAML, with the values of Secrets replaced.
fn shown(object: &Node) -> String {
    let mut object = object.clone();
    secret_values::hide(&mut object, REDACTED);
    let mut text = String::new();
    match yaml::write_kustomize(&object, &mut text) {
        Ok(()) => text,
        Err(error) => format!("# not printable: {error}\n"),
    }
}
