//! The options of `skaffold render`.

use manifest::Diagnostic;

use super::model::ResourceSelector;

/// The options of one `skaffold render`: each flag with its value, and what Skaffold takes from its global config. The caller has
/// resolved each; no other configuration is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkaffoldOptions {
    /// `--filename`: a path (relative to the working directory), an `https` URL, or `-` for `input`.
    pub file: String,
    /// The bytes of standard input, for a file named `-`.
    pub input: Vec<u8>,
    /// `--profile`, in order; `-NAME` switches one off.
    pub profiles: Vec<String>,
    /// Profiles that are applied after `profiles` where a config has them.
    pub optional_profiles: Vec<String>,
    /// `--profile-auto-activation`
    pub auto_activation: bool,
    /// `--propagate-profiles`
    pub propagate_profiles: bool,
    /// `--module`, empty for all.
    pub modules: Vec<String>,
    /// `--digest-source`
    pub digest_source: DigestSource,
    /// `--tag`, empty if absent.
    pub tag: String,
    /// `--default-repo`
    pub default_repo: Option<String>,
    /// `multi-level-repo` of Skaffold's global config.
    pub multi_level: bool,
    /// `--images`
    pub images: Vec<String>,
    /// `--build-artifacts`
    pub build_artifacts: Option<BuildArtifacts>,
    /// `--namespace`, empty if absent.
    pub namespace: String,
    /// `--offline`: no namespace is set in raw and kustomize manifests.
    pub offline: bool,
    /// `--label`, in order; a later one of the same name wins.
    pub labels: Vec<(String, String)>,
    /// `--set-value-file` and `--set`: one value a name.
    pub setters: Vec<(String, String)>,
    /// The rules of `--resource-selector-rules-file`.
    pub selector_rules: ResourceSelector,
    /// The current kube-context, empty if there is none: for profile activation, helm and hooks.
    pub kube_context: String,
    /// The version of helm whose results are reproduced in process, where the configs have releases; for the record of a delivery.
    pub helm_semantics: Option<String>,
}

/// A file of builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildArtifacts {
    /// The file's name, for messages.
    pub file: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// `--digest-source`: where digests come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestSource {
    /// The registry, or the lock file under `--locked`.
    #[default]
    Remote,
    /// Nowhere: images keep their tags.
    Tag,
    /// The manifests keep their own images, except for those with a build.
    None,
}

impl DigestSource {
    /// Parses the flag's value; empty means Skaffold's default for a remote cluster. `given` says whether builds are
    /// given: then `local` builds nothing, and they are taken as they are.
    ///
    /// # Errors
    /// `local` without builds, and the values that Skaffold silently treats as `local`.
    pub fn parse(text: &str, given: bool) -> Result<Self, Diagnostic> {
        match text {
            "" | "remote" => Ok(DigestSource::Remote),
            "tag" => Ok(DigestSource::Tag),
            "none" => Ok(DigestSource::None),
            "local" if given => Ok(DigestSource::Tag),
            "local" => Err(Diagnostic::new("--digest-source=local is not supported: hydrant does not build images")
                .hint("build and push first, then use --digest-source=remote or --build-artifacts")),
            other => Err(Diagnostic::new(format!("invalid --digest-source {other:?}")).hint("use remote, tag or none")),
        }
    }
}

impl Default for SkaffoldOptions {
    fn default() -> Self {
        SkaffoldOptions {
            file: "skaffold.yaml".to_owned(),
            input: Vec::new(),
            profiles: Vec::new(),
            optional_profiles: Vec::new(),
            auto_activation: true,
            propagate_profiles: true,
            modules: Vec::new(),
            digest_source: DigestSource::default(),
            tag: String::new(),
            default_repo: None,
            multi_level: false,
            images: Vec::new(),
            build_artifacts: None,
            namespace: String::new(),
            offline: false,
            labels: Vec::new(),
            setters: Vec::new(),
            selector_rules: ResourceSelector::default(),
            kube_context: String::new(),
            helm_semantics: None,
        }
    }
}
