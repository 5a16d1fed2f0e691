//! `hydrant helm template`: prints the same bytes as `helm template`, without the helm program.

mod flags;

use std::time::{SystemTime, UNIX_EPOCH};

use delivery::verbs::helm::{
    self, HelmError, KubeVersion, OutputDir, PrintOptions, Release, ReleaseName, Request, Semantics, ValueFlags,
};

use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::trust;

pub(crate) use flags::{direct, normalized, read};

/// The namespace of a release where none is given.
const DEFAULT_NAMESPACE: &str = "default";

/// The version of helm that is reproduced where none is given.
const DEFAULT_SEMANTICS: &str = "4.3";

/// The range of `--devel`.
const DEVEL: &str = ">0.0.0-0";

/// Render Helm charts without the helm program
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant helm template web ./charts/web -f values.yaml --set image.tag=1.4.2")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Template(Box<Template>),
}

/// Print the same bytes as `helm template`
///
/// The chart is a folder, an archive, or a remote chart: oci://HOST/PATH/NAME, the URL of an archive, or a name with --repo. Private
/// repositories use helm's and docker's files of credentials. The flags of `helm template` that are not listed here have no effect, as in
/// helm, or are refused by name: those that need a cluster or another program.
///
/// Values apply in this order, and later ones win: values.yaml of the chart, --values, --set-json, --set, --set-string,
/// --set-file, --set-literal. As in helm, the exit status of every error is 1.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "hydrant helm template [OPTIONS] [NAME] <CHART>",
    after_help = "Examples:\n  hydrant helm template web ./charts/web\n  hydrant helm template web ./charts/web -f production.yaml --namespace shop --include-crds\n  hydrant helm template web ./charts/web --semantics 3.17"
)]
struct Template {
    /// Render this chart with this release name [default name: release-name]
    #[arg(num_args = 0.., value_name = "[NAME] CHART")]
    arguments: Vec<String>,
    /// Fetch the chart from the repository at this URL
    #[arg(long, value_name = "URL")]
    repo: Option<String>,
    /// Fetch this version of a remote chart, or the newest in this range [default: the newest release]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Fetch pre-releases too, if no version is given
    #[arg(long)]
    devel: bool,
    /// Read values from this file; - is the standard input (repeatable, or separated by commas; the last one wins)
    #[arg(short = 'f', long, value_name = "FILE")]
    values: Vec<String>,
    /// Set values, such as a.b=1,c={x,y} (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Set values as strings, without conversion to numbers or booleans (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    set_string: Vec<String>,
    /// Set values to the contents of these files (repeatable)
    #[arg(long, value_name = "KEY=FILE")]
    set_file: Vec<String>,
    /// Set a value to this JSON (repeatable)
    #[arg(long, value_name = "KEY=JSON")]
    set_json: Vec<String>,
    /// Set a value to this text, without parsing commas or escapes (repeatable)
    #[arg(long, value_name = "KEY=TEXT")]
    set_literal: Vec<String>,
    /// Set the namespace of the release, .Release.Namespace
    #[arg(short, long, default_value = DEFAULT_NAMESPACE, env = "HELM_NAMESPACE", hide_env_values = true)]
    namespace: String,
    /// Reproduce this version of helm: 4.3, 4.1, 3.22 or 3.17
    #[arg(long, value_name = "VERSION", default_value = DEFAULT_SEMANTICS)]
    semantics: String,
    /// Set the Kubernetes version, .Capabilities.KubeVersion [default: that of the helm version, v1.37.0 for 4.3]
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// Add these API versions to .Capabilities.APIVersions (repeatable, or separated by commas)
    #[arg(short, long, value_name = "VERSION")]
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
    /// Do not compare the values with values.schema.json
    #[arg(long)]
    skip_schema_validation: bool,
    /// Write each template's output to a file in this folder instead of stdout
    #[arg(long, value_name = "DIR")]
    output_dir: Option<String>,
    /// Use a folder of the release's name in --output-dir
    #[arg(long)]
    release_name: bool,
    /// Set the release's name by this template
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Print what was rendered if it is not valid YAML; debug lines are not printed
    #[arg(long)]
    debug: bool,
    /// Accepted as in helm; the name stays release-name
    #[arg(short, long)]
    generate_name: bool,
}

/// How Go writes a true boolean in an environment variable.
const TRUE: [&str; 6] = ["1", "t", "T", "true", "TRUE", "True"];

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
    let folder = arguments.output_dir.take().filter(|folder| !folder.is_empty());
    let output_dir = folder.map(|folder| OutputDir { folder, use_release_name: arguments.release_name });
    let debug = arguments.debug || std::env::var("HELM_DEBUG").is_ok_and(|value| TRUE.contains(&&*value));
    let failed = |error: HelmError| Failure::Verbatim(if debug { error.debug_stderr() } else { error.stderr() });
    let release = match helm::run(request(*arguments)?) {
        Ok(release) => release,
        Err(error) => {
            if let Some(files) = error.debug_stdout().filter(|_| debug) {
                output::result_bytes(&files)?;
            }
            return Err(failed(error));
        }
    };
    release.rendered.warnings.iter().for_each(|line| output::verbatim(&format!("{line}\n")));
    match output_dir {
        Some(output_dir) => write(&output_dir, &release, &print)?,
        None => output::result_bytes(&release.rendered.print(&print).map_err(failed)?)?,
    }
    // The process ends: to free a parsed chart piece by piece would take longer than to render a small one.
    std::mem::forget(release);
    Ok(Success::Done)
}

/// Writes the files, and prints their paths and the empty line that helm ends with.
fn write(output_dir: &OutputDir, release: &Release, print: &PrintOptions) -> Result<(), Failure> {
    let mut lines = String::new();
    let written = output_dir.write(release, print, |path| lines.push_str(&format!("wrote {path}\n")));
    output::result(&lines)?;
    written.map_err(|error| Failure::Verbatim(error.stderr()))?;
    if let Some(pattern) = print.show_only.first() {
        return Err(fail(&format!("could not find template {pattern} in chart")));
    }
    output::result("\n")
}

/// Fails as helm does.
fn fail(message: &str) -> Failure {
    Failure::Verbatim(format!("Error: {message}\n"))
}

fn request(arguments: Template) -> Result<Request, Failure> {
    if arguments.arguments.is_empty() {
        let usage = "\"helm template\" requires at least 1 argument\n\nUsage:  helm template [NAME] [CHART] [flags]";
        return Err(fail(usage));
    }
    let semantics: Semantics = arguments.semantics.parse().map_err(|error| fail(&format!("{error}")))?;
    let kube_version = arguments.kube_version.as_deref().filter(|version| !version.is_empty());
    let kube_version = kube_version.map(|version| KubeVersion::parse(version, semantics)).transpose();
    let kube_version = kube_version.map_err(|error| Failure::Verbatim(error.stderr()))?;
    let (release, chart) = names(&arguments)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Request {
        chart,
        repository: arguments.repo.filter(|text| !text.is_empty()),
        version: arguments.version.filter(|text| !text.is_empty()).or(arguments.devel.then(|| DEVEL.to_owned())),
        release,
        namespace: Some(arguments.namespace)
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        values: ValueFlags {
            files: arguments.values,
            set_json: arguments.set_json,
            set: arguments.set,
            set_string: arguments.set_string,
            set_file: arguments.set_file,
            set_literal: arguments.set_literal,
        },
        semantics,
        kube_version,
        api_versions: arguments.api_versions,
        is_upgrade: arguments.is_upgrade,
        skip_schema_validation: arguments.skip_schema_validation,
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        trust: trust(),
        now: (i64::try_from(now.as_secs()).unwrap_or_default(), now.subsec_nanos()),
    })
}

/// Returns the release's name and the chart (`NameAndChart` of helm's `pkg/action/install.go`).
fn names(arguments: &Template) -> Result<(ReleaseName, String), Failure> {
    let template = arguments.name_template.as_ref().filter(|template| !template.is_empty());
    match arguments.arguments.as_slice() {
        [chart] => {
            let name = template.map_or(ReleaseName::Default, |template| ReleaseName::Template(template.clone()));
            Ok((name, chart.clone()))
        }
        [_, _] if arguments.generate_name => Err(fail("cannot set --generate-name and also specify a name")),
        [_, _] if template.is_some() => Err(fail("cannot set --name-template and also specify a name")),
        [name, chart] => Ok((ReleaseName::Named(name.clone()), chart.clone())),
        more => {
            let rest = more.get(2..).unwrap_or_default().join(", ");
            Err(fail(&format!("expected at most two arguments, unexpected arguments: {rest}")))
        }
    }
}
