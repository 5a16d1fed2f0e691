//! What becomes reachable from outside of the cluster.

use std::collections::BTreeSet;

use manifest::Node;

use super::collector::RiskCollector;
use super::model::Pair;
use super::values::{annotation, items, text, texts};

/// Annotations of cloud providers that keep a load balancer in the internal network.
const INTERNAL: &[(&str, &[&str])] = &[
    ("service.beta.kubernetes.io/aws-load-balancer-internal", &["true", "0.0.0.0/0"]),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", &["internal"]),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", &["true"]),
    ("networking.gke.io/load-balancer-type", &["Internal"]),
    ("cloud.google.com/load-balancer-type", &["Internal"]),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", &["true"]),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", &["private"]),
];

/// How public a Service is.
fn publicity(service: &Node) -> u8 {
    let internal =
        INTERNAL.iter().any(|(name, values)| annotation(service, name).is_some_and(|value| values.contains(&value)));
    match text(service, &["spec", "type"]) {
        Some("LoadBalancer") if !internal => 2,
        Some("LoadBalancer" | "NodePort") => 1,
        _ => 0,
    }
}

pub(crate) fn service(pair: Pair<'_>, found: &mut RiskCollector<'_>) {
    let Some(new) = pair.new else { return };
    let before = pair.old.map(publicity).unwrap_or_default();
    if publicity(new) > before {
        let of = |object| text(object, &["spec", "type"]).unwrap_or("ClusterIP");
        let change = match pair.old {
            Some(old) if of(old) != of(new) => format!("type {} becomes {}", of(old), of(new)),
            Some(_) => "its load balancer loses its internal address".to_owned(),
            None => format!("a new Service of type {}", of(new)),
        };
        found.add("service-public", "spec.type", new.at_path(&["spec", "type"]), change);
    }
    let path = ["spec", "externalIPs"];
    let known: BTreeSet<&str> = pair.old.into_iter().flat_map(|old| texts(old, &path)).collect();
    let added: Vec<&str> = texts(new, &path).filter(|one| !known.contains(one)).collect();
    if !added.is_empty() {
        let change = format!("external addresses {} are added", added.join(", "));
        found.add("service-public", "spec.externalIPs", new.at_path(&path), change);
    }
}

/// The host names that an object routes to the cluster, and the field that has them.
fn hosts<'a>(kind: &str, object: &'a Node) -> Option<(&'static str, BTreeSet<&'a str>)> {
    let each = |path: &[&str], field: &str| -> BTreeSet<&'a str> {
        items(object, path).iter().filter_map(|item| text(item, &[field])).collect()
    };
    Some(match kind {
        "Ingress" => ("spec.rules", each(&["spec", "rules"], "host")),
        "HTTPRoute" | "GRPCRoute" | "TLSRoute" => ("spec.hostnames", texts(object, &["spec", "hostnames"]).collect()),
        "Gateway" if object.at_path(&["spec", "listeners"]).is_some() => {
            ("spec.listeners", each(&["spec", "listeners"], "hostname"))
        }
        "Route" => ("spec.host", text(object, &["spec", "host"]).into_iter().collect()),
        _ => return None,
    })
}

pub(crate) fn routes(kind: &str, pair: Pair<'_>, found: &mut RiskCollector<'_>) {
    let Some((new, (field, after))) = pair.new.and_then(|new| Some((new, hosts(kind, new)?))) else { return };
    let before = pair.old.and_then(|old| hosts(kind, old)).map(|(_, hosts)| hosts).unwrap_or_default();
    let added: Vec<&str> = after.into_iter().filter(|host| !before.contains(host)).collect();
    if !added.is_empty() {
        let shown = added.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let node = new.at_path(&field.split('.').collect::<Vec<_>>());
        found.add("host-added", field, node, format!("{shown} is added"));
    }
}
