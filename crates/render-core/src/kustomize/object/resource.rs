//! An object during a build. The build's own data about it is kept in separate fields, never in the object.
//!
//! kustomize keeps this data in annotations under `internal.config.kubernetes.io`. Where its behaviour follows
//! from that (what a former id remembers, which namespace it is compared in), the items here say so.

use std::sync::Arc;

use manifest::yaml::DuplicateKey;
use manifest::{Diagnostic, Gvk, Node, ObjectId, Text};
use rustc_hash::FxHashSet;

use super::cow_node::Object;
use super::origin::Origin;
use super::shared::Shared;
use crate::kustomize::schema::Schema;

/// The effective namespace of an object of a kind that has none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// An object and what the build remembers of it.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// The object.
    pub node: Object,
    /// Its former ids, one for each change of name, namespace or kind, oldest first.
    pub past: Vec<PastId>,
    /// Name prefixes it has been given, oldest first.
    pub prefixes: Vec<Text>,
    /// Name suffixes it has been given, oldest first.
    pub suffixes: Vec<Text>,
    /// Whether its name gets a hash of its content at the end of the build.
    pub needs_hash: bool,
    /// The `behavior` of the generator.
    pub behavior: Behavior,
    /// The names of the `vars` that take their value from it.
    pub vars: Vec<Text>,
    /// Its origin; recorded only if `buildMetadata` requests it.
    pub origin: Option<Arc<Origin>>,
    /// The transformers that changed it, oldest first; recorded only if `buildMetadata` requests them.
    pub transformations: Vec<Arc<Origin>>,
    /// Labels and annotations whose value several fields share.
    pub shared: Vec<Shared>,
    /// The file it was read from, for messages; `None` if it was generated.
    pub file: Option<Text>,
    /// Its duplicate keys; only in a patch, since they are an error in an object.
    pub repeated: Vec<DuplicateKey>,
}

/// A former id of an object. It has no group and version: comparisons use the present ones, as
/// in kustomize.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PastId {
    /// The effective namespace: see [`effective_namespace`].
    pub namespace: Text,
    /// `metadata.name`.
    pub name: Text,
    /// `kind`.
    pub kind: Text,
}

/// The `behavior` of a generator: what it does if an object of its name exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// No `behavior` is set: the same as `create`.
    #[default]
    Unspecified,
    /// It is an error.
    Create,
    /// The generated object replaces it.
    Replace,
    /// The generated keys are merged into it.
    Merge,
}

impl Behavior {
    /// The behavior of that name; any other name is none.
    pub fn named(name: &str) -> Self {
        match name {
            "create" => Behavior::Create,
            "replace" => Behavior::Replace,
            "merge" => Behavior::Merge,
            _ => Behavior::Unspecified,
        }
    }

    /// The name; empty if none is set.
    pub fn name(self) -> &'static str {
        match self {
            Behavior::Unspecified => "",
            Behavior::Create => "create",
            Behavior::Replace => "replace",
            Behavior::Merge => "merge",
        }
    }
}

impl Resource {
    /// Makes a resource without former ids.
    pub fn new(node: Node) -> Self {
        Resource { node: node.into(), ..Resource::default() }
    }

    /// Returns the present id.
    pub fn id(&self) -> ObjectId {
        ObjectId::of(&self.node)
    }

    /// Its present group, version and kind.
    pub fn gvk(&self) -> Gvk {
        Gvk::of(&self.node)
    }

    /// `metadata.name`, empty if absent.
    pub fn name(&self) -> &str {
        self.node.at_path(&["metadata", "name"]).and_then(Node::text).unwrap_or_default()
    }

    /// `metadata.namespace`, empty if absent.
    pub fn namespace(&self) -> &str {
        self.node.at_path(&["metadata", "namespace"]).and_then(Node::text).unwrap_or_default()
    }

    /// `kind`, empty if absent.
    pub fn kind(&self) -> &str {
        self.node.get("kind").and_then(Node::text).unwrap_or_default()
    }

    /// Returns the first id. The namespace of a former id is the effective one.
    pub fn original_id(&self) -> ObjectId {
        self.past_ids().next().unwrap_or_else(|| self.id())
    }

    /// Returns the former ids, oldest first, without the present one.
    pub fn past_ids(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let gvk = if self.past.is_empty() { Gvk::default() } else { self.gvk() };
        self.past.iter().map(move |past| ObjectId {
            gvk: Gvk { kind: past.kind.clone(), ..gvk.clone() },
            namespace: past.namespace.clone(),
            name: past.name.clone(),
        })
    }

    /// Remembers what it is called now, before a change of name, namespace or kind. An object without a name is not
    /// remembered.
    pub fn remember_id(&mut self, schema: &Schema) {
        let id = self.id();
        if id.name.is_empty() || id.gvk.kind.is_empty() {
            return;
        }
        let namespace = effective_namespace(&id, schema).into();
        self.past.push(PastId { namespace, name: id.name, kind: id.gvk.kind });
    }
}

/// The namespace in which an id is compared: that of no namespace for a cluster-wide kind, else `default` where none is
/// given.
pub(crate) fn effective_namespace<'a>(id: &'a ObjectId, schema: &Schema) -> &'a str {
    if schema.is_cluster_scoped(&id.gvk) {
        NO_NAMESPACE
    } else if id.namespace.is_empty() {
        "default"
    } else {
        &id.namespace
    }
}

/// The id with its effective namespace: equal for two ids that mean one object.
pub(crate) fn identity(id: &ObjectId, schema: &Schema) -> ObjectId {
    let namespace = effective_namespace(id, schema).into();
    ObjectId { namespace, ..id.clone() }
}

/// Checks that all objects have different ids.
///
/// # Errors
/// The first object whose id another one has.
pub(crate) fn check_unique(resources: &[Resource], schema: &Schema) -> Result<(), Diagnostic> {
    let mut known = FxHashSet::default();
    known.reserve(resources.len());
    let mut ids = resources.iter().map(|resource| (resource, resource.id()));
    match ids.find(|(_, id)| !known.insert(identity(id, schema))) {
        Some((resource, id)) => Err(duplicate(resource, &id)),
        None => Ok(()),
    }
}

/// Returns the error for an object whose id another one has.
pub(crate) fn duplicate(resource: &Resource, id: &ObjectId) -> Diagnostic {
    let found = Diagnostic::new(format!("duplicate resource {id}")).at(resource.node.at);
    resource.locate(found).hint("remove one of the two, or list the file or folder only once")
}

impl Resource {
    /// Whether kustomize would have added build annotations by now, so that the object has annotations even if none are written.
    pub fn has_bookkeeping(&self) -> bool {
        let generated = self.file.is_none();
        let renamed = !(self.past.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty());
        generated || renamed || self.needs_hash || self.origin.is_some()
    }

    /// Copies a change of a shared value to all its fields. To be called after every step that may change one.
    pub(crate) fn sync_shared(&mut self) {
        let node = &mut self.node;
        self.shared.retain_mut(|shared| shared.sync(node));
    }

    /// Resets the data that kustomize keeps in annotations, as a patch that removes all annotations does.
    pub fn forget(&mut self) {
        self.past.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.needs_hash = false;
        self.behavior = Behavior::Unspecified;
        self.origin = None;
        self.transformations.clear();
    }

    /// Names the object (and its file) in a diagnostic about it.
    pub fn in_object(&self, diagnostic: Diagnostic) -> Diagnostic {
        let mut diagnostic = self.locate(diagnostic);
        diagnostic.message = format!("{}: {}", self.id(), diagnostic.message);
        diagnostic
    }

    /// Names the object's file in a diagnostic, where it has one.
    pub fn locate(&self, diagnostic: Diagnostic) -> Diagnostic {
        match &self.file {
            Some(file) => diagnostic.in_file(file.as_str()),
            None => diagnostic,
        }
    }
}
