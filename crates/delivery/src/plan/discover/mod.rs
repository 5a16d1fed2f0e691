//! From the entries of `services` to services.

use std::collections::BTreeMap;

use manifest::yaml::read_stream;
use manifest::{Diagnostic, Errors, Node};
use render_core::files::{FileKind, Files, join};

use crate::config::{Config, Service};
use crate::host::clone::CloneName;

mod globs;
mod matches;
mod paths;

/// A service: its name, its folder, and the entry of the config that found it. A pattern that captures the environment finds one for each
/// environment.
#[derive(Clone, Debug)]
pub(super) struct DiscoveredService {
    pub(super) name: String,
    pub(super) folder: String,
    /// The environment that the pattern captured; absent where the service is in all that its entry allows.
    pub(super) environment: Option<String>,
    /// The other captures.
    pub(super) captures: BTreeMap<String, String>,
    /// What a pattern found, absolute: a Skaffold config, the folder of a kustomization or a chart, or files of plain YAML; absent with `path`.
    pub(super) found: Option<Vec<String>>,
    /// The entry's number in `services`.
    pub(super) index: usize,
    pub(super) entry: Service,
}

impl DiscoveredService {
    /// What a pattern found, or the folder.
    pub(super) fn place(&self) -> &str {
        self.found.as_ref().and_then(|found| found.first()).unwrap_or(&self.folder)
    }
}

/// What the entries of a config are looked for in.
pub(super) struct Repository<'a> {
    pub(super) files: &'a dyn Files,
    /// The config's folder.
    pub(super) root: &'a str,
    /// The config's path.
    pub(super) file: &'a str,
    /// `name` of the config: the name of a service in the config's folder.
    pub(super) name: Option<&'a str>,
    /// The clone that contains the config's folder, if there is one.
    pub(super) clone: Option<&'a CloneName>,
}

impl Repository<'_> {
    /// The services of the config, sorted by name and then by environment. Two may have one name if their entries name other environments.
    ///
    /// # Errors
    /// An entry without a match, a folder that does not exist or has no config, two services of one name.
    pub(super) fn services(&self, config: &Config) -> Result<Vec<DiscoveredService>, Errors> {
        let mut found: BTreeMap<Key, DiscoveredService> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (index, entry) in config.services.0.iter().enumerate() {
            let services = match entry.path {
                Some(_) => self.by_path(index, entry),
                None => self.by_pattern(index, entry),
            };
            let locate = |error: Diagnostic| error.in_file(self.file).field(format!("services[{index}]"));
            let services = services.and_then(|services| match services.iter().find_map(invalid_name) {
                Some(invalid) => Err(invalid),
                None => Ok(services),
            });
            match services {
                Ok(services) => services.into_iter().for_each(|one| {
                    let key = Key::of(&one);
                    // What is captured for an environment that the file does not have is not delivered, so its names may be any.
                    let declared = one.environment.as_ref().is_none_or(|name| config.environments.get(name).is_some());
                    if !declared {
                        found.entry(key).or_insert(one);
                        return;
                    }
                    let same = found.range(key.first()..).take_while(|(other, _)| other.has_name_of(&key));
                    let same = same.into_iter().find(|(other, _)| other.overlaps(&key));
                    match same.map(|(key, other)| (key.clone(), other)) {
                        Some((_, other)) if !replaces(&one, other) => wrong.push(locate(same_name(&one, other))),
                        Some((replaced, _)) => {
                            found.remove(&replaced);
                            found.insert(key, one);
                        }
                        None => {
                            found.insert(key, one);
                        }
                    }
                }),
                Err(error) => wrong.push(locate(error)),
            }
        }
        Errors::check(wrong)?;
        Ok(found.into_values().collect())
    }
}

/// What tells services apart: two of one name are in different environments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: String,
    /// The environment that the pattern captured.
    environment: Option<String>,
    /// The environments that the entry names; all where empty.
    environments: Vec<String>,
}

impl Key {
    fn of(service: &DiscoveredService) -> Key {
        let DiscoveredService { name, environment, entry, .. } = service;
        Key { name: name.clone(), environment: environment.clone(), environments: entry.environments.clone() }
    }

    /// The first key of the same name and captured environment.
    fn first(&self) -> Key {
        Key { environments: Vec::new(), ..self.clone() }
    }

    fn has_name_of(&self, other: &Key) -> bool {
        self.name == other.name && self.environment == other.environment
    }

    fn overlaps(&self, other: &Key) -> bool {
        // A glob may match what the other one names.
        let may_be_any = |key: &Key| key.environments.is_empty() || key.environments.iter().any(|name| is_glob(name));
        may_be_any(self) || may_be_any(other) || self.environments.iter().any(|name| other.environments.contains(name))
    }
}

/// An entry wins over a glob that matched its folder before it. Two entries that name the folder itself are a mistake: one would be lost.
fn replaces(one: &DiscoveredService, other: &DiscoveredService) -> bool {
    one.entry.path.is_some()
        && other.entry.path.as_ref().is_some_and(|path| is_glob(path))
        && one.folder == other.folder
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// A name that no branch and no report can have.
fn invalid_name(service: &DiscoveredService) -> Option<Diagnostic> {
    let name = &service.name;
    let is_invalid = name.is_empty() || name.chars().any(char::is_control);
    let found = Diagnostic::new(format!("invalid name of a service {name:?}"));
    is_invalid.then(|| found.hint("use letters, digits and dashes"))
}

fn same_name(one: &DiscoveredService, other: &DiscoveredService) -> Diagnostic {
    let environment = one.environment.as_ref().map_or_else(String::new, |name| format!(" in \"{name}\""));
    let message = format!("duplicate service \"{}\"{environment}: {} and {}", one.name, other.place(), one.place());
    let hint = match &one.entry.path {
        Some(_) => "write an entry with another `name` for one of them",
        None => "let the pattern capture {service} and {environment} so that each match has its own names",
    };
    Diagnostic::new(message).hint(hint)
}

/// Whether a chart is a library (helm's `type: library`); helm refuses to render it by itself.
fn is_library(files: &dyn Files, file: &str) -> bool {
    let documents = files.read(file).ok().and_then(|bytes| read_stream(&bytes).ok()).unwrap_or_default();
    documents.iter().any(|chart| chart.get("type").and_then(Node::text) == Some("library"))
}

fn is_file(files: &dyn Files, folder: &str, name: &str) -> bool {
    files.kind(&join(folder, name)) == Ok(FileKind::File)
}
