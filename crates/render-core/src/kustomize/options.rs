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

/// The options of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
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
