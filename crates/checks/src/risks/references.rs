//! Selectors and references that find nothing in their unit.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Node, ObjectId};

use super::collector::RiskCollector;
use super::pods::template;
use super::values::{items, labels, text, texts};

/// Groups whose objects make no pods, beside those of Kubernetes.
const WITHOUT_PODS: &[&str] = &[
    "monitoring.coreos.com",
    "cert-manager.io",
    "acme.cert-manager.io",
    "external-secrets.io",
    "bitnami.com",
    "keda.sh",
    "networking.istio.io",
    "security.istio.io",
    "traefik.io",
    "traefik.containo.us",
    "projectcontour.io",
    "cilium.io",
    "kyverno.io",
    "secrets-store.csi.x-k8s.io",
    "route.openshift.io",
    "cloud.google.com",
    "networking.gke.io",
    "getambassador.io",
];

/// What selectors and references of a unit can find.
pub(crate) struct Targets<'a> {
    pods: Vec<Pods<'a>>,
    /// Kind and name of each object, by namespace.
    names: BTreeSet<(String, &'a str)>,
    /// Kinds of the unit.
    kinds: BTreeSet<&'a str>,
    /// Whether something of the unit may make pods or objects that it does not show.
    is_open: bool,
}

struct Pods<'a> {
    namespace: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
}

impl<'a> Targets<'a> {
    pub(crate) fn of(objects: &'a [Node]) -> Self {
        let mut targets = Targets { pods: Vec::new(), names: BTreeSet::new(), kinds: BTreeSet::new(), is_open: false };
        for object in objects {
            let get = |path: &[&str]| text(object, path).unwrap_or_default();
            let (kind, name) = (get(&["kind"]), get(&["metadata", "name"]));
            let group = get(&["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
            targets.kinds.insert(kind);
            targets.names.insert((kind.to_owned(), name));
            match template(object) {
                Some(template) => {
                    targets.pods.push(Pods { namespace: get(&["metadata", "namespace"]), labels: template.labels() });
                }
                None => targets.is_open |= may_make_pods(group, kind),
            }
        }
        targets
    }

    /// Whether selectors can be judged: the unit has pods, and nothing else that may make some.
    fn are_known(&self) -> bool {
        !self.pods.is_empty() && !self.is_open
    }

    fn has(&self, kind: &str, name: &'a str) -> bool {
        self.names.contains(&(kind.to_owned(), name))
    }

    fn matches(&self, namespace: &str, selects: &dyn Fn(&BTreeMap<&str, &str>) -> bool) -> bool {
        let same = |pods: &Pods<'_>| pods.namespace.is_empty() || namespace.is_empty() || pods.namespace == namespace;
        self.pods.iter().any(|pods| same(pods) && selects(&pods.labels))
    }

    pub(crate) fn check(&self, id: &ObjectId, object: &'a Node, found: &mut RiskCollector<'_>) {
        match (id.gvk.group.as_str(), id.gvk.kind.as_str()) {
            ("", "Service") => self.service(id, object, found),
            ("policy", "PodDisruptionBudget") => self.selector(id, object, "selector", found),
            ("networking.k8s.io", "NetworkPolicy") => self.selector(id, object, "podSelector", found),
            ("autoscaling", "HorizontalPodAutoscaler") => self.autoscaler(object, found),
            ("networking.k8s.io", "Ingress") => self.ingress(object, found),
            _ => {}
        }
    }

    fn service(&self, id: &ObjectId, object: &Node, found: &mut RiskCollector<'_>) {
        let path = ["spec", "selector"];
        let selector = labels(object, &path);
        let external = text(object, &["spec", "type"]) == Some("ExternalName");
        let all = |labels: &BTreeMap<&str, &str>| selector.iter().all(|(key, value)| labels.get(key) == Some(value));
        if !selector.is_empty() && !external && self.are_known() && !self.matches(&id.namespace, &all) {
            found.add("selector-without-pods", "spec.selector", object.at_path(&path), listed(&selector));
        }
    }

    /// A label selector of a field of `spec`.
    fn selector(&self, id: &ObjectId, object: &Node, field: &str, found: &mut RiskCollector<'_>) {
        let path = ["spec", field];
        let Some(selector) = object.at_path(&path) else { return };
        let required = labels(selector, &["matchLabels"]);
        let expressions = items(selector, &["matchExpressions"]);
        if required.is_empty() && expressions.is_empty() {
            return;
        }
        let all = |labels: &BTreeMap<&str, &str>| {
            required.iter().all(|(key, value)| labels.get(key) == Some(value))
                && expressions.iter().all(|one| is_true_for(one, labels))
        };
        if self.are_known() && !self.matches(&id.namespace, &all) {
            found.add("selector-without-pods", &path.join("."), Some(selector), listed(&required));
        }
    }

    fn autoscaler(&self, object: &'a Node, found: &mut RiskCollector<'_>) {
        let path = ["spec", "scaleTargetRef"];
        let Some(target) = object.at_path(&path) else { return };
        let (Some(kind), Some(name)) = (text(target, &["kind"]), text(target, &["name"])) else { return };
        if self.are_known() && !self.has(kind, name) {
            let change = format!("{kind}/{name} is not in the unit");
            found.add("reference-without-target", "spec.scaleTargetRef", Some(target), change);
        }
    }

    fn ingress(&self, object: &'a Node, found: &mut RiskCollector<'_>) {
        // Without a Service of its own, the unit routes to those of others.
        if !self.kinds.contains("Service") || self.is_open {
            return;
        }
        let rules = items(object, &["spec", "rules"]).iter();
        let paths = rules.flat_map(|rule| items(rule, &["http", "paths"]));
        let backends = paths.filter_map(|path| path.get("backend")).chain(object.at_path(&["spec", "defaultBackend"]));
        let name = |backend: &'a Node| text(backend, &["service", "name"]).or(text(backend, &["serviceName"]));
        let missing: BTreeSet<&str> = backends
            .filter(|backend| text(backend, &["service", "port", "name"]) != Some("use-annotation"))
            .filter_map(name)
            .filter(|name| !self.has("Service", name))
            .collect();
        for name in missing {
            let change = format!("Service/{name} is not in the unit");
            found.add("reference-without-target", "spec.rules", object.at_path(&["spec", "rules"]), change);
        }
    }
}

/// Whether an object may make pods that the unit does not show: a custom resource of a group that is not known.
fn may_make_pods(group: &str, kind: &str) -> bool {
    let own = group.is_empty() || !group.contains('.') || group.ends_with(".k8s.io");
    !own && kind != "CustomResourceDefinition" && !WITHOUT_PODS.contains(&group)
}

/// One of `matchExpressions` (apimachinery `pkg/labels/selector.go`).
fn is_true_for(expression: &Node, labels: &BTreeMap<&str, &str>) -> bool {
    let value = labels.get(text(expression, &["key"]).unwrap_or_default()).copied();
    let listed = value.is_some_and(|value| texts(expression, &["values"]).any(|one| one == value));
    match text(expression, &["operator"]) {
        Some("In") => listed,
        Some("NotIn") => !listed,
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        _ => true,
    }
}

fn listed(selector: &BTreeMap<&str, &str>) -> String {
    let all: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("no pod of the unit has {}", if all.is_empty() { "the labels".to_owned() } else { all.join(", ") })
}
