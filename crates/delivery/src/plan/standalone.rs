//! A folder that is rendered by itself, as `hydrant render` does with a folder that has a skaffold.yaml.

use std::collections::BTreeMap;

use git::RemoteUrl;
use render_core::files::Files;
use render_core::skaffold::SkaffoldOptions;

use super::{
    AllowedOutside, Cluster, Declared, ExecPermission, Plan, PlannedChecks, PlannedRandom, PlannedUnit, Source,
};
use crate::config::{GivenDigests, Images, Order, SchemaPolicy, Secrets};
use crate::host::system::ChartChoice;
use crate::images::assign::ImageInputs;
use crate::images::registries;
use crate::lock::{self, LockMode};

/// A folder that is rendered by itself: it belongs to no service and is not delivered.
#[derive(Clone, Debug)]
pub struct Standalone {
    /// The folder, absolute.
    pub folder: String,
    /// The options of `skaffold render`.
    pub skaffold: SkaffoldOptions,
    /// How the lock file is used.
    pub lock_mode: LockMode,
    /// The lock file, absolute; where absent, the next `hydrant.lock` in the folder or above.
    pub lock: Option<String>,
    /// How registries are queried; the proxies come from the environment.
    pub registries: registries::RegistryOptions,
    /// Files of search rules and overrides for images, absolute.
    pub rules: Vec<String>,
    /// What happens to existing digests if every image is pinned; absent if only built images are.
    pub pin: Option<GivenDigests>,
    /// `--allow-exec`
    pub allow_exec: bool,
    /// `--helm-command`; charts are rendered in process where absent.
    pub helm_command: Option<String>,
    /// `--helm-semantics`: the version of helm whose results are reproduced in process.
    pub helm_semantics: Option<String>,
}

impl Standalone {
    /// The plan of one unit without a name and a destination.
    pub fn into_plan(self, files: &dyn Files) -> Plan {
        let exec = ExecPermission::of_folder(files, &self.folder, self.allow_exec);
        let lock = lock::find(files, &self.folder, self.lock.as_deref());
        let unit = PlannedUnit {
            service: String::new(),
            environment: String::new(),
            captures: BTreeMap::new(),
            cluster: Cluster::default(),
            variables: None,
            folder: self.folder.clone(),
            source: Source::Skaffold(Box::new(self.skaffold)),
            random: PlannedRandom::AsHelm,
            repository: RemoteUrl::default(),
            branch: String::new(),
            active: None,
            path: String::new(),
            max_refs: None,
            review: None,
            review_if_asked: None,
            images: if self.pin.is_some() { Images::Pinned } else { Images::Built },
            digests: self.pin.unwrap_or_default(),
            secrets: Secrets::Allow,
            checks: PlannedChecks { schemas: SchemaPolicy::Off, ..PlannedChecks::default() },
            signatures: Vec::new(),
            message: String::new(),
            after: None,
            order: Order::default(),
            declared: Declared::default(),
            is_own_branch: false,
            image_inputs: ImageInputs::default(),
            pinned_inputs: None,
        };
        Plan {
            is_complete: false,
            root: self.folder,
            config: None,
            units: vec![unit],
            lock_mode: self.lock_mode,
            pinned_inputs_only: false,
            lock,
            registries: self.registries,
            rules: self.rules,
            exec,
            outside: AllowedOutside::default(),
            charts: ChartChoice { program: self.helm_command, semantics: self.helm_semantics },
            author: None,
            committer: None,
            given_images: Vec::new(),
            source_repository: None,
            undeclared: BTreeMap::new(),
            promoted_from: BTreeMap::new(),
        }
    }
}
