//! Inspects a repository for what can be delivered.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Diagnostic, Node, yaml};
use render_core::files::{FileKind, Files, join};

/// The result of inspecting a repository. Paths are below its root, empty for the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What can be delivered, sorted.
    pub services: Vec<Candidate>,
    /// The environments: the profiles of the Skaffold configs, the names of the overlays and of files of values, sorted.
    pub environments: Vec<String>,
    /// Folders with a Dockerfile that no Skaffold config is above of, sorted.
    pub dockerfiles: Vec<String>,
    /// For each folder that holds candidates its visible folders, by which globs are known to match nothing else.
    pub(super) folders: BTreeMap<String, Vec<String>>,
}

/// A folder that can be delivered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// How it is rendered.
    pub how: How,
    /// The folder.
    pub folder: String,
    /// The environments that it has, sorted; empty if it fits every environment.
    pub environments: Vec<String>,
}

impl Candidate {
    /// Whether it can be delivered to the environment.
    pub(super) fn has(&self, environment: &String) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }
}

/// How a folder is rendered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// By its `skaffold.yaml`.
    Skaffold,
    /// A kustomization, such as `overlays/{environment}`.
    Kustomize(String),
    /// A chart, with a file of values for each environment such as `values-{environment}.yaml`, if there is any.
    Helm(Option<String>),
}

/// How deep folders are looked through.
const DEEPEST: usize = 6;
/// Folders of dependencies, build output and tests.
const SKIPPED: [&str; 7] = ["node_modules", "target", "vendor", "test", "tests", "testdata", "e2e"];
/// The names of a kustomization's file.
const KUSTOMIZATION: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The names of folders with one subfolder per environment.
const OVERLAYS: [&str; 6] = ["overlays", "environments", "envs", "env", "stages", "clusters"];
/// The names of a chart's values files per environment.
const VALUES: [(&str, &str, &str); 3] = [("", "values-", ".yaml"), ("", "values.", ".yaml"), ("values", "", ".yaml")];

#[derive(Default)]
struct Scan {
    services: Vec<Candidate>,
    profiles: BTreeSet<String>,
    kustomizations: BTreeSet<String>,
    /// Kustomizations that are part of others.
    parts: BTreeSet<String>,
    dockerfiles: Vec<String>,
    folders: BTreeMap<String, Vec<String>>,
}

/// Inspects the folders below `root`, without hidden ones and those in `SKIPPED`.
///
/// # Errors
/// A folder that cannot be read.
pub fn look(files: &dyn Files, root: &str) -> Result<Inspection, Diagnostic> {
    let mut scan = Scan::default();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let names = files.list(&folder).map_err(|error| Diagnostic::new(error.to_string()).in_file(&folder))?;
        let below = folder.strip_prefix(root).unwrap_or(&folder).trim_start_matches('/').to_owned();
        if scan.visit(files, &folder, &below, &names) {
            continue;
        }
        let visible = names.iter().filter(|name| !name.starts_with('.'));
        let below_it: Vec<String> =
            visible.filter(|name| files.kind(&join(&folder, name)) == Ok(FileKind::Folder)).cloned().collect();
        if depth < DEEPEST {
            let wanted = below_it.iter().filter(|name| !SKIPPED.contains(&name.as_str()));
            open.extend(wanted.map(|name| (join(&folder, name), depth + 1)));
        }
        scan.folders.insert(below, below_it);
    }
    Ok(scan.found())
}

impl Scan {
    /// Notes what a folder holds; whether its folders belong to it.
    fn visit(&mut self, files: &dyn Files, folder: &str, below: &str, names: &[String]) -> bool {
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        if has("skaffold.yaml") {
            let config = read(files, &join(folder, "skaffold.yaml"));
            // A config that only requires other configs has no manifests of its own.
            let own = |document: &Node| ["build", "manifests", "deploy"].iter().any(|key| document.get(key).is_some());
            let gathers = |document: &Node| document.get("requires").is_some() && !own(document);
            if config.is_empty() || !config.iter().all(gathers) {
                self.profiles.extend(config.iter().flat_map(profiles));
                self.services.push(Candidate {
                    how: How::Skaffold,
                    folder: below.to_owned(),
                    environments: Vec::new(),
                });
                return true;
            }
        }
        if has("Chart.yaml") {
            let library = |document: &Node| document.get("type").and_then(Node::text) == Some("library");
            if !read(files, &join(folder, "Chart.yaml")).iter().any(library) {
                self.services.push(chart(files, folder, below, names));
            }
            return true;
        }
        if let Some(name) = KUSTOMIZATION.into_iter().find(|name| has(name)) {
            self.kustomizations.insert(below.to_owned());
            for document in read(files, &join(folder, name)) {
                self.parts.extend(parts(&document, below));
            }
        }
        if names.iter().any(|name| name == "Dockerfile" || name.starts_with("Dockerfile.")) {
            self.dockerfiles.push(below.to_owned());
        }
        false
    }

    fn found(self) -> Inspection {
        let mut services = self.services;
        services.extend(kustomizations(&self.kustomizations, &self.parts));
        services.sort_unstable();
        let named = services.iter().flat_map(|service| service.environments.iter().cloned());
        let environments: BTreeSet<String> = named.chain(self.profiles).collect();
        let mut dockerfiles = self.dockerfiles;
        dockerfiles.sort_unstable();
        Inspection { services, environments: environments.into_iter().collect(), dockerfiles, folders: self.folders }
    }
}

/// The documents of a file; none if it cannot be read; the command that uses the file reports that.
fn read(files: &dyn Files, path: &str) -> Vec<Node> {
    files.read(path).ok().and_then(|bytes| yaml::read_stream(&bytes).ok()).unwrap_or_default()
}

fn profiles(document: &Node) -> Vec<String> {
    let profiles = document.get("profiles").and_then(Node::as_seq).into_iter().flatten();
    profiles.filter_map(|profile| profile.get("name").and_then(Node::text)).map(str::to_owned).collect()
}

/// The folders that a kustomization is made of, and its own where it is a component.
fn parts(document: &Node, below: &str) -> Vec<String> {
    let listed = ["resources", "bases", "components"].iter().filter_map(|key| document.get(key)?.as_seq()).flatten();
    let place = |path: &str| join(&format!("/{below}"), path).trim_start_matches('/').to_owned();
    let component = document.get("kind").and_then(Node::text) == Some("Component");
    listed.filter_map(Node::text).map(place).chain(component.then(|| below.to_owned())).collect()
}

/// A chart with its files of values: by the first naming pattern that matches any.
fn chart(files: &dyn Files, folder: &str, below: &str, names: &[String]) -> Candidate {
    for (within, before, after) in VALUES {
        let listed =
            if within.is_empty() { names.to_vec() } else { files.list(&join(folder, within)).unwrap_or_default() };
        let name = |file: &String| Some(file.strip_prefix(before)?.strip_suffix(after)?.to_owned());
        let environments: Vec<String> =
            listed.iter().filter_map(name).filter(|name| super::environment_name(name).is_ok()).collect();
        if !environments.is_empty() {
            let lead = if within.is_empty() { String::new() } else { format!("{within}/") };
            let values = format!("{lead}{before}{{environment}}{after}");
            return Candidate { how: How::Helm(Some(values)), folder: below.to_owned(), environments };
        }
    }
    Candidate { how: How::Helm(None), folder: below.to_owned(), environments: Vec::new() }
}

/// Services of the kustomizations: those with a folder an environment, and those without overlays. Bases, components and whatever else
/// is part of others are no services.
fn kustomizations(all: &BTreeSet<String>, parts: &BTreeSet<String>) -> Vec<Candidate> {
    // By service and the kustomization's folder in it: the environments.
    let mut overlaid: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut alone: Vec<&String> = Vec::new();
    for folder in all {
        let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        let (service, group) = above.rsplit_once('/').unwrap_or(("", above));
        let part = |name: &str| matches!(name, "base" | "bases" | "component" | "components");
        let named = folder.is_empty() || super::environment_name(name).is_ok();
        if part(name) || part(group) || !named {
            continue;
        }
        if OVERLAYS.contains(&group) {
            let key = (service.to_owned(), format!("{group}/{{environment}}"));
            overlaid.entry(key).or_default().push(name.to_owned());
        } else if !folder.is_empty() && all.contains(join(&format!("/{above}"), "base").trim_start_matches('/')) {
            let key = (above.to_owned(), "{environment}".to_owned());
            overlaid.entry(key).or_default().push(name.to_owned());
        } else if !parts.contains(folder) {
            alone.push(folder);
        }
    }
    let under = |folder: &str| {
        overlaid.keys().any(|(service, _)| folder == service || folder.starts_with(&format!("{service}/")))
    };
    let alone = alone.into_iter().filter(|folder| !under(folder)).map(|folder| Candidate {
        how: How::Kustomize(".".to_owned()),
        folder: folder.clone(),
        environments: Vec::new(),
    });
    let alone: Vec<Candidate> = alone.collect();
    let overlaid = overlaid.into_iter().map(|((folder, kustomize), environments)| Candidate {
        how: How::Kustomize(kustomize),
        folder,
        environments,
    });
    overlaid.chain(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kustomization_may_be_the_root() {
        let found = kustomizations(&BTreeSet::from([String::new()]), &BTreeSet::new());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].folder.as_str(), &found[0].how), ("", &How::Kustomize(".".to_owned())));
    }

    #[test]
    fn kustomizations_are_told_apart() {
        let all = [
            "apps/web/base",
            "apps/web/overlays/prod",
            "apps/web/overlays/test",
            "apps/api/base",
            "apps/api/prod",
            "infra/components/tls",
            "tools/nightly",
            "tools/crd",
            "overlays/prod",
            "overlays/not a name",
        ];
        let set = |names: &[&str]| names.iter().map(|folder| (*folder).to_owned()).collect();
        let found = kustomizations(&set(&all), &set(&["tools/crd", "apps/web/overlays/test"]));
        let found_text: Vec<String> =
            found.iter().map(|one| format!("{} {:?} {}", one.folder, one.how, one.environments.join(","))).collect();
        let want = [
            r#" Kustomize("overlays/{environment}") prod"#,
            r#"apps/api Kustomize("{environment}") prod"#,
            r#"apps/web Kustomize("overlays/{environment}") prod,test"#,
            r#"tools/nightly Kustomize(".") "#,
        ];
        assert_eq!(found_text, want);
    }
}
