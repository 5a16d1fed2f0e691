//! The configuration object of a built-in plugin.

use manifest::Diagnostic;

use crate::kustomize::decode::{Decode, Strictness};
use crate::kustomize::object::resource::Resource;
use crate::kustomize::patch::json_patch::plain_json;

/// Decodes a plugin's configuration as kustomize does: the object goes through JSON, then into the plugin's fields, where
/// unknown ones are passed over.
pub(super) fn decode<T: Decode>(config: &Resource) -> Result<T, Diagnostic> {
    let mut node = config.node.clone();
    plain_json(&mut node);
    T::decode(&node, Strictness::Lenient)
}
