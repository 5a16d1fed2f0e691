//! `hydrant bootstrap`: the cluster's side of a delivery, as Argo CD or Flux wants it.

use std::fmt::Write;

use crate::file_set::folder;
use crate::plan::{Plan, Unit};

/// Who pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Puller {
    /// One Application a unit (`argoproj.io/v1alpha1`).
    ArgoCd,
    /// One GitRepository (`source.toolkit.fluxcd.io/v1`) and one Kustomization (`kustomize.toolkit.fluxcd.io/v1`) a unit.
    Flux,
}

/// The objects for every unit of the plan. `namespace` is where the puller looks for them; the units' own objects carry
/// their namespaces, since hydrant has rendered them.
pub fn print(plan: &Plan, puller: Puller, namespace: &str) -> String {
    let documents = plan.units.iter().map(|unit| match puller {
        Puller::ArgoCd => argo_cd(unit, namespace),
        Puller::Flux => flux(unit, namespace),
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// A name that Kubernetes takes: lower-case letters, digits and dashes, not more than 63.
fn name(unit: &Unit) -> String {
    let text = format!("{}-{}", unit.service, unit.environment).to_lowercase();
    let text: String = text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    text.trim_matches('-').chars().take(63).collect::<String>().trim_end_matches('-').to_owned()
}

/// A string as YAML takes it everywhere: JSON's quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The file of the unit's folder that holds its objects; nothing where each object has a file.
fn file(unit: &Unit) -> Option<&str> {
    (!unit.path.ends_with('/')).then(|| unit.path.rsplit('/').next().unwrap_or(&unit.path))
}

fn argo_cd(unit: &Unit, namespace: &str) -> String {
    let (name, folder) = (name(unit), folder(&unit.path));
    let path = if folder.is_empty() { "." } else { &folder };
    let mut text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         project: default\n  source:\n    repoURL: {}\n    targetRevision: {}\n    path: {}\n    directory:\n",
        quoted(&unit.repository),
        quoted(&format!("refs/heads/{}", unit.branch)),
        quoted(path),
    );
    // A String takes whatever is written to it. The record is no manifest.
    let _ = match file(unit) {
        Some(file) => writeln!(text, "      include: {}", quoted(file)),
        None => writeln!(text, "      include: \"*.yaml\""),
    };
    text.push_str("  destination:\n    server: https://kubernetes.default.svc\n  syncPolicy:\n    automated:\n      prune: true\n      selfHeal: true\n");
    text
}

/// Everything is ignored but the manifests, so that the record is not applied. What lies in an ignored folder cannot be
/// taken back in (gitignore), so each folder on the way is.
fn ignore(folder: &str, keep: &str) -> String {
    let (mut text, mut way) = ("    /*\n".to_owned(), String::new());
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        way = format!("{way}/{part}");
        // A String takes whatever is written to it.
        let _ = writeln!(text, "    !{way}\n    {way}/*");
    }
    let _ = writeln!(text, "    !{way}/{keep}");
    text
}

fn flux(unit: &Unit, namespace: &str) -> String {
    let (name, folder) = (name(unit), folder(&unit.path));
    let ignore = ignore(&folder, file(unit).unwrap_or("*.yaml"));
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         interval: 1m\n  url: {}\n  ref:\n    branch: {}\n  ignore: |\n{ignore}---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         interval: 10m\n  sourceRef:\n    kind: GitRepository\n    name: {name}\n  path: {}\n  prune: true\n  wait: true\n  timeout: 5m\n",
        quoted(&unit.repository),
        quoted(&unit.branch),
        quoted(&format!("./{folder}")),
    )
}
