//! `ensure-name-substring`: adds a text to names, and updates the references to them.

use manifest::{Errors, Map, Node, ObjectId, Scalar};

use super::fields::kustomize;

/// Kinds whose names stay.
const LEFT_ALONE: [&str; 3] = ["CustomResourceDefinition", "Namespace", "APIService"];

/// Adds the text before or after each name that does not contain it.
///
/// # Errors
/// Returns the errors of the kustomize engine.
pub(super) fn ensure(objects: &mut Vec<Node>, text: &str, append: bool) -> Result<(), Errors> {
    let ids = objects.iter().map(ObjectId::of);
    let renamed = ids.filter(|id| !id.name.contains(text) && !LEFT_ALONE.contains(&id.gvk.kind.as_str()));
    let patches: Vec<Node> = renamed.map(|id| patch(&id, text, append)).collect();
    if patches.is_empty() { Ok(()) } else { kustomize(objects, "patches", patches.into()) }
}

/// A JSON patch of the name; the engine then updates the references to it.
fn patch(id: &ObjectId, text: &str, append: bool) -> Node {
    let name = if append { format!("{}{text}", id.name) } else { format!("{text}{}", id.name) };
    let operation = [("op", "replace".to_owned()), ("path", "/metadata/name".to_owned()), ("value", name)];
    let exactly = |text: &str| format!("^{}$", regex::escape(text));
    let mut target =
        vec![("version", exactly(&id.gvk.version)), ("kind", exactly(&id.gvk.kind)), ("name", exactly(&id.name))];
    if !id.gvk.group.is_empty() {
        target.push(("group", exactly(&id.gvk.group)));
    }
    if !id.namespace.is_empty() {
        target.push(("namespace", exactly(&id.namespace)));
    }
    let operation = serde_json::json!([operation.into_iter().collect::<std::collections::BTreeMap<_, _>>()]);
    let mut options = Map::default();
    options.push(Scalar::string("allowNameChange"), Scalar::plain("true").into());
    let mut patch = Map::default();
    patch.push(Scalar::string("patch"), Node::string(operation.to_string()));
    patch.push(Scalar::string("target"), texts(&target));
    patch.push(Scalar::string("options"), options.into());
    patch.into()
}

fn texts(entries: &[(&str, String)]) -> Node {
    let mut map = Map::default();
    entries.iter().for_each(|(name, value)| map.push(Scalar::string(*name), Node::string(value.as_str())));
    map.into()
}
