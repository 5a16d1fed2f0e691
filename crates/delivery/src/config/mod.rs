//! `hydrant.yaml`: its fields and its parser. Unknown fields are errors. Parsing reads no other files.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use manifest::yaml::read_stream;
use manifest::{At, Diagnostic};
use render_core::files::{FileError, FileKind, Files, join, parent};

mod check;
pub mod checks;
pub mod environments;
pub mod glob;
mod locate;
pub mod names;
mod nearest;
pub mod overrides;
pub mod pattern;
pub mod random;
mod renderers;
pub mod review;
pub mod services;
mod signatures;
pub mod template;

pub use checks::{RiskPolicy, SchemaPolicy};
pub use environments::{Cluster, Environment, Environments, ImageSource, Order, Profiles, glob_matches, is_pattern};
pub use locate::{locate, locate_field};
pub use names::Names;
pub use nearest::nearest;
pub use overrides::{Match, Override};
pub use pattern::PathPattern;
pub use random::{ChartRandom, RandomValues, SeedSource};
pub use renderers::{Charts, Helm, HelmEntry, HelmVersion, Hooks, Kustomize, LoadRestrictor, OneOrMany, SetValues};
pub use review::{Host, MergeMethod, Request, Review, ReviewMode};
pub use services::{Renderer, Service, Services};
pub use signatures::{RequiredAttestation, SignaturePolicy, SignerIdentity};
pub use template::{Template, UnitNames, UnknownPlaceholder};

/// The names of the config file, in lookup order.
pub const NAMES: [&str; 2] = ["hydrant.yaml", "hydrant.yml"];

/// The whole of `hydrant.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// Always `hydrant/v1`.
    pub api_version: ApiVersion,
    /// Always `Delivery`.
    pub kind: Kind,
    /// The name of what the repository holds, for a service in its root folder; the last part of the URL of `origin` where absent.
    pub name: Option<String>,
    /// What is delivered.
    pub services: Services,
    /// Where to, in the order they were written.
    pub environments: Environments,
    /// Fields for the units that match, which replace those of environments and of the file.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The destination of environments that set no other.
    #[serde(default)]
    pub destination: Destination,
    /// What is refused.
    #[serde(default)]
    pub policy: Policy,
    /// Who writes the commits, and what they say.
    #[serde(default)]
    pub commit: Commit,
    /// The source repository, as commits and records name it.
    #[serde(default)]
    pub source: Source,
    /// Folders outside of the repository that units are rendered from, as seen from the folder of `hydrant.yaml`.
    #[serde(default)]
    pub sources: Vec<String>,
    /// What the source may do on the machine that renders it.
    #[serde(default)]
    pub trust: Trust,
    /// How charts are rendered.
    #[serde(default)]
    pub helm: Charts,
    /// How registries are reached.
    #[serde(default)]
    pub registry: Registry,
    /// Files of search rules and overrides for images, in kbld's form, below the folder of `hydrant.yaml`.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Whether digests come only from the lock file, without network access.
    pub locked: Option<bool>,
    /// The lock file, below the folder of `hydrant.yaml`; `hydrant.lock` where absent.
    pub lock: Option<String>,
}

impl Config {
    /// A config with services, environments and a destination, and the defaults for the rest.
    pub(crate) fn of(services: Services, environments: Environments) -> Self {
        Config {
            api_version: ApiVersion::V1,
            kind: Kind::Delivery,
            name: None,
            services,
            environments,
            overrides: Vec::new(),
            destination: Destination::default(),
            policy: Policy::default(),
            commit: Commit::default(),
            source: Source::default(),
            sources: Vec::new(),
            trust: Trust::default(),
            helm: Charts::default(),
            registry: Registry::default(),
            rules: Vec::new(),
            locked: None,
            lock: None,
        }
    }
}

/// The version of the file's own schema.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
pub enum ApiVersion {
    /// The only one there is.
    #[serde(rename = "hydrant/v1")]
    V1,
}

/// What the file describes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
pub enum Kind {
    /// The only one there is.
    Delivery,
}

/// Where output goes. An absent field is taken from the level above, and finally from hydrant's default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Destination {
    /// The manifest repository: a URL, or a path below the folder of `hydrant.yaml`.
    pub repository: Option<Template>,
    /// The branch; `{service}/{environment}` where absent.
    pub branch: Option<Template>,
    /// A file (`manifest.yaml`, the default), or with a slash at its end a folder that gets one file an object.
    pub path: Option<Template>,
    /// How a change gets onto the branch.
    pub review: Option<Review>,
    /// How branches are pushed.
    pub push: Option<Push>,
}

/// How branches are pushed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Push {
    /// The maximum number of refs in one push, among them the one with the order of deliveries; no limit where absent.
    pub refs: Option<std::num::NonZeroU32>,
}

impl Destination {
    /// Every template of the destination.
    fn templates(&self) -> impl Iterator<Item = &Template> {
        let own = [&self.repository, &self.branch, &self.path].into_iter().flatten();
        own.chain(self.review.iter().flat_map(|review| review.request.templates()))
    }
}

/// What is refused before anything is written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Policy {
    /// Which images must carry a digest.
    pub images: Option<Images>,
    /// What happens to digests that images already have.
    pub digests: Option<GivenDigests>,
    /// What happens to a plain `Secret`.
    pub secrets: Option<Secrets>,
    /// What happens to an object that its schema does not allow; `warn` where absent.
    pub schemas: Option<SchemaPolicy>,
    /// Files and folders with definitions of custom resources in addition to those of the source, below the folder of `hydrant.yaml`.
    pub crds: Option<Vec<String>>,
    /// What happens to risks, by their id; see docs/checks.md for all.
    #[serde(default)]
    pub risks: BTreeMap<String, RiskPolicy>,
    /// Which signatures images must have; none where absent. A list replaces the whole list of the environment or of the file.
    pub signatures: Option<Vec<SignaturePolicy>>,
}

/// Which images must carry a digest.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Images {
    /// Every image, whether the source builds it or not.
    #[default]
    Pinned,
    /// Images that the source builds (its artifacts); others are kept unchanged.
    Built,
    /// None, and nothing is resolved.
    Any,
}

/// What happens to a digest that an image already has.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum GivenDigests {
    /// It must exist and be the digest of the tag; with `--locked`, it is kept without a check.
    Checked,
    /// It is kept without a query to the registry.
    #[default]
    Kept,
}

/// What happens to a `Secret` that holds plain values.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Secrets {
    /// It is not written.
    #[default]
    Refuse,
    /// It is written like anything else.
    Allow,
}

/// Who writes the commits, and what they say.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Commit {
    /// `Name <mail@example.com>`; git's own `user.name` and `user.email` where absent.
    pub author: Option<String>,
    /// `Name <mail@example.com>`; the author where absent.
    pub committer: Option<String>,
    /// The subject; `deliver {service} to {environment}` where absent.
    pub message: Option<Template>,
}

/// Where the source is to be found.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Source {
    /// The source repository's URL for the record; that of its remote `origin` where absent.
    pub repository: Option<String>,
}

/// What the source may do on the machine that renders it.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Trust {
    /// Whether programs are run that the source configures: exec functions, hooks, commands in templates. It has no effect in the pipeline
    /// of a pull request, where this file is the pull request's own.
    #[serde(default)]
    pub exec: bool,
}

/// How registries are reached.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Registry {
    /// Registries to use plain http for, in addition to loopback addresses.
    #[serde(default)]
    pub insecure: Vec<String>,
    /// `os/arch` or `os/arch/variant`: pin that platform's manifest instead of the index.
    pub platform: Option<String>,
    /// PEM files with certificate authorities to trust in addition to the system's, below the folder of `hydrant.yaml`.
    #[serde(default)]
    pub authorities: Vec<String>,
    /// Mirrors to query before a registry, by registry: hosts, `host/prefix`, or URLs.
    #[serde(default)]
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// The maximum of concurrent requests to one registry; 50 where absent.
    pub concurrency: Option<u16>,
    /// Seconds after which no request is retried; 300 where absent.
    pub deadline: Option<u64>,
}

/// The config's path: the given one, or the first of its names in `folder` or the next folder above that has one.
///
/// # Errors
/// A given path that is not a file.
pub fn find(files: &dyn Files, folder: &str, given: Option<&str>) -> Result<Option<String>, Diagnostic> {
    if let Some(path) = given {
        return match files.kind(path) {
            Ok(FileKind::File) => Ok(Some(path.to_owned())),
            Ok(FileKind::Folder) => {
                Err(Diagnostic::new("expected a file, found a folder").in_file(path).hint("give the file to --config"))
            }
            Err(error) => Err(Diagnostic::new(error.to_string()).in_file(path)),
        };
    }
    let mut folder = folder;
    loop {
        let mut paths = NAMES.into_iter().map(|name| join(folder, name));
        // A pipe of that name is refused when it is read.
        if let Some(path) =
            paths.find(|path| matches!(files.kind(path), Ok(FileKind::File) | Err(FileError::NotRegular)))
        {
            return Ok(Some(path));
        }
        if folder == "/" {
            return Ok(None);
        }
        folder = parent(folder);
    }
}

/// Reads the config at a path.
///
/// # Errors
/// What cannot be read, is not UTF-8, or as [`parse`].
pub fn read(files: &dyn Files, path: &str) -> Result<Config, Diagnostic> {
    let bytes = files.read(path).map_err(|error| Diagnostic::new(error.to_string()).in_file(path))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Diagnostic::new(format!("invalid UTF-8: {error}")).in_file(path))?;
    parse(text, path)
}

/// Reads the text of a `hydrant.yaml`.
///
/// # Errors
/// One finding with its line and column: invalid YAML, an unknown or missing field, a wrong type, an invalid template, a
/// placeholder that no pattern captures, an environment that is like one that does not exist.
pub fn parse(text: &str, file: &str) -> Result<Config, Diagnostic> {
    let config = serde_saphyr::from_str(text).map_err(|error| {
        let syntax = read_stream(text.as_bytes()).err();
        syntax.unwrap_or_else(|| locate::with_field(text, finding(&error))).in_file(file)
    })?;
    check::check(&config).map_err(|found| found.located(text).in_file(file))?;
    Ok(config)
}

fn finding(error: &serde_saphyr::Error) -> Diagnostic {
    let mut message = error.without_snippet().to_string();
    let mut at = At::default();
    if let Some(place) = error.location() {
        let place_in_words = format!(" at line {}, column {}", place.line(), place.column());
        message = message.replace(&place_in_words, "");
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        at = At { line: number(place.line()), column: number(place.column()) };
    }
    let message = match message.split_once(", set DuplicateKeyPolicy") {
        Some((short, _)) => short.to_owned(),
        None if message == "unexpected end of input" => "the file is empty or ends too early".to_owned(),
        None if message.starts_with("multiple YAML documents") => "expected one document, found more".to_owned(),
        None if message.starts_with("cannot deserialize null into") => "expected a string, found null".to_owned(),
        None => message,
    };
    let meant = meant_field(&message);
    let found = Diagnostic::new(message).at(at);
    let found = match meant {
        Some(meant) => found.hint(format!("write `{meant}`, if you meant that")),
        None => found,
    };
    found.hint("run `hydrant explain` for all fields, or `hydrant init` to write a file")
}

/// Returns the known field that an unknown one probably means; `message` lists both as serde does.
fn meant_field(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("unknown field `")?;
    let (name, known) = rest.split_once("`, expected ")?;
    let known = known.trim_start_matches("one of ").split([',', ' ']).map(|one| one.trim_matches('`'));
    nearest(name, known.filter(|one| !one.is_empty() && *one != "or")).map(str::to_owned)
}
