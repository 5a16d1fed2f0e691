//! The entries of the fields that render helm charts.

use manifest::Node;

use crate::kustomize::decode::decoded;

decoded! {
    /// The settings that all Helm charts share.
    pub struct HelmGlobals {
        /// The folder that holds charts; `charts` if empty.
        "chartHome" => chart_home: String,
        /// Helm's configuration folder.
        "configHome" => config_home: String,
    }
}

decoded! {
    /// A Helm chart to render.
    pub struct HelmChart {
        /// The chart.
        "name" => name: String,
        /// Its version.
        "version" => version: String,
        /// The repository it comes from.
        "repo" => repo: String,
        /// The release's name.
        "releaseName" => release_name: String,
        /// The release's namespace.
        "namespace" => namespace: String,
        /// Values files after the first.
        "additionalValuesFiles" => additional_values_files: Vec<String>,
        /// The values file.
        "valuesFile" => values_file: String,
        /// Values.
        "valuesInline" => values_inline: Option<Node>,
        /// `override`, `replace` or `merge`.
        "valuesMerge" => values_merge: String,
        /// Whether CRDs are rendered.
        "includeCRDs" => include_crds: bool,
        /// Whether hooks are left out.
        "skipHooks" => skip_hooks: bool,
        /// API versions that the chart may count on.
        "apiVersions" => api_versions: Vec<String>,
        /// The Kubernetes version that the chart may count on.
        "kubeVersion" => kube_version: String,
        /// A template for the release's name.
        "nameTemplate" => name_template: String,
        /// Whether tests are left out.
        "skipTests" => skip_tests: bool,
        /// Whether helm is run with `--debug`.
        "debug" => debug: bool,
        /// Whether pre-releases are taken.
        "devel" => devel: bool,
    }
}

decoded! {
    /// A Helm chart in the older shape.
    pub struct HelmChartArgs {
        /// The chart.
        "chartName" => chart_name: String,
        /// Its version.
        "chartVersion" => chart_version: String,
        /// The repository it comes from.
        "chartRepoUrl" => chart_repo_url: String,
        /// The folder that holds charts.
        "chartHome" => chart_home: String,
        /// Not used by kustomize.
        "chartRepoName" => chart_repo_name: String,
        /// Not used by kustomize.
        "helmBin" => helm_bin: String,
        /// Helm's configuration folder.
        "helmHome" => helm_home: String,
        /// The values file.
        "values" => values: String,
        /// Values.
        "valuesLocal" => values_local: Option<Node>,
        /// `override`, `replace` or `merge`.
        "valuesMerge" => values_merge: String,
        /// The release's name.
        "releaseName" => release_name: String,
        /// Not used by kustomize.
        "releaseNamespace" => release_namespace: String,
        /// Not used by kustomize.
        "extraArgs" => extra_args: Vec<String>,
    }
}
