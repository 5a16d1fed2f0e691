//! What was typed and what was written, laid together: the units of a delivery, nothing optional left in them.

use manifest::{Diagnostic, Errors, ImageRef};
use render_core::files::{Files, join, parent};

use crate::config::{
    self, Commit, Config, Destination, Environment, GivenDigests, Helm, Images, Policy, Secrets, Template,
};
use crate::host::branches::OnBranch;
use crate::images::registries;
use crate::lock::LockMode;
use crate::plan::settings::Settings;

mod discover;
mod place;
mod release;
pub(crate) mod review;
mod select;
pub mod settings;
mod shard;

use place::{Place, one_file_each};
pub use release::Release;
pub use review::Request;
pub use shard::Shard;

/// Everything a delivery does, decided.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder that paths of the file are relative to: the config's, or the one the command runs in. Absolute.
    pub root: String,
    /// The config's path, absolute; absent where flags alone serve.
    pub config: Option<String>,
    /// The units in the order of the config: by service, then by environment.
    pub units: Vec<Unit>,
    /// Where digests come from.
    pub digests: LockMode,
    /// Whether digests come from the units' given images alone, to prove a delivery.
    pub recorded_only: bool,
    /// The lock file, absolute.
    pub lock: String,
    /// How registries are asked; the proxies come from the environment.
    pub registries: registries::Options,
    /// Files of search rules and overrides for images, absolute.
    pub rules: Vec<String>,
    /// `Name <mail>` of the commits' author; absent where git's own config says it.
    pub author: Option<String>,
    /// `Name <mail>` of the committer; absent where the author is meant.
    pub committer: Option<String>,
    /// The source repository's URL for the record; absent where its remote `origin` says it.
    pub source_repository: Option<String>,
}

/// One service in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The service's name.
    pub service: String,
    /// The environment's name.
    pub environment: String,
    /// The service's folder, absolute. The unit is rendered as if in it.
    pub folder: String,
    /// What is rendered.
    pub source: Source,
    /// The manifest repository: a URL, or an absolute path.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The file below the branch's root, or with a slash at its end the folder.
    pub path: String,
    /// How a change gets onto the branch: straight where absent; else over a topic branch, with this request.
    pub review: Option<Request>,
    /// Which images must carry a digest.
    pub images: Images,
    /// What happens to digests that are given.
    pub digests: GivenDigests,
    /// What happens to plain secrets.
    pub secrets: Secrets,
    /// The commit's subject.
    pub message: String,
    /// Images that are decided already; absent where the source's tags and the registries decide.
    pub pinned_inputs: Option<PinnedInputs>,
}

/// The images of a delivery that is verified or promoted: rendering takes them as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedInputs {
    /// The images, with their digests.
    pub images: Vec<ImageRef>,
    /// The `--default-repo` that they were made with, by which they are known to be the source's artifacts.
    pub default_repo: Option<String>,
    /// The environment that they were promoted from, if they were.
    pub promoted_from: Option<String>,
}

/// What a unit is rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A Skaffold config.
    Skaffold {
        /// The file, relative to the unit's folder.
        file: String,
        /// The profiles.
        profiles: Profiles,
        /// The modules; all where empty.
        modules: Vec<String>,
        /// `--default-repo`; absent where the config's own names stand.
        default_repo: Option<String>,
        /// `--namespace`
        namespace: Option<String>,
        /// `--tag`
        tag: Option<String>,
    },
    /// A kustomization.
    Kustomize {
        /// The kustomization's folder, absolute.
        folder: String,
    },
    /// A Helm chart.
    Helm(Release),
}

/// The profiles of a Skaffold unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profiles {
    /// Just these; one that the config does not have is an error.
    Named(Vec<String>),
    /// The one of this name where the config has it, else none.
    IfPresent(String),
}

impl Unit {
    /// `service/environment`, as units are called in reports and errors.
    pub fn name(&self) -> String {
        format!("{}/{}", self.service, self.environment)
    }

    /// The folder on the branch in which the unit keeps its files and its record; empty for the branch's root.
    pub fn branch_folder(&self) -> String {
        let path = &self.path;
        let folder = path.strip_suffix('/').unwrap_or_else(|| path.rsplit_once('/').map_or("", |(folder, _)| folder));
        folder.trim_start_matches('.').to_owned()
    }
}

impl OnBranch for Unit {
    fn repository(&self) -> &str {
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

/// Decides everything that `settings` and the config leave open.
///
/// # Errors
/// No config and no `--repository`; a config that cannot be read; a selection that selects nothing or names what is
/// not there; a service that is not there; two units that would land in one file.
pub fn plan(files: &dyn Files, settings: &Settings) -> Result<Plan, Errors> {
    let Some(path) = find_config(files, settings)? else {
        return alone(settings);
    };
    let config = config::read(files, &path)?;
    let root = parent(&path).to_owned();
    let services = discover::services(files, &root, &path, &config)?;
    let chosen = select::select(settings, &path, &config, &services)?;
    let mut units = Vec::with_capacity(chosen.len());
    for (service, environment) in chosen {
        units.push(unit(settings, &config, &root, &path, service, environment)?);
    }
    one_file_each(&units)?;
    Ok(Plan {
        units,
        digests: settings.locking.digests(config.locked),
        recorded_only: false,
        lock: settings.locking.file.clone().unwrap_or_else(|| lock(&root, &config)),
        registries: registries::options(&settings.registries, &config.registry, &root)
            .map_err(|error| error.in_file(&path))?,
        rules: rules(&root, &config).chain(settings.rules.iter().cloned()).collect(),
        author: settings.author.clone().or(config.commit.author),
        committer: settings.committer.clone().or(config.commit.committer),
        source_repository: settings.source_repository.clone().or(config.source.repository),
        config: Some(path),
        root,
    })
}

pub(crate) const LOCK: &str = "hydrant.lock";
const SKAFFOLD: &str = "skaffold.yaml";

/// The config's path; nothing where flags alone serve.
fn find_config(files: &dyn Files, settings: &Settings) -> Result<Option<String>, Diagnostic> {
    let found = config::find(files, &settings.folder, settings.config.as_deref())?;
    if found.is_some() || settings.repository.is_some() {
        return Ok(found);
    }
    Err(Diagnostic::new(format!("no hydrant.yaml in {} or above it", settings.folder)).hint(
        "`hydrant init` writes one; without one, give --repository and --profile (or --env) to deliver one service.",
    ))
}

/// The plan of one unit from flags alone.
fn alone(settings: &Settings) -> Result<Plan, Errors> {
    let selection = &settings.selection;
    let folder = settings.folder.clone();
    let service = match selection.services.as_slice() {
        [] => folder.rsplit('/').next().unwrap_or_default().to_owned(),
        [one] => one.clone(),
        _ => return Err(one_unit("--service").into()),
    };
    let environment = match (selection.environments.as_slice(), selection.profiles.0.as_slice()) {
        ([one], _) | ([], [one]) => one.clone(),
        ([], []) => {
            return Err(Diagnostic::new("no environment is named")
                .hint("Give --profile or --env; or write a hydrant.yaml (`hydrant init`).")
                .into());
        }
        ([], _) => {
            return Err(Diagnostic::new("several profiles and no name for the environment").hint("Give --env.").into());
        }
        _ => return Err(one_unit("--env").into()),
    };
    let special = Environment {
        profile: (!selection.profiles.0.is_empty()).then(|| selection.profiles.clone()),
        ..Environment::default()
    };
    let found = discover::Found { name: service, folder: folder.clone(), entry: None };
    let written =
        Written { destination: &Destination::default(), policy: Policy::default(), commit: &Commit::default() };
    Ok(Plan {
        units: vec![fill(settings, &written, &folder, "", &found, (&environment, &special))?],
        root: folder.clone(),
        config: None,
        digests: settings.locking.digests(None),
        recorded_only: false,
        lock: settings.locking.file.clone().unwrap_or_else(|| join(&folder, LOCK)),
        registries: registries::options(&settings.registries, &config::Registry::default(), &folder)?,
        rules: settings.rules.clone(),
        author: settings.author.clone(),
        committer: settings.committer.clone(),
        source_repository: settings.source_repository.clone(),
    })
}

/// The lock file of a config in the folder `root`.
pub(crate) fn lock(root: &str, config: &Config) -> String {
    join(root, config.lock.as_deref().unwrap_or(LOCK))
}

/// The files of image rules of a config in the folder `root`.
pub(crate) fn rules<'a>(root: &'a str, config: &'a Config) -> impl Iterator<Item = String> + 'a {
    config.rules.iter().map(move |path| join(root, path))
}

fn one_unit(flag: &str) -> Diagnostic {
    Diagnostic::new(format!("{flag} is given twice, and without a hydrant.yaml there is one unit"))
        .hint("`hydrant init` writes a hydrant.yaml for several.")
}

/// What the file says for every environment.
struct Written<'a> {
    destination: &'a Destination,
    policy: Policy,
    commit: &'a Commit,
}

fn unit(
    settings: &Settings,
    config: &Config,
    root: &str,
    file: &str,
    service: &discover::Found,
    environment: (&str, &Environment),
) -> Result<Unit, Diagnostic> {
    let written = Written { destination: &config.destination, policy: config.policy, commit: &config.commit };
    fill(settings, &written, root, file, service, environment)
}

/// One unit: what was typed, then what the environment says, then what the file says, then hydrant's own choice.
fn fill(
    settings: &Settings,
    written: &Written<'_>,
    root: &str,
    file: &str,
    service: &discover::Found,
    (environment, special): (&str, &Environment),
) -> Result<Unit, Diagnostic> {
    let place = Place::decide(settings, written.destination, (environment, special), (root, file), &service.name)?;
    let target = (place.repository.as_str(), place.branch.as_str());
    let review = Request::decide(settings, written.destination, (environment, special), target, (&service.name, file))?;
    let subject = settings.message.as_ref().or(written.commit.message.as_ref());
    Ok(Unit {
        service: service.name.clone(),
        environment: environment.to_owned(),
        folder: service.folder.clone(),
        source: source(settings, service, environment, special),
        repository: place.repository,
        branch: place.branch,
        path: place.path,
        review,
        images: settings.images.or(special.policy.images).or(written.policy.images).unwrap_or_default(),
        digests: settings.digests.or(special.policy.digests).or(written.policy.digests).unwrap_or_default(),
        secrets: settings.secrets.or(special.policy.secrets).or(written.policy.secrets).unwrap_or_default(),
        message: match subject {
            Some(template) => template.fill(&service.name, environment),
            None => format!("deliver {} to {environment}", service.name),
        },
        pinned_inputs: None,
    })
}

fn source(settings: &Settings, service: &discover::Found, environment: &str, special: &Environment) -> Source {
    let entry = service.entry.as_ref();
    let kustomize = match (&settings.kustomize, &settings.skaffold) {
        (Some(typed), _) => Some(typed),
        (None, Some(_)) => None,
        (None, None) => entry.and_then(|entry| entry.kustomize.as_ref()),
    };
    if let Some(folder) = kustomize {
        return Source::Kustomize { folder: join(&service.folder, &folder.fill(&service.name, environment)) };
    }
    let helm = entry.and_then(|entry| entry.helm.as_ref()).filter(|_| settings.skaffold.is_none());
    if let Some(helm) = helm {
        let namespace = settings.namespace.clone().or_else(|| special.namespace.clone());
        return Source::Helm(release(helm, service, environment, namespace));
    }
    let file = settings.skaffold.as_ref().or(entry.and_then(|entry| entry.skaffold.as_ref()));
    let modules = if settings.modules.is_empty() { entry.map(|entry| &entry.modules) } else { Some(&settings.modules) };
    Source::Skaffold {
        file: file.map_or_else(|| SKAFFOLD.to_owned(), |file| file.fill(&service.name, environment)),
        profiles: match &special.profile {
            Some(given) => Profiles::Named(given.0.clone()),
            None => Profiles::IfPresent(environment.to_owned()),
        },
        modules: modules.cloned().unwrap_or_default(),
        default_repo: settings.default_repo.clone().or_else(|| special.default_repo.clone()),
        namespace: settings.namespace.clone().or_else(|| special.namespace.clone()),
        tag: settings.tag.clone(),
    }
}

fn release(helm: &Helm, service: &discover::Found, environment: &str, namespace: Option<String>) -> Release {
    let fill = |template: &Template| template.fill(&service.name, environment);
    Release {
        chart: join(&service.folder, &helm.chart.as_ref().map(fill).unwrap_or_default()),
        name: helm.release.as_ref().map_or_else(|| service.name.clone(), fill),
        namespace,
        values: helm.values.0.iter().map(|path| join(&service.folder, &fill(path))).collect(),
        include_crds: helm.include_crds.unwrap_or(true),
        tests: helm.tests.unwrap_or(false),
        kube_version: helm.kube_version.clone(),
        api_versions: helm.api_versions.clone(),
    }
}
