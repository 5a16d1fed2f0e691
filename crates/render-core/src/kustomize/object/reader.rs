//! The objects of a file, as kustomize takes them in: empty documents dropped, lists flattened, build annotations that a
//! function left removed.

use memchr::{memchr, memmem};

use manifest::yaml::{self, Rules, from_json, read_objects, to_json};
use manifest::{Data, Diagnostic, Gvk, Node};

use super::annotations;
use super::resource::Resource;
use super::scalar::is_null_node;
use crate::kustomize::decode::is_null;

/// Reads the objects of `bytes`; `name` is the file's, for messages.
///
/// # Errors
/// Malformed YAML, and objects without `kind` or `metadata.name`.
pub(crate) fn read(bytes: &[u8], name: &str) -> Result<Vec<Resource>, Diagnostic> {
    let nodes = read_objects(bytes).and_then(|nodes| taken_in(nodes, bytes));
    Ok(resources(nodes.map_err(|error| error.in_file(name))?, name))
}

/// As [`read`], for strategic-merge patches: of a key that is written twice the first value counts, and each patch says
/// which those are.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_patches(bytes: &[u8], name: &str) -> Result<Vec<Resource>, Diagnostic> {
    let read = yaml::read_patches(bytes).and_then(|(nodes, repeated)| Ok((taken_in(nodes, bytes)?, repeated)));
    let (nodes, repeated) = read.map_err(|error| error.in_file(name))?;
    let mut patches = resources(nodes, name);
    patches.iter_mut().for_each(|patch| patch.repeated.clone_from(&repeated));
    Ok(patches)
}

fn resources(nodes: Vec<Node>, name: &str) -> Vec<Resource> {
    let file = manifest::Text::from(name);
    nodes
        .into_iter()
        .map(|node| {
            let mut resource = Resource { node: node.into(), file: Some(file.clone()), ..Resource::default() };
            annotations::take_in(&mut resource);
            resource
        })
        .collect()
}

/// The objects among the documents of `bytes`.
fn taken_in(mut nodes: Vec<Node>, bytes: &[u8]) -> Result<Vec<Node>, Diagnostic> {
    if nodes.len() == 1 && !has_separator(bytes) {
        nodes = unwrap_list(nodes);
    }
    let nodes = keep_objects(nodes)?;
    if nodes.iter().any(is_list) { flatten(nodes) } else { Ok(nodes) }
}

/// A single `List` or `ResourceList` stands for its items.
fn unwrap_list(mut nodes: Vec<Node>) -> Vec<Node> {
    let Some(map) = nodes.first_mut().and_then(Node::as_map_mut) else { return nodes };
    let kind = map.get("kind").and_then(Node::text).unwrap_or_default();
    if !matches!(kind, "List" | "ResourceList") || !(map.contains("items") || map.contains("functionConfig")) {
        return nodes;
    }
    match map.remove("items").map(|items| items.data) {
        Some(Data::Seq(items)) => items,
        _ => Vec::new(),
    }
}

/// Whether a line of the file separates documents.
fn has_separator(bytes: &[u8]) -> bool {
    let first = memmem::find(bytes, b"\n---");
    first.is_some_and(|index| memchr(b'\n', &bytes[index + 4..]).is_some())
}

/// Drops what is empty and refuses what is not an object.
fn keep_objects(nodes: Vec<Node>) -> Result<Vec<Node>, Diagnostic> {
    let mut kept = Vec::with_capacity(nodes.len());
    for node in nodes {
        if is_empty(&node) {
            continue;
        }
        check(&node)?;
        kept.push(node);
    }
    Ok(kept)
}

/// Whether a node is null, an empty mapping or list, or an empty string.
pub(crate) fn is_empty(node: &Node) -> bool {
    match &node.data {
        Data::Map(map) => map.is_empty(),
        Data::Seq(items) => items.is_empty(),
        Data::Scalar(scalar) => scalar.text.is_empty() || is_null(node),
    }
}

/// Refuses an object without `kind`, or without a name unless it is a list.
///
/// # Errors
/// Returns an error if that is not the case.
pub(crate) fn check(node: &Node) -> Result<(), Diagnostic> {
    let kind = node.get("kind").filter(|kind| !is_null_node(kind)).and_then(Node::text).unwrap_or_default();
    if kind.is_empty() {
        return Err(Diagnostic::new("missing field \"kind\"").at(node.at).hint("add `apiVersion` and `kind`"));
    }
    let name = node.at_path(&["metadata", "name"]);
    if !kind.ends_with("List") && name.is_none_or(|name| is_empty(name) || name.as_scalar().is_none()) {
        let message = format!("missing field \"metadata.name\" in a {kind}");
        return Err(Diagnostic::new(message).at(node.at).field("metadata.name").hint("give the object a name"));
    }
    Ok(())
}

fn is_list(node: &Node) -> bool {
    node.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List")) && node.get("items").is_some()
}

/// Replaces lists by their items, which come after the file's other objects, as kustomize does
/// (`inlineAnyEmbeddedLists`). The items pass through JSON.
fn flatten(nodes: Vec<Node>) -> Result<Vec<Node>, Diagnostic> {
    let mut queue = std::collections::VecDeque::from(nodes);
    let mut flat = Vec::with_capacity(queue.len());
    while let Some(node) = queue.pop_front() {
        if !is_list(&node) {
            flat.push(node);
            continue;
        }
        let Some(items) = node.get("items") else { continue };
        if is_null(items) {
            continue;
        }
        let Some(items) = items.as_seq() else {
            let kind = Gvk::of(&node).kind;
            return Err(Diagnostic::new(format!("expected a list of items in the {kind}")).at(items.at).field("items"));
        };
        let plain = items.iter().map(|item| to_json(item, Rules::V3).map(|json| from_json(&json)));
        queue.extend(keep_objects(plain.collect::<Result<_, _>>()?)?);
    }
    Ok(flat)
}
