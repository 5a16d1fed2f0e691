//! Changes to a patch's own metadata before it is merged, as in kustomize.

use manifest::{Map, Node, Scalar, Tag, Text};

use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::scalar::is_null_node;
use crate::kustomize::object::set;

/// A patch as it is merged into one of several objects (kustomize: `resWrangler.ApplySmPatch`): its labels and
/// annotations become strings (so that a null there does not delete), it takes over the object's `apiVersion`.
pub(super) fn prepared(patch: &Resource, resource: &Resource) -> Resource {
    let mut prepared = patch.clone();
    let (name, namespace) = (Text::from(patch.name()), patch.namespace().to_owned());
    if let Some(metadata) = set::metadata(&mut prepared.node) {
        for field in ["labels", "annotations"] {
            as_strings(metadata, field);
        }
    }
    set::name(&mut prepared.node, name);
    set::namespace(&mut prepared.node, &namespace);
    if let Some(map) = prepared.node.as_map_mut() {
        set::field(map, "apiVersion", resource.gvk().api_version(), Tag::Implicit);
    }
    prepared
}

/// Makes the annotations of a patch strings, as kustomize does where it notes in them what the patch may change (so that
/// a null does not delete).
pub(super) fn stringify_annotations(patch: &mut Resource) {
    if let Some(metadata) = set::metadata(&mut patch.node) {
        as_strings(metadata, "annotations");
    }
}

fn as_strings(metadata: &mut Map, field: &str) {
    let Some(node) = metadata.remove(field) else { return };
    let entries = node.as_map().map(Map::entries).unwrap_or_default();
    if entries.is_empty() {
        return;
    }
    let mut sorted: Vec<(Text, Text)> =
        entries.iter().map(|entry| (entry.key.text.clone(), entry.value.text().unwrap_or_default().into())).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut map = Map::with_capacity(sorted.len());
    for (key, value) in sorted {
        map.push(Scalar::plain(key), Node::string(value));
    }
    metadata.push(Scalar::plain(field), map.into());
}

/// Whether a patch takes all annotations out of an object, and with them what kustomize keeps there. A `$patch: replace` at
/// the very top leaves the object as it is.
pub(super) fn drops_annotations(patch: &Node) -> bool {
    let replaces = |node: &Node| {
        is_null_node(node) || matches!(node.get("$patch").and_then(Node::text), Some("replace" | "delete"))
    };
    let metadata = patch.get("metadata");
    metadata.is_some_and(replaces) || metadata.and_then(|metadata| metadata.get("annotations")).is_some_and(replaces)
}
