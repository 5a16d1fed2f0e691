//! Fields that the API server does not let change. The rules are those of the validation of Kubernetes 1.37 (the sources in the table).

use manifest::Node;

use super::collector::RiskCollector;
use super::values::{annotation, is_true, items, quantity, same, text};

/// A field that cannot change.
struct Field {
    group: &'static str,
    kind: &'static str,
    path: &'static [&'static str],
}

const fn field(group: &'static str, kind: &'static str, path: &'static [&'static str]) -> Field {
    Field { group, kind, path }
}

/// Fields of kinds that need no more than a comparison: storage/validation, networking/validation, scheduling/validation,
/// node/validation, discovery/validation, core/validation.
const FIELDS: &[Field] = &[
    field("storage.k8s.io", "StorageClass", &["provisioner"]),
    field("storage.k8s.io", "StorageClass", &["parameters"]),
    field("storage.k8s.io", "StorageClass", &["reclaimPolicy"]),
    field("storage.k8s.io", "StorageClass", &["volumeBindingMode"]),
    field("networking.k8s.io", "IngressClass", &["spec", "controller"]),
    field("scheduling.k8s.io", "PriorityClass", &["value"]),
    field("scheduling.k8s.io", "PriorityClass", &["preemptionPolicy"]),
    field("node.k8s.io", "RuntimeClass", &["handler"]),
    field("discovery.k8s.io", "EndpointSlice", &["addressType"]),
    field("batch", "Job", &["spec", "completionMode"]),
    field("batch", "Job", &["spec", "podFailurePolicy"]),
];

/// The default of a field that may be left out.
fn default_of(path: &[&str]) -> &'static str {
    match path {
        ["reclaimPolicy"] => "Delete",
        ["volumeBindingMode"] => "Immediate",
        ["preemptionPolicy"] => "PreemptLowerPriority",
        ["spec", "completionMode"] => "NonIndexed",
        ["spec", "podManagementPolicy"] => "OrderedReady",
        ["spec", "volumeMode"] => "Filesystem",
        ["type"] => "Opaque",
        _ => "",
    }
}

/// Whether a client replaces the object instead of changing it: Argo CD's sync options and hooks, Flux's annotation.
fn is_replaced(object: &Node) -> bool {
    let options = annotation(object, "argocd.argoproj.io/sync-options").unwrap_or_default();
    let replaced = options.split(',').map(str::trim).any(|option| matches!(option, "Replace=true" | "Force=true"));
    let enabled = |name: &str| {
        annotation(object, name).is_some_and(|value| value.eq_ignore_ascii_case("enabled") || value == "true")
    };
    let hook = annotation(object, "argocd.argoproj.io/hook").or(annotation(object, "helm.sh/hook"));
    replaced || hook.is_some() || enabled("kustomize.toolkit.fluxcd.io/force")
}

pub(crate) fn check(group: &str, kind: &str, old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    if is_replaced(new) {
        return;
    }
    match (group, kind) {
        ("apps", "Deployment" | "DaemonSet" | "ReplicaSet") => selector(old, new, found),
        ("apps", "StatefulSet") => stateful_set(old, new, found),
        ("batch", "Job") => job(old, new, found),
        ("", "Service") => service(old, new, found),
        ("", "PersistentVolumeClaim") => claim(old, new, found),
        ("", "PersistentVolume") => volume(old, new, found),
        ("", "ConfigMap") => data(old, new, found),
        ("", "Secret") => {
            data(old, new, found);
            if differs(old, new, &["type"]) {
                found.add("immutable-secret-type", "type", new.get("type"), "the type changes");
            }
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            let role = |object| {
                let get = |key| text(object, &["roleRef", key]).unwrap_or_default().to_owned();
                format!("{} {}", get("kind"), get("name"))
            };
            if role(old) != role(new) {
                let change = format!("{} becomes {}", role(old), role(new));
                found.add("immutable-role-ref", "roleRef", new.get("roleRef"), change);
            }
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") if differs(old, new, &["spec", "scope"]) => {
            found.add("immutable-crd-scope", "spec.scope", new.at_path(&["spec", "scope"]), "the scope changes");
        }
        _ => {}
    }
    let own = FIELDS.iter().filter(|field| field.group == group && field.kind == kind);
    for path in own.map(|field| field.path).filter(|path| differs(old, new, path)) {
        let field = path.join(".");
        found.add("immutable-field", &field, new.at_path(path), format!("{field} changes"));
    }
}

/// Whether a field differs, where an absent one has its default.
fn differs(old: &Node, new: &Node, path: &[&str]) -> bool {
    let (before, after) = (old.at_path(path), new.at_path(path));
    let is_default = |object| text(object, path).unwrap_or(default_of(path)) == default_of(path);
    let both_default = !default_of(path).is_empty() && is_default(old) && is_default(new);
    !same(before, after) && !both_default
}

fn selector(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    let path = ["spec", "selector"];
    if !same(old.at_path(&path), new.at_path(&path)) {
        found.add("immutable-selector", "spec.selector", new.at_path(&path), "the selector changes");
    }
}

fn stateful_set(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    selector(old, new, found);
    for (field, what) in [("serviceName", "the service name"), ("podManagementPolicy", "the pod management policy")] {
        let path = ["spec", field];
        if differs(old, new, &path) {
            let change = format!("{what} changes");
            found.add("immutable-stateful-set", &path.join("."), new.at_path(&path), change);
        }
    }
    let path = ["spec", "volumeClaimTemplates"];
    let (before, after) = (items(old, &path), items(new, &path));
    let equal = before.len() == after.len() && before.iter().zip(after).all(|(old, new)| same_claim(old, new));
    if !equal {
        let change = "the claim templates change";
        found.add("immutable-stateful-set", "spec.volumeClaimTemplates", new.at_path(&path), change);
    }
}

/// Claim templates with their defaults; what the server sets itself does not count.
fn same_claim(old: &Node, new: &Node) -> bool {
    let name = ["metadata", "name"];
    let meta = [&["metadata", "labels"][..], &["metadata", "annotations"]];
    let spec = ["accessModes", "storageClassName", "selector", "volumeName", "dataSource", "dataSourceRef"];
    text(old, &name) == text(new, &name)
        && meta.iter().all(|path| same(old.at_path(path), new.at_path(path)))
        && spec.iter().all(|field| same(old.at_path(&["spec", field]), new.at_path(&["spec", field])))
        && !differs(old, new, &["spec", "volumeMode"])
        && size(old) == size(new)
}

fn size(claim: &Node) -> Option<f64> {
    text(claim, &["spec", "resources", "requests", "storage"]).and_then(quantity)
}

fn job(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    // A suspended Job's template may change in part.
    let path = ["spec", "template"];
    if !is_true(old, &["spec", "suspend"]) && !same(old.at_path(&path), new.at_path(&path)) {
        found.add("immutable-job", "spec.template", new.at_path(&path), "the template changes");
    }
    if !same(old.at_path(&["spec", "selector"]), new.at_path(&["spec", "selector"])) {
        found.add("immutable-job", "spec.selector", new.at_path(&["spec", "selector"]), "the selector changes");
    }
}

fn service(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    let external = |object| text(object, &["spec", "type"]) == Some("ExternalName");
    if external(old) || external(new) {
        return;
    }
    let path = ["spec", "clusterIP"];
    // The server keeps the address where the new object has none.
    let Some(after) = text(new, &path) else { return };
    let before = text(old, &path);
    if before != Some(after) {
        let change = format!("{} becomes {after}", before.unwrap_or("an assigned address"));
        found.add("immutable-cluster-ip", "spec.clusterIP", new.at_path(&path), change);
    }
}

fn claim(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    for field in ["storageClassName", "volumeName", "volumeMode", "accessModes", "selector", "dataSource"] {
        let path = ["spec", field];
        // The server sets the first two where the object leaves them out.
        let assigned = matches!(field, "storageClassName" | "volumeName")
            && (text(old, &path).is_none() || text(new, &path).is_none());
        if !assigned && differs(old, new, &path) {
            let name = path.join(".");
            found.add("immutable-claim", &name, new.at_path(&path), format!("{name} changes"));
        }
    }
    if let (Some(before), Some(after)) = (size(old), size(new))
        && after < before
    {
        let path = ["spec", "resources", "requests", "storage"];
        let of = |object| text(object, &path).unwrap_or_default();
        let change = format!("{} becomes {}", of(old), of(new));
        found.add("claim-shrinks", &path.join("."), new.at_path(&path), change);
    }
}

/// Where a volume's data is (`ValidatePersistentVolumeUpdate`: the source is immutable).
fn volume(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    const OTHER: [&str; 9] = [
        "capacity",
        "accessModes",
        "claimRef",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "mountOptions",
        "volumeMode",
        "nodeAffinity",
        "volumeAttributesClassName",
    ];
    let source = |object: &Node| {
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        if let Some(map) = spec.as_map_mut() {
            map.entries_mut().retain(|entry| !OTHER.contains(&entry.key.text.as_str()));
        }
        spec
    };
    if !same(Some(&source(old)), Some(&source(new))) {
        found.add("immutable-field", "spec", new.get("spec"), "the volume's source changes");
    }
    if differs(old, new, &["spec", "volumeMode"]) {
        found.add(
            "immutable-field",
            "spec.volumeMode",
            new.at_path(&["spec", "volumeMode"]),
            "spec.volumeMode changes",
        );
    }
}

fn data(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    if !is_true(old, &["immutable"]) {
        return;
    }
    for field in ["data", "binaryData", "stringData"] {
        if !same(old.get(field), new.get(field)) {
            found.add("immutable-data", field, new.get(field), format!("{field} changes"));
        }
    }
    if !is_true(new, &["immutable"]) {
        found.add("immutable-data", "immutable", new.get("immutable"), "`immutable` is taken away");
    }
}
