//! A release of a Helm chart.

use manifest::Diagnostic;
use render_core::files::join;
use render_core::helm::Semantics;
use render_core::host::ChartRequest;

use crate::config::Hooks;

/// Where a chart is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartSource {
    /// In this folder of the source, absolute.
    Folder(String),
    /// In a chart repository or a registry.
    Remote(ChartRequest),
}

/// A release to be rendered. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The chart.
    pub chart: ChartSource,
    /// The release's name.
    pub name: String,
    /// The release's namespace; helm's own choice (`default`) where absent.
    pub namespace: Option<String>,
    /// Files of values, the last wins.
    pub values: Vec<String>,
    /// Values that win over those of files, as JSON.
    pub values_inline: Option<String>,
    /// Values that win over all others, each as helm's `--set` reads it.
    pub set: Vec<String>,
    /// Whether the chart's custom resource definitions are part of the output.
    pub include_crds: bool,
    /// Whether the objects of `helm test` are.
    pub tests: bool,
    /// What happens to its hooks, those of `helm test` left out.
    pub hooks: Hooks,
    /// The folder of a kustomization that gets the output as a resource.
    pub kustomize: Option<String>,
    /// The cluster's version for `.Capabilities.KubeVersion`; helm's default where absent.
    pub kube_version: Option<String>,
    /// Additional API versions for `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
    /// The helm program that renders the chart; absent where it is rendered in this process.
    pub program: Option<String>,
    /// The version of helm whose results are reproduced; the newest where absent.
    pub semantics: Option<String>,
}

/// How helm's `--values` names the standard input.
pub(crate) const INPUT: &str = "-";

impl Release {
    /// The version of helm whose results are reproduced.
    pub fn semantics(&self) -> &str {
        self.semantics.as_deref().unwrap_or_else(|| Semantics::default().name())
    }

    /// Names the chart in a finding: its file, or its name and repository.
    pub(crate) fn locate(&self, finding: Diagnostic) -> Diagnostic {
        match &self.chart {
            ChartSource::Folder(folder) => finding.in_file(join(folder, "Chart.yaml")),
            ChartSource::Remote(request) => {
                Diagnostic { message: format!("chart {request}: {}", finding.message), ..finding }
            }
        }
    }

    /// The arguments of `helm template`, with the chart at `chart` and each file of values where `place` says. The values of
    /// `values_inline` are the program's input.
    pub fn arguments(&self, chart: &str, place: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut all = vec!["template".to_owned(), self.name.clone(), chart.to_owned()];
        let mut flag = |name: &str, value: &str| all.extend([name.to_owned(), value.to_owned()]);
        if let Some(namespace) = &self.namespace {
            flag("--namespace", namespace);
        }
        if let Some(version) = &self.kube_version {
            flag("--kube-version", version);
        }
        self.api_versions.iter().for_each(|version| flag("--api-versions", version));
        self.values.iter().for_each(|path| flag("--values", &place(path)));
        self.values_inline.iter().for_each(|_| flag("--values", INPUT));
        self.set.iter().for_each(|value| flag("--set", value));
        let switches = [
            ("--include-crds", self.include_crds),
            ("--skip-tests", !self.tests),
            ("--no-hooks", self.hooks == Hooks::Drop),
        ];
        all.extend(switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()));
        all
    }
}
