//! The accumulated state of a kustomization (objects, field specs, vars), and the rules for adding to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::{Data, Diagnostic, Map, Node, ObjectId, Scalar, Tag, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::kustomize::fields::configuration::Configuration;
use crate::kustomize::object::cow_node::Object;
use crate::kustomize::object::resource::{Behavior, Resource, check_unique, duplicate, identity};
use crate::kustomize::object::set;
use crate::kustomize::schema::Schema;
use crate::kustomize::transform::vars;
use crate::kustomize::transform::vars::Defined;

/// Objects, field specs and vars.
#[derive(Clone, Debug, Default)]
pub struct Accumulated {
    /// The objects in the order in which they came.
    pub resources: Vec<Resource>,
    /// The field specs of this kustomization and its bases; absent before any were merged.
    pub configuration: Option<Arc<Configuration>>,
    /// The vars of this kustomization and its bases.
    pub vars: Vec<Defined>,
    /// The ids of `resources`, while nothing has changed them.
    known: Option<FxHashSet<ObjectId>>,
    /// The present and former ids of `resources`, while nothing but generators has changed them.
    owners: Option<Owners>,
}

impl Accumulated {
    /// The objects, to be changed in any way.
    pub fn resources_mut(&mut self) -> &mut Vec<Resource> {
        self.known = None;
        self.owners = None;
        &mut self.resources
    }

    /// Adds objects.
    ///
    /// # Errors
    /// Returns an error if an object with the same id exists.
    pub fn append(&mut self, more: Vec<Resource>, schema: &Schema) -> Result<(), Diagnostic> {
        self.owners = None;
        let resources = &self.resources;
        let known = self
            .known
            .get_or_insert_with(|| resources.iter().map(|resource| identity(&resource.id(), schema)).collect());
        for resource in &more {
            let id = resource.id();
            if !known.insert(identity(&id, schema)) {
                self.known = None;
                return Err(duplicate(resource, &id));
            }
        }
        self.resources.extend(more);
        Ok(())
    }

    /// Adds all that another kustomization has gathered.
    ///
    /// # Errors
    /// Returns an error if an object or var exists in both, or field specs contradict each other.
    pub fn merge(&mut self, other: Accumulated, schema: &Schema) -> Result<(), Diagnostic> {
        if self.resources.is_empty() {
            check_unique(&other.resources, schema)?;
            self.resources = other.resources;
            self.known = None;
            self.owners = None;
        } else {
            self.append(other.resources, schema)?;
        }
        if let Some(configuration) = other.configuration {
            self.merge_configuration(configuration)?;
        }
        vars::add(&mut self.vars, other.vars)
    }

    /// Adds field specs.
    ///
    /// # Errors
    /// Field specs that contradict each other.
    pub fn merge_configuration(&mut self, more: Arc<Configuration>) -> Result<(), Diagnostic> {
        self.configuration = Some(match self.configuration.take() {
            None => more,
            Some(own) if Arc::ptr_eq(&own, &more) || own == more => own,
            Some(own) => Arc::new(Configuration::clone(&own).merge(Configuration::clone(&more))?),
        });
        Ok(())
    }

    /// Adds generated objects: new ones, and those that replace or extend an object that has, or had, their id.
    ///
    /// # Errors
    /// Returns an error if an object to replace does not exist, a new object exists, or several objects match.
    pub fn absorb(&mut self, generated: Vec<Resource>, schema: &Schema) -> Result<(), Diagnostic> {
        if generated.is_empty() {
            return Ok(());
        }
        self.known = None;
        let mut owners = self.owners.take().unwrap_or_else(|| Owners::index(&self.resources, schema));
        for resource in generated {
            let id = resource.id();
            let key = identity(&id, schema);
            match (owners.of(&key), resource.behavior) {
                ([], Behavior::Merge | Behavior::Replace) => return Err(missing(&resource, &id)),
                ([], _) => {
                    owners.add(&resource, self.resources.len(), schema);
                    self.resources.push(resource);
                }
                ([index], Behavior::Replace) => replace(&mut self.resources[*index], resource, &id)?,
                ([index], Behavior::Merge) => merge(&mut self.resources[*index], resource, &id)?,
                ([_], _) => return Err(exists(&resource, &id)),
                (several, _) => return Err(ambiguous(&resource, &id, several.len())),
            }
        }
        self.owners = Some(owners);
        Ok(())
    }
}

/// An index from present and former ids to objects.
#[derive(Clone, Debug)]
struct Owners(FxHashMap<ObjectId, Vec<usize>>);

impl Owners {
    fn index(resources: &[Resource], schema: &Schema) -> Self {
        let mut owners = Owners(FxHashMap::default());
        for (index, resource) in resources.iter().enumerate() {
            owners.add(resource, index, schema);
        }
        owners
    }

    fn add(&mut self, resource: &Resource, index: usize, schema: &Schema) {
        let present = identity(&resource.id(), schema);
        for id in resource.past_ids().chain(std::iter::once(present)) {
            let owners = self.0.entry(id).or_default();
            if owners.last() != Some(&index) {
                owners.push(index);
            }
        }
    }

    fn of(&self, id: &ObjectId) -> &[usize] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }
}

/// Replaces `old` with a generated object, whose name, build data, labels and annotations it takes over.
fn replace(old: &mut Resource, new: Resource, target: &ObjectId) -> Result<(), Diagnostic> {
    let origin = new.origin.clone();
    let mut taken = take_over(old, new);
    taken.origin = origin.or(taken.origin);
    check_same(&taken, old, target)?;
    *old = taken;
    Ok(())
}

/// Merges a generated object into `old`; its keys take precedence.
fn merge(old: &mut Resource, new: Resource, target: &ObjectId) -> Result<(), Diagnostic> {
    let merged = ["data", "binaryData"].map(|field| (field, merged_field(&old.node, &new.node, field)));
    let mut taken = take_over(old, new);
    if let Some(map) = taken.node.as_map_mut() {
        for (field, merged) in merged {
            map.remove(field);
            set_data(map, field, merged);
        }
    }
    check_same(&taken, old, target)?;
    *old = taken;
    Ok(())
}

/// The replacement must have the id by which the old object was found (kustomize: `Replace`).
fn check_same(taken: &Resource, old: &Resource, target: &ObjectId) -> Result<(), Diagnostic> {
    let (taken_id, old_id) = (taken.id(), old.id());
    if taken_id.gvk == old_id.gvk { Ok(()) } else { Err(missing(taken, target)) }
}

fn take_over(old: &Resource, new: Resource) -> Resource {
    let mut node = new.node;
    let labels = merged_metadata(&old.node, &node, "labels");
    let annotations = merged_metadata(&old.node, &node, "annotations");
    if let Some(metadata) = set::metadata(&mut node) {
        for (field, pairs) in [("labels", labels), ("annotations", annotations)] {
            metadata.remove(field);
            if !pairs.is_empty() {
                metadata.push(Scalar::plain(field), strings(pairs).into());
            }
        }
    }
    set::name(&mut node, old.name());
    set::namespace(&mut node, old.namespace());
    Resource { node, needs_hash: old.needs_hash && new.needs_hash, file: new.file, ..bookkeeping(old) }
}

/// A resource with the build data of `old` and an empty object.
fn bookkeeping(old: &Resource) -> Resource {
    Resource {
        node: Object::default(),
        past: old.past.clone(),
        prefixes: old.prefixes.clone(),
        suffixes: old.suffixes.clone(),
        needs_hash: old.needs_hash,
        behavior: old.behavior,
        vars: old.vars.clone(),
        origin: old.origin.clone(),
        transformations: old.transformations.clone(),
        shared: Vec::new(),
        file: old.file.clone(),
        repeated: Vec::new(),
    }
}

type Pairs = BTreeMap<Text, Text>;

fn merged_metadata(old: &Node, new: &Node, field: &str) -> Pairs {
    let pairs = |object: &Node| object.at_path(&["metadata", field]).map(texts).unwrap_or_default();
    let mut merged = pairs(old);
    merged.extend(pairs(new));
    merged
}

fn merged_field(old: &Node, new: &Node, field: &str) -> Pairs {
    let pairs = |object: &Node| object.get(field).map(texts).unwrap_or_default();
    let mut merged = pairs(old);
    merged.extend(pairs(new));
    merged
}

/// Keys and values of a mapping as text; what is not a single value is empty.
fn texts(node: &Node) -> Pairs {
    let entries = node.as_map().map(Map::entries).unwrap_or_default();
    let text = |node: &Node| match &node.data {
        Data::Scalar(scalar) => scalar.text.clone(),
        _ => Text::default(),
    };
    entries.iter().map(|entry| (entry.key.text.clone(), text(&entry.value))).collect()
}

fn strings(pairs: Pairs) -> Map {
    let mut map = Map::with_capacity(pairs.len());
    for (key, value) in pairs {
        map.push(Scalar::plain(key), Node::string(value));
    }
    map
}

/// Sets `data` or `binaryData`, unless it is empty.
fn set_data(object: &mut Map, field: &str, pairs: Pairs) {
    if !pairs.is_empty() {
        object.push(Scalar { tag: Tag::Implicit, ..Scalar::plain(field) }, strings(pairs).into());
    }
}

fn missing(resource: &Resource, id: &ObjectId) -> Diagnostic {
    let behavior = resource.behavior.name();
    Diagnostic::new(format!("{id} not found: there is nothing to {behavior}"))
        .hint("remove `behavior`, or list the base that contains the object")
}

fn exists(resource: &Resource, id: &ObjectId) -> Diagnostic {
    resource
        .locate(Diagnostic::new(format!("duplicate resource {id}")))
        .hint("set `behavior: merge` or `behavior: replace`, or use another name")
}

fn ambiguous(resource: &Resource, id: &ObjectId, count: usize) -> Diagnostic {
    let message = format!("ambiguous resource {id}: {count} objects match, with behavior {}", resource.behavior.name());
    Diagnostic::new(message).hint("give the objects different names")
}
