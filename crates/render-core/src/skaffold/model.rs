//! The config that the renderers read: upgraded to the newest version, with profiles applied and defaults set.
//!
//! Only what can reach a rendered manifest or an image's tag is here; every other field has been checked and let go
//! (`docs/compatibility.md` lists both). Field names follow the schema `skaffold/v4beta14`.

use std::collections::BTreeMap;
use std::ops::Deref;

use manifest::{At, Diagnostic};

/// A string of the config and its position in [`Config::file`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocatedText {
    /// The string.
    pub text: String,
    /// Its position; zero for a default.
    pub at: At,
}

impl Deref for LocatedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// One config: a document of a `skaffold.yaml`.
///
/// A path in it is absolute, or relative to the working directory of the run: [`crate::files::join`] it to that. (As
/// in Skaffold, paths of the root file are relative to the working directory, those of required files to their file.)
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Its file: as passed for the root file, absolute for a required one.
    pub file: String,
    /// The folder of that file, absolute.
    pub folder: String,
    /// The index of its document in the file, from 0.
    pub index: usize,
    /// The position where the document starts.
    pub at: At,
    /// The version it is written in, such as `skaffold/v2beta29`.
    pub version: String,
    /// `metadata.name`, empty if absent.
    pub name: String,
    /// Whether it comes from another file than the root file.
    pub required: bool,
    /// Whether it comes from a repository that was fetched.
    pub remote: bool,
    /// The profiles applied, in the order they were.
    pub profiles: Vec<String>,
    /// `build`
    pub build: Build,
    /// `manifests`
    pub manifests: Manifests,
    /// `deploy`
    pub deploy: Deploy,
    /// `resourceSelector`
    pub resource_selector: ResourceSelector,
}

impl Config {
    /// A diagnostic about a field of this config.
    pub fn diagnostic(&self, at: At, field: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).in_file(&self.file).at(at).field(field)
    }
}

/// `build`
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// `artifacts`
    pub artifacts: Vec<Artifact>,
    /// `insecureRegistries`
    pub insecure_registries: Vec<String>,
    /// `tagPolicy`; `gitCommit: {}` if absent.
    pub tag_policy: TagPolicy,
    /// The position of `tagPolicy`; zero if it is the default.
    pub tag_policy_at: At,
}

/// `build.artifacts[]`
#[derive(Clone, Debug, Default)]
pub struct Artifact {
    /// `image`
    pub image: LocatedText,
    /// `context`; `.` if absent.
    pub context: LocatedText,
    /// `docker`, `kaniko`, …: how it is built; `docker` by default (`kaniko` under `build.cluster`).
    pub builder: Builder,
    /// `requires`
    pub requires: Vec<ArtifactDependency>,
}

/// `build.artifacts[].requires[]`
#[derive(Clone, Debug, Default)]
pub struct ArtifactDependency {
    /// `image`
    pub image: LocatedText,
    /// `alias`; the image's name if absent.
    pub alias: String,
}

/// The builder of an artifact. It matters here only for the files that `inputDigest` reads.
#[derive(Clone, Debug)]
pub enum Builder {
    /// `docker`
    Docker(Dockerfile),
    /// `kaniko`
    Kaniko {
        /// `dockerfile`, `target`, `buildArgs`
        dockerfile: Dockerfile,
        /// `contextSubPath`
        context_sub_path: String,
        /// `ignorePaths`
        ignore_paths: Vec<String>,
    },
    /// `custom`
    Custom {
        /// `buildCommand`
        command: String,
        /// `dependencies.dockerfile`
        dockerfile: Option<Dockerfile>,
        /// `dependencies.command`
        dependencies_command: String,
        /// `dependencies.paths` and `.ignore`; `.` where there are no dependencies.
        sources: Sources,
    },
    /// `buildpacks`
    Buildpacks {
        /// `dependencies`; `.` if absent.
        sources: Sources,
        /// `projectDescriptor`; `project.toml` if absent.
        project_descriptor: String,
    },
    /// `ko`
    Ko {
        /// `dependencies`; empty if absent.
        sources: Sources,
        /// `dir`
        dir: String,
        /// `main`
        main: String,
    },
    /// `jib`
    Jib,
    /// `bazel`
    Bazel {
        /// `target`
        target: String,
    },
}

impl Default for Builder {
    fn default() -> Self {
        Builder::Docker(Dockerfile::default())
    }
}

/// A Dockerfile and what decides which of its lines count.
#[derive(Clone, Debug, Default)]
pub struct Dockerfile {
    /// `dockerfile` (`path` under `custom`), relative to the context; `Dockerfile` if absent.
    pub path: String,
    /// `target`
    pub target: String,
    /// `buildArgs`; a value may be a template, and absent (`KEY:`) it comes from the environment.
    pub build_args: BTreeMap<String, Option<String>>,
}

/// `paths` and `ignore` of a `dependencies`.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `paths`
    pub paths: Vec<String>,
    /// `ignore`
    pub ignore: Vec<String>,
}

/// `build.tagPolicy`
#[derive(Clone, Debug)]
pub enum TagPolicy {
    /// `gitCommit`
    GitCommit {
        /// `variant`, as written; empty if absent.
        variant: LocatedText,
        /// `prefix`
        prefix: String,
        /// `ignoreChanges`
        ignore_changes: bool,
    },
    /// `sha256`
    Sha256,
    /// `envTemplate`
    EnvTemplate {
        /// `template`
        template: LocatedText,
    },
    /// `dateTime`
    DateTime {
        /// `format`, a Go layout; empty if absent.
        format: LocatedText,
        /// `timezone`; empty if absent.
        timezone: LocatedText,
    },
    /// `customTemplate`
    CustomTemplate {
        /// `template`
        template: LocatedText,
        /// `components`: names and policies.
        components: Vec<(LocatedText, TagPolicy)>,
    },
    /// `inputDigest`
    InputDigest,
}

impl Default for TagPolicy {
    fn default() -> Self {
        TagPolicy::GitCommit { variant: LocatedText::default(), prefix: String::new(), ignore_changes: false }
    }
}

/// `manifests`
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// `rawYaml`; `k8s/*.yaml` (see [`Manifests::by_default`]) where the only config names no renderer.
    pub raw_yaml: Vec<LocatedText>,
    /// Whether `raw_yaml` is the default.
    pub by_default: bool,
    /// `remoteManifests`
    pub remote_manifests: Vec<RemoteManifest>,
    /// `kustomize`
    pub kustomize: Option<Kustomize>,
    /// `helm`
    pub helm: Option<Helm>,
    /// `kpt`
    pub kpt: Vec<LocatedText>,
    /// `hooks`
    pub hooks: RenderHooks,
    /// `transform`
    pub transform: Vec<Function>,
    /// `validate`
    pub validate: Vec<Function>,
}

/// `manifests.remoteManifests[]`
#[derive(Clone, Debug, Default)]
pub struct RemoteManifest {
    /// `manifest`
    pub manifest: LocatedText,
}

/// `manifests.kustomize`
#[derive(Clone, Debug, Default)]
pub struct Kustomize {
    /// `paths`; templates.
    pub paths: Vec<LocatedText>,
    /// `buildArgs`
    pub build_args: Vec<LocatedText>,
}

/// `manifests.transform[]` or `manifests.validate[]`
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// `name`
    pub name: LocatedText,
    /// `configMap`: entries such as `key:value`.
    pub config_map: Vec<LocatedText>,
}

/// `manifests.hooks`
#[derive(Clone, Debug, Default)]
pub struct RenderHooks {
    /// `before`
    pub before: Vec<HostHook>,
    /// `after`
    pub after: Vec<HostHook>,
}

/// `manifests.hooks.before[].host` or `.after[].host`
#[derive(Clone, Debug, Default)]
pub struct HostHook {
    /// `command`
    pub command: Vec<String>,
    /// `os`
    pub os: Vec<String>,
    /// `dir`
    pub dir: String,
    /// `withChange`: whether what it prints replaces the manifests.
    pub with_change: bool,
    /// Its position.
    pub at: At,
}

/// `manifests.helm` or `deploy.helm`
#[derive(Clone, Debug, Default)]
pub struct Helm {
    /// `flags`
    pub flags: HelmFlags,
    /// `releases`
    pub releases: Vec<HelmRelease>,
}

/// `helm.flags`
#[derive(Clone, Debug, Default)]
pub struct HelmFlags {
    /// `global`
    pub global: Vec<String>,
    /// `depBuild`
    pub dep_build: Vec<String>,
    /// `template`
    pub template: Vec<String>,
}

/// `helm.releases[]`
#[derive(Clone, Debug, Default)]
pub struct HelmRelease {
    /// Its position.
    pub at: At,
    /// `name`; a template.
    pub name: LocatedText,
    /// `chartPath`; a template.
    pub chart_path: LocatedText,
    /// `remoteChart`
    pub remote_chart: LocatedText,
    /// `valuesFiles`; templates.
    pub values_files: Vec<LocatedText>,
    /// `namespace`; a template.
    pub namespace: LocatedText,
    /// `version`; a template.
    pub version: LocatedText,
    /// `setValues`, flattened to dotted keys.
    pub set_values: BTreeMap<String, LocatedText>,
    /// `setValueTemplates`, flattened to dotted keys; keys and values are templates.
    pub set_value_templates: BTreeMap<String, LocatedText>,
    /// `setFiles`
    pub set_files: BTreeMap<String, LocatedText>,
    /// `skipBuildDependencies`
    pub skip_build_dependencies: bool,
    /// `skipTests`
    pub skip_tests: bool,
    /// `useHelmSecrets`
    pub use_helm_secrets: bool,
    /// `repo`
    pub repo: LocatedText,
    /// `overrides`, as written.
    pub overrides: Option<manifest::Node>,
    /// Whether `packaged` is there: then `version` is not passed on.
    pub packaged: bool,
}

/// `deploy`, as far as it reaches rendering.
#[derive(Clone, Debug, Default)]
pub struct Deploy {
    /// `helm`: its releases are rendered as well.
    pub helm: Option<Helm>,
    /// `kubeContext`
    pub kube_context: LocatedText,
    /// Whether `cloudrun` is there.
    pub cloud_run: bool,
    /// Whether `docker` is there.
    pub docker: bool,
}

/// `resourceSelector`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceSelector {
    /// `allow`
    pub allow: Vec<ResourceFilter>,
    /// `deny`
    pub deny: Vec<ResourceFilter>,
}

/// `resourceSelector.allow[]` or `.deny[]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceFilter {
    /// `groupKind`, such as `Deployment.apps`.
    pub group_kind: LocatedText,
    /// `image`
    pub image: Vec<String>,
    /// `labels`
    pub labels: Vec<String>,
}
