//! `sortOptions` and kustomize's default order of output.

use std::cmp::Reverse;

use manifest::{Diagnostic, Gvk, ObjectId};
use rustc_hash::FxHashMap;

use crate::kustomize::fields::field_spec::{FIRST, LAST};
use crate::kustomize::kustomization::SortOptions;
use crate::kustomize::object::resource::Resource;

/// Sorts by `sortOptions`.
///
/// # Errors
/// An order that is neither `legacy` nor `fifo`, and kinds for an order that takes none.
pub(crate) fn apply(resources: &mut [Resource], options: &SortOptions) -> Result<(), Diagnostic> {
    match (options.order.as_str(), &options.legacy) {
        ("legacy", None) => legacy(resources),
        ("legacy", Some(kinds)) => {
            let first: Vec<&str> = kinds.order_first.iter().map(String::as_str).collect();
            let last: Vec<&str> = kinds.order_last.iter().map(String::as_str).collect();
            by_kind(resources, &first, &last);
        }
        ("fifo", None) => {}
        ("fifo", Some(kinds)) => {
            return Err(Diagnostic::new("cannot be used with `order: fifo`")
                .at(kinds.at)
                .field("sortOptions.legacySortOptions")
                .hint("set `order: legacy`, or remove the field"));
        }
        _ => {
            return Err(Diagnostic::new("expected legacy or fifo").at(options.at).field("sortOptions.order"));
        }
    }
    Ok(())
}

/// Sorts in kustomize's legacy order.
pub(crate) fn legacy(resources: &mut [Resource]) {
    by_kind(resources, &FIRST, &LAST);
}

/// Sorts by kind (those of `first`, all others, those of `last`), then by group, version and kind, then by namespace and
/// name. What has no namespace comes last in its kind.
fn by_kind(resources: &mut [Resource], first: &[&str], last: &[&str]) {
    let mut places = FxHashMap::default();
    for (index, kind) in first.iter().enumerate() {
        places.insert(*kind, index);
    }
    for (index, kind) in last.iter().enumerate() {
        places.insert(*kind, first.len() + 1 + index);
    }
    let own_place = places.contains_key("Namespace");
    resources.sort_by_cached_key(|resource| {
        let id = resource.id();
        let place = places.get(id.gvk.kind.as_str()).copied().unwrap_or(first.len());
        (place, type_key(&id.gvk, own_place), name_key(&id))
    });
}

/// The sort key of a type among those of the same rank: by `group_version_kind`, but where Namespaces have a place of their own,
/// those of the core group come first and backwards.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum TypeKey {
    CoreNamespace(Reverse<String>),
    Other(String),
}

fn type_key(gvk: &Gvk, own_place: bool) -> TypeKey {
    let or = |text: &str, absent: &'static str| if text.is_empty() { absent.to_owned() } else { text.to_owned() };
    let key = format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"));
    if own_place && gvk.kind == "Namespace" && gvk.group.is_empty() {
        TypeKey::CoreNamespace(Reverse(key))
    } else {
        TypeKey::Other(key)
    }
}

fn name_key(id: &ObjectId) -> String {
    let namespace = if id.namespace.is_empty() { "~X" } else { &id.namespace };
    let name = if id.name.is_empty() { "~N" } else { &id.name };
    format!("{namespace}|{name}")
}
