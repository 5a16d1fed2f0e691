//! Finds the chart that an argument names (`LocateChart` of helm's `pkg/action/install.go`).

use std::path::Path;

use render_core::files::Files;
use render_core::helm::HelmError;

use crate::host::disk::absolute;

/// Returns the absolute path of a chart on the disk.
///
/// # Errors
/// helm's texts, and a refusal of charts in repositories.
pub(super) fn chart(files: &dyn Files, name: &str) -> Result<String, HelmError> {
    let name = name.trim();
    let path = absolute(Path::new(name)).unwrap_or_else(|_| name.to_owned());
    if files.kind(&path).is_ok() {
        return Ok(path);
    }
    if name.starts_with(['/', '.']) {
        return Err(HelmError::before_rendering(format!("path {name:?} not found")));
    }
    if name.contains("://") {
        return Err(HelmError::before_rendering(format!(
            "cannot fetch {name}: charts in repositories are not supported, pull the chart first"
        )));
    }
    match name.split_once('/') {
        Some((repository, chart)) if !repository.is_empty() && !chart.is_empty() => {
            Err(HelmError::before_rendering(format!("repo {repository} not found")))
        }
        _ => Err(HelmError::before_rendering(format!(
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}"
        ))),
    }
}
