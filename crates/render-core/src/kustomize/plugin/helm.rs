//! `helmCharts`: charts rendered by the user's `helm`.

use manifest::Diagnostic;

use super::super::context::Context;
use super::super::kustomization::{HelmChart, HelmGlobals};
use super::super::resource::Resource;

/// Renders a chart.
///
/// # Errors
/// Where helm is not enabled, cannot be run, or fails.
pub fn generate(
    _chart: &HelmChart,
    _globals: &HelmGlobals,
    _context: Context<'_>,
) -> Result<Vec<Resource>, Diagnostic> {
    Err(Diagnostic::new("helm charts are not written yet"))
}
