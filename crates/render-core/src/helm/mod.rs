//! `helm template`: a chart's files and values in, manifests out, byte for byte what helm 4.3.1 prints.
//!
//! | module | contents |
//! | --- | --- |
//! | `chart` | a chart's folder as files and metadata |
//! | `values` | values files and `--set` flags |
//! | `engine` | templates with their objects and functions |
//! | `manifests` | documents: split, sorted, printed |
//!
//! Unsupported features are refused by name: archives, dependencies and subcharts, JSON schemas, library charts.

mod chart;
mod engine;
mod error;
mod files;
mod functions;
mod ignore;
mod manifests;
mod maps;
mod metadata;
mod objects;
mod path_match;
mod set_values;
mod toml;
mod values;
mod yaml;

use std::collections::BTreeMap;

pub use chart::Chart;
pub use error::HelmError;
pub use objects::KubeVersion;
pub use values::ValueSource;

use crate::files::Files;

pub use crate::template_functions::{FindZone, RandomBytes};
pub use crate::time::{Clock, Now, Offset};

/// The options of a rendering.
#[derive(Default)]
pub struct Options {
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// Values files and flags.
    pub values: Vec<ValueSource>,
    /// The Kubernetes version; the default is that of helm 4.3.1.
    pub kube_version: Option<KubeVersion>,
    /// Added to `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
    /// The release is upgraded, not installed.
    pub is_upgrade: bool,
    /// Print the files of `crds/` as well.
    pub include_crds: bool,
    /// Print only the documents of these files, in this order; patterns are those of Go's `filepath.Match`.
    pub show_only: Vec<String>,
    /// Leave hooks out.
    pub no_hooks: bool,
    /// Leave test hooks out.
    pub skip_tests: bool,
    /// The current time; without it, functions that read it fail.
    pub clock: Option<Clock>,
    /// Looks time zones up; without it, only UTC and the local one are known.
    pub zones: Option<FindZone>,
    /// The source of random bytes; without it, the functions that need one fail.
    pub random: Option<RandomBytes>,
}

/// Returns the offset of a zone at a time (seconds since 1970), as Go finds it; `Local` follows `TZ`. `None` if there is no such zone.
#[must_use]
pub fn zone_offset(files: &dyn Files, environment: &BTreeMap<String, String>, name: &str, at: i64) -> Option<Offset> {
    crate::time::zone::offset(files, environment, at, name).ok()
}

/// The result of a rendering.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The manifests, as helm prints them.
    pub text: Vec<u8>,
    /// Lines for stderr.
    pub warnings: Vec<String>,
}

/// Renders a chart.
///
/// # Errors
/// helm's own texts, and refusals of what is not supported.
pub fn template(chart: &Chart, mut options: Options) -> Result<Output, HelmError> {
    let user_values = values::merged(&options.values)?;
    chart.check(&options)?;
    let coalesced = values::coalesced(chart, &user_values)?;
    let mut warnings = coalesced.warnings;
    let rendered = engine::render(chart, coalesced.values, &mut options)?;
    let printed = manifests::print(chart, &rendered, &options)?;
    warnings.extend(printed.warnings);
    Ok(Output { text: printed.text, warnings })
}
