//! `commonAnnotations`.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use crate::kustomize::budget::Budget;
use crate::kustomize::fields::field_spec::FieldSpec;
use crate::kustomize::object::resource::Resource;

/// Sets the annotations in the fields of `specs`.
///
/// # Errors
/// Returns an error if a node on the path is not a mapping.
pub(crate) fn apply(
    resources: &mut [Resource],
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Diagnostic> {
    super::labels::apply(resources, pairs, specs, budget)
}
