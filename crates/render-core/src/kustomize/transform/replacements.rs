//! `replacements`.

use manifest::Diagnostic;

use super::super::context::Context;
use super::super::kustomization::Replacement;
use super::super::resource::Resource;

/// Copies values from field to field.
///
/// # Errors
/// A source or target that is not there.
pub fn apply(
    _resources: &mut Vec<Resource>,
    _replacements: &[Replacement],
    _context: Context<'_>,
) -> Result<(), Diagnostic> {
    Err(Diagnostic::new("replacements are not written yet"))
}
