//! The flags of a command and the `HYDRANT_…` variables behind them. Nothing is read here; a value that is set here wins over
//! the config.

use crate::config::{GivenDigests, Images, Profiles, Request, ReviewMode, Secrets, Template};
use crate::host::clone::CloneName;
use crate::images::given::GivenImage;
use crate::images::registries;
use crate::lock::LockOptions;

/// Which units a command is about.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `--all`
    pub all: bool,
    /// `--service`, names or globs, none for all.
    pub services: Vec<String>,
    /// `--env`, names or globs, none for all.
    pub environments: Vec<String>,
    /// `--profile`: the environments that take just these profiles; without a config, the profiles of the one unit.
    pub profiles: Profiles,
    /// For commands that only read: all units where nothing is selected and the command does not run in a service's folder.
    pub default_to_all: bool,
    /// For commands that write: units must be selected, also in a service's folder.
    pub is_required: bool,
}

impl Selection {
    /// Whether a service, an environment or a profile is named.
    pub fn is_narrowed(&self) -> bool {
        !(self.services.is_empty() && self.environments.is_empty() && self.profiles.0.is_empty())
    }
}

/// Every setting that flags can give.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `-C`: the folder that the command runs in, absolute.
    pub folder: String,
    /// `--config`: the config's path, absolute; where absent it is looked for in `folder` and above.
    pub config: Option<String>,
    /// The clone that the command runs in; absent outside of one.
    pub clone: Option<CloneName>,
    /// Which units.
    pub selection: Selection,
    /// `--filename`: the Skaffold config in the service's folder.
    pub skaffold: Option<Template>,
    /// `--module`
    pub modules: Vec<String>,
    /// `--kustomize`: a kustomization in the service's folder, rendered without Skaffold.
    pub kustomize: Option<Template>,
    /// `--default-repo`
    pub default_repo: Option<String>,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--tag`
    pub tag: Option<String>,
    /// `--repository`
    pub repository: Option<Template>,
    /// `--branch`
    pub branch: Option<Template>,
    /// `--path`
    pub path: Option<Template>,
    /// `--review`
    pub review: Option<ReviewMode>,
    /// `--review-…`: the fields of pull requests.
    pub request: Request,
    /// `--policy-images`
    pub images: Option<Images>,
    /// `--policy-digests`
    pub digests: Option<GivenDigests>,
    /// `--policy-secrets`
    pub secrets: Option<Secrets>,
    /// `--author`
    pub author: Option<String>,
    /// `--committer`
    pub committer: Option<String>,
    /// `--message`
    pub message: Option<Template>,
    /// `--source-repository`
    pub source_repository: Option<String>,
    /// `--locked`, `--lock`, `--update` and `--lock-file`.
    pub locking: LockOptions,
    /// How registries are asked.
    pub registries: registries::RegistryFlags,
    /// `--rules`, absolute.
    pub rules: Vec<String>,
    /// `--allow-exec`
    pub allow_exec: bool,
    /// `--allow-outside`
    pub allow_outside: bool,
    /// `--image` and `--images`.
    pub given_images: Vec<GivenImage>,
}
