//! `namespace`.

use manifest::{Data, Diagnostic, Node, Scalar, Tag};
use rustc_hash::FxHashMap;

use crate::kustomize::budget::Budget;
use crate::kustomize::context::Context;
use crate::kustomize::fields::field_spec::{FieldSpec, Make};
use crate::kustomize::object::annotations;
use crate::kustomize::object::annotations::HELM_GENERATED;
use crate::kustomize::object::reader::is_empty;
use crate::kustomize::object::resource::{Resource, identity};
use crate::kustomize::object::scalar::is_null_node;
use crate::kustomize::object::set;
use crate::kustomize::schema::Schema;

/// The subjects of a RoleBinding or ClusterRoleBinding that get the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those named `default`.
    #[default]
    Default,
    /// Every ServiceAccount.
    ServiceAccounts,
    /// None.
    None,
}

/// The options of the transformer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Namespace {
    /// The namespace.
    pub name: String,
    /// Whether a namespace that is there stays.
    pub unset_only: bool,
    /// The subjects that get it.
    pub subjects: Subjects,
}

/// Puts every object that can have one into the namespace; objects rendered by helm are not changed.
///
/// # Errors
/// Returns an error if a node on the path is not a scalar, or two objects become one.
pub(crate) fn apply(
    resources: &mut [Resource],
    namespace: &Namespace,
    specs: &[FieldSpec],
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    if namespace.name.is_empty() {
        return Ok(());
    }
    let mut changed = vec![false; resources.len()];
    for (resource, changed) in resources.iter_mut().zip(&mut changed) {
        if is_empty(&resource.node) || annotations::get(&resource.node, HELM_GENERATED) == Some("true") {
            continue;
        }
        *changed = true;
        resource.remember_id(context.schema);
        set_namespace(resource, namespace, specs, context).map_err(|error| resource.in_object(error))?;
    }
    check_conflicts(resources, &changed, context.schema)
}

/// Puts one object into the namespace without remembering what it was called (for ValueAddTransformer).
///
/// # Errors
/// Returns an error if a node on the path is not a scalar.
pub(crate) fn set_one(resource: &mut Resource, namespace: &Namespace, context: Context<'_>) -> Result<(), Diagnostic> {
    set_namespace(resource, namespace, &[], context).map_err(|error| resource.in_object(error))
}

fn check_conflicts(resources: &[Resource], changed: &[bool], schema: &Schema) -> Result<(), Diagnostic> {
    let mut seen = FxHashMap::default();
    for (index, resource) in resources.iter().enumerate() {
        let Some(other) = seen.insert(identity(&resource.id(), schema), index) else { continue };
        if changed[index] || changed[other] {
            let message = format!("duplicate resource {} in the new namespace", resource.id());
            return Err(resource.locate(Diagnostic::new(message)).field("namespace").hint("rename one of the two"));
        }
    }
    Ok(())
}

fn set_namespace(
    resource: &mut Resource,
    namespace: &Namespace,
    specs: &[FieldSpec],
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let gvk = resource.gvk();
    let object = &mut resource.node;
    if !context.schema.is_cluster_scoped(&gvk) {
        context.budget.add(namespace.name.len() as u64)?;
        set_metadata(object, namespace)?;
    }
    let binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
    if binding {
        set_subjects(object, namespace, context.budget)?;
    }
    let core_v1 = gvk.group.is_empty() && gvk.version == "v1";
    for spec in specs.iter().filter(|spec| spec.applies_to(&gvk)) {
        let handled = match spec.path.as_str() {
            "metadata/namespace" => true,
            "metadata/name" => !core_v1,
            "subjects/namespace" => matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") && binding,
            _ => false,
        };
        if !handled {
            spec.apply(&gvk, object, Make::Scalar, context.budget, &mut |node| set_value(node, namespace))?;
        }
    }
    Ok(())
}

fn set_metadata(object: &mut Node, namespace: &Namespace) -> Result<(), Diagnostic> {
    let Some(metadata) = set::metadata(object) else {
        return Err(Diagnostic::new("expected a mapping in metadata").at(object.at).field("metadata"));
    };
    let node = metadata.get_or_insert_with("namespace", || Scalar::plain("").into());
    set_value(node, namespace).map_err(|error| error.field("metadata.namespace"))
}

fn set_value(node: &mut Node, namespace: &Namespace) -> Result<(), Diagnostic> {
    let taken = !is_empty(node) && node.text().is_some_and(|text| !text.is_empty());
    if namespace.unset_only && taken {
        return Ok(());
    }
    set::scalar(node, namespace.name.as_str(), Tag::Str)
}

fn set_subjects(object: &mut Node, namespace: &Namespace, budget: &Budget) -> Result<(), Diagnostic> {
    let (key, expected) = match namespace.subjects {
        Subjects::None => return Ok(()),
        Subjects::Default => ("name", "default"),
        Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
    };
    let Some(subjects) = object.get_mut("subjects").filter(|node| !is_null_node(node)) else { return Ok(()) };
    let at = subjects.at;
    let Data::Seq(subjects) = &mut subjects.data else {
        return Err(Diagnostic::new("expected a list").at(at).field("subjects"));
    };
    for subject in subjects {
        let at = subject.at;
        let Some(map) = subject.as_map_mut() else { continue };
        if map.get(key).is_some_and(|node| node.as_scalar().is_none()) {
            let message = format!("expected a scalar as the {key} of a subject");
            return Err(Diagnostic::new(message).at(at).field("subjects"));
        }
        if map.get(key).and_then(Node::text) == Some(expected) {
            budget.add(namespace.name.len() as u64)?;
            let node = map.get_or_insert_with("namespace", || Scalar::plain("").into());
            set_value(node, namespace).map_err(|error| error.field("subjects.namespace"))?;
        }
    }
    Ok(())
}
