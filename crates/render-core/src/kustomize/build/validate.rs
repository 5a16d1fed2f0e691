//! Validators may look at objects but not change them.

use manifest::yaml::{Rules, to_json};
use manifest::{Diagnostic, Node};

use crate::kustomize::object::resource::Resource;

/// The label that a validator may set.
const VALIDATED_BY: &str = "validated-by";

/// Returns an error if a validator changed an object, except for the label that it may add.
///
/// # Errors
/// An object that is missing, new or changed.
pub(crate) fn check_unchanged(before: &[Resource], after: &[Resource]) -> Result<(), Diagnostic> {
    if before.len() != after.len() {
        return Err(changed(&format!("it received {} objects and returned {}", before.len(), after.len())));
    }
    for (before, after) in before.iter().zip(after) {
        let mut stripped = after.node.clone();
        remove_label(&mut stripped);
        if to_json(&before.node, Rules::V3)? != to_json(&stripped, Rules::V3)? {
            return Err(changed(&format!("it changed {}", before.id())));
        }
        // kustomize keeps these in annotations, and so sees a name that was set to what it was.
        let renamed = |resource: &Resource| {
            (resource.past.len(), resource.prefixes.len(), resource.suffixes.len(), resource.needs_hash)
        };
        if renamed(before) != renamed(after) {
            return Err(changed(&format!("it set the name, kind or namespace of {} again", before.id())));
        }
    }
    Ok(())
}

fn changed(how: &str) -> Diagnostic {
    Diagnostic::new(format!("a validator must not change objects, but {how}")).hint("list it under `transformers`")
}

fn remove_label(object: &mut Node) {
    let Some(metadata) = object.get_mut("metadata").and_then(Node::as_map_mut) else { return };
    let Some(labels) = metadata.get_mut("labels").and_then(Node::as_map_mut) else { return };
    if labels.remove(VALIDATED_BY).is_some() && labels.is_empty() {
        metadata.remove("labels");
    }
}
