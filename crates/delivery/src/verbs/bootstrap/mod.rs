//! `hydrant bootstrap`: the objects with which Argo CD or Flux pulls the output.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use crate::error::Failure;
use crate::host::RunContext;
use crate::plan::{Cluster, Plan, PlannedUnit, Source};
use crate::verbs::artifact::Target;

mod argo_cd;
mod clusters;
mod flux;
mod namespaces;
mod order;

use namespaces::Namespaces;
use order::Order;

/// Who pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Puller {
    /// One Application a unit (`argoproj.io/v1alpha1`).
    ArgoCd,
    /// One ApplicationSet for all units (`argoproj.io/v1alpha1`).
    ArgoCdSet,
    /// One GitRepository or OCIRepository (`source.toolkit.fluxcd.io/v1`) and one Kustomization
    /// (`kustomize.toolkit.fluxcd.io/v1`) a unit.
    Flux,
}

/// What a puller needs to know of one unit.
struct Pull {
    /// The name of its objects.
    name: String,
    /// Where it is pulled from.
    from: From,
    /// The folder there, empty for the root.
    folder: String,
    /// The file in the folder that holds the objects; nothing where each object has a file.
    file: Option<String>,
    /// The namespace of objects that name none; absent where none is needed.
    namespace: Option<String>,
    /// The cluster's name and server in Argo CD.
    cluster: Cluster,
    /// Whether the registry is reached over plain http.
    insecure: bool,
    /// What has to be applied before.
    order: Order,
}

/// What the pulling objects have in common.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The namespace of the objects themselves.
    pub namespace: String,
    /// Argo CD's project; `default` where absent.
    pub project: Option<String>,
    /// The secret with the credentials of the repository or registry, for Flux.
    pub secret: Option<String>,
    /// Only units of these clusters, by the name or the server of `cluster`; all where empty.
    pub clusters: Vec<String>,
    /// Print nothing that makes the puller apply units in the order of `after`.
    pub ignore_after: bool,
}

/// The namespace of objects that name none, where neither the config nor the unit's renderer has one: kubectl's default.
const DEFAULT_NAMESPACE: &str = "default";

enum From {
    Branch { repository: String, branch: String },
    Artifact { url: String, tag: String },
}

/// The objects for every unit of the plan, which pull from its branch, or from its artifact where a target is given; an
/// artifact by the first of its tags. For Flux the units are rendered, to see which objects name their namespace.
///
/// # Errors
/// An invalid target for a unit, two units whose objects would have one name, no unit of the clusters, and for Flux units of several
/// clusters, a unit in which only some objects name their namespace, or one that cannot be rendered.
pub fn print(
    plan: &Plan,
    ctx: &RunContext,
    puller: Puller,
    options: &Options,
    artifacts: Option<&Target>,
) -> Result<String, Failure> {
    let mut plan = plan.clone();
    plan.units.retain(|unit| options.includes(unit));
    if plan.units.is_empty() {
        let found = Diagnostic::new(format!("no unit runs in the cluster {}", options.clusters.join(", ")));
        return Err(found.field("--cluster").hint("use a `cluster.name` or `cluster.server` of an environment").into());
    }
    let namespaces = match puller {
        Puller::Flux => {
            clusters::only_one(&plan.units)?;
            namespaces::of_units(&plan, ctx)?
        }
        Puller::ArgoCd | Puller::ArgoCdSet => BTreeMap::new(),
    };
    let mut pulls = Vec::with_capacity(plan.units.len());
    let mut names = BTreeMap::new();
    let orders = if options.ignore_after { BTreeMap::new() } else { order::of_plan(&plan) };
    for unit in &plan.units {
        let mut pull = pull(&plan, unit, artifacts)?;
        pull.order = orders.get(&unit.name()).cloned().unwrap_or_default();
        pull.namespace = namespace(unit, namespaces.get(&unit.name()))?;
        if let Some(other) = names.insert(pull.name.clone(), unit) {
            let message = format!("{} and {} have the same name {}", other.name(), unit.name(), pull.name);
            let found = Diagnostic::new(message);
            return Err(found.hint("print them one by one with -s and -e, and rename the objects of one").into());
        }
        pulls.push(pull);
    }
    let documents: Vec<String> = match puller {
        Puller::ArgoCd => pulls.iter().map(|pull| argo_cd::application(pull, options)).collect(),
        Puller::ArgoCdSet => vec![argo_cd::application_set(&pulls, options)],
        Puller::Flux => pulls.iter().map(|pull| flux::source_and_kustomization(pull, options)).collect(),
    };
    Ok(documents.join("---\n"))
}

impl Options {
    /// Whether the unit runs in one of the clusters.
    fn includes(&self, unit: &PlannedUnit) -> bool {
        let cluster = [&unit.cluster.name, &unit.cluster.server];
        self.clusters.is_empty() || cluster.into_iter().flatten().any(|name| self.clusters.contains(name))
    }
}

/// The namespace for objects that name none. Flux's replaces that of every object, so it is set only where no object names one.
fn namespace(unit: &PlannedUnit, found: Option<&Namespaces>) -> Result<Option<String>, Diagnostic> {
    let rendered = match &unit.source {
        Source::Skaffold(options) => Some(options.namespace.clone()).filter(|namespace| !namespace.is_empty()),
        Source::Helm(release) => release.namespace.clone(),
        Source::Kustomize { .. } | Source::Manifests { .. } => None,
    };
    match found {
        Some(Namespaces::Named) => Ok(None),
        Some(Namespaces::Mixed { without, with }) => {
            let message = format!("{}: {without} has no namespace, and {with} has one", unit.name());
            Err(Diagnostic::new(message).hint(
                "set `metadata.namespace` of every object: Flux's `targetNamespace` would replace the others' namespaces",
            ))
        }
        Some(Namespaces::Absent) | None => {
            let configured = unit.cluster.namespace.clone().or(rendered);
            Ok(Some(configured.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())))
        }
    }
}

fn pull(plan: &Plan, unit: &PlannedUnit, artifacts: Option<&Target>) -> Result<Pull, Diagnostic> {
    let from = match artifacts {
        None => From::Branch { repository: unit.repository.to_string(), branch: unit.branch.clone() },
        Some(target) => {
            let place = target.location(unit)?;
            From::Artifact { url: place.url(), tag: place.tags.first().cloned().unwrap_or_default() }
        }
    };
    let file = (!unit.path.ends_with('/')).then(|| unit.path.rsplit('/').next().unwrap_or(&unit.path).to_owned());
    let insecure = matches!(&from, From::Artifact { url, .. } if is_insecure(plan, url));
    let (folder, cluster) = (unit.branch_folder(), unit.cluster.clone());
    Ok(Pull { name: name(unit), from, folder, file, namespace: None, cluster, insecure, order: Order::default() })
}

/// Whether the registry of an artifact is one that the config reaches over plain http.
fn is_insecure(plan: &Plan, url: &str) -> bool {
    let host = url.trim_start_matches("oci://").split('/').next().unwrap_or_default();
    plan.registries.insecure.iter().any(|name| name == host)
}

/// A valid name of a Kubernetes object: lower-case letters, digits and dashes, not more than 63.
fn name(unit: &PlannedUnit) -> String {
    let text = format!("{}-{}", unit.service, unit.environment).to_lowercase();
    let text: String = text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    text.trim_matches('-').chars().take(63).collect::<String>().trim_end_matches('-').to_owned()
}

/// A string in JSON's quotes, which every YAML parser accepts.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
