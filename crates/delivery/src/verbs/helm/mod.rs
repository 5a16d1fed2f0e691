//! `helm template` of a chart on the disk.

mod locate;
mod output_dir;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use net::bounded;
use render_core::helm::{
    Chart, Clock, Now, Offset, RandomBytes, ReadFile, RenderOptions, release_name, render, zone_offset,
};
pub use render_core::helm::{Flags, HelmError, KubeVersion, PrintOptions, Rendered, Semantics, ValueSource, Values};

pub use self::output_dir::OutputDir;
use crate::host::charts::ChartAccess;
use crate::host::disk::DiskFiles;
use crate::host::system::{Remotes, SystemHost};
use crate::host::{InputTrust, Permissions};

/// The name of a release that has none.
const DEFAULT_NAME: &str = "release-name";

/// What a chart is rendered with. The values stay on one thread.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The chart's folder or archive, or a remote chart.
    pub chart: String,
    /// `--repo`: the repository of a remote chart.
    pub repository: Option<String>,
    /// `--version`: the version or range of a remote chart.
    pub version: Option<String>,
    /// The release's name.
    pub release: ReleaseName,
    /// The release's namespace.
    pub namespace: String,
    /// Values files and flags.
    pub values: ValueFlags,
    /// The version of helm whose results are reproduced.
    pub semantics: Semantics,
    /// The Kubernetes version.
    pub kube_version: Option<KubeVersion>,
    /// Added to `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
    /// The release is upgraded, not installed.
    pub is_upgrade: bool,
    /// Do not compare values with `values.schema.json`.
    pub skip_schema_validation: bool,
    /// The environment variables: `TZ`, and those that a template of the name reads.
    pub environment: BTreeMap<String, String>,
    /// Whether the chart is trusted; if not, no file outside of its repository is read as part of it, no credentials are used, and only public
    /// addresses are connected to.
    pub trust: InputTrust,
    /// The current time: seconds and nanoseconds since 1970.
    pub now: (i64, u32),
}

/// Where a release's name comes from.
#[derive(Clone, Debug, Default)]
pub enum ReleaseName {
    /// helm's default name.
    #[default]
    Default,
    /// A name.
    Named(String),
    /// `--name-template`
    Template(String),
}

/// The flags with values, each kind in its order.
#[derive(Clone, Debug, Default)]
pub struct ValueFlags {
    /// `--values`: paths; `-` is the standard input.
    pub files: Vec<String>,
    /// `--set-json`
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

/// A rendering, and the release's name.
#[derive(Clone, Debug)]
pub struct Release {
    /// The release's name.
    pub name: String,
    /// What was rendered.
    pub rendered: Rendered,
    /// The chart, which can be rendered again.
    pub chart: Arc<Chart>,
}

/// Renders a chart as `helm template` does, without the program helm.
///
/// # Errors
/// helm's own error texts, and errors for what is not supported.
pub fn run(request: Request) -> Result<Release, HelmError> {
    let Request { environment, now: (seconds, nanoseconds), semantics, .. } = request;
    let files = DiskFiles::default();
    let utc = || Offset { seconds: 0, abbreviation: "UTC".to_owned() };
    let local = zone_offset(&files, &environment, "Local", seconds).unwrap_or_else(utc);
    let clock = Some(Clock { now: Now { seconds, nanoseconds }, local });
    let release = match request.release {
        ReleaseName::Default => DEFAULT_NAME.to_owned(),
        ReleaseName::Named(name) => name,
        ReleaseName::Template(template) => {
            release_name(&template, environment.clone(), clock.clone(), Some(random_bytes()), None)?
        }
    };
    let host = host(&environment, request.trust);
    let source = locate::Requested {
        name: &request.chart,
        repository: request.repository.as_deref(),
        version: request.version.as_deref(),
    };
    let path = locate::chart(&files, &host, &source)?;
    let values = Values::merge(&sources(request.values)?, semantics)?;
    let host = host.with_source(&path);
    let chart = Chart::load(&host.files(&files), &path, &request.chart, semantics)?;
    let options = RenderOptions {
        release: release.clone(),
        namespace: request.namespace,
        values,
        kube_version: request.kube_version,
        api_versions: request.api_versions,
        is_upgrade: request.is_upgrade,
        skip_schema_validation: request.skip_schema_validation,
        clock,
        zones: Some(Box::new(move |name, at| zone_offset(&files, &environment, name, at))),
        random: Some(random_bytes()),
        repeatable: None,
        trial: None,
    };
    let rendered = render(&chart, options)?;
    Ok(Release { name: release, rendered, chart: Arc::new(chart) })
}

/// The machine, for charts of repositories and registries.
fn host(environment: &BTreeMap<String, String>, trust: InputTrust) -> SystemHost {
    let access = ChartAccess { variables: environment.clone(), trust, ..ChartAccess::default() };
    let permissions = Permissions { trust, ..Permissions::default() };
    SystemHost::new(Remotes::default(), permissions).with_chart_access(access)
}

fn sources(flags: ValueFlags) -> Result<Vec<ValueSource>, HelmError> {
    let mut sources = Vec::new();
    for name in flags.files {
        let bytes = read(&name).map_err(HelmError::before_rendering)?;
        sources.push(ValueSource::File { name, bytes });
    }
    sources.extend(flags.set_json.into_iter().map(ValueSource::SetJson));
    sources.extend(flags.set.into_iter().map(ValueSource::Set));
    sources.extend(flags.set_string.into_iter().map(ValueSource::SetString));
    let files = ReadFile::new(read);
    sources.extend(flags.set_file.into_iter().map(|text| ValueSource::SetFile(text, files.clone())));
    sources.extend(flags.set_literal.into_iter().map(ValueSource::SetLiteral));
    Ok(sources)
}

/// Reads a file of values; `-` is the standard input.
fn read(path: &str) -> Result<Vec<u8>, String> {
    if path.trim() == "-" {
        return bounded::read_stream(&mut std::io::stdin().lock()).map_err(|error| error.to_string());
    }
    if let Some((scheme @ ("http" | "https" | "oci"), _)) = path.split_once("://") {
        return Err(format!("cannot read {path}: {scheme} URLs are not supported, download the file first"));
    }
    bounded::read_file(Path::new(path)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("open {path}: no such file or directory"),
        std::io::ErrorKind::PermissionDenied => format!("open {path}: permission denied"),
        std::io::ErrorKind::IsADirectory => format!("read {path}: is a directory"),
        _ => format!("open {path}: {error}"),
    })
}

/// The operating system's source of random bytes.
fn random_bytes() -> RandomBytes {
    Box::new(|bytes| getrandom::fill(bytes).map_err(|error| error.to_string()))
}
