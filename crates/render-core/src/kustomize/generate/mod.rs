//! Generators: objects made of a kustomization's own data.

pub(super) mod config_map;
pub(super) mod pairs;
pub(super) mod secret;

use std::collections::BTreeMap;

use manifest::{Diagnostic, Map, Node, Scalar, Tag};

use crate::kustomize::kustomization::GeneratorOptions;
use crate::kustomize::object::resource::{Behavior, Resource};
use crate::kustomize::object::set;

/// The generator's own options with what `generatorOptions` adds: labels and annotations that are not there, and each
/// flag that is set in either.
pub(super) fn merged_options(
    own: Option<&GeneratorOptions>,
    global: Option<&GeneratorOptions>,
) -> Option<GeneratorOptions> {
    let Some(global) = global else { return own.cloned() };
    let own = own.cloned().unwrap_or_default();
    Some(GeneratorOptions {
        labels: overlaid(own.labels, global.labels.as_ref()),
        annotations: overlaid(own.annotations, global.annotations.as_ref()),
        disable_name_suffix_hash: own.disable_name_suffix_hash || global.disable_name_suffix_hash,
        immutable: own.immutable || global.immutable,
        at: own.at,
    })
}

type Pairs = BTreeMap<String, String>;

fn overlaid(own: Option<Pairs>, global: Option<&Pairs>) -> Option<Pairs> {
    let mut merged = own;
    for (key, value) in global.into_iter().flatten() {
        merged.get_or_insert_with(Pairs::new).entry(key.clone()).or_insert_with(|| value.clone());
    }
    merged
}

/// An object of `kind` with a name, and a namespace where one is given.
fn base(kind: &str, name: &str, namespace: &str) -> Result<Map, Diagnostic> {
    if name.is_empty() {
        return Err(Diagnostic::new(format!("missing field \"name\" in a {kind}")).field("name").hint("add `name`"));
    }
    let mut metadata = Map::default();
    set::field(&mut metadata, "name", name, Tag::Implicit);
    if !namespace.is_empty() {
        set::field(&mut metadata, "namespace", namespace, Tag::Implicit);
    }
    let mut object = Map::with_capacity(5);
    object.push(Scalar::plain("apiVersion"), Node::string("v1"));
    object.push(Scalar::plain("kind"), Node::string(kind));
    object.push(Scalar::plain("metadata"), metadata.into());
    Ok(object)
}

/// Adds labels, annotations and `immutable` to the object, and sets the other options in the resource.
fn finished(mut object: Map, options: Option<&GeneratorOptions>, behavior: &str) -> Resource {
    if let Some(options) = options {
        if let Some(metadata) = object.get_mut("metadata").and_then(Node::as_map_mut) {
            add_pairs(metadata, "labels", options.labels.as_ref());
            add_pairs(metadata, "annotations", options.annotations.as_ref());
        }
        if options.immutable {
            object.push(Scalar::plain("immutable"), Scalar { tag: Tag::Bool, ..Scalar::plain("true") }.into());
        }
    }
    Resource {
        node: Node::from(object).into(),
        needs_hash: !options.is_some_and(|options| options.disable_name_suffix_hash),
        behavior: Behavior::named(behavior),
        ..Resource::default()
    }
}

fn add_pairs(metadata: &mut Map, field: &str, pairs: Option<&Pairs>) {
    let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) else { return };
    let mut map = Map::with_capacity(pairs.len());
    for (key, value) in pairs {
        map.push(Scalar::plain(key), Node::string(value));
    }
    metadata.push(Scalar::plain(field), map.into());
}
