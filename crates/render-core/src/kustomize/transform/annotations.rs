//! `commonAnnotations`.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use crate::kustomize::fields::field_spec::FieldSpec;
use crate::kustomize::object::resource::Resource;

/// Sets the annotations in the fields of `specs`.
///
/// # Errors
/// Where something that is not a mapping stands in the way.
pub(crate) fn apply(
    resources: &mut [Resource],
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
) -> Result<(), Diagnostic> {
    super::labels::apply(resources, pairs, specs)
}
