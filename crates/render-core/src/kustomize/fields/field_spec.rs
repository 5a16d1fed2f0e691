//! Field specs: which fields of which kinds a transformer changes, and the walk to them.
//!
//! The defaults are kustomize 5.8.1's (`defaults.txt`); `configurations:` files and `crds` add to them.

use std::mem::size_of;

use manifest::{Data, Diagnostic, Entry, Gvk, Map, Node, Scalar, Tag, Text};

use crate::kustomize::budget::{Budget, size_of_node};
use crate::kustomize::object::scalar::is_null;
use crate::kustomize::object::shared;

/// A path into the objects of some kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSpec {
    /// The kinds it applies to; an empty part stands for any.
    pub gvk: Gvk,
    /// The path as written, parts separated by `/` (`\/` for a slash inside a part, `[]` after a list's name).
    pub path: Text,
    /// Whether missing parts of the path are made.
    pub create: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: Text,
    list: bool,
}

/// The node that is created at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    /// Nothing: only what exists is changed.
    Nothing,
    /// An empty mapping.
    Map,
    /// An empty scalar, to be set by the caller.
    Scalar,
}

impl FieldSpec {
    /// A spec for the kinds that `gvk` selects.
    pub fn new(gvk: Gvk, path: impl Into<Text>, create: bool) -> Self {
        let path = path.into();
        // kyaml takes the blanks off each part, and passes over one that is nothing else (`cleanPath`).
        let parts = split_path(&path, '/').into_iter().filter(|part| part.is_empty() || !part.trim().is_empty());
        let steps = parts.map(|part| Step::new(part.trim())).collect();
        FieldSpec { gvk, path, create, steps }
    }

    /// Whether it applies to objects of this kind.
    pub fn applies_to(&self, gvk: &Gvk) -> bool {
        selects(&self.gvk, gvk)
    }

    /// Returns the paths of the existing nodes that the spec selects, if it applies to `gvk`.
    pub fn places(&self, gvk: &Gvk, object: &Node) -> Vec<Vec<shared::Step>> {
        let mut paths = Vec::new();
        if self.applies_to(gvk) {
            collect_paths(object, &self.steps, &mut Vec::new(), &mut paths);
        }
        paths
    }

    /// Calls `set` on every node at the path, if the spec applies to `gvk`, the object's kind. Null nodes before the
    /// path's end stop the walk, lists are walked element by element.
    ///
    /// # Errors
    /// Returns an error if a scalar stands before the path's end, a part of the path is empty or an index, `set` fails, or what is added
    /// exceeds the budget.
    pub(in crate::kustomize) fn apply(
        &self,
        gvk: &Gvk,
        object: &mut Node,
        make: Make,
        budget: &Budget,
        set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        if !self.applies_to(gvk) {
            return Ok(());
        }
        let make = if self.create { make } else { Make::Nothing };
        check_length(self.steps.len())?;
        let mut counted = |node: &mut Node| {
            let before = size_of_node(node);
            set(node)?;
            budget.add(size_of_node(node).saturating_sub(before))
        };
        walk(object, &self.steps, &Making { make, budget }, &mut counted)
            .map_err(|error| error.field(self.path.replace('/', ".")))
    }
}

/// More parts than any path to a field has; each is a level of the object that is made.
const LONGEST: usize = 500;

/// Refuses a path with so many parts that what it makes would be too deep.
///
/// # Errors
/// Returns an error if the path has more than [`LONGEST`] parts.
pub(crate) fn check_length(parts: usize) -> Result<(), Diagnostic> {
    if parts <= LONGEST {
        return Ok(());
    }
    Err(Diagnostic::new(format!("the path has {parts} parts, the limit is {LONGEST}")))
}

/// Collects the paths of the existing nodes below `node` that `steps` select; `path` leads to `node`.
fn collect_paths(node: &Node, steps: &[Step], path: &mut Vec<shared::Step>, paths: &mut Vec<Vec<shared::Step>>) {
    let Some((step, rest)) = steps.split_first() else {
        paths.push(path.clone());
        return;
    };
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(shared::Step::Index(index));
                collect_paths(item, steps, path, paths);
                path.pop();
            }
        }
        Data::Map(map) => {
            if let Some(field) = map.get(&step.name) {
                path.push(shared::Step::Key(step.name.clone()));
                collect_paths(field, rest, path, paths);
                path.pop();
            }
        }
    }
}

impl Step {
    fn new(part: &str) -> Self {
        match part.strip_suffix("[]") {
            Some(name) => Step { name: name.trim_end().into(), list: true },
            None => Step { name: part.into(), list: false },
        }
    }
}

/// Whether `selector` (empty parts stand for any) selects `gvk`.
pub(crate) fn selects(selector: &Gvk, gvk: &Gvk) -> bool {
    let part = |selected: &Text, actual: &Text| selected.is_empty() || selected == actual;
    part(&selector.kind, &gvk.kind) && part(&selector.group, &gvk.group) && part(&selector.version, &gvk.version)
}

/// Splits a path at `delimiter`, except where it follows a backslash; one delimiter at the start is passed over.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(delimiter).collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut result: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match result.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => result.push(part.to_owned()),
        }
    }
    result
}

/// What a walk makes, and what that is counted by.
struct Making<'a> {
    make: Make,
    budget: &'a Budget,
}

fn walk(
    node: &mut Node,
    steps: &[Step],
    making: &Making<'_>,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some((step, rest)) = steps.split_first() else { return set(node) };
    match &mut node.data {
        Data::Scalar(scalar) if is_null(scalar) => Ok(()),
        Data::Scalar(_) => {
            Err(Diagnostic::new(format!("expected a mapping or a list above {:?}, found a scalar", step.name)))
        }
        Data::Seq(items) => items.iter_mut().try_for_each(|item| walk(item, steps, making, set)),
        Data::Map(map) => walk_map(map, step, rest, making, set),
    }
}

fn walk_map(
    map: &mut Map,
    step: &Step,
    rest: &[Step],
    making: &Making<'_>,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    if step.name.is_empty() {
        return Err(Diagnostic::new("the path has an empty part"));
    }
    if step.name == "-" || step.name == "*" || step.name.parse::<i64>().is_ok() {
        return Err(Diagnostic::new(format!("expected a list at index {:?}, found a mapping", step.name)));
    }
    let initial = if step.list || making.make == Make::Nothing {
        step.list.then(|| Data::Seq(Vec::new()))
    } else if rest.is_empty() && making.make == Make::Scalar {
        Some(Data::Scalar(Scalar { tag: Tag::Implicit, ..Scalar::plain("") }))
    } else {
        Some(Data::Map(Map::default()))
    };
    let Some(field) = map.get_mut(&step.name) else {
        return match initial {
            Some(data) if !step.list => {
                making.budget.add((size_of::<Entry>() + step.name.len()) as u64)?;
                walk(map.get_or_insert_with(&step.name, || Node { data, ..Node::default() }), rest, making, set)
            }
            _ => Ok(()),
        };
    };
    if let (Data::Scalar(scalar), Some(data)) = (&field.data, initial)
        && is_null(scalar)
    {
        field.data = data;
    }
    walk(field, rest, making, set)
}

/// The kinds that precede all others in the legacy order (kustomize: `orderFirst`).
pub(crate) const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// The kinds that follow all others (kustomize: `orderLast`).
pub(crate) const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// A sort key: the place of the kind in kustomize's list of kinds, then `group_version_kind` with `~G`, `~V` and `~K`
/// for empty parts (kustomize: `Gvk.IsLessThan`).
pub(crate) fn kind_order(gvk: &Gvk) -> (usize, String) {
    let place = match FIRST.iter().position(|kind| *kind == gvk.kind) {
        Some(index) => index,
        None => FIRST.len() + LAST.iter().position(|kind| *kind == gvk.kind).map_or(0, |index| index + 1),
    };
    let or = |part: &Text, absent: &str| if part.is_empty() { absent.to_owned() } else { part.to_string() };
    (place, format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_unescaped_slashes() {
        assert_eq!(split_path("/a/b\\/c/d[]", '/'), ["a", "b/c", "d[]"]);
        assert_eq!(split_path("", '/'), [""]);
    }
}
