//! The OpenAPI schema of kinds: which are cluster-scoped, which lists in them are merged, and by which keys.
//!
//! The built-in kinds are in a static table. `openapi: {path}` replaces it with the user's schema: then only
//! what that schema defines merges, while the scopes of the built-in kinds stay known (kustomize: `IsNamespaceScoped`).

use std::sync::Arc;

use manifest::{Diagnostic, Gvk, Node};
use rustc_hash::FxHashMap;

mod builtin;
pub(super) mod openapi;

use self::builtin::{KINDS, Property, TYPE_NAMES, TYPES};

/// The maximum number of chained references; a schema with more counts as cyclic.
const REFERENCE_LIMIT: usize = 64;

/// The Kubernetes schema of one build: the built-in one or the one that `openapi` names.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    custom: Option<Arc<Custom>>,
    /// Whether the built-in schema is used in addition to the user's.
    both: bool,
}

/// A schema that the user gave.
#[derive(Debug)]
struct Custom {
    document: Node,
    /// By `apiVersion` and `kind`: the name of the definition.
    kinds: FxHashMap<(String, String), String>,
    /// By `apiVersion` and `kind`: whether objects have a namespace.
    namespaced: FxHashMap<(String, String), bool>,
}

/// The schema of one value of an object.
#[derive(Clone, Copy, Debug)]
pub struct SchemaAt<'a>(SchemaNode<'a>);

#[derive(Clone, Copy, Debug)]
enum SchemaNode<'a> {
    /// A value of the built-in type with this index.
    Type(u16),
    /// A value of a built-in type's property.
    Property(&'static Property),
    /// A schema of the user's, and the document that it refers into.
    Custom { document: &'a Node, schema: &'a Node, both: bool },
}

impl Schema {
    /// The schema in `document`, an OpenAPI 2 document in JSON or YAML.
    ///
    /// # Errors
    /// Returns an error if it is not a mapping.
    pub fn custom(document: Node) -> Result<Self, Diagnostic> {
        if document.as_map().is_none() {
            return Err(Diagnostic::new("expected a mapping in an OpenAPI document").at(document.at));
        }
        let kinds = kinds_of(&document);
        let namespaced = scopes_of(&document);
        Ok(Schema { custom: Some(Arc::new(Custom { document, kinds, namespaced })), both: false })
    }

    /// Returns the schema combined with the built-in one, as in kustomize if an object of an unknown kind was read
    /// before the user's schema was chosen (`defaultBuiltInSchemaParseStatus`).
    #[must_use]
    pub fn with_builtin(self) -> Self {
        Schema { both: true, ..self }
    }

    /// Whether the built-in schema has the kind.
    pub fn is_builtin(gvk: &Gvk) -> bool {
        builtin_kind(&gvk.group, &gvk.version, &gvk.kind).is_some()
    }

    /// Whether objects of the kind certainly have no namespace (kustomize: `IsCertainlyClusterScoped`).
    pub fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        if let Some((_, _, _, cluster)) = builtin_kind(&gvk.group, &gvk.version, &gvk.kind) {
            return *cluster;
        }
        let key = || (gvk.api_version(), gvk.kind.to_string());
        self.custom.as_ref().and_then(|custom| custom.namespaced.get(&key())) == Some(&false)
    }

    /// Returns the schema of objects with this `apiVersion` and `kind`; `None` if the kind is unknown.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<SchemaAt<'_>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let builtin = || builtin_kind(group, version, kind).map(|(_, _, of, _)| SchemaAt(SchemaNode::Type(*of)));
        let Some(custom) = &self.custom else { return builtin() };
        if self.both
            && let Some(found) = builtin()
        {
            return Some(found);
        }
        let name = custom.kinds.get(&(api_version.to_owned(), kind.to_owned()))?;
        let schema = custom.document.at_path(&["definitions", name])?;
        Some(SchemaAt(SchemaNode::Custom { document: &custom.document, schema, both: self.both }))
    }
}

impl<'a> SchemaAt<'a> {
    /// Returns the schema of a mapping's value under `key`.
    pub fn field(self, key: &str) -> Option<SchemaAt<'a>> {
        match self.0 {
            SchemaNode::Type(of) => property(of, key),
            SchemaNode::Property(found) if found.map => Some(SchemaAt(SchemaNode::Type(found.of))),
            SchemaNode::Property(found) if found.list => None,
            SchemaNode::Property(found) => property(found.of, key),
            SchemaNode::Custom { document, schema, both } => {
                let in_properties = schema.get("properties").and_then(|properties| properties.get(key));
                let additional = || schema.get("additionalProperties").filter(|node| node.as_map().is_some());
                resolve(document, in_properties.or_else(additional)?, both)
            }
        }
    }

    /// Returns the schema of a list's elements.
    pub fn elements(self) -> Option<SchemaAt<'a>> {
        match self.0 {
            SchemaNode::Property(found) if found.list => Some(SchemaAt(SchemaNode::Type(found.of))),
            SchemaNode::Type(_) | SchemaNode::Property(_) => None,
            SchemaNode::Custom { document, schema, both } => {
                if schema.get("type").and_then(Node::text) != Some("array") {
                    return None;
                }
                resolve(document, schema.get("items")?, both)
            }
        }
    }

    /// The keys by which a list merges, empty for a list of scalars that merges; `None` if a list is replaced.
    pub fn merge_keys(self) -> Option<Vec<&'a str>> {
        match self.0 {
            SchemaNode::Type(_) => None,
            SchemaNode::Property(found) => found.keys.map(<[&str]>::to_vec),
            SchemaNode::Custom { schema, .. } => {
                let strategy = schema.get("x-kubernetes-patch-strategy").and_then(Node::text)?;
                if !strategy.split(',').any(|one| one == "merge") {
                    return None;
                }
                if let Some(keys) = schema.get("x-kubernetes-list-map-keys").and_then(Node::as_seq) {
                    return Some(keys.iter().filter_map(Node::text).collect());
                }
                Some(schema.get("x-kubernetes-patch-merge-key").and_then(Node::text).into_iter().collect())
            }
        }
    }
}

fn property(of: u16, key: &str) -> Option<SchemaAt<'static>> {
    let properties: &'static [Property] = TYPES.get(usize::from(of))?;
    let index = properties.binary_search_by(|found| found.name.cmp(key)).ok()?;
    Some(SchemaAt(SchemaNode::Property(&properties[index])))
}

fn builtin_kind(group: &str, version: &str, kind: &str) -> Option<&'static builtin::Kind> {
    let first = KINDS.partition_point(|known| compare(known.0, group, version).then(known.1.cmp(kind)).is_lt());
    let known = KINDS.get(first)?;
    (compare(known.0, group, version).is_eq() && known.1 == kind).then_some(known)
}

/// Compares an `apiVersion` with a group and version.
fn compare(known: &str, group: &str, version: &str) -> std::cmp::Ordering {
    if group.is_empty() {
        return known.cmp(version);
    }
    known.bytes().cmp(group.bytes().chain([b'/']).chain(version.bytes()))
}

/// The schema that `schema` refers to, or itself.
fn resolve<'a>(document: &'a Node, mut schema: &'a Node, both: bool) -> Option<SchemaAt<'a>> {
    for _ in 0..REFERENCE_LIMIT {
        let Some(reference) = schema.get("$ref").and_then(Node::text) else {
            return Some(SchemaAt(SchemaNode::Custom { document, schema, both }));
        };
        let path = reference.strip_prefix("#/")?;
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        let found = path.split('/').try_fold(document, |node, part| node.get(&unescape(part)));
        let Some(found) = found else { return builtin_type(path.strip_prefix("definitions/")?).filter(|_| both) };
        schema = found;
    }
    None
}

fn builtin_type(name: &str) -> Option<SchemaAt<'static>> {
    let index = TYPE_NAMES.binary_search(&name).ok()?;
    Some(SchemaAt(SchemaNode::Type(u16::try_from(index).ok()?)))
}

const KIND_MARK: &str = "x-kubernetes-group-version-kind";

fn kinds_of(document: &Node) -> FxHashMap<(String, String), String> {
    let mut kinds = FxHashMap::default();
    for entry in document.get("definitions").and_then(Node::as_map).map_or(&[][..], |map| map.entries()) {
        for mark in entry.value.get(KIND_MARK).and_then(Node::as_seq).into_iter().flatten() {
            if let Some(kind) = marked(mark) {
                kinds.insert(kind, entry.key.text.to_string());
            }
        }
    }
    kinds
}

fn scopes_of(document: &Node) -> FxHashMap<(String, String), bool> {
    let mut scopes = FxHashMap::default();
    for entry in document.get("paths").and_then(Node::as_map).map_or(&[][..], |map| map.entries()) {
        if let Some(kind) = entry.value.at_path(&["get", KIND_MARK]).and_then(marked) {
            let namespaced = scopes.entry(kind).or_insert(false);
            *namespaced |= entry.key.text.contains("namespaces/{namespace}");
        }
    }
    scopes
}

fn marked(mark: &Node) -> Option<(String, String)> {
    let text = |key| mark.get(key).and_then(Node::text);
    let version = text("version")?;
    let api_version = match text("group") {
        Some(group) if !group.is_empty() => format!("{group}/{version}"),
        _ => version.to_owned(),
    };
    Some((api_version, text("kind")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(KINDS.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
        assert!(TYPE_NAMES.is_sorted() && TYPE_NAMES.len() == TYPES.len());
        assert!(TYPES.iter().all(|properties| properties.is_sorted_by(|a, b| a.name < b.name)));
        let in_range = |of: u16| of == builtin::NO_TYPE || usize::from(of) < TYPES.len();
        assert!(TYPES.iter().flat_map(|properties| properties.iter()).all(|found| in_range(found.of)));
    }

    #[test]
    fn scopes_and_merge_keys_are_found() {
        let schema = Schema::default();
        assert!(schema.is_cluster_scoped(&Gvk::new("v1", "Namespace")));
        assert!(schema.is_cluster_scoped(&Gvk::new("rbac.authorization.k8s.io/v1", "ClusterRole")));
        assert!(!schema.is_cluster_scoped(&Gvk::new("apps/v1", "Deployment")));
        assert!(!schema.is_cluster_scoped(&Gvk::new("example.com/v1", "Namespace")));
        let path = ["spec", "template", "spec"];
        let pod =
            path.iter().try_fold(schema.of_kind("apps/v1", "Deployment").expect("known"), |at, key| at.field(key));
        let containers = pod.and_then(|pod| pod.field("containers")).expect("known");
        assert_eq!(containers.merge_keys(), Some(vec!["name"]));
        let ports = containers.elements().and_then(|container| container.field("ports")).expect("known");
        assert_eq!(ports.merge_keys(), Some(vec!["containerPort", "protocol"]));
        let finalizers = schema.of_kind("v1", "Pod").and_then(|pod| pod.field("metadata")?.field("finalizers"));
        assert_eq!(finalizers.and_then(SchemaAt::merge_keys), Some(vec![]));
    }
}
