//! Selects the kinds of objects, and the fields in them, that Skaffold changes: the built-in list, `resourceSelector`, and
//! `--resource-selector-rules-file`.
//!
//! Source of the rules: Skaffold's `kubernetes/manifest/visitor.go` and `render/renderer/util/util.go`.

use std::collections::BTreeMap;

use manifest::{Gvk, Node};

use crate::skaffold::model::{ResourceFilter, ResourceSelector};

/// Group and kind of an object, `Deployment.apps` style; the version does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupKind {
    /// Such as `apps`; empty for the core group.
    pub group: String,
    /// Such as `Deployment`.
    pub kind: String,
}

/// The rules in force: paths by group and kind.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    allow: BTreeMap<GroupKind, Paths>,
    deny: BTreeMap<GroupKind, Paths>,
}

#[derive(Clone, Debug, Default)]
struct Paths {
    image: Vec<String>,
    labels: Vec<String>,
}

/// Each field with the name, at any depth.
const ANY: &str = ".*";

/// Kinds whose every `image` and `metadata.labels` is changed.
const WHOLE: &[(&str, &[&str])] = &[
    ("", &["Pod", "Service"]),
    ("apps", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("batch", &["CronJob", "Job"]),
    ("extensions", &["DaemonSet", "Deployment", "ReplicaSet"]),
    ("serving.knative.dev", &["Service"]),
    ("agones.dev", &["Fleet", "GameServer"]),
    ("argoproj.io", &["Rollout", "Workflow", "CronWorkflow", "WorkflowTemplate", "ClusterWorkflowTemplate"]),
    ("run.googleapis.com", &["Job", "WorkerPool"]),
];

/// Kinds with image fields of their own. (The last path ends with a dot in Skaffold too, and so matches nothing.)
const FIELDS: &[(&str, &[&str], &[&str])] = &[
    (
        "platform.confluent.io",
        &["Connect", "ControlCenter", "Kafka", "KsqlDB", "SchemaRegistry", "Zookeeper"],
        &[".spec.image.application", ".spec.image.init"],
    ),
    ("kafka.strimzi.io", &["KafkaConnect"], &[".spec.image"]),
    (
        "kafka.strimzi.io",
        &["Kafka"],
        &[
            ".spec.kafka.image",
            ".spec.zookeeper.image",
            ".spec.entityOperator.topicOperator.image",
            ".spec.entityOperator.userOperator.image",
            ".spec.kafkaExporter.image.",
        ],
    ),
];

/// Labels that are not changed.
const DENIED_LABELS: &[(&str, &str, &str)] = &[
    ("apps", "StatefulSet", ".spec.volumeClaimTemplates.metadata.labels"),
    ("batch", "Job", ".spec.template.metadata.labels"),
];

impl GroupKind {
    /// Splits `Kind.group` at its first dot.
    pub(super) fn parse(text: &str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        GroupKind { group: group.to_owned(), kind: kind.to_owned() }
    }

    /// The object's group, version and kind; `None` if `apiVersion` or `kind` is not a string.
    pub(super) fn of(object: &Node) -> Option<Self> {
        let text = |key| object.get(key).filter(|node| node.as_scalar().is_some()).is_some();
        let Gvk { group, kind, .. } = Gvk::of(object);
        (text("apiVersion") && text("kind")).then(|| GroupKind { group: group.to_string(), kind: kind.to_string() })
    }

    /// Whether the group is Google Config Connector's (`….cnrm.cloud.google.com`).
    fn is_config_connector(&self) -> bool {
        let mut rest = self.group.as_str();
        while let Some(at) = rest.find(".cnrm.cloud.google.com") {
            if rest[..at].ends_with(|c: char| c.is_ascii_alphabetic()) {
                return true;
            }
            rest = &rest[at + 1..];
        }
        false
    }
}

impl Selector {
    /// The built-in rules, then `layers` on top, the later one taking precedence. A denied kind is no longer allowed, whatever its
    /// paths, and an allowed one no longer denied.
    pub(super) fn new(layers: &[&ResourceSelector]) -> Self {
        let mut made = Selector::built_in();
        for rules in layers {
            for rule in &rules.allow {
                let key = GroupKind::parse(&rule.group_kind);
                made.deny.remove(&key);
                made.allow.insert(key, Paths::of(rule));
            }
            for rule in &rules.deny {
                let key = GroupKind::parse(&rule.group_kind);
                made.allow.remove(&key);
                made.deny.insert(key, Paths::of(rule));
            }
        }
        made
    }

    /// The rules for what a helm chart rendered: both lists grow, and neither takes away from the other.
    pub(super) fn for_helm(layers: &[&ResourceSelector]) -> Self {
        let mut made = Selector::built_in();
        for rules in layers {
            made.allow.extend(rules.allow.iter().map(|rule| (GroupKind::parse(&rule.group_kind), Paths::of(rule))));
            made.deny.extend(rules.deny.iter().map(|rule| (GroupKind::parse(&rule.group_kind), Paths::of(rule))));
        }
        made
    }

    fn built_in() -> Self {
        let key = |group: &str, kind: &str| GroupKind { group: group.to_owned(), kind: kind.to_owned() };
        let paths = |image: &[&str]| Paths {
            image: image.iter().map(|&path| path.to_owned()).collect(),
            labels: vec![ANY.to_owned()],
        };
        let whole = WHOLE.iter().flat_map(|(group, kinds)| kinds.iter().map(|kind| (key(group, kind), paths(&[ANY]))));
        let fields =
            FIELDS.iter().flat_map(|(group, kinds, image)| kinds.iter().map(|kind| (key(group, kind), paths(image))));
        let denied = DENIED_LABELS
            .iter()
            .map(|&(group, kind, path)| (key(group, kind), Paths { image: Vec::new(), labels: vec![path.to_owned()] }));
        Selector { allow: whole.chain(fields).collect(), deny: denied.collect() }
    }

    /// Whether objects of this kind are looked into at all.
    pub(super) fn takes(&self, kind: &GroupKind) -> bool {
        kind.is_config_connector() || (self.allow.contains_key(kind) && !self.deny.get(kind).is_some_and(Paths::all))
    }

    /// Whether the field `key` at `path` (dots before each key, none for list items) names an image.
    pub(super) fn is_image(&self, kind: &GroupKind, path: &str, key: &str) -> bool {
        let denied =
            self.deny.get(kind).is_some_and(|paths| paths.image.iter().any(|deny| deny == ANY || deny == path));
        if denied {
            return false;
        }
        match self.allow.get(kind) {
            Some(paths) => paths.image.iter().any(|allow| (allow == ANY && key == "image") || allow == path),
            None => key == "image" && kind.is_config_connector(),
        }
    }

    /// The name of the labels field within the map `key` at `path`, where labels are added to it: `labels` in each
    /// `metadata`, or the last part of a path that was given.
    pub(super) fn labels_in<'a>(&'a self, kind: &GroupKind, path: &str, key: &str) -> Option<&'a str> {
        if kind.is_config_connector() {
            return (key == "metadata").then_some("labels");
        }
        if self.deny.get(kind).is_some_and(|paths| paths.denies_labels(path)) {
            return None;
        }
        for allow in &self.allow.get(kind)?.labels {
            if allow == ANY {
                return (key == "metadata").then_some("labels");
            }
            if let Some((_, field)) = allow.rsplit_once('.').filter(|(before, _)| *before == path) {
                return Some(field);
            }
        }
        None
    }
}

impl Paths {
    /// The rule's paths. List markers within a path (`.spec.containers.*.image`) are removed, since list items are not path parts here.
    fn of(rule: &ResourceFilter) -> Self {
        let plain = |path: &String| if path == ANY { path.clone() } else { path.replace(ANY, "") };
        Paths { image: rule.image.iter().map(plain).collect(), labels: rule.labels.iter().map(plain).collect() }
    }

    fn all(&self) -> bool {
        self.image.iter().chain(&self.labels).any(|path| path == ANY)
    }

    /// Whether labels below the map at `path` are not changed. A path without a dot ends the list, as in Skaffold.
    fn denies_labels(&self, path: &str) -> bool {
        for deny in &self.labels {
            match deny.rsplit_once('.') {
                _ if deny == ANY => return true,
                None => return false,
                Some((before, _)) if before == path => return true,
                Some(_) => {}
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skaffold::model::LocatedText;

    fn rule(group_kind: &str, image: &[&str], labels: &[&str]) -> ResourceFilter {
        let owned = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
        let group_kind = LocatedText { text: group_kind.to_owned(), ..LocatedText::default() };
        ResourceFilter { group_kind, image: owned(image), labels: owned(labels) }
    }

    #[test]
    fn a_partial_deny_takes_the_whole_kind_away() {
        let rules = ResourceSelector { deny: vec![rule("Pod", &[".spec.x"], &[])], ..ResourceSelector::default() };
        let pod = GroupKind::parse("Pod");
        assert!(Selector::new(&[]).is_image(&pod, ".spec.containers.image", "image"));
        assert!(!Selector::new(&[&rules]).takes(&pod));
        assert!(Selector::for_helm(&[&rules]).takes(&pod));
    }

    #[test]
    fn paths_of_custom_kinds_count_without_their_list_marks() {
        let rules = ResourceSelector {
            allow: vec![rule("Job.example.com", &[".spec.runner.*"], &[".meta.tags"])],
            ..ResourceSelector::default()
        };
        let job = GroupKind::parse("Job.example.com");
        let made = Selector::new(&[&rules]);
        assert!(made.is_image(&job, ".spec.runner", "runner"));
        assert!(!made.is_image(&job, ".spec.image", "image"));
        assert_eq!(made.labels_in(&job, ".meta", "meta"), Some("tags"));
    }

    #[test]
    fn config_connector_groups_are_taken() {
        assert!(Selector::new(&[]).takes(&GroupKind::parse("RunJob.run.cnrm.cloud.google.com")));
        assert!(!Selector::new(&[]).takes(&GroupKind::parse("RunJob.cnrm.cloud.google.com")));
    }
}
