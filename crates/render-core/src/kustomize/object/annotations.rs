//! The annotations in which kustomize keeps its build data: read where a file or function brings them, written for
//! functions, and the tidying at the end of a build.

use std::sync::Arc;

use manifest::{Data, Map, Node, Scalar, Tag, Text};

use super::origin::Origin;
use super::resource::{Behavior, PastId, Resource};
use super::set;

const DOMAIN: &str = "internal.config.kubernetes.io/";

/// The annotation with the origin of an object.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation with the transformers that changed an object.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
/// Marks what helm rendered; `namespace` does not change it.
pub(crate) const HELM_GENERATED: &str = "internal.config.kubernetes.io/helm-generated";

/// Annotations of kustomize and kyaml that are removed at the end (`resource.BuildAnnotations`).
const BUILD: [&str; 19] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    HELM_GENERATED,
];

/// The annotations of an object, if it has any.
pub(crate) fn of(object: &Node) -> Option<&Map> {
    object.at_path(&["metadata", "annotations"])?.as_map()
}

/// The annotation `key` as text, if it is there.
pub(crate) fn get<'a>(object: &'a Node, key: &str) -> Option<&'a str> {
    of(object)?.get(key)?.text()
}

/// Moves the build annotations from the object into the fields of the resource.
pub(crate) fn take_in(resource: &mut Resource) {
    let Some(annotations) = of(&resource.node) else { return };
    if !annotations.entries().iter().any(|entry| entry.key.text.starts_with(DOMAIN)) {
        return;
    }
    let list = |key: &str| -> Vec<Text> {
        let text = annotations.get(&format!("{DOMAIN}{key}")).and_then(Node::text);
        text.map(|text| text.split(',').map(Text::from).collect()).unwrap_or_default()
    };
    let (names, spaces, kinds) = (list("previousNames"), list("previousNamespaces"), list("previousKinds"));
    let past = names.into_iter().zip(spaces).zip(kinds);
    resource.past = past.map(|((name, namespace), kind)| PastId { namespace, name, kind }).collect();
    resource.prefixes = list("prefixes");
    resource.suffixes = list("suffixes");
    resource.needs_hash = list("needsHashSuffix").first().is_some_and(|text| text == "enabled");
    resource.behavior = list("generatorBehavior").first().map_or(Behavior::Unspecified, |text| Behavior::named(text));
    let taken = |key: &str| BUILD[..10].contains(&key) && !key.contains("/allow");
    let map = resource.node.get_mut("metadata").and_then(|meta| meta.get_mut("annotations")).and_then(Node::as_map_mut);
    if let Some(map) = map {
        map.entries_mut().retain(|entry| !taken(&entry.key.text));
    }
}

/// Writes the build data into annotations, for a function that keeps or reads it.
pub(crate) fn write_out(resource: &mut Resource) {
    let joined =
        |part: fn(&PastId) -> &Text| resource.past.iter().map(|past| part(past).as_str()).collect::<Vec<_>>().join(",");
    let pairs = [
        ("previousNames", joined(|past| &past.name)),
        ("previousNamespaces", joined(|past| &past.namespace)),
        ("previousKinds", joined(|past| &past.kind)),
        ("prefixes", resource.prefixes.join(",")),
        ("suffixes", resource.suffixes.join(",")),
        ("needsHashSuffix", if resource.needs_hash { "enabled".to_owned() } else { String::new() }),
        ("generatorBehavior", resource.behavior.name().to_owned()),
    ];
    for (key, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        set_one(&mut resource.node, &format!("{DOMAIN}{key}"), value);
    }
}

/// Sets one annotation to a string.
pub(crate) fn set_one(object: &mut Node, key: &str, value: impl Into<Text>) {
    let Some(metadata) = set::metadata(object) else { return };
    let annotations = metadata.get_or_insert_with("annotations", Node::map);
    if annotations.as_map().is_none() {
        annotations.data = Data::Map(Map::default());
    }
    if let Some(map) = annotations.as_map_mut() {
        set::field(map, key, value, Tag::Str);
    }
}

/// Finishes an object: removes build annotations, makes every annotation a string, writes origin and
/// transformations if `buildMetadata` requests them, and removes empty annotations.
pub(crate) fn finish(resource: &mut Resource, origins: bool, transformations: bool) {
    let origin = resource.origin.take().filter(|_| origins);
    let transformations = if transformations { std::mem::take(&mut resource.transformations) } else { Vec::new() };
    let Some(metadata) = set::metadata(&mut resource.node) else { return };
    if origin.is_none() && transformations.is_empty() && !metadata.contains("annotations") {
        return;
    }
    let mut finished = metadata.remove("annotations").map(strings).unwrap_or_default();
    add_origins(&mut finished, origin.as_deref(), &transformations);
    if !finished.is_empty() {
        metadata.push(Scalar::plain("annotations"), finished.into());
    }
}

fn add_origins(finished: &mut Map, origin: Option<&Origin>, transformations: &[Arc<Origin>]) {
    if let Some(origin) = origin {
        finished.push(Scalar::plain(ORIGIN), Node::string(origin.to_yaml()));
    }
    if !transformations.is_empty() {
        finished.push(Scalar::plain(TRANSFORMATIONS), Node::string(Origin::list_to_yaml(transformations)));
    }
}

/// The annotations with every value a string and every key bare, as kyaml's `SetAnnotations` writes them.
fn strings(annotations: Node) -> Map {
    let Data::Map(map) = annotations.data else { return Map::default() };
    let mut finished = Map::with_capacity(map.len());
    for entry in map.into_entries() {
        let key = entry.key.text;
        if BUILD.contains(&key.as_str()) || key == ORIGIN || key == TRANSFORMATIONS {
            continue;
        }
        let text = match entry.value.data {
            Data::Scalar(scalar) => scalar.text,
            _ => Text::default(),
        };
        finished.push(Scalar::plain(key), Node::string(text));
    }
    finished
}

/// Makes every annotation a string and drops annotations that are empty, as kyaml's `SetAnnotations` does.
pub(crate) fn tidy(object: &mut Node) {
    let Some(metadata) = set::metadata(object) else { return };
    let Some(old) = metadata.remove("annotations") else { return };
    let Data::Map(old) = old.data else { return };
    if old.is_empty() {
        return;
    }
    let mut tidied = Map::with_capacity(old.len());
    for entry in old.into_entries() {
        let text = entry.value.text().map(Text::from).unwrap_or_default();
        tidied.push(Scalar::plain(entry.key.text), Node::string(text));
    }
    metadata.push(Scalar::plain("annotations"), tidied.into());
}

/// Whether an object says that it is for kustomize alone and not to be printed.
pub(crate) fn is_local(object: &Node) -> bool {
    let value = of(object).and_then(|map| map.get("config.kubernetes.io/local-config"));
    value.is_some_and(|value| value.text() != Some("false"))
}
