//! `commonAnnotations`.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use super::super::field_spec::FieldSpec;
use super::super::resource::Resource;

/// Sets the annotations in the fields of `specs`.
///
/// # Errors
/// Where something that is no mapping stands in the way.
pub fn apply(
    resources: &mut [Resource],
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
) -> Result<(), Diagnostic> {
    super::labels::apply(resources, pairs, specs)
}
