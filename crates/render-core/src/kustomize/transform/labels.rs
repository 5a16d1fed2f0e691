//! `commonLabels` and `labels`.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Gvk, Node, Text};

use super::set::set_entry;
use crate::kustomize::budget::{Budget, size_of_pairs};
use crate::kustomize::fields::configuration::{Configuration, merge_all, specs};
use crate::kustomize::fields::field_spec::{FieldSpec, Make};
use crate::kustomize::kustomization::Label;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::shared::{Shared, Step, node_at};

impl Label {
    /// Returns the fields that get the labels.
    ///
    /// # Errors
    /// Returns an error if two specs for one path disagree on `create`.
    pub fn specs(&self, configuration: &Configuration) -> Result<Vec<FieldSpec>, Diagnostic> {
        let mut specs = specs(self.fields.clone());
        merge_all(&mut specs, configuration.labels.clone(), "fields")?;
        if self.include_selectors {
            merge_all(&mut specs, configuration.common_labels.clone(), "fields")?;
            return Ok(specs);
        }
        if self.include_templates {
            merge_all(&mut specs, configuration.template_labels.clone(), "fields")?;
        }
        let metadata = FieldSpec::new(Gvk::default(), Text::new_static("metadata/labels"), true);
        merge_all(&mut specs, vec![metadata], "fields")?;
        Ok(specs)
    }
}

/// Sets the labels in the fields of `specs`. A label that is new in several places is one value there: see
/// [`crate::kustomize::object::shared`].
///
/// # Errors
/// Returns an error if a node on the path is not a mapping.
pub(crate) fn apply(
    resources: &mut [Resource],
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Diagnostic> {
    if pairs.is_empty() {
        return Ok(());
    }
    budget.check_room(resources.len(), size_of_pairs(pairs))?;
    for resource in resources {
        apply_one(resource, pairs, specs, budget).map_err(|error| resource.in_object(error))?;
    }
    Ok(())
}

fn apply_one(
    resource: &mut Resource,
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Diagnostic> {
    let gvk = resource.gvk();
    let specs: Vec<&FieldSpec> = specs.iter().filter(|spec| spec.applies_to(&gvk)).collect();
    let mut new: Vec<Vec<Vec<Step>>> = vec![Vec::new(); pairs.len()];
    for spec in specs {
        let before = places_with(resource, spec, &gvk, pairs);
        let set = &mut |node: &mut Node| pairs.iter().try_for_each(|(key, value)| set_entry(node, key, value));
        spec.apply(&gvk, &mut resource.node, Make::Map, budget, set)?;
        let after = places_with(resource, spec, &gvk, pairs);
        for (new, (before, after)) in new.iter_mut().zip(before.into_iter().zip(after)) {
            let places: Vec<Vec<Step>> = after.into_iter().filter(|place| !before.contains(place)).collect();
            // Such a place is kept for as long as the object.
            budget.add(places.iter().map(|place| (2 * size_of::<Step>() * place.len()) as u64).sum())?;
            new.extend(places);
        }
        resource.sync_shared();
    }
    for ((key, _), places) in pairs.iter().zip(new) {
        resource.shared.extend(Shared::new(&resource.node, key, places));
    }
    Ok(())
}

/// For each key, the places at the spec's path that have it.
fn places_with(
    resource: &Resource,
    spec: &FieldSpec,
    gvk: &Gvk,
    pairs: &BTreeMap<String, String>,
) -> Vec<Vec<Vec<Step>>> {
    let places = spec.places(gvk, &resource.node);
    let has = |place: &&Vec<Step>, key: &str| node_at(&resource.node, place).is_some_and(|map| map.get(key).is_some());
    pairs.keys().map(|key| places.iter().filter(|place| has(place, key)).cloned().collect()).collect()
}
