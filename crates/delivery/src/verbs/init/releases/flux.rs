//! Flux: `HelmRelease`, and the sources of its charts.
//!
//! A `HelmRelease` without a chart is the patch of an overlay: its environment is in its path, and its values win.

use serde_json::{Map, Value};

use super::documents::{Document, Documents};
use super::found::{FoundChart, FoundRelease, merge};
use super::{Releases, Repository, environment_of, folder_of};
use crate::verbs::init::layout::LeftOut;

/// Adds the releases of all `HelmRelease`s.
pub(super) fn find(documents: &Documents, repository: &Repository<'_>, releases: &mut Releases) {
    let sources = Sources { documents, repository };
    let of_flux = documents.0.iter().filter(|one| one.kind == "HelmRelease");
    let (bases, patches): (Vec<&Document>, Vec<&Document>) = of_flux.partition(|one| has_chart(one));
    for base in bases {
        match sources.release(base) {
            Ok(release) => {
                let folders =
                    patches.iter().filter(|patch| is_patch_of(patch, base)).map(|patch| folder_of(&patch.file));
                releases.flux_folders.extend(folders.map(str::to_owned));
                releases.flux_folders.insert(folder_of(&base.file).to_owned());
                releases.found.extend(in_environments(base, release, &patches));
            }
            Err(reason) => releases.left_out.push(LeftOut { folder: base.file.clone(), reason }),
        }
    }
}

fn has_chart(document: &Document) -> bool {
    document.spec("chart/spec/chart").is_some() || document.json.pointer("/spec/chartRef").is_some()
}

fn is_patch_of(patch: &Document, base: &Document) -> bool {
    let same_namespace = patch.namespace.is_none() || base.namespace.is_none() || patch.namespace == base.namespace;
    patch.name == base.name && same_namespace
}

/// The release in each environment that a patch is for; by itself where there is none.
fn in_environments(base: &Document, release: FoundRelease, patches: &[&Document]) -> Vec<FoundRelease> {
    let own = environment_of(&base.file);
    let patched = patches.iter().filter(|patch| is_patch_of(patch, base)).filter_map(|patch| {
        let environment = environment_of(&patch.file)?;
        own.as_ref().is_none_or(|own| *own == environment).then(|| with_patch(release.clone(), patch, environment))
    });
    let patched: Vec<FoundRelease> = patched.collect();
    if !patched.is_empty() {
        return patched;
    }
    vec![FoundRelease { environments: own.into_iter().collect(), ..release }]
}

fn with_patch(mut release: FoundRelease, patch: &Document, environment: String) -> FoundRelease {
    release.environments = vec![environment];
    merge(&mut release.values, &values(patch));
    release.version = patch.spec("chart/spec/version").or(release.version);
    release.namespace = patch.spec("targetNamespace").or(release.namespace);
    release.notes.extend(not_taken_over(patch));
    release.notes.dedup();
    release.note_variables();
    release
}

fn values(document: &Document) -> Map<String, Value> {
    document.json.pointer("/spec/values").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What a unit of hydrant does not have.
fn not_taken_over(document: &Document) -> Vec<String> {
    let list = |path: &str| document.json.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
    let of = |one: &Value| {
        let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{}/{}", text("kind"), text("name"))
    };
    let from: Vec<String> = list("/spec/valuesFrom").iter().map(of).collect();
    let mut notes = Vec::new();
    if !from.is_empty() {
        notes.push(format!("values of {} are not taken over", from.join(", ")));
    }
    if !list("/spec/postRenderers").is_empty() {
        notes.push("its postRenderers are not taken over: set `kustomize` in `helm`".to_owned());
    }
    notes
}

/// The sources of charts.
struct Sources<'a> {
    documents: &'a Documents,
    repository: &'a Repository<'a>,
}

impl Sources<'_> {
    /// A release in all environments, or why there is none.
    fn release(&self, document: &Document) -> Result<FoundRelease, String> {
        if document.name.contains(['$', '{']) {
            return Err("a HelmRelease whose name is a variable".to_owned());
        }
        let mut found = FoundRelease {
            file: document.file.clone(),
            service: document.name.clone(),
            namespace: self.namespace(document),
            values: values(document),
            notes: not_taken_over(document),
            skips_crds: document.spec("install/crds").as_deref() == Some("Skip"),
            ..FoundRelease::default()
        };
        let default = document.spec("targetNamespace").map(|namespace| format!("{namespace}-{}", document.name));
        found.release = document.spec("releaseName").or(default).filter(|name| *name != document.name);
        self.locate(document, &mut found)?;
        found.note_variables();
        Ok(found)
    }

    /// The namespace: that of the release, else that of the nearest kustomization.
    fn namespace(&self, document: &Document) -> Option<String> {
        let given = document.spec("targetNamespace").or_else(|| document.namespace.clone());
        let mut folder = folder_of(&document.file);
        given.filter(|name| !name.contains('$')).or_else(|| {
            loop {
                if let Some(namespace) = self.repository.namespaces.get(folder) {
                    return Some(namespace.clone());
                }
                if folder.is_empty() {
                    return None;
                }
                folder = folder_of(folder);
            }
        })
    }

    fn locate(&self, document: &Document, found: &mut FoundRelease) -> Result<(), String> {
        if let Some(kind) = document.spec("chartRef/kind") {
            let name = document.spec("chartRef/name").unwrap_or_default();
            if kind != "OCIRepository" {
                return Err(format!("the chart of its HelmRelease is a {kind}"));
            }
            return self.oci_repository(document, &name, found);
        }
        let chart = document.spec("chart/spec/chart").unwrap_or_default();
        let kind = document.spec("chart/spec/sourceRef/kind").unwrap_or_default();
        let name = document.spec("chart/spec/sourceRef/name").unwrap_or_default();
        found.version = document.spec("chart/spec/version").filter(|version| version != "*" && !version.contains('$'));
        match kind.as_str() {
            "HelmRepository" => {
                let source = self.source(document, &kind, &name)?;
                let url = source.spec("url").unwrap_or_default();
                found.chart = FoundChart::Named { repository: url.trim_end_matches('/').to_owned(), name: chart };
            }
            "GitRepository" => {
                let folder = chart.trim_start_matches("./").trim_matches('/').to_owned();
                if !self.repository.charts.contains(&folder) {
                    return Err("the chart of its HelmRelease is in another git repository".to_owned());
                }
                found.version = None;
                found.chart = FoundChart::Folder(folder);
            }
            _ => return Err(format!("the chart of its HelmRelease is in a {kind}")),
        }
        if document.json.pointer("/spec/chart/spec/valuesFiles").is_some() {
            found.notes.push("valuesFiles of the chart are not taken over".to_owned());
        }
        Ok(())
    }

    fn oci_repository(&self, document: &Document, name: &str, found: &mut FoundRelease) -> Result<(), String> {
        let source = self.source(document, "OCIRepository", name)?;
        let url = source.spec("url").filter(|url| !url.contains('$'));
        let url = url.ok_or_else(|| "the URL of its OCIRepository is a variable".to_owned())?;
        found.chart = FoundChart::At(url.trim_end_matches('/').to_owned());
        found.version = source.spec("ref/tag").or_else(|| source.spec("ref/semver"));
        if source.spec("ref/digest").is_some() {
            found.notes.push("the digest of its OCIRepository is not taken over: run `hydrant update`".to_owned());
        }
        Ok(())
    }

    /// The source of a name: the one whose path has most in common with that of the release.
    fn source(&self, document: &Document, kind: &str, name: &str) -> Result<&Document, String> {
        let common = |other: &Document| {
            let parts = document.file.split('/').zip(other.file.split('/'));
            parts.take_while(|(one, other)| one == other).count()
        };
        let named = self.documents.0.iter().filter(|one| one.kind == kind && one.name == name);
        let named = named.filter(|one| one.spec("url").is_some());
        named
            .max_by_key(|one| common(one))
            .ok_or_else(|| format!("the {kind} of its HelmRelease is not in the repository"))
    }
}
