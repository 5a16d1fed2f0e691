//! The options of a build.

/// The files that a kustomization may refer to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LoadRestrictor {
    /// Only files in its own folder or below (folders and other kustomizations are free). The default.
    #[default]
    RootOnly,
    /// Any file.
    None,
}

/// In which order objects are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// `--reorder=legacy`: by kind; kustomize's default.
    #[default]
    Legacy,
    /// `--reorder=none`: as they came.
    Unsorted,
}

/// Where the flags of a build are set, for hints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlagSource {
    /// On the command line.
    #[default]
    CommandLine,
    /// In `buildArgs` of a skaffold.yaml.
    BuildArgs,
    /// In the `kustomize` field of a service in `hydrant.yaml`.
    ServiceConfig,
}

impl FlagSource {
    /// What to do to enable a feature that is off.
    pub(crate) fn hint(self, feature: Feature) -> &'static str {
        match (self, feature) {
            (FlagSource::CommandLine, Feature::Helm) => "run with `--enable-helm`",
            (FlagSource::BuildArgs, Feature::Helm) => {
                "add `--enable-helm` to `manifests.kustomize.buildArgs` in skaffold.yaml"
            }
            (FlagSource::ServiceConfig, Feature::Helm) => {
                "set `kustomize: {helm: true}` of the service in hydrant.yaml"
            }
            (FlagSource::CommandLine, Feature::AlphaPlugins) => {
                "run with `--enable-alpha-plugins`, or write `apiVersion: builtin` for a built-in plugin"
            }
            (FlagSource::BuildArgs, Feature::AlphaPlugins) => {
                "add `--enable-alpha-plugins` to `manifests.kustomize.buildArgs` in skaffold.yaml, or write `apiVersion: builtin` for a \
                 built-in plugin"
            }
            (FlagSource::ServiceConfig, Feature::AlphaPlugins) => {
                "set `kustomize: {alphaPlugins: true}` of the service in hydrant.yaml, or write `apiVersion: builtin` for a built-in plugin"
            }
            (FlagSource::CommandLine, Feature::Exec) => "run with `--enable-exec`",
            (FlagSource::BuildArgs, Feature::Exec) => {
                "add `--enable-exec` to `manifests.kustomize.buildArgs` in skaffold.yaml"
            }
            (FlagSource::ServiceConfig, Feature::Exec) => {
                "run with `--allow-exec`, or set `trust.exec: true` in hydrant.yaml"
            }
        }
    }
}

/// A feature that a flag enables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Feature {
    /// `--enable-helm`
    Helm,
    /// `--enable-alpha-plugins`
    AlphaPlugins,
    /// `--enable-exec`
    Exec,
}

/// The options of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the flags are set.
    pub flags: FlagSource,
    /// `--load-restrictor`
    pub load_restrictor: LoadRestrictor,
    /// `--reorder`; `None` where the flag is not set (then `sortOptions` decide without a warning).
    pub reorder: Option<Order>,
    /// `--enable-helm`
    pub enable_helm: bool,
    /// `--helm-command`: the program that renders charts; they are rendered in this process if absent.
    pub helm_command: Option<String>,
    /// Whether `--helm-command` is set by the source, in the `buildArgs` of a skaffold.yaml.
    pub helm_command_of_source: bool,
    /// `--helm-semantics`: the version of helm whose results are reproduced; the newest if absent.
    pub helm_semantics: Option<String>,
    /// `--helm-api-versions`
    pub helm_api_versions: Vec<String>,
    /// `--helm-kube-version`
    pub helm_kube_version: Option<String>,
    /// `--helm-debug`
    pub helm_debug: bool,
    /// `--enable-alpha-plugins`
    pub enable_alpha_plugins: bool,
    /// `--enable-exec`
    pub enable_exec: bool,
    /// `--enable-managedby-label`
    pub managed_by_label: bool,
    /// `-e KEY=VALUE`, the value already taken from the environment where only the key was given.
    pub environment: Vec<(String, String)>,
}
