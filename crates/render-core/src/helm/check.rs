//! What helm checks between loading a chart and executing its templates.

use super::chart::Chart;
use super::error::HelmError;
use super::metadata::in_range;
use super::objects::KubeVersion;
use super::semantics::Semantics;
use super::{RenderOptions, log};

/// The longest name of a release, in bytes.
const LONGEST_NAME: usize = 53;

/// Checks that a chart can be rendered, and that its dependencies are there.
pub(super) fn chart(chart: &Chart, warnings: &mut Vec<String>) -> Result<(), HelmError> {
    let metadata = &chart.content.metadata;
    let semantics = chart.semantics;
    let is_v3_chart = metadata.api_version == "v3" && !semantics.is_v3();
    match metadata.chart_type.as_str() {
        "" | "application" => {}
        other => return Err(HelmError::new(format!("{other} charts are not installable"))),
    }
    if metadata.deprecated {
        warnings.push(log::deprecated(semantics));
    }
    let loaded = &chart.content.subcharts;
    if is_v3_chart && loaded.len() > metadata.declared().count() {
        return Err(missing_dependencies(semantics, "unsupported chart dependency type"));
    }
    let missing: Vec<&str> = metadata
        .declared()
        .map(|dependency| dependency.name.as_str())
        .filter(|name| !loaded.iter().any(|subchart| subchart.metadata.name == *name))
        .collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        return Err(missing_dependencies(
            semantics,
            &format!("found in Chart.yaml, but missing in charts/ directory: {names}"),
        ));
    }
    if is_v3_chart { Err(HelmError::new("invalid chart apiVersion")) } else { Ok(()) }
}

fn missing_dependencies(semantics: Semantics, reason: &str) -> HelmError {
    let (start, quotes) = match semantics {
        Semantics::V4_3 => ("an", "'"),
        Semantics::V4_1 => ("an", "`"),
        _ => ("An", "`"),
    };
    HelmError::new(format!(
        "{start} error occurred while checking for chart dependencies. You may need to run {quotes}helm dependency build{quotes} to fetch missing dependencies: {reason}"
    ))
}

/// Checks a release's name.
pub(super) fn release_name(name: &str, semantics: Semantics, warnings: &mut Vec<String>) -> Result<(), HelmError> {
    let part = |part: &str| {
        let bytes = part.as_bytes();
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
    };
    if name.len() <= LONGEST_NAME && name.split('.').all(part) {
        return Ok(());
    }
    if name.is_empty() && semantics.is_v3() {
        return Err(HelmError::new("release name \"\": no name provided"));
    }
    let quoted = gotemplate::strconv::quote(name.as_bytes());
    let rule = match name.is_empty() {
        true => "no name provided",
        false => {
            "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
        }
    };
    let reason = format!("release name {quoted}: {rule}");
    if !semantics.is_v3() {
        warnings.push(log::failure("release name check failed", &reason));
    }
    Err(HelmError::new(format!("release name check failed: {reason}")))
}

/// Checks the Kubernetes version against the chart's range.
pub(super) fn kube_version(chart: &Chart, options: &RenderOptions) -> Result<(), HelmError> {
    let range = &chart.content.metadata.kube_version;
    let kube = options.kube_version.clone().unwrap_or_else(|| KubeVersion::default_of(chart.semantics));
    if range.is_empty() || in_range(range, kube.normalized()) {
        return Ok(());
    }
    Err(HelmError::rendering(format!(
        "chart requires kubeVersion: {range} which is incompatible with Kubernetes {}",
        kube.shown()
    )))
}
