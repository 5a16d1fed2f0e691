//! Pods of workloads: where a kind has its pod template.

use std::collections::BTreeMap;

use manifest::Node;

use super::values::{items, labels, text};

/// The pod template of an object and its path; a Pod is its own.
pub(crate) struct Template<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: &'static str,
}

/// Kinds of workloads with `spec.template`, whatever their group: those of Kubernetes, Argo Rollouts, OpenShift, Knative.
pub(crate) fn template(object: &Node) -> Option<Template<'_>> {
    let kind = text(object, &["kind"]).unwrap_or_default();
    let at = |path: &[&str], name| object.at_path(path).map(|node| Template { node, path: name });
    match kind {
        "Pod" => Some(Template { node: object, path: "" }),
        "CronJob" => at(&["spec", "jobTemplate", "spec", "template"], "spec.jobTemplate.spec.template."),
        "PodTemplate" => at(&["template"], "template."),
        _ => {
            let template = at(&["spec", "template"], "spec.template.")?;
            let has_containers = template.node.at_path(&["spec", "containers"]).is_some();
            has_containers.then_some(template)
        }
    }
}

impl<'a> Template<'a> {
    /// The labels of the pods.
    pub(crate) fn labels(&self) -> BTreeMap<&'a str, &'a str> {
        labels(self.node, &["metadata", "labels"])
    }

    /// The containers by name, init containers too.
    pub(crate) fn containers(&self) -> BTreeMap<&'a str, &'a Node> {
        let lists = [["spec", "containers"], ["spec", "initContainers"]];
        let all = lists.iter().flat_map(|path| items(self.node, path));
        all.filter_map(|container| Some((text(container, &["name"])?, container))).collect()
    }
}
