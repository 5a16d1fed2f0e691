//! Risks of several units together: objects and namespaces of one cluster.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{At, Node, ObjectId};

use super::model::Risk;
use super::table::find;

/// What one unit delivers to a cluster.
#[derive(Clone, Debug)]
pub struct UnitObjects {
    /// The unit's name, such as `cart/production`.
    pub unit: String,
    /// The cluster; units of different clusters share nothing.
    pub cluster: String,
    /// The identities of its objects, with the namespace that they are applied in.
    pub objects: Vec<ObjectId>,
}

/// A risk of one of several units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRisk {
    /// The unit's name.
    pub unit: String,
    /// The risk.
    pub risk: Risk,
}

/// Namespaces that every cluster has.
const OWN: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// The identities of a unit's objects. `namespace` is where objects without one are applied; empty where that is not known.
pub fn identities(objects: &[Node], namespace: &str) -> Vec<ObjectId> {
    let identity = |object: &Node| {
        let id = ObjectId::of(object);
        if id.namespace.is_empty() && !is_cluster_wide(&id.gvk.kind) {
            ObjectId { namespace: namespace.into(), ..id }
        } else {
            id
        }
    };
    objects.iter().map(identity).filter(|id| !id.name.is_empty()).collect()
}

/// Kinds of Kubernetes that have no namespace. A custom resource without one is taken as such only by its own text.
fn is_cluster_wide(kind: &str) -> bool {
    matches!(
        kind,
        "Namespace"
            | "Node"
            | "PersistentVolume"
            | "ClusterRole"
            | "ClusterRoleBinding"
            | "CustomResourceDefinition"
            | "StorageClass"
            | "PriorityClass"
            | "IngressClass"
            | "RuntimeClass"
            | "CSIDriver"
            | "APIService"
            | "MutatingWebhookConfiguration"
            | "ValidatingWebhookConfiguration"
            | "ValidatingAdmissionPolicy"
            | "ValidatingAdmissionPolicyBinding"
            | "VolumeSnapshotClass"
            | "ClusterIssuer"
            | "GatewayClass"
    )
}

/// Returns what two units of one cluster both deliver, and the namespaces that no unit makes in a cluster where units make some. The second
/// is judged only if `complete`: every unit of the clusters is there.
pub fn across_units(units: &[UnitObjects], complete: bool) -> Vec<UnitRisk> {
    let mut risks = shared(units);
    if complete {
        risks.extend(namespaces(units));
    }
    risks
}

fn shared(units: &[UnitObjects]) -> Vec<UnitRisk> {
    let mut owners: BTreeMap<(&str, Identity<'_>), Vec<&UnitObjects>> = BTreeMap::new();
    for unit in units {
        for id in &unit.objects {
            let entry = owners.entry((&unit.cluster, Identity::of(id))).or_default();
            if !entry.iter().any(|known| known.unit == unit.unit) {
                entry.push(unit);
            }
        }
    }
    let mut risks = Vec::new();
    for ((_, id), several) in owners.into_iter().filter(|(_, several)| several.len() > 1) {
        for unit in &several {
            let others = several.iter().filter(|other| other.unit != unit.unit);
            let others: Vec<&str> = others.take(3).map(|other| other.unit.as_str()).collect();
            let own = unit.objects.iter().find(|own| Identity::of(own) == id);
            let change = format!("{} delivers it too", others.join(", "));
            risks.extend(own.and_then(|own| risk("shared-object", own, &unit.unit, "", change)));
        }
    }
    risks
}

fn namespaces(units: &[UnitObjects]) -> Vec<UnitRisk> {
    let mut made: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for unit in units {
        let own = unit.objects.iter().filter(|id| id.gvk.kind == "Namespace" && id.gvk.group.is_empty());
        made.entry(&unit.cluster).or_default().extend(own.map(|id| id.name.as_str()));
    }
    let mut risks = Vec::new();
    for unit in units {
        let Some(made) = made.get(unit.cluster.as_str()).filter(|made| !made.is_empty()) else { continue };
        let mut seen = BTreeSet::new();
        for id in &unit.objects {
            let namespace = id.namespace.as_str();
            let known = namespace.is_empty() || OWN.contains(&namespace) || made.contains(namespace);
            if !known && seen.insert(namespace) {
                let change = format!("no unit makes namespace {namespace}");
                risks.extend(risk("namespace-missing", id, &unit.unit, "metadata.namespace", change));
            }
        }
    }
    risks
}

/// The identity that a cluster knows: without the version of the API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Identity<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> Identity<'a> {
    fn of(id: &'a ObjectId) -> Self {
        Identity { group: &id.gvk.group, kind: &id.gvk.kind, namespace: &id.namespace, name: &id.name }
    }
}

fn risk(id: &str, object: &ObjectId, unit: &str, field: &str, change: String) -> Option<UnitRisk> {
    let risk = Risk { rule: find(id)?, object: object.clone(), field: field.to_owned(), change, at: At::default() };
    Some(UnitRisk { unit: unit.to_owned(), risk })
}
