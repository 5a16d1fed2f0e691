//! From the globs of `services` to folders.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};
use manifest::yaml::read_stream;
use manifest::{Diagnostic, Errors, Node};
use render_core::files::{FileKind, Files, join};

use super::SKAFFOLD;
use crate::config::{Config, Service, Template};

/// A service: its name, its folder, and the entry of the config that found it.
#[derive(Clone, Debug)]
pub(super) struct DiscoveredService {
    pub(super) name: String,
    pub(super) folder: String,
    pub(super) entry: Service,
}

/// The services of the config, sorted by name.
///
/// # Errors
/// An entry without a match, a folder that does not exist or has no config, two services of one name.
pub(super) fn services(
    files: &dyn Files,
    root: &str,
    file: &str,
    config: &Config,
) -> Result<Vec<DiscoveredService>, Errors> {
    let mut found: BTreeMap<String, DiscoveredService> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (index, entry) in config.services.0.iter().enumerate() {
        let place = |error: Diagnostic| error.in_file(file).field(format!("services[{index}]"));
        let folders = match folders(files, root, entry) {
            Ok(folders) => folders,
            Err(error) => {
                wrong.push(place(error));
                continue;
            }
        };
        if entry.name.is_some() && folders.len() > 1 {
            let message = format!("`name` is set, and {} folders match `{}`", folders.len(), entry.path);
            wrong.push(place(Diagnostic::new(message).hint("write one entry for each folder")));
            continue;
        }
        for folder in folders {
            let last = folder.rsplit('/').next().unwrap_or_default().to_owned();
            let name = entry.name.clone().unwrap_or(last);
            let one = DiscoveredService { name: name.clone(), folder, entry: entry.clone() };
            match found.get(&name) {
                Some(other) if other.folder != one.folder => wrong.push(place(
                    Diagnostic::new(format!("duplicate service \"{name}\": {} and {}", other.folder, one.folder))
                        .hint("write an entry with another `name` for one of them"),
                )),
                // A mapping wins over a glob that matched before it, and a later mapping over an earlier one.
                _ => drop(found.insert(name, one)),
            }
        }
    }
    Errors::check(wrong)?;
    Ok(found.into_values().collect())
}

/// The folders of one entry, sorted.
fn folders(files: &dyn Files, root: &str, entry: &Service) -> Result<Vec<String>, Diagnostic> {
    let literal = !entry.path.contains(['*', '?', '[', '{']);
    let wanted = marker(entry);
    if literal {
        let folder = join(root, &entry.path);
        return match files.kind(&folder) {
            Ok(FileKind::Folder) => match wanted.filter(|name| files.kind(&join(&folder, name)).is_err()) {
                Some(name) => Err(Diagnostic::new(format!("missing {name} in {folder}"))
                    .hint("name the config with `skaffold`, a kustomization with `kustomize`, or a chart with `helm`")),
                None => Ok(vec![folder]),
            },
            Ok(FileKind::File) => Err(Diagnostic::new(format!("expected a folder, found the file {folder}"))),
            Err(error) => Err(Diagnostic::new(format!("cannot read {folder}: {error}"))),
        };
    }
    let mut open = vec![root.to_owned()];
    for part in entry.path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        open = step(files, &open, part)?;
    }
    if let Some(name) = &wanted {
        open.retain(|folder| files.kind(&join(folder, name)) == Ok(FileKind::File));
        if entry.helm.is_some() {
            open.retain(|folder| !is_library(files, &join(folder, name)));
        }
    }
    if open.is_empty() {
        let with = wanted.map_or_else(String::new, |name| format!(" with a {name}"));
        return Err(Diagnostic::new(format!("no folder{with} matches `{}` in {root}", entry.path)));
    }
    open.sort_unstable();
    open.dedup();
    Ok(open)
}

/// The file that makes a folder a service of this entry. A name that depends on the environment makes none.
fn marker(entry: &Service) -> Option<String> {
    if entry.kustomize.is_some() {
        return None;
    }
    let name = match &entry.helm {
        Some(helm) => match helm.chart.as_ref().map_or(".", Template::text) {
            "." | "./" => "Chart.yaml".to_owned(),
            folder => format!("{}/Chart.yaml", folder.trim_end_matches('/')),
        },
        None => entry.skaffold.as_ref().map_or(SKAFFOLD, Template::text).to_owned(),
    };
    (!name.contains('{')).then_some(name)
}

/// Whether a chart is a library (helm's `type: library`); helm refuses to render it by itself.
fn is_library(files: &dyn Files, file: &str) -> bool {
    let documents = files.read(file).ok().and_then(|bytes| read_stream(&bytes).ok()).unwrap_or_default();
    documents.iter().any(|chart| chart.get("type").and_then(Node::text) == Some("library"))
}

/// The folders that match one part of a glob. Hidden ones match only a part that begins with a dot.
fn step(files: &dyn Files, open: &[String], part: &str) -> Result<Vec<String>, Diagnostic> {
    if part == "**" {
        return below(files, open);
    }
    if !part.contains(['*', '?', '[', '{']) {
        let named = open.iter().map(|folder| join(folder, part));
        return Ok(named.filter(|folder| files.kind(folder) == Ok(FileKind::Folder)).collect());
    }
    let glob = GlobBuilder::new(part).literal_separator(true).build();
    let glob = glob.map_err(|error| Diagnostic::new(error.to_string()))?.compile_matcher();
    let mut next = Vec::new();
    for folder in open {
        next.extend(matching(files, folder, &glob)?);
    }
    Ok(next)
}

fn matching(files: &dyn Files, folder: &str, glob: &GlobMatcher) -> Result<Vec<String>, Diagnostic> {
    let names = files.list(folder).map_err(|error| Diagnostic::new(format!("cannot read {folder}: {error}")))?;
    let visible = names
        .iter()
        .filter(|name| glob.is_match(name) && (!name.starts_with('.') || glob.glob().glob().starts_with('.')));
    Ok(visible.map(|name| join(folder, name)).filter(|path| files.kind(path) == Ok(FileKind::Folder)).collect())
}

/// The maximum depth of `**`, which also ends link cycles.
const DEEPEST: usize = 12;

/// Every folder below and the folders themselves, each real path once.
fn below(files: &dyn Files, open: &[String]) -> Result<Vec<String>, Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut next: Vec<(String, usize)> = open.iter().map(|folder| (folder.clone(), 0)).collect();
    let mut all = Vec::new();
    while let Some((folder, depth)) = next.pop() {
        let real = files.real(&folder).map_err(|error| Diagnostic::new(format!("cannot read {folder}: {error}")))?;
        if !seen.insert(real) {
            continue;
        }
        if depth < DEEPEST {
            let names =
                files.list(&folder).map_err(|error| Diagnostic::new(format!("cannot read {folder}: {error}")))?;
            let visible = names.iter().filter(|name| !name.starts_with('.') && *name != "node_modules");
            let paths = visible.map(|name| join(&folder, name));
            next.extend(paths.filter(|path| files.kind(path) == Ok(FileKind::Folder)).map(|path| (path, depth + 1)));
        }
        all.push(folder);
    }
    Ok(all)
}
