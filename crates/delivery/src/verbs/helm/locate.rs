//! Finds the chart that an argument names (`LocateChart` of helm's `pkg/action/install.go`).

use std::path::Path;

use manifest::Diagnostic;
use render_core::files::Files;
use render_core::helm::HelmError;
use render_core::host::{ChartRequest, Host};

use crate::host::disk::absolute;

/// What the arguments name.
pub(super) struct Requested<'a> {
    pub(super) name: &'a str,
    /// `--repo`
    pub(super) repository: Option<&'a str>,
    /// `--version`
    pub(super) version: Option<&'a str>,
}

/// Returns the absolute path of a chart on the disk, or of a remote chart that the host has fetched.
///
/// # Errors
/// helm's texts, and charts that cannot be fetched.
pub(super) fn chart(files: &dyn Files, host: &dyn Host, requested: &Requested<'_>) -> Result<String, HelmError> {
    let name = requested.name.trim();
    let fetched = |request: Result<ChartRequest, String>| {
        let fetched = request.map_err(Diagnostic::new).and_then(|request| host.chart(&request));
        fetched.map(|fetched| fetched.archive).map_err(|error| HelmError::before_rendering(error.to_string()))
    };
    if let Some(repository) = requested.repository {
        return fetched(ChartRequest::named(repository, name, requested.version));
    }
    let path = absolute(Path::new(name)).unwrap_or_else(|_| name.to_owned());
    if files.kind(&path).is_ok() {
        return Ok(path);
    }
    if name.starts_with(['/', '.']) {
        return Err(HelmError::before_rendering(format!("path {name:?} not found")));
    }
    if name.contains("://") {
        return fetched(ChartRequest::at(name, requested.version));
    }
    match name.split_once('/') {
        Some((repository, chart)) if !repository.is_empty() && !chart.is_empty() => {
            match host.chart_repository(repository) {
                Ok(url) => fetched(ChartRequest::named(&url, chart, requested.version)),
                Err(_) => Err(HelmError::before_rendering(format!("repo {repository} not found"))),
            }
        }
        _ => Err(HelmError::before_rendering(format!(
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}"
        ))),
    }
}
