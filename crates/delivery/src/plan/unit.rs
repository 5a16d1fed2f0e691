//! One service in one environment.

use std::collections::BTreeMap;

use manifest::ImageRef;
use render_core::kustomize;
use render_core::skaffold::SkaffoldOptions;

use super::{PlannedChecks, PlannedRandom, Release, Request};
use git::RemoteUrl;

use crate::config::{GivenDigests, Images, Order, Secrets, SignaturePolicy, UnitNames};
use crate::host::branches::OnBranch;
use crate::images::assign::ImageInputs;

/// One service in one environment, fully resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedUnit {
    /// The service's name; empty for a folder that is rendered by itself.
    pub service: String,
    /// The environment's name.
    pub environment: String,
    /// What the pattern of the service captured beside their names, by name.
    pub captures: BTreeMap<String, String>,
    /// The cluster that the environment runs in.
    pub cluster: Cluster,
    /// Values for `${NAME}` in the output; nothing is replaced where absent.
    pub variables: Option<BTreeMap<String, String>>,
    /// The service's folder, absolute. The unit is rendered as if in it.
    pub folder: String,
    /// What is rendered.
    pub source: Source,
    /// What happens to random values of charts.
    pub random: PlannedRandom,
    /// The manifest repository: a URL, or an absolute path.
    pub repository: RemoteUrl,
    /// The branch.
    pub branch: String,
    /// The branch that `branch` proposes changes to for GitOps Promoter: `X`, if the configured name ends with `-next` and `branch` is
    /// `X-next` or `X-next/FOLDER`.
    pub active: Option<String>,
    /// The file below the branch's root, or with a slash at its end the folder.
    pub path: String,
    /// The maximum number of refs in one push; no limit where absent.
    pub max_refs: Option<std::num::NonZeroU32>,
    /// How a change gets onto the branch: directly where absent; else over a topic branch, with this request.
    pub review: Option<Request>,
    /// How a change is reviewed whose risks need it, of a unit that goes straight onto its branch.
    pub review_if_asked: Option<Request>,
    /// Which images must carry a digest.
    pub images: Images,
    /// What happens to digests that the source gives.
    pub digests: GivenDigests,
    /// What happens to plain secrets.
    pub secrets: Secrets,
    /// Which checks apply to its objects.
    pub checks: PlannedChecks,
    /// Which signatures its images must have; the first entry that matches an image decides.
    pub signatures: Vec<SignaturePolicy>,
    /// The commit's subject.
    pub message: String,
    /// The environment that this one is promoted from.
    pub after: Option<String>,
    /// Which source commits may be delivered.
    pub order: Order,
    /// Where the environment is declared.
    pub declared: Declared,
    /// Whether the configured name of the branch contains the environment's.
    pub is_own_branch: bool,
    /// What decides the images besides the source.
    pub image_inputs: ImageInputs,
    /// Images that are already resolved; absent where the source's tags and the registries decide.
    pub pinned_inputs: Option<PinnedInputs>,
}

/// Where an environment is declared, and so whether it lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Declared {
    /// By its name, in `environments` or by a flag.
    #[default]
    Name,
    /// By a pattern (`pr-*`) of `environments`, and by a path of the source that a pattern of `services` captured.
    Path(String),
    /// By a pattern of `environments` alone: the environment is short-lived.
    Pattern,
}

/// The cluster that a unit runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Its name in Argo CD.
    pub name: Option<String>,
    /// The URL of its API server in Argo CD.
    pub server: Option<String>,
    /// The namespace of objects that name none.
    pub namespace: Option<String>,
}

/// The images of a delivery that is verified: rendering does not change them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinnedInputs {
    /// The images, with their digests.
    pub images: Vec<ImageRef>,
    /// The `--default-repo` that they were made with, by which they are recognized as the source's artifacts.
    pub default_repo: Option<String>,
}

/// What a unit is rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A Skaffold config, relative to the unit's folder, and the options of `skaffold render`.
    Skaffold(Box<SkaffoldOptions>),
    /// A kustomization.
    Kustomize {
        /// The kustomization's folder, absolute.
        folder: String,
        /// The options of `kustomize build`.
        options: kustomize::Options,
    },
    /// Files of plain YAML.
    Manifests {
        /// The files, absolute, in the order of their output.
        files: Vec<String>,
    },
    /// A Helm chart.
    Helm(Release),
}

impl PlannedUnit {
    /// `service/environment`, as units are named in reports and errors.
    pub fn name(&self) -> String {
        format!("{}/{}", self.service, self.environment)
    }

    /// The name for the start of a message; empty for a folder that is rendered by itself.
    pub fn label(&self) -> String {
        if self.is_standalone() { String::new() } else { self.name() }
    }

    /// Whether this is a folder that is rendered by itself, which belongs to no service.
    pub fn is_standalone(&self) -> bool {
        self.service.is_empty()
    }

    /// The unit's names, for templates.
    pub fn names(&self) -> UnitNames<'_> {
        UnitNames { service: &self.service, environment: &self.environment, captures: &self.captures }
    }

    /// The `--default-repo` of a unit that Skaffold renders, if it has one.
    pub fn default_repo(&self) -> Option<&str> {
        match &self.source {
            Source::Skaffold(options) => options.default_repo.as_deref(),
            Source::Kustomize { .. } | Source::Helm(_) | Source::Manifests { .. } => None,
        }
    }

    /// The folder on the branch in which the unit keeps its files and its record; empty for the branch's root.
    pub fn branch_folder(&self) -> String {
        branch_folder(&self.path)
    }
}

/// The folder of a destination's path, in which a unit keeps its record; empty for the branch's root.
pub(super) fn branch_folder(path: &str) -> String {
    let folder = path.strip_suffix('/').unwrap_or_else(|| path.rsplit_once('/').map_or("", |(folder, _)| folder));
    folder.trim_start_matches('.').to_owned()
}

impl OnBranch for PlannedUnit {
    fn repository(&self) -> &RemoteUrl {
        &self.repository
    }

    fn branch(&self) -> &str {
        &self.branch
    }

    fn folder(&self) -> String {
        self.branch_folder()
    }

    fn topic(&self) -> Option<&str> {
        self.review.as_ref().map(|request| request.topic.as_str())
    }
}
