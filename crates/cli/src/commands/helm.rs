//! `hydrant helm template`: prints the same bytes as `helm template`, without the helm program.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use delivery::verbs::helm::{self, HelmError, KubeVersion, PrintOptions, Request, Semantics, ValueSource, Values};

use crate::outcome::{Failure, Success};
use crate::output;

/// Render Helm charts without the helm program
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant helm template web ./charts/web -f values.yaml --set image.tag=1.4.2")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Template(Template),
}

/// Print the same bytes as `helm template` of helm 4.3
///
/// The chart must be a folder. Dependencies, subcharts, archives, values.schema.json and functions that make keys and
/// certificates are not supported; an error names what the chart uses.
///
/// Values apply in this order, and later ones win: values.yaml of the chart, --values, --set-json, --set, --set-string,
/// --set-literal.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "hydrant helm template [OPTIONS] [NAME] <CHART>",
    after_help = "Examples:\n  hydrant helm template web ./charts/web\n  hydrant helm template web ./charts/web -f production.yaml --namespace shop --include-crds"
)]
struct Template {
    /// Render the chart in this folder, with this release name [default name: release-name]
    #[arg(required = true, num_args = 1..=2, value_name = "[NAME] CHART")]
    arguments: Vec<String>,
    /// Read values from this file (repeatable; the last one wins)
    #[arg(short = 'f', long, value_name = "FILE")]
    values: Vec<String>,
    /// Set values, such as a.b=1,c={x,y} (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Set values as strings, without conversion to numbers or booleans (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    set_string: Vec<String>,
    /// Set a value to this JSON (repeatable)
    #[arg(long, value_name = "KEY=JSON")]
    set_json: Vec<String>,
    /// Set a value to this text, without parsing commas or escapes (repeatable)
    #[arg(long, value_name = "KEY=TEXT")]
    set_literal: Vec<String>,
    /// Set the namespace of the release, .Release.Namespace
    #[arg(short, long, default_value = "default", env = "HELM_NAMESPACE", hide_env_values = true)]
    namespace: String,
    /// Set the Kubernetes version, .Capabilities.KubeVersion [default: v1.37.0]
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// Add these API versions to .Capabilities.APIVersions (repeatable, or separated by commas)
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Set .Release.IsUpgrade instead of .Release.IsInstall
    #[arg(long)]
    is_upgrade: bool,
    /// Print the files in crds/ before the templates
    #[arg(long)]
    include_crds: bool,
    /// Print only the output of this template, such as templates/service.yaml (repeatable)
    #[arg(short, long, value_name = "PATH")]
    show_only: Vec<String>,
    /// Omit hooks
    #[arg(long)]
    no_hooks: bool,
    /// Omit test hooks
    #[arg(long)]
    skip_tests: bool,
}

/// Renders the chart and prints it.
///
/// # Errors
/// The chart or its values are invalid, or use what is not supported.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let Command::Template(mut arguments) = arguments.command;
    let print = PrintOptions {
        include_crds: arguments.include_crds,
        show_only: std::mem::take(&mut arguments.show_only),
        no_hooks: arguments.no_hooks,
        skip_tests: arguments.skip_tests,
    };
    let failed = |error: HelmError| Failure::Verbatim(error.stderr());
    let rendered = request(arguments).and_then(helm::run).map_err(failed)?;
    rendered.warnings.iter().for_each(|line| output::verbatim(&format!("{line}\n")));
    output::result_bytes(&rendered.print(&print).map_err(failed)?)?;
    Ok(Success::Done)
}

fn request(arguments: Template) -> Result<Request, HelmError> {
    let semantics = Semantics::default();
    let kube_version =
        arguments.kube_version.as_deref().map(|version| KubeVersion::parse(version, semantics)).transpose()?;
    let mut names = arguments.arguments;
    let chart = names.pop().unwrap_or_default();
    let mut values = Vec::new();
    for name in arguments.values {
        let bytes = std::fs::read(&name).map_err(|error| HelmError::file(&name, &error))?;
        values.push(ValueSource::File { name, bytes });
    }
    values.extend(arguments.set_json.into_iter().map(ValueSource::SetJson));
    values.extend(arguments.set.into_iter().map(ValueSource::Set));
    values.extend(arguments.set_string.into_iter().map(ValueSource::SetString));
    values.extend(arguments.set_literal.into_iter().map(ValueSource::SetLiteral));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Request {
        chart,
        release: names.pop().unwrap_or_else(|| "release-name".to_owned()),
        namespace: arguments.namespace,
        values: Values::merge(&values, semantics)?,
        semantics,
        kube_version,
        api_versions: arguments.api_versions,
        is_upgrade: arguments.is_upgrade,
        environment: std::env::var("TZ").map(|zone| BTreeMap::from([("TZ".to_owned(), zone)])).unwrap_or_default(),
        now: (i64::try_from(now.as_secs()).unwrap_or_default(), now.subsec_nanos()),
    })
}
