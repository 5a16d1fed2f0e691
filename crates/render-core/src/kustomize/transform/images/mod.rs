//! `images`.

use manifest::{Data, Diagnostic, Node, Tag};
use rustc_hash::FxHashMap;

use super::set::set_scalar;
use crate::kustomize::budget::Budget;
use crate::kustomize::fields::field_spec::{FieldSpec, Make};
use crate::kustomize::kustomization::Image;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::scalar::is_null;

mod matcher;

use self::matcher::Matcher;

/// Rewrites the images in every `containers` and `initContainers` list and in the fields of `specs`; an image that both
/// name is rewritten twice by each entry (which shows with `tagSuffix`). CustomResourceDefinitions are not changed.
///
/// # Errors
/// Returns an error if a name is not a regular expression, or an image is not a scalar.
pub(crate) fn apply(
    resources: &mut [Resource],
    images: &[Image],
    specs: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Diagnostic> {
    if images.is_empty() {
        return Ok(());
    }
    let matcher = Matcher::new(images)?;
    for resource in resources.iter_mut().filter(|resource| resource.kind() != "CustomResourceDefinition") {
        let sites = sites(resource, specs, budget).map_err(|error| resource.in_object(error))?;
        if !sites.is_empty() {
            rewrite(&mut resource.node, &sites, &matcher, budget).map_err(|error| resource.in_object(error))?;
        }
    }
    Ok(())
}

/// The number of occurrences of each image, by the node's address (which is stable while the tree's structure does not change).
type Sites = FxHashMap<usize, usize>;

fn sites(resource: &mut Resource, specs: &[FieldSpec], budget: &Budget) -> Result<Sites, Diagnostic> {
    let mut sites = Sites::default();
    in_containers(&resource.node, &mut sites)?;
    let gvk = resource.gvk();
    for spec in specs {
        let mut note = |node: &mut Node| note(node, &mut sites);
        spec.apply(&gvk, &mut resource.node, Make::Nothing, budget, &mut note)?;
    }
    Ok(sites)
}

fn note(node: &Node, sites: &mut Sites) -> Result<(), Diagnostic> {
    if node.as_scalar().is_none() {
        return Err(Diagnostic::new("expected a string as the image").at(node.at));
    }
    *sites.entry(std::ptr::from_ref(node).addr()).or_default() += 1;
    Ok(())
}

fn in_containers(node: &Node, sites: &mut Sites) -> Result<(), Diagnostic> {
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter().try_for_each(|item| in_containers(item, sites))?,
        Data::Map(map) => {
            for entry in map.entries() {
                in_containers(&entry.value, sites)?;
                if matches!(entry.key.text.as_str(), "containers" | "initContainers") {
                    of_containers(&entry.value, sites)?;
                }
            }
        }
    }
    Ok(())
}

fn of_containers(containers: &Node, sites: &mut Sites) -> Result<(), Diagnostic> {
    for container in containers.as_seq().into_iter().flatten() {
        match &container.data {
            Data::Map(map) => map.get("image").map_or(Ok(()), |image| note(image, sites))?,
            Data::Scalar(scalar) if is_null(scalar) => {}
            _ => return Err(Diagnostic::new("expected a mapping as the container").at(container.at)),
        }
    }
    Ok(())
}

fn rewrite(node: &mut Node, sites: &Sites, matcher: &Matcher<'_>, budget: &Budget) -> Result<(), Diagnostic> {
    let times = sites.get(&std::ptr::from_ref(&*node).addr()).copied();
    match (&mut node.data, times) {
        (Data::Map(map), _) => {
            map.entries_mut().iter_mut().try_for_each(|entry| rewrite(&mut entry.value, sites, matcher, budget))
        }
        (Data::Seq(items), _) => items.iter_mut().try_for_each(|item| rewrite(item, sites, matcher, budget)),
        (Data::Scalar(_), None) => Ok(()),
        (Data::Scalar(scalar), Some(times)) => match matcher.rewritten(&scalar.text, times) {
            Some(text) => {
                budget.add(text.len() as u64)?;
                set_scalar(node, text, Tag::Implicit)
            }
            None => Ok(()),
        },
    }
}
