//! `helm template` of a chart on the disk.

use std::collections::BTreeMap;
use std::path::Path;

use render_core::helm::{Chart, Clock, Now, Offset, RandomBytes, RenderOptions, render, zone_offset};
pub use render_core::helm::{HelmError, KubeVersion, PrintOptions, Rendered, Semantics, ValueSource, Values};

use crate::host::disk::{DiskFiles, absolute};

/// What a chart is rendered with. The values stay on one thread.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The chart's folder.
    pub chart: String,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// The user's values.
    pub values: Values,
    /// The version of helm whose results are reproduced.
    pub semantics: Semantics,
    /// The Kubernetes version.
    pub kube_version: Option<KubeVersion>,
    /// Added to `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
    /// The release is upgraded, not installed.
    pub is_upgrade: bool,
    /// The environment variables; only `TZ` has an effect.
    pub environment: BTreeMap<String, String>,
    /// The current time: seconds and nanoseconds since 1970.
    pub now: (i64, u32),
}

/// Renders a chart as `helm template` does, without the program helm.
///
/// # Errors
/// helm's own error texts, and errors for what is not supported.
pub fn run(request: Request) -> Result<Rendered, HelmError> {
    let files = DiskFiles::default();
    let folder = absolute(Path::new(&request.chart)).unwrap_or_else(|_| request.chart.clone());
    let chart = Chart::load(&files, &folder, &request.chart, request.semantics)?;
    let Request { environment, now: (seconds, nanoseconds), .. } = request;
    let utc = || Offset { seconds: 0, abbreviation: "UTC".to_owned() };
    let local = zone_offset(&files, &environment, "Local", seconds).unwrap_or_else(utc);
    let options = RenderOptions {
        release: request.release,
        namespace: request.namespace,
        values: request.values,
        kube_version: request.kube_version,
        api_versions: request.api_versions,
        is_upgrade: request.is_upgrade,
        skip_schema_validation: false,
        clock: Some(Clock { now: Now { seconds, nanoseconds }, local }),
        zones: Some(Box::new(move |name, at| zone_offset(&files, &environment, name, at))),
        random: Some(random_bytes()),
    };
    render(&chart, options)
}

/// The operating system's source of random bytes.
fn random_bytes() -> RandomBytes {
    Box::new(|bytes| getrandom::fill(bytes).map_err(|error| error.to_string()))
}
