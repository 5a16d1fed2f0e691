//! A release of a Helm chart.

use render_core::helm::Semantics;

/// A release to be rendered. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The chart's folder.
    pub chart: String,
    /// The release's name.
    pub name: String,
    /// The release's namespace; helm's own choice (`default`) where absent.
    pub namespace: Option<String>,
    /// Files of values, the last wins.
    pub values: Vec<String>,
    /// Whether the chart's custom resource definitions are part of the output.
    pub include_crds: bool,
    /// Whether the objects of `helm test` are.
    pub tests: bool,
    /// The cluster's version for `.Capabilities.KubeVersion`; helm's default where absent.
    pub kube_version: Option<String>,
    /// Additional API versions for `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
    /// The helm program that renders the chart; absent where it is rendered in this process.
    pub program: Option<String>,
    /// The version of helm whose results are reproduced; the newest where absent.
    pub semantics: Option<String>,
}

impl Release {
    /// The version of helm whose results are reproduced.
    pub fn semantics(&self) -> &str {
        self.semantics.as_deref().unwrap_or_else(|| Semantics::default().name())
    }

    /// The arguments of `helm template`, with the chart at `chart` and each file of values where `place` says.
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
        let switches = [("--include-crds", self.include_crds), ("--skip-tests", !self.tests)];
        all.extend(switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()));
        all
    }
}
