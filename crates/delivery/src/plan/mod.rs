//! The settings of the command line and the config, combined: the units of a run with all values resolved.

use std::collections::BTreeMap;

use git::RemoteUrl;
use manifest::{At, Diagnostic, Errors};
use render_core::files::{Files, join, parent};

use crate::config::{self, Config, RiskPolicy};
use crate::host::disk::{DiskFiles, is_within};
use crate::host::system::ChartChoice;
use crate::images::assign::ImageInputs;
use crate::images::given::GivenImage;
use crate::images::registries;
use crate::lock::LockMode;
use crate::plan::settings::Settings;

mod checks;
mod context;
mod destination;
mod discover;
mod exec;
mod expansion;
mod flags;
mod order;
mod outside;
mod random;
mod release;
mod repository;
mod review;
mod select;
pub mod settings;
mod shard;
mod source;
mod standalone;
mod unit;
mod unused;

pub use checks::PlannedChecks;
use context::UnitContext;
use destination::UnitDestination;
use destination::one_file_each;
pub use exec::ExecPermission;
pub(crate) use expansion::expand;
pub use outside::AllowedOutside;
pub use random::PlannedRandom;
pub(crate) use release::INPUT;
pub use release::{ChartSource, Release};
pub use render_core::skaffold::{BuildArtifacts, DigestSource, SkaffoldOptions};
pub use review::Request;
pub use shard::Shard;
pub use standalone::Standalone;
pub use unit::{Cluster, Declared, PinnedInputs, PlannedUnit, Source};

/// Everything a run does, decided.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder that paths of the config are relative to: the config's, or the one the command runs in. Absolute.
    pub root: String,
    /// The config's path, absolute; absent where flags alone configure the run.
    pub config: Option<String>,
    /// The units in the order of the config: by service, then by environment.
    pub units: Vec<PlannedUnit>,
    /// How the lock file is used.
    pub lock_mode: LockMode,
    /// Whether digests come from the units' pinned inputs alone, to verify a delivery.
    pub pinned_inputs_only: bool,
    /// The lock file, absolute.
    pub lock: String,
    /// How registries are queried; the proxies come from the environment.
    pub registries: registries::RegistryOptions,
    /// Files of search rules and overrides for images, absolute.
    pub rules: Vec<String>,
    /// Who allows programs that the source configures.
    pub exec: ExecPermission,
    /// What may be read from outside of the source repository.
    pub outside: AllowedOutside,
    /// How charts are rendered.
    pub charts: ChartChoice,
    /// `Name <mail>` of the commits' author; absent where git's own config says it.
    pub author: Option<String>,
    /// `Name <mail>` of the committer; absent where the author is meant.
    pub committer: Option<String>,
    /// The images that the command was given.
    pub given_images: Vec<GivenImage>,
    /// The source repository's URL for the record; absent where its remote `origin` says it.
    pub source_repository: Option<RemoteUrl>,
    /// Environments that patterns captured and the config does not have, each with a path: what is there is not delivered.
    pub undeclared: BTreeMap<String, String>,
    /// The environments that others are promoted from (`after`), by the names of those others.
    pub promoted_from: BTreeMap<String, String>,
    /// Whether all units of the config are there.
    pub is_complete: bool,
}

/// The config of a run and where it comes from.
struct ConfigSource {
    /// The config's path; absent where it was made from flags.
    path: Option<String>,
    /// The folder that its paths are relative to.
    root: String,
    config: Config,
}

/// Combines `settings` and the config, with defaults for what neither sets.
///
/// # Errors
/// No config and no `--repository`; a config that cannot be read; a selection that selects nothing or names what does
/// not exist; a service that does not exist; two units that would write one file.
pub fn plan(files: &dyn Files, settings: &Settings) -> Result<Plan, Errors> {
    let source = config_source(files, settings)?;
    let path = source.path.clone();
    plan_of(files, settings, source).map_err(|errors| match path {
        Some(path) => with_positions(files, &path, errors),
        None => errors,
    })
}

/// The findings about fields of the config, with their positions.
fn with_positions(files: &dyn Files, path: &str, errors: Errors) -> Errors {
    let text = files.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    errors.map(|error| {
        let is_placed = error.at != At::default() || error.file.as_deref() != Some(path);
        let at = error.field.as_deref().filter(|_| !is_placed).and_then(|field| config::locate_field(&text, field));
        at.into_iter().fold(error, Diagnostic::at)
    })
}

fn plan_of(files: &dyn Files, settings: &Settings, source: ConfigSource) -> Result<Plan, Errors> {
    let span = tracing::info_span!("plan", units = tracing::field::Empty).entered();
    let ConfigSource { path, root, config } = source;
    let file = path.as_deref().unwrap_or_default();
    let services = match &path {
        Some(path) => {
            let (name, clone) = (config.name.as_deref(), settings.clone.as_ref());
            discover::Repository { files, root: &root, file: path, name, clone }.services(&config)?
        }
        None => flags::services(&root, &config),
    };
    unused::check_environments(file, &config, &services)?;
    order::check(file, &config)?;
    unused::check_overrides(file, &config, &services)?;
    let mut units = Vec::new();
    let choice = select::Choice { settings, file, config: &config, services: &services };
    for chosen in choice.units()? {
        let select::Chosen { service, environment, levels } = chosen;
        let environment = &*environment;
        let context = UnitContext { settings, config: &config, root: &root, file, service, environment, levels };
        units.push(planned_unit(&context).map_err(|error| located(error, file))?);
    }
    let undeclared = choice.undeclared();
    one_file_each(&units).map_err(|errors| errors.map(|error| located(error, file)))?;
    span.record("units", units.len());
    let registries = registries::options(&settings.registries, &config.registry, &root);
    Ok(Plan {
        units,
        undeclared,
        promoted_from: order::promoted_from(&config),
        lock_mode: settings.locking.lock_mode(config.locked),
        pinned_inputs_only: false,
        lock: match &settings.locking.file {
            Some(file) => file.clone(),
            None => lock(files, &root, &config).map_err(|error| located(error, file))?,
        },
        registries: registries.map_err(|error| path.iter().fold(error, |error, path| error.in_file(path)))?,
        rules: rules(files, &root, &config)
            .map_err(|error| located(error, file))?
            .into_iter()
            .chain(settings.rules.iter().cloned())
            .collect(),
        exec: ExecPermission::decide(settings.allow_exec, config.trust.exec),
        outside: AllowedOutside::new(settings.allow_outside, &root, &config.sources, &DiskFiles::default()),
        charts: ChartChoice {
            program: config.helm.program.clone(),
            semantics: config.helm.semantics.map(|semantics| semantics.name().to_owned()),
        },
        author: settings.author.clone().or(config.commit.author),
        committer: settings.committer.clone().or(config.commit.committer),
        is_complete: settings.selection.all,
        given_images: settings.given_images.clone(),
        source_repository: settings.source_repository.clone().or(config.source.repository).map(RemoteUrl::from),
        config: path,
        root,
    })
}

/// An error about the config gets its file; one about a flag has none.
fn located(error: Diagnostic, file: &str) -> Diagnostic {
    let is_flag = error.field.as_ref().is_some_and(|field| field.starts_with("--"));
    if is_flag || error.file.is_some() || file.is_empty() { error } else { error.in_file(file) }
}

/// Decides a unit from all settings that apply to it.
///
/// # Errors
/// A destination or a review that is not valid.
fn planned_unit(context: &UnitContext<'_>) -> Result<PlannedUnit, Diagnostic> {
    unused::check_unit(context)?;
    let (settings, general) = (context.settings, &context.config.policy);
    let destination = UnitDestination::decide(context)?;
    let review = Request::decide(context, &destination)?;
    let checks = context.checks()?;
    let asks = review.is_none() && checks.risks.values().any(|policy| *policy == RiskPolicy::Ask);
    let review_if_asked = if asks { Request::if_asked(context, &destination)? } else { None };
    let images =
        settings.images.or(context.value(|fields| fields.policy.images)).or(general.images).unwrap_or_default();
    let digests = settings.digests.or(context.value(|fields| fields.policy.digests)).or(general.digests);
    let secrets = settings.secrets.or(context.value(|fields| fields.policy.secrets)).or(general.secrets);
    let signatures = context.value(|fields| fields.policy.signatures.clone()).or_else(|| general.signatures.clone());
    let subject = settings.message.as_ref().or(context.config.commit.message.as_ref());
    Ok(PlannedUnit {
        service: context.service.name.clone(),
        environment: context.environment.to_owned(),
        captures: context.service.captures.clone(),
        cluster: context.cluster()?,
        variables: context.variables(),
        folder: context.service.folder.clone(),
        source: context.source(images)?,
        random: context.random()?,
        repository: destination.repository,
        branch: destination.branch,
        active: destination.active,
        path: destination.path,
        max_refs: destination.max_refs,
        review,
        review_if_asked,
        images,
        digests: digests.unwrap_or_default(),
        secrets: secrets.unwrap_or_default(),
        checks,
        signatures: signatures.unwrap_or_default(),
        message: match subject {
            Some(template) => context.fill(template)?,
            None => format!("deliver {} to {}", context.service.name, context.environment),
        },
        after: context.after(),
        order: context.value(|fields| fields.order).unwrap_or_default(),
        declared: context.declared(),
        is_own_branch: destination.is_own_branch,
        image_inputs: ImageInputs {
            decided_by: context.value(|fields| fields.images).unwrap_or_default(),
            ..ImageInputs::default()
        },
        pinned_inputs: None,
    })
}

pub(crate) const LOCK: &str = "hydrant.lock";
const SKAFFOLD: &str = "skaffold.yaml";

/// Reads the config; makes one of a single unit where flags alone configure the run.
fn config_source(files: &dyn Files, settings: &Settings) -> Result<ConfigSource, Diagnostic> {
    let found = config::find(files, &settings.folder, settings.config.as_deref())?;
    if let Some(path) = found {
        let config = config::read(files, &path)?;
        return Ok(ConfigSource { root: parent(&path).to_owned(), config, path: Some(path) });
    }
    if settings.repository.is_none() {
        let missing = Diagnostic::new(format!("no hydrant.yaml in {} or above it", settings.folder));
        return Err(missing.hint(
            "run `hydrant init` to write one, or give --repository and --profile (or --env) to deliver one service",
        ));
    }
    Ok(ConfigSource { path: None, root: settings.folder.clone(), config: flags::config(settings)? })
}

/// Returns the lock file of a config in the folder `root`.
///
/// # Errors
/// A file outside of the source repository: it is written, and the config must not choose where.
pub(crate) fn lock(files: &dyn Files, root: &str, config: &Config) -> Result<String, Diagnostic> {
    in_repository(files, root, config.lock.as_deref().unwrap_or(LOCK))
        .map_err(|error| error.field("lock").hint("name it with `--lock-file`"))
}

/// Returns the path of a file that a config in the folder `root` names.
///
/// # Errors
/// A file outside of the source repository.
pub(crate) fn in_repository(files: &dyn Files, root: &str, path: &str) -> Result<String, Diagnostic> {
    let path = join(root, path);
    let allowed = repository::root(files, root).unwrap_or(root);
    let real = |path: &str| files.real(path).ok();
    let place = real(&path).or_else(|| real(parent(&path))).unwrap_or_else(|| path.clone());
    if is_within(&place, real(allowed).as_deref().unwrap_or(allowed)) {
        return Ok(path);
    }
    Err(Diagnostic::new(format!("{path} is outside of the source repository {allowed}")))
}

/// Returns the files of image rules of a config in the folder `root`.
///
/// # Errors
/// A file outside of the source repository: what is delivered is what the source's commit has.
pub(crate) fn rules(files: &dyn Files, root: &str, config: &Config) -> Result<Vec<String>, Diagnostic> {
    let path = |path: &String| {
        in_repository(files, root, path).map_err(|error| error.field("rules").hint("name it with `--rules`"))
    };
    config.rules.iter().map(path).collect()
}
