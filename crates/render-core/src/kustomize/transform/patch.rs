//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use manifest::Diagnostic;

use super::super::context::Context;
use super::super::decode::Written;
use super::super::kustomization::Patch;
use super::super::resource::Resource;

/// Applies one entry of `patches`.
///
/// # Errors
/// Whatever is wrong with the patch.
pub fn apply(_resources: &mut Vec<Resource>, _patch: &Patch, _context: Context<'_>) -> Result<(), Diagnostic> {
    Err(Diagnostic::new("patches are not written yet"))
}

/// Applies `patchesStrategicMerge`, as files or inline.
///
/// # Errors
/// Whatever is wrong with a patch.
pub fn strategic_merge(
    _resources: &mut Vec<Resource>,
    _patches: &[Written],
    _context: Context<'_>,
) -> Result<(), Diagnostic> {
    Err(Diagnostic::new("patches are not written yet"))
}

/// Applies one entry of `patchesJson6902`.
///
/// # Errors
/// Whatever is wrong with the patch.
pub fn json6902(_resources: &mut Vec<Resource>, _patch: &Patch, _context: Context<'_>) -> Result<(), Diagnostic> {
    Err(Diagnostic::new("patches are not written yet"))
}
