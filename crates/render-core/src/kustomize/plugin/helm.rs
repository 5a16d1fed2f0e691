//! `helmCharts`: charts rendered as `helm template` renders them, in this process or by a chosen program.
//!
//! Values go to helm on its standard input, so nothing is written to the disk but what helm itself writes.

use manifest::yaml::{Rules, from_json, read_stream, to_json};
use manifest::{Diagnostic, Node};

use crate::files::{FileKind, join, parent};
use crate::helm::run_program;
use crate::host::{ChartRequest, Program, ProgramKind, ProgramOutput};
use crate::kustomize::context::Context;
use crate::kustomize::kustomization::{HelmChart, HelmGlobals};
use crate::kustomize::object::annotations::{HELM_GENERATED, set_one};
use crate::kustomize::object::reader;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::options::Feature;
use crate::kustomize::patch::merge::merge;
use crate::kustomize::schema::Schema;

/// The folder that charts lie in where none is named.
const DEFAULT_HOME: &str = "charts";

/// The range of `devel` without a version.
const DEVEL: &str = ">0.0.0-0";

/// Renders a chart; one that is not in the chart folder is pulled into it first.
///
/// # Errors
/// Returns an error if helm is not enabled, cannot be run, or fails.
pub(crate) fn generate(
    chart: &HelmChart,
    globals: &HelmGlobals,
    context: Context<'_>,
) -> Result<Vec<Resource>, Diagnostic> {
    // --enable-alpha-plugins enables helm too (kustomize: `types.EnabledPluginConfig`).
    if !context.options.enable_helm && !context.options.enable_alpha_plugins {
        return Err(Diagnostic::new("Helm charts are not enabled").hint(context.options.flags.hint(Feature::Helm)));
    }
    if chart.name.is_empty() {
        return Err(Diagnostic::new("missing field \"name\"").field("name"));
    }
    let variables = variables(globals, context)?;
    // The source may choose the program, or the folder from which helm loads plugins.
    let own = context.options.helm_command_of_source || !globals.config_home.is_empty();
    let kind = if own { ProgramKind::Source } else { ProgramKind::Helm };
    let folder = join(&chart_home(chart, globals, context), &chart.name);
    let mut helm = Helm { chart, context, folder, is_fetched: false, variables, kind };
    let extra = helm.additional_values_files()?;
    helm.fetch_if_missing()?;
    let values = helm.values()?;
    let finished = helm.run(&helm.template_arguments(&extra), values)?;
    let mut resources = reader::read(&finished.stdout, &format!("helm chart {}", chart.name))?;
    for resource in &mut resources {
        resource.file = None;
        set_one(&mut resource.node, HELM_GENERATED, "true");
    }
    Ok(resources)
}

/// The folder that holds the chart's folder; a chart that is pulled in a certain version has one of its own.
fn chart_home(chart: &HelmChart, globals: &HelmGlobals, context: Context<'_>) -> String {
    let home = if globals.chart_home.is_empty() { DEFAULT_HOME } else { &globals.chart_home };
    let home = join(&context.dir.root, home);
    if chart.version.is_empty() || chart.repo.is_empty() {
        return home;
    }
    join(&home, &format!("{}-{}", chart.name, chart.version))
}

fn variables(globals: &HelmGlobals, context: Context<'_>) -> Result<Vec<(String, String)>, Diagnostic> {
    let config = if globals.config_home.is_empty() {
        join(&context.io.host.scratch()?, "helm")
    } else {
        globals.config_home.clone()
    };
    let variable = |name: &str, value: String| (name.to_owned(), value);
    Ok(vec![
        variable("HELM_CACHE_HOME", format!("{config}/.cache")),
        variable("HELM_DATA_HOME", format!("{config}/.data")),
        variable("HELM_CONFIG_HOME", config),
    ])
}

struct Helm<'a> {
    chart: &'a HelmChart,
    context: Context<'a>,
    /// The chart's folder.
    folder: String,
    /// Whether the chart was fetched, so that its folder is none of the kustomization.
    is_fetched: bool,
    variables: Vec<(String, String)>,
    kind: ProgramKind,
}

impl Helm<'_> {
    fn run(&self, arguments: &[String], input: Vec<u8>) -> Result<ProgramOutput, Diagnostic> {
        let command = self.context.options.helm_command.as_deref().unwrap_or("helm");
        let mut all = vec![command.to_owned()];
        all.extend_from_slice(arguments);
        let shown = format!("{command} {} {}", arguments[0], self.chart.name);
        let (folder, variables) = (self.context.dir.root.clone(), self.variables.clone());
        let program = Program { arguments: all, folder, variables, input, kind: self.kind };
        let io = self.context.io;
        let finished = match self.context.options.helm_command {
            Some(_) => io.host.run(&program),
            None => run_program(&program, io.files, io.host),
        };
        let finished =
            finished.map_err(|error| error.hint("install helm 3 or 4, or name the program with --helm-command"))?;
        if finished.status == Some(0) {
            return Ok(finished);
        }
        let stderr = String::from_utf8_lossy(&finished.stderr);
        Err(Diagnostic::new(format!("`{shown}` failed: {}", stderr.trim()))
            .hint("check the chart and its values with `helm template`"))
    }

    /// Fetches a chart that is in no folder. With `--helm-command`, that program pulls it into the folder, as in kustomize.
    fn fetch_if_missing(&mut self) -> Result<(), Diagnostic> {
        if self.context.io.files.kind(&self.folder) == Ok(FileKind::Folder) {
            return Ok(());
        }
        let chart = self.chart;
        if chart.repo.is_empty() {
            return Err(Diagnostic::new(format!(
                "chart not found in {}, and no repository is set to pull it from",
                self.folder
            ))
            .field("repo")
            .hint("add the chart to that folder, or set its repository"));
        }
        if self.context.options.helm_command.is_some() {
            return self.run(&self.pull_arguments(), Vec::new()).map(drop);
        }
        let version = if chart.version.is_empty() && chart.devel { DEVEL } else { &chart.version };
        let request = ChartRequest::named(&chart.repo, &chart.name, Some(version));
        let request = request.map_err(|why| Diagnostic::new(why).field("repo"))?;
        self.folder = self.context.io.host.chart(&request)?.folder;
        self.is_fetched = true;
        Ok(())
    }

    fn pull_arguments(&self) -> Vec<String> {
        let chart = self.chart;
        let mut arguments = vec!["pull", "--untar", "--untardir", parent(&self.folder)];
        let reference;
        if chart.repo.starts_with("oci://") {
            reference = format!("{}/{}", chart.repo.strip_suffix('/').unwrap_or(&chart.repo), chart.name);
            arguments.push(&reference);
        } else {
            arguments.extend(["--repo", &chart.repo, &chart.name]);
        }
        if !chart.version.is_empty() {
            arguments.extend(["--version", &chart.version]);
        }
        if chart.devel {
            arguments.push("--devel");
        }
        arguments.into_iter().map(str::to_owned).collect()
    }

    /// The further values files, as paths.
    fn additional_values_files(&self) -> Result<Vec<String>, Diagnostic> {
        let files = self.chart.additional_values_files.iter().map(|file| {
            let loaded = self.context.dir.file(self.context.io, file);
            loaded.map_err(|error| error.field("additionalValuesFiles"))?;
            Ok(join(&self.context.dir.root, file))
        });
        files.collect()
    }

    /// The values that stand for the chart's own: the values file, with the inline values as `valuesMerge` says.
    fn values(&self) -> Result<Vec<u8>, Diagnostic> {
        let chart = self.chart;
        if !matches!(chart.values_merge.as_str(), "" | "merge" | "override" | "replace") {
            return Err(Diagnostic::new(format!("invalid valuesMerge {:?}", chart.values_merge))
                .field("valuesMerge")
                .hint("use override, merge or replace"));
        }
        let inline = chart.values_inline.as_ref().filter(|values| !reader::is_empty(values));
        let Some(inline) = inline else { return self.values_file() };
        let inline = from_json(&to_json(inline, Rules::V2)?);
        if chart.values_merge == "replace" {
            return json_bytes(&inline);
        }
        let file = self.values_file()?;
        let Some(own) = read_stream(&file)?.into_iter().next() else {
            return Err(Diagnostic::new("cannot merge into an empty values file")
                .field("valuesFile")
                .hint("write `{}` into the file, or set `valuesMerge: replace`"));
        };
        let (mut below, above) = if chart.values_merge == "merge" { (inline, own) } else { (own, inline) };
        merge(&mut below, &above, &[], &Schema::default())?;
        json_bytes(&below)
    }

    fn values_file(&self) -> Result<Vec<u8>, Diagnostic> {
        let own = join(&self.folder, "values.yaml");
        if self.is_fetched && self.chart.values_file.is_empty() {
            let bytes = self.context.io.files.read(&own);
            return bytes.map(|bytes| bytes.to_vec()).map_err(|error| {
                Diagnostic::new(format!("cannot read values.yaml of chart {}: {error}", self.chart.name))
            });
        }
        let file = if self.chart.values_file.is_empty() { &own } else { &self.chart.values_file };
        let loaded = self.context.dir.file(self.context.io, file).map_err(|error| error.field("valuesFile"))?;
        Ok(loaded.bytes.to_vec())
    }

    fn template_arguments(&self, extra: &[String]) -> Vec<String> {
        let (chart, options) = (self.chart, self.context.options);
        let mut arguments = vec!["template".to_owned()];
        let mut push = |parts: &[&str]| arguments.extend(parts.iter().map(|part| (*part).to_owned()));
        push(&[if chart.release_name.is_empty() { "--generate-name" } else { &chart.release_name }]);
        push(&[&self.folder]);
        for (flag, value) in [("--namespace", &chart.namespace), ("--name-template", &chart.name_template)] {
            if !value.is_empty() {
                push(&[flag, value]);
            }
        }
        push(&["-f", "-"]);
        extra.iter().for_each(|file| push(&["-f", file]));
        let versions = if chart.api_versions.is_empty() { &options.helm_api_versions } else { &chart.api_versions };
        versions.iter().for_each(|version| push(&["--api-versions", version]));
        let from_options = options.helm_kube_version.as_deref().unwrap_or_default();
        let kube_version = if chart.kube_version.is_empty() { from_options } else { &chart.kube_version };
        if !kube_version.is_empty() {
            push(&["--kube-version", kube_version]);
        }
        if let (Some(semantics), None) = (&options.helm_semantics, &options.helm_command) {
            push(&["--semantics", semantics]);
        }
        let flags = [
            (chart.include_crds, "--include-crds"),
            (chart.skip_tests, "--skip-tests"),
            (chart.skip_hooks, "--no-hooks"),
            (chart.debug || options.helm_debug, "--debug"),
            (chart.devel, "--devel"),
        ];
        flags.iter().filter(|(set, _)| *set).for_each(|(_, flag)| push(&[flag]));
        arguments
    }
}

/// Values as JSON, which helm reads as YAML.
fn json_bytes(values: &Node) -> Result<Vec<u8>, Diagnostic> {
    Ok(to_json(values, Rules::V3)?.to_string().into_bytes())
}
