//! Risks of a change: what the API server will refuse, what will be deleted, which permissions and rights grow, what becomes reachable, and
//! what a GitOps client cannot take.
//!
//! [`of_change`] compares the objects that a branch has with those that replace them; [`of_objects`] looks at the new objects alone;
//! [`across_units`] at the objects of several units; [`of_files`] at the files. [`RULES`] has every risk with its id and reason.

mod collector;
mod deletions;
mod exposure;
mod files;
mod images;
mod immutable;
mod model;
mod objects;
mod pods;
mod rbac;
mod references;
mod table;
mod units;
mod values;
mod workloads;

use std::collections::BTreeMap;

use manifest::{Node, ObjectId};

pub use files::{FOLDER_LIMIT, UnitFile, of_files};
pub use model::{Action, Risk, Rule, Severity};
pub use objects::{ANNOTATIONS_LIMIT, OBJECT_LIMIT};
pub use table::{RULES, find};
pub use units::{ObjectOwners, UnitObjects, UnitRisk, across_units, identities, missing_namespaces};

use collector::RiskCollector;
use model::Pair;
use references::Targets;

/// An object's identity without the version of its API.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    group: manifest::Text,
    kind: manifest::Text,
    namespace: manifest::Text,
    name: manifest::Text,
}

impl Key {
    fn of(id: &ObjectId) -> Self {
        let (group, kind) = (id.gvk.group.clone(), id.gvk.kind.clone());
        Key { group, kind, namespace: id.namespace.clone(), name: id.name.clone() }
    }
}

/// Returns the risks of replacing the objects `old` by `new`, in the order of the new objects, then of the deleted ones. Without old
/// objects all are new.
pub fn of_change(old: &[Node], new: &[Node]) -> Vec<Risk> {
    let mut risks = Vec::new();
    let mut before: BTreeMap<Key, &Node> = BTreeMap::new();
    for object in old {
        before.insert(Key::of(&ObjectId::of(object)), object);
    }
    for object in new {
        let id = ObjectId::of(object);
        let pair = Pair { old: before.remove(&Key::of(&id)), new: Some(object) };
        changed(&id, pair, &mut RiskCollector { object: &id, risks: &mut risks });
    }
    let budgets = new.iter().filter(|object| object.get("kind").and_then(Node::text) == Some("PodDisruptionBudget"));
    let has_budgets = budgets.count() > 0;
    for object in old {
        let id = ObjectId::of(object);
        if before.remove(&Key::of(&id)).is_none() {
            continue;
        }
        let mut found = RiskCollector { object: &id, risks: &mut risks };
        deletions::check(&id, object, old, &mut found);
        if id.gvk.kind == "PodDisruptionBudget" && !has_budgets && new.iter().any(is_replicated) {
            found.add("disruption-budget-removed", "", None, "it is deleted");
        }
    }
    risks
}

/// Whether an object is a workload with several pods.
fn is_replicated(object: &Node) -> bool {
    let kind = values::text(object, &["kind"]).unwrap_or_default();
    matches!(kind, "Deployment" | "StatefulSet" | "Rollout")
}

fn changed(id: &ObjectId, pair: Pair<'_>, found: &mut RiskCollector<'_>) {
    let (group, kind) = (id.gvk.group.as_str(), id.gvk.kind.as_str());
    if let (Some(old), Some(new)) = (pair.old, pair.new) {
        immutable::check(group, kind, old, new, found);
        images::check(old, new, found);
        if kind == "CustomResourceDefinition" {
            deletions::removed_versions(old, new, found);
        }
    }
    match (group, kind) {
        ("", "Service") => exposure::service(pair, found),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => rbac::role(pair, found),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => rbac::binding(pair, found),
        _ => {
            exposure::routes(kind, pair, found);
            workloads::check(pair, found);
        }
    }
}

/// Returns the risks that objects have whatever was there before.
pub fn of_objects(objects: &[Node]) -> Vec<Risk> {
    let mut risks = Vec::new();
    let targets = Targets::of(objects);
    for object in objects {
        let id = ObjectId::of(object);
        let mut found = RiskCollector { object: &id, risks: &mut risks };
        objects::check(&id, object, &mut found);
        targets.check(&id, object, &mut found);
    }
    risks
}
