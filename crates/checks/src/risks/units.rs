//! Risks of several units together: objects and namespaces of one cluster.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{At, Node, ObjectId, Text};

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
    let mut owners = ObjectOwners::default();
    units.iter().for_each(|unit| owners.insert(unit));
    let mut risks: Vec<UnitRisk> = units.iter().flat_map(|unit| owners.shared(unit)).collect();
    if complete {
        risks.extend(missing_namespaces(units));
    }
    risks
}

/// Which units deliver an object to a cluster.
#[derive(Debug, Default)]
pub struct ObjectOwners {
    owners: BTreeMap<ObjectInCluster, BTreeSet<String>>,
}

/// An object of a cluster, without the version of its API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ObjectInCluster {
    cluster: Text,
    group: Text,
    kind: Text,
    namespace: Text,
    name: Text,
}

impl ObjectInCluster {
    fn of(cluster: &str, id: &ObjectId) -> Self {
        let (group, kind) = (id.gvk.group.clone(), id.gvk.kind.clone());
        ObjectInCluster { cluster: cluster.into(), group, kind, namespace: id.namespace.clone(), name: id.name.clone() }
    }
}

impl ObjectOwners {
    /// Adds the objects of a unit.
    pub fn insert(&mut self, unit: &UnitObjects) {
        for id in &unit.objects {
            self.owners.entry(ObjectInCluster::of(&unit.cluster, id)).or_default().insert(unit.unit.clone());
        }
    }

    /// Returns the objects of a unit that other units deliver too.
    pub fn shared(&self, unit: &UnitObjects) -> Vec<UnitRisk> {
        let risk_of = |id: &ObjectId| {
            let owners = self.owners.get(&ObjectInCluster::of(&unit.cluster, id))?;
            let others: Vec<&str> =
                owners.iter().filter(|one| **one != unit.unit).take(3).map(String::as_str).collect();
            if others.is_empty() {
                return None;
            }
            risk("shared-object", id, &unit.unit, "", format!("{} delivers it too", others.join(", ")))
        };
        unit.objects.iter().filter_map(risk_of).collect()
    }
}

/// Returns the namespaces that no unit makes, in clusters where units make some. `units` are all units of the clusters.
pub fn missing_namespaces(units: &[UnitObjects]) -> Vec<UnitRisk> {
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

fn risk(id: &str, object: &ObjectId, unit: &str, field: &str, change: String) -> Option<UnitRisk> {
    let risk = Risk { rule: find(id)?, object: object.clone(), field: field.to_owned(), change, at: At::default() };
    Some(UnitRisk { unit: unit.to_owned(), risk })
}
