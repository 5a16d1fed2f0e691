//! Workloads that lose limits, probes or replicas, and pods that get rights on their node.

use std::collections::BTreeSet;

use manifest::Node;

use super::collector::RiskCollector;
use super::model::Pair;
use super::pods::{Template, template};
use super::values::{is_true, items, text, texts};

pub(crate) fn check(pair: Pair<'_>, found: &mut RiskCollector<'_>) {
    let Some(new) = pair.new else { return };
    if let Some(old) = pair.old {
        replicas(old, new, found);
    }
    let Some(after) = template(new) else { return };
    let before = pair.old.and_then(template);
    pod(before.as_ref(), &after, found);
    let old_containers = before.as_ref().map(Template::containers).unwrap_or_default();
    for (name, container) in after.containers() {
        let old = old_containers.get(name).copied();
        let field = format!("{}spec.containers[{name}]", after.path);
        if let Some(old) = old {
            losses(old, container, &field, name, found);
        }
        rights(old, container, &field, name, found);
    }
}

fn replicas(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    let path = ["spec", "replicas"];
    let count = |object| text(object, &path).and_then(|text| text.parse::<u32>().ok());
    // Where the new object has none, the cluster keeps what an autoscaler or a person set.
    let Some(after) = count(new) else { return };
    let before = count(old).unwrap_or(1);
    if text(new, &["kind"]) == Some("HorizontalPodAutoscaler") || template(new).is_none() {
        return;
    }
    let change = format!("{before} replicas become {after}");
    if after == 0 && before > 0 {
        found.add("replicas-zero", "spec.replicas", new.at_path(&path), change);
    } else if u64::from(after) * 2 < u64::from(before) {
        found.add("replicas-halved", "spec.replicas", new.at_path(&path), change);
    }
}

fn losses(old: &Node, new: &Node, field: &str, name: &str, found: &mut RiskCollector<'_>) {
    for resource in ["cpu", "memory"] {
        let path = ["resources", "limits", resource];
        if text(old, &path).is_some() && text(new, &path).is_none() {
            let change = format!("container {name} loses its {resource} limit");
            found.add("limits-removed", &format!("{field}.{}", path.join(".")), Some(new), change);
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if old.get(probe).is_some() && new.get(probe).is_none() {
            let change = format!("container {name} loses its {probe}");
            found.add("probe-removed", &format!("{field}.{probe}"), Some(new), change);
        }
    }
}

/// Rights of one container that it did not have.
fn rights(old: Option<&Node>, new: &Node, field: &str, name: &str, found: &mut RiskCollector<'_>) {
    let path = ["securityContext", "privileged"];
    if is_true(new, &path) && !old.is_some_and(|old| is_true(old, &path)) {
        let change = format!("container {name} becomes privileged");
        found.add("privileged", &format!("{field}.{}", path.join(".")), new.at_path(&path), change);
    }
    let path = ["securityContext", "capabilities", "add"];
    let before: BTreeSet<&str> = old.into_iter().flat_map(|old| texts(old, &path)).collect();
    // What every runtime gives, and the one that low ports need, take nothing from the node.
    const HARMLESS: [&str; 2] = ["NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"];
    let added: Vec<&str> = texts(new, &path).filter(|one| !before.contains(one) && !HARMLESS.contains(one)).collect();
    if !added.is_empty() {
        let change = format!("container {name} gets {}", added.join(", "));
        found.add("capabilities-added", &format!("{field}.{}", path.join(".")), new.at_path(&path), change);
    }
}

/// Rights of a pod that it did not have.
fn pod(old: Option<&Template<'_>>, new: &Template<'_>, found: &mut RiskCollector<'_>) {
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        let path = ["spec", name];
        if is_true(new.node, &path) && !old.is_some_and(|old| is_true(old.node, &path)) {
            let field = format!("{}spec.{name}", new.path);
            found.add("host-namespace", &field, new.node.at_path(&path), format!("{name} is set"));
        }
    }
    let paths = |template: &Template<'_>| -> BTreeSet<String> {
        let volumes = items(template.node, &["spec", "volumes"]).iter();
        volumes.filter_map(|volume| text(volume, &["hostPath", "path"])).map(str::to_owned).collect()
    };
    let before = old.map(paths).unwrap_or_default();
    let added: Vec<String> = paths(new).into_iter().filter(|path| !before.contains(path)).collect();
    if !added.is_empty() {
        let field = format!("{}spec.volumes", new.path);
        let node = new.node.at_path(&["spec", "volumes"]);
        found.add("host-path", &field, node, format!("{} of the node is mounted", added.join(", ")));
    }
}
