//! `namePrefix` and `nameSuffix`.

use manifest::{Diagnostic, ObjectId, Tag, Text};

use crate::kustomize::budget::Budget;
use crate::kustomize::context::Context;
use crate::kustomize::fields::field_spec::{FieldSpec, Make};
use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::set;
use crate::kustomize::schema::Schema;

/// The end of the name that is extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// `namePrefix`
    Prefix,
    /// `nameSuffix`
    Suffix,
}

/// Extends the names in the fields of `specs`; those of CustomResourceDefinitions, APIServices and Namespaces stay.
///
/// # Errors
/// Returns an error if a node on the path is not a scalar.
pub(crate) fn apply(
    resources: &mut [Resource],
    end: End,
    affix: &str,
    specs: &[FieldSpec],
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    // The affix is kept beside the object, too.
    context.budget.check_room(resources.len(), 2 * affix.len() as u64)?;
    for resource in resources {
        let original = resource.original_id();
        if keeps_name(&original) {
            continue;
        }
        for spec in specs.iter().filter(|spec| spec.applies_to(&original.gvk)) {
            if spec.path == "metadata/name" && !affix.is_empty() {
                context.budget.add(affix.len() as u64)?;
                remember(resource, end, affix, context.schema);
            }
            extend(resource, end, affix, spec, context.budget).map_err(|error| resource.in_object(error))?;
        }
    }
    Ok(())
}

fn keeps_name(id: &ObjectId) -> bool {
    match id.gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => id.gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

/// Remembers the affix and the name before it. A comma separates, as in kustomize's build annotations.
fn remember(resource: &mut Resource, end: End, affix: &str, schema: &Schema) {
    let list = match end {
        End::Prefix => &mut resource.prefixes,
        End::Suffix => &mut resource.suffixes,
    };
    list.extend(affix.split(',').map(Text::from));
    resource.remember_id(schema);
}

fn extend(resource: &mut Resource, end: End, affix: &str, spec: &FieldSpec, budget: &Budget) -> Result<(), Diagnostic> {
    let gvk = resource.gvk();
    spec.apply(&gvk, &mut resource.node, Make::Scalar, budget, &mut |node| {
        let old = node.text().unwrap_or_default();
        let new = match end {
            End::Prefix => format!("{affix}{old}"),
            End::Suffix => format!("{old}{affix}"),
        };
        set::scalar(node, new, Tag::Implicit)
    })
}
