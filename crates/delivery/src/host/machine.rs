//! What rendering reads from the machine: the environment with `skaffold.env`, the kube-context's name, Skaffold's
//! global config, and the files that flags name.

use std::collections::BTreeMap;

use manifest::yaml::read_stream;
use manifest::{Diagnostic, Errors, Node};
use render_core::files::{FileError, Files, join};
use render_core::skaffold::model::{LocatedText, ResourceFilter, ResourceSelector};

use super::{dotenv, kube_context, skaffold_config};

/// The machine as one rendering sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The environment: the process's, and under names that it lacks those of the folder's `skaffold.env`.
    pub environment: BTreeMap<String, String>,
    /// The current kube-context's name, empty where there is none.
    pub kube_context: String,
    /// `default-repo` of Skaffold's global config.
    pub default_repo: Option<String>,
    /// `multi-level-repo` of Skaffold's global config.
    pub multi_level: bool,
}

impl Machine {
    /// Reads it. `folder` is absolute, `environment` the process's.
    ///
    /// # Errors
    /// A `skaffold.env` or global config that is unreadable or invalid.
    pub fn look(files: &dyn Files, folder: &str, environment: BTreeMap<String, String>) -> Result<Self, Diagnostic> {
        let environment = self::environment(files, folder, environment)?;
        let kube_context = kube_context::current(files, folder, &environment);
        let global = skaffold_config::read(files, &environment, &kube_context)?;
        Ok(Machine { environment, kube_context, default_repo: global.default_repo, multi_level: global.multi_level })
    }
}

/// The environment's variables, and those of the folder's `skaffold.env` under names that it lacks. `folder` is absolute.
///
/// # Errors
/// A `skaffold.env` that cannot be read or is invalid.
pub fn environment(
    files: &dyn Files,
    folder: &str,
    mut variables: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Diagnostic> {
    if let Some(text) = optional(files, &join(folder, "skaffold.env"))? {
        for (name, value) in dotenv::parse(&text, "skaffold.env")? {
            variables.entry(name).or_insert(value);
        }
    }
    Ok(variables)
}

fn optional(files: &dyn Files, path: &str) -> Result<Option<String>, Diagnostic> {
    match files.read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(FileError::Missing) => Ok(None),
        Err(error) => Err(Diagnostic::new(error.to_string()).in_file(path)),
    }
}

fn wanted(files: &dyn Files, folder: &str, path: &str, flag: &str) -> Result<Vec<u8>, Diagnostic> {
    let bytes = files.read(&join(folder, path));
    bytes.map(|bytes| bytes.to_vec()).map_err(|error| Diagnostic::new(format!("{flag}: {error}")).in_file(path))
}

/// The values of `--set-value-file` and, on top, of `--set`; items of `--set` without `=` are left out, as in Skaffold.
///
/// # Errors
/// A file that cannot be read.
pub fn setters(
    files: &dyn Files,
    folder: &str,
    value_file: &str,
    items: &[String],
) -> Result<Vec<(String, String)>, Diagnostic> {
    let mut values = BTreeMap::new();
    if !value_file.is_empty() {
        let bytes = wanted(files, folder, value_file, "--set-value-file")?;
        values = dotenv::parse(&String::from_utf8_lossy(&bytes), value_file)?;
    }
    values
        .extend(items.iter().filter_map(|item| item.split_once('=')).map(|(name, value)| (name.into(), value.into())));
    Ok(values.into_iter().collect())
}

/// The rules of `--resource-selector-rules-file`: `allow` and `deny`, YAML or JSON. Nothing where no file is named.
///
/// # Errors
/// A file that cannot be read, and fields that it may not have.
pub fn resource_selector(files: &dyn Files, folder: &str, path: &str) -> Result<ResourceSelector, Errors> {
    let mut rules = ResourceSelector::default();
    if path.is_empty() {
        return Ok(rules);
    }
    let bytes = wanted(files, folder, path, "--resource-selector-rules-file")?;
    let documents = read_stream(&bytes).map_err(|found| found.in_file(path))?;
    for entry in documents.first().and_then(Node::as_map).map(manifest::Map::entries).unwrap_or_default() {
        let list = match entry.key.text.as_str() {
            "allow" => &mut rules.allow,
            "deny" => &mut rules.deny,
            other => return Err(unknown(path, entry.at, other, "`allow` and `deny`").into()),
        };
        for rule in entry.value.as_seq().map(Vec::as_slice).unwrap_or_default() {
            list.push(filter(path, rule)?);
        }
    }
    Ok(rules)
}

fn unknown(path: &str, at: manifest::At, field: &str, known: &str) -> Diagnostic {
    Diagnostic::new("unknown field").in_file(path).at(at).field(field).hint(format!("use {known}"))
}

fn filter(path: &str, rule: &Node) -> Result<ResourceFilter, Diagnostic> {
    let mut made = ResourceFilter::default();
    for entry in rule.as_map().map(manifest::Map::entries).unwrap_or_default() {
        let texts = || entry.value.as_seq().into_iter().flatten().filter_map(Node::text).map(str::to_owned).collect();
        match entry.key.text.as_str() {
            "groupKind" => {
                let text = entry.value.text().unwrap_or_default().to_owned();
                made.group_kind = LocatedText { text, at: entry.value.at };
            }
            "image" => made.image = texts(),
            "labels" => made.labels = texts(),
            // Sets tolerations for a GKE node pool in Skaffold; hydrant does not support it.
            "podSpec" => {}
            other => return Err(unknown(path, entry.at, other, "`groupKind`, `image`, `labels` and `podSpec`")),
        }
    }
    Ok(made)
}
