//! `replicas`.

use manifest::{Diagnostic, Gvk, Node, Tag, Text};
use rustc_hash::FxHashMap;

use super::set::set_scalar;
use crate::kustomize::budget::Budget;
use crate::kustomize::fields::field_spec::{FieldSpec, Make};
use crate::kustomize::kustomization::Replica;
use crate::kustomize::object::resource::{PastId, Resource};

/// Sets the number of replicas in the fields of `specs`.
///
/// # Errors
/// Returns an error if no object of that name has one of the kinds of `specs`, or the field is not a scalar.
pub(crate) fn apply(
    resources: &mut [Resource],
    replicas: &[Replica],
    specs: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Diagnostic> {
    if replicas.is_empty() {
        return Ok(());
    }
    let named = by_name(resources);
    for replica in replicas {
        let mut found = false;
        for spec in specs {
            for index in named.get(replica.name.as_str()).into_iter().flatten() {
                let resource = &mut resources[*index];
                if is_called(resource, &replica.name, spec) {
                    found = true;
                    set_count(resource, replica.count, spec, budget)?;
                }
            }
        }
        if !found {
            return Err(missing(replica, specs));
        }
    }
    Ok(())
}

fn by_name(resources: &[Resource]) -> FxHashMap<Text, Vec<usize>> {
    let mut named: FxHashMap<Text, Vec<usize>> = FxHashMap::default();
    for (index, resource) in resources.iter().enumerate() {
        let past = resource.past.iter().map(|past| past.name.clone());
        for name in past.chain([Text::from(resource.name())]) {
            let places = named.entry(name).or_default();
            if places.last() != Some(&index) {
                places.push(index);
            }
        }
    }
    named
}

/// Whether it is or was called `name` with a kind that the spec is for.
fn is_called(resource: &Resource, name: &str, spec: &FieldSpec) -> bool {
    let gvk = resource.gvk();
    let was = |past: &&PastId| past.name == name && spec.applies_to(&Gvk { kind: past.kind.clone(), ..gvk.clone() });
    resource.past.iter().find(was).is_some() || (resource.name() == name && spec.applies_to(&gvk))
}

fn set_count(resource: &mut Resource, count: i64, spec: &FieldSpec, budget: &Budget) -> Result<(), Diagnostic> {
    let gvk = resource.gvk();
    let text = Text::from(count.to_string());
    let set = &mut |node: &mut Node| set_scalar(node, text.clone(), Tag::Int);
    spec.apply(&gvk, &mut resource.node, Make::Scalar, budget, set).map_err(|error| resource.in_object(error))
}

fn missing(replica: &Replica, specs: &[FieldSpec]) -> Diagnostic {
    let kinds: Vec<&str> = specs.iter().map(|spec| spec.gvk.kind.as_str()).collect();
    Diagnostic::new(format!("no object {:?} with replicas found (kinds: {})", replica.name, kinds.join(", ")))
        .hint("check the name, or add a field spec for the kind under `replicas` in a `configurations` file")
}
