//! Inspects a repository for what can be delivered.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Diagnostic, Node, yaml};
use render_core::files::{FileKind, Files, join};
use render_core::kustomize::kustomization::FILE_NAMES;

use super::environment_names::{is_environment, may_be_environment};
use super::layout::{Kustomizations, Layout, LeftOut, Sorted};
use super::releases::{self, Documents, FoundChart, FoundRelease, Releases, Repository};
use crate::host::clone;

/// The result of inspecting a repository. Paths are below its root, empty for the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What can be delivered, sorted.
    pub services: Vec<Candidate>,
    /// The environments: the profiles of the Skaffold configs, the names of the overlays and of files of values, sorted.
    pub environments: Vec<String>,
    /// The kustomizations with an environment in their paths.
    pub layouts: Vec<Layout>,
    /// The releases of charts that Flux and Argo CD resources define.
    pub releases: Vec<FoundRelease>,
    /// The name of a service in the root folder.
    pub root_name: String,
    /// The kustomizations and charts that are not delivered.
    pub left_out: Vec<LeftOut>,
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
    /// A kustomization without an environment in its path.
    Kustomize,
    /// A chart, with a file of values for each environment such as `values-{environment}.yaml`, if there is any.
    Helm(Option<String>),
}

/// How deep folders are looked through.
const DEEPEST: usize = 6;
/// Folders of dependencies, build output and tests.
const SKIPPED: [&str; 7] = ["node_modules", "target", "vendor", "test", "tests", "testdata", "e2e"];
/// The names of a chart's values files per environment.
const VALUES: [(&str, &str, &str); 3] = [("", "values-", ".yaml"), ("", "values.", ".yaml"), ("values", "", ".yaml")];
/// The folders of a chart with a folder of values for each environment.
const CONTAINERS_OF_VALUES: [&str; 3] = ["environments", "envs", "env"];

/// What an inspection looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything that can be delivered.
    #[default]
    All,
    /// Skaffold configs, with their profiles as environments.
    Skaffold,
}

#[derive(Default)]
struct Scan {
    services: Vec<Candidate>,
    profiles: BTreeSet<String>,
    kustomizations: Kustomizations,
    /// Names in files of values that are of no environment, by chart.
    values: Vec<LeftOut>,
    dockerfiles: Vec<String>,
    folders: BTreeMap<String, Vec<String>>,
    documents: Documents,
    /// The namespaces that kustomizations set, by folder.
    namespaces: BTreeMap<String, String>,
}

/// Inspects the folders below `root`, without hidden ones and those in `SKIPPED`.
///
/// # Errors
/// A folder that cannot be read.
pub fn look(files: &dyn Files, root: &str, scope: Scope) -> Result<Inspection, Diagnostic> {
    let mut scan = Scan::default();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let names = files.list(&folder).map_err(|error| Diagnostic::new(error.to_string()).in_file(&folder))?;
        let below = folder.strip_prefix(root).unwrap_or(&folder).trim_start_matches('/').to_owned();
        if scan.visit(files, root, &below, &names) {
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
    if scope == Scope::Skaffold {
        scan.keep_skaffold();
    }
    let name = root_name(root);
    let releases = scan.releases(files, root);
    Ok(scan.found(&name, releases))
}

/// The name of what the repository holds: the last part of the URL of `origin`, else the folder's name.
fn root_name(root: &str) -> String {
    let clone = clone::containing(root).filter(|clone| clone.root == root);
    let folder = root.rsplit('/').next().unwrap_or_default();
    clone.and_then(|clone| clone.name).unwrap_or_else(|| folder.to_owned())
}

impl Scan {
    /// Drops what no Skaffold config renders.
    fn keep_skaffold(&mut self) {
        self.services.retain(|one| one.how == How::Skaffold);
        self.kustomizations = Kustomizations::default();
        self.values.clear();
        self.documents = Documents::default();
        self.dockerfiles.clear();
    }

    /// Notes what a folder holds; whether its folders belong to it.
    fn visit(&mut self, files: &dyn Files, root: &str, below: &str, names: &[String]) -> bool {
        let folder = &join(root, below);
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
                let chart = chart(files, folder, below, names);
                self.services.push(chart);
            } else {
                self.values.push(LeftOut { folder: below.to_owned(), reason: "a library chart".to_owned() });
            }
            return true;
        }
        if let Some(name) = FILE_NAMES.into_iter().find(|name| has(name)) {
            let documents = read(files, &join(folder, name));
            self.kustomization(below, documents.first(), &|part| is_kustomization(files, root, part));
        }
        for name in names.iter().filter(|name| name.ends_with(".yaml") || name.ends_with(".yml")) {
            if let Ok(bytes) = files.read(&join(folder, name)) {
                self.documents.add(join(&format!("/{below}"), name).trim_start_matches('/'), &bytes);
            }
        }
        if names.iter().any(|name| name == "Dockerfile" || name.starts_with("Dockerfile.")) {
            self.dockerfiles.push(below.to_owned());
        }
        false
    }

    /// Notes a kustomization and what it is made of.
    fn kustomization(&mut self, below: &str, document: Option<&Node>, is_kustomization: &dyn Fn(&str) -> bool) {
        let component = document.and_then(|document| document.get("kind")?.text()) == Some("Component");
        if component {
            self.values.push(LeftOut { folder: below.to_owned(), reason: "a component".to_owned() });
            return;
        }
        self.kustomizations.all.insert(below.to_owned());
        let Some(document) = document else { return };
        if let Some(namespace) = document.get("namespace").and_then(Node::text) {
            self.namespaces.insert(below.to_owned(), namespace.to_owned());
        }
        let listed = parts(document, below);
        let folders: BTreeSet<String> = listed.iter().filter(|part| is_kustomization(part)).cloned().collect();
        let plain = ["apiVersion", "kind", "metadata", "resources", "bases"];
        let only_lists = document
            .as_map()
            .is_some_and(|map| map.entries().iter().all(|entry| plain.contains(&entry.key.text.as_str())));
        if only_lists && !listed.is_empty() && folders.len() == listed.len() {
            self.kustomizations.lists.insert(below.to_owned());
        }
        self.kustomizations.parts.insert(below.to_owned(), folders);
    }

    /// The releases that Flux and Argo CD resources define. Their charts and kustomizations are not delivered by themselves.
    fn releases(&mut self, files: &dyn Files, root: &str) -> Releases {
        let is_chart = |one: &&Candidate| matches!(one.how, How::Helm(_));
        let charts: BTreeSet<String> = self.services.iter().filter(is_chart).map(|one| one.folder.clone()).collect();
        let Scan { namespaces, folders, .. } = &*self;
        let repository = Repository { files, root, charts: &charts, namespaces, folders };
        let releases = releases::find(&self.documents, &repository);
        let is_released =
            |folder: &str| releases.found.iter().any(|one| one.chart == FoundChart::Folder(folder.to_owned()));
        self.services.retain(|one| !is_released(&one.folder));
        let taken: Vec<String> = self.kustomizations.with_parts_in(&releases.flux_folders).into_iter().collect();
        for folder in taken {
            self.kustomizations.all.remove(&folder);
            self.values
                .push(LeftOut::new(folder, "its HelmReleases are delivered as charts, its other objects are not"));
        }
        releases
    }

    fn found(self, root: &str, releases: Releases) -> Inspection {
        let Sorted { layouts, alone, mut left_out } = self.kustomizations.sort(root);
        let mut environments: BTreeSet<String> = self.profiles.clone();
        environments.extend(releases.found.iter().flat_map(|one| one.environments.iter().cloned()));
        left_out.extend(releases.left_out);
        environments.extend(layouts.iter().flat_map(|layout| &layout.units).map(|unit| unit.environment.clone()));
        let mut services = self.services;
        let in_base = |folder: &str| folder.split('/').any(|name| matches!(name, "base" | "bases"));
        left_out
            .extend(services.extract_if(.., |one| in_base(&one.folder)).map(|one| LeftOut::new(one.folder, "a base")));
        for service in &mut services {
            service.keep_environments(&environments, &mut left_out);
        }
        environments.extend(services.iter().flat_map(|service| service.environments.iter().cloned()));
        let standalone = |folder| Candidate { how: How::Kustomize, folder, environments: Vec::new() };
        services.extend(alone.into_iter().map(standalone));
        // What has no environment in its path fits every stage, but not what only looks like one: `overlays/with-tls`.
        let is_stage = |name: &&String| may_be_environment(name) || self.profiles.contains(*name);
        let stages: Vec<String> = environments.iter().filter(is_stage).cloned().collect();
        if stages.is_empty() && !environments.is_empty() {
            let fits_any = |one: &mut Candidate| one.how != How::Skaffold && one.environments.is_empty();
            let without = services.extract_if(.., fits_any);
            left_out.extend(without.map(|one| LeftOut::new(one.folder, "no environment in its path")));
        } else if stages.len() < environments.len() {
            let fits_any = services.iter_mut().filter(|one| one.environments.is_empty());
            fits_any.for_each(|one| one.environments.clone_from(&stages));
        }
        services.sort_unstable();
        left_out.extend(self.values);
        left_out.sort_unstable();
        let mut dockerfiles = self.dockerfiles;
        dockerfiles.sort_unstable();
        let environments = environments.into_iter().collect();
        Inspection {
            services,
            environments,
            layouts,
            releases: releases.found,
            root_name: root.to_owned(),
            left_out,
            dockerfiles,
            folders: self.folders,
        }
    }
}

impl Candidate {
    /// Keeps the environment in the folder's path; else the names in a chart's files of values that are environments: others
    /// (`values-minimal.yaml`) are variants of the chart.
    fn keep_environments(&mut self, known: &BTreeSet<String>, left_out: &mut Vec<LeftOut>) {
        if let Some(stage) = self.folder.split('/').rev().find(|name| is_environment(name)) {
            self.environments = vec![stage.to_owned()];
            return;
        }
        let Candidate { how: How::Helm(values), folder, environments } = self else { return };
        let (kept, others): (Vec<String>, Vec<String>) =
            environments.drain(..).partition(|name| known.contains(name) || is_environment(name));
        if !others.is_empty() {
            let reason = format!("its values {} name no environment", others.join(", "));
            left_out.push(LeftOut { folder: folder.clone(), reason });
        }
        if kept.is_empty() {
            *values = None;
        }
        *environments = kept;
    }
}

/// Whether a path below the root is the folder of a kustomization.
fn is_kustomization(files: &dyn Files, root: &str, folder: &str) -> bool {
    FILE_NAMES.iter().any(|name| files.kind(&join(&join(root, folder), name)) == Ok(FileKind::File))
}

/// The documents of a file; none if it cannot be read; the command that uses the file reports that.
fn read(files: &dyn Files, path: &str) -> Vec<Node> {
    files.read(path).ok().and_then(|bytes| yaml::read_stream(&bytes).ok()).unwrap_or_default()
}

fn profiles(document: &Node) -> Vec<String> {
    let profiles = document.get("profiles").and_then(Node::as_seq).into_iter().flatten();
    profiles.filter_map(|profile| profile.get("name").and_then(Node::text)).map(str::to_owned).collect()
}

/// What a kustomization lists, as paths below the root.
fn parts(document: &Node, below: &str) -> Vec<String> {
    let listed = ["resources", "bases", "components"].iter().filter_map(|key| document.get(key)?.as_seq()).flatten();
    let place = |path: &str| join(&format!("/{below}"), path).trim_start_matches('/').to_owned();
    listed.filter_map(Node::text).map(place).collect()
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
    for container in CONTAINERS_OF_VALUES {
        let of_environment = |name: &String| join(folder, &format!("{container}/{name}/values.yaml"));
        let listed = files.list(&join(folder, container)).unwrap_or_default();
        let environments: Vec<String> =
            listed.into_iter().filter(|name| files.kind(&of_environment(name)) == Ok(FileKind::File)).collect();
        if !environments.is_empty() {
            let values = format!("{container}/{{environment}}/values.yaml");
            return Candidate { how: How::Helm(Some(values)), folder: below.to_owned(), environments };
        }
    }
    Candidate { how: How::Helm(None), folder: below.to_owned(), environments: Vec::new() }
}
