//! `--namespace` for raw and kustomize manifests, unless `--offline`.
//!
//! Source of the rules: Skaffold's `kubernetes/manifest/namespaces.go`. Only the kinds of the selector are touched.

use manifest::yaml::{Rules, Value, resolve};
use manifest::{Diagnostic, Node, ObjectId, Scalar, Text};

use super::selector::{GroupKind, Selector};

/// Sets `metadata.namespace` if there is none. Returns a warning if another one is set, which is kept.
///
/// # Errors
/// Returns an error if `metadata` is not a mapping.
pub(super) fn set(object: &mut Node, namespace: &str, selector: &Selector) -> Result<Option<Diagnostic>, Diagnostic> {
    if !GroupKind::of(object).is_some_and(|kind| selector.takes(&kind)) {
        return Ok(None);
    }
    let id = ObjectId::of(object);
    let Some(map) = object.as_map_mut() else { return Ok(None) };
    let metadata = map.get_or_insert_with("metadata", Node::map);
    let at = metadata.at;
    let Some(metadata) = metadata.as_map_mut() else {
        return Err(Diagnostic::new(format!("{id}: expected a mapping in metadata")).at(at).field("metadata"));
    };
    let is_null = |scalar: &Scalar| resolve(scalar, Rules::V3) == Value::Null;
    let present = metadata.get("namespace").and_then(Node::as_scalar).filter(|scalar| !is_null(scalar));
    match present.map_or("", |scalar| scalar.text.as_str()) {
        "" => metadata.set("namespace", Node::string(Text::from(namespace))),
        present if present == namespace => {}
        _ if namespace == "default" => {}
        present => {
            let found = format!("{id} keeps its namespace {present:?} instead of {namespace:?} from --namespace");
            let at = metadata.get("namespace").map_or(at, |node| node.at);
            return Ok(Some(Diagnostic::new(found).at(at).field("metadata.namespace")));
        }
    }
    Ok(None)
}
