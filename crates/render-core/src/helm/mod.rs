//! `helm template`: a chart's files and values in, manifests out, byte for byte what helm prints.
//!
//! | module | contents |
//! | --- | --- |
//! | `chart` | a chart's folder as files and metadata |
//! | `values` | values files and `--set` flags |
//! | `engine` | templates with their objects and functions |
//! | `manifests` | documents: split, sorted, printed |
//! | `semantics` | the versions of helm that can be chosen |

mod active_chart;
mod archive;
mod archive_files;
mod chart;
mod chart_cache;
mod chart_file;
mod chart_lock;
mod chart_object;
mod chart_objects;
mod chart_trial;
mod check;
mod coalesce;
mod decode;
mod dependencies;
mod engine;
mod error;
mod file_dependencies;
mod files;
mod flags;
mod folder;
mod functions;
mod ignore;
mod in_process;
mod json_prefix;
mod log;
mod manifests;
mod maps;
mod metadata;
mod name_template;
mod objects;
mod parsed_templates;
mod path_match;
mod print;
mod read_file;
mod record;
mod remote;
mod schema;
mod schema_check;
mod schema_cost;
mod schema_error;
mod semantics;
mod set_values;
mod shared_value;
mod template_error;
mod toml;
mod values;
pub mod versions;
mod yaml;
mod yaml_error;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use archive_files::{ArchiveFile, archive_files};
pub use chart::Chart;
pub use chart_trial::ChartTrial;
pub use error::HelmError;
pub use file_dependencies::{FileDependencies, MissingDependency};
pub use flags::{Flags, GivenFlag};
pub use in_process::run_program;
pub use manifests::{Document, Hook};
pub use name_template::release_name;
pub use objects::KubeVersion;
pub use print::PrintOptions;
pub use read_file::ReadFile;
pub use semantics::{Semantics, UnknownSemantics};
pub use values::{ValueSource, Values};

use crate::files::Files;
use crate::repeatable::Repeatable;

pub use crate::template_functions::{FindZone, RandomBytes};
pub use crate::time::{Clock, Now, Offset};

/// The options of a rendering.
#[derive(Default)]
pub struct RenderOptions {
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// The user's values.
    pub values: Values,
    /// The Kubernetes version; the default is that of the chart's [`Semantics`].
    pub kube_version: Option<KubeVersion>,
    /// Added to `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
    /// The release is upgraded, not installed.
    pub is_upgrade: bool,
    /// Do not compare values with `values.schema.json`.
    pub skip_schema_validation: bool,
    /// The current time; without it, functions that read it fail.
    pub clock: Option<Clock>,
    /// Looks time zones up; without it, only UTC and the local one are known.
    pub zones: Option<FindZone>,
    /// The source of random bytes; without it, the functions that need one fail.
    pub random: Option<RandomBytes>,
    /// Derives random values and the time, instead of `random` and `clock`.
    pub repeatable: Option<Arc<Repeatable>>,
    /// Where the chart's values are recorded.
    pub trial: Option<ChartTrial>,
}

/// Returns the offset of a zone at a time (seconds since 1970), as Go finds it; `Local` follows `TZ`. `None` if there is no such zone.
#[must_use]
pub fn zone_offset(files: &dyn Files, environment: &BTreeMap<String, String>, name: &str, at: i64) -> Option<Offset> {
    crate::time::zone::offset(files, environment, at, name).ok()
}

/// The result of a rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The files of `crds/` of the chart and its subcharts, unrendered.
    pub crds: Vec<Document>,
    /// The manifests, in the order in which helm prints them.
    pub manifests: Vec<Document>,
    /// The hooks, in the order in which helm prints them.
    pub hooks: Vec<Hook>,
    /// The rendered `NOTES.txt` of the chart.
    pub notes: Option<Vec<u8>>,
    /// Lines for stderr.
    pub warnings: Vec<String>,
    semantics: Semantics,
}

/// Renders a chart. One chart can be rendered many times, also from several threads at once.
///
/// # Errors
/// helm's own texts, and refusals of what is not supported.
pub fn render(chart: &Chart, mut options: RenderOptions) -> Result<Rendered, HelmError> {
    let mut warnings = chart.warnings.clone();
    match rendered(chart, &mut options, &mut warnings) {
        Ok(rendered) => Ok(Rendered { warnings, ..rendered }),
        Err(error) => Err(error.after(&warnings)),
    }
}

fn rendered(chart: &Chart, options: &mut RenderOptions, warnings: &mut Vec<String>) -> Result<Rendered, HelmError> {
    let semantics = chart.semantics;
    check::chart(chart, warnings)?;
    check::release_name(&options.release, semantics, warnings)?;
    let active = match dependencies::process(chart, &options.values.0, warnings) {
        Ok(active) => active,
        Err(error) if semantics.is_v3() => return Err(HelmError::new(error)),
        Err(error) => {
            let message = "chart dependencies processing failed";
            warnings.push(log::failure(message, &error));
            return Err(HelmError::new(format!("{message}: {error}")));
        }
    };
    let values = dependencies::coalesce(&active, &options.values.0, semantics, warnings).map_err(HelmError::new)?;
    if let Some(trial) = &options.trial {
        trial.record(&values);
    }
    if !options.skip_schema_validation {
        schema_check::validate(&active, &values, semantics, warnings)?;
    }
    check::kube_version(chart, options)?;
    let files = engine::render(chart, &active, &values, options)?;
    manifests::sort(&active, &files, semantics, warnings)
}
