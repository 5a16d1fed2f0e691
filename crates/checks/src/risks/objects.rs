//! Objects that the API server, etcd or a client does not take, whatever they were before.

use manifest::{Node, ObjectId};

use super::collector::RiskCollector;
use super::values::{annotation, is_true, text};

/// `TotalAnnotationSizeLimitB` of apimachinery, and the limit of kubectl's annotation with the last applied object.
pub const ANNOTATIONS_LIMIT: usize = 256 * 1024;
/// `--max-request-bytes` of etcd, its default.
pub const OBJECT_LIMIT: usize = 1_536 * 1024;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(crate) fn check(id: &ObjectId, object: &Node, found: &mut RiskCollector<'_>) {
    name(id, object, found);
    sizes(object, found);
    let meta = object.get("metadata");
    let hook = annotation(object, "argocd.argoproj.io/hook").or(annotation(object, "helm.sh/hook"));
    if id.name.is_empty() && hook.is_none() && text(object, &["metadata", "generateName"]).is_some() {
        let node = object.at_path(&["metadata", "generateName"]);
        found.add("generate-name", "metadata.generateName", node, "it has generateName instead of a name");
    }
    let local = annotation(object, "config.kubernetes.io/local-config");
    if local.is_some_and(|value| value != "false") {
        found.add("local-config", "metadata.annotations", meta, "it is marked as local configuration");
    }
}

/// The longest name of a kind: a label (RFC 1123, 63), a label that a number of 11 characters is added to (CronJob, 52), or a subdomain
/// (253). Sources: `ValidateServiceName`, `ValidateNamespaceName`, `validateCronJobName`, `NameIsDNSSubdomain` of Kubernetes.
fn longest_name(id: &ObjectId) -> usize {
    match (id.gvk.group.as_str(), id.gvk.kind.as_str()) {
        ("", "Service" | "Namespace") => 63,
        ("batch", "CronJob") => 52,
        _ => 253,
    }
}

fn name(id: &ObjectId, object: &Node, found: &mut RiskCollector<'_>) {
    let node = object.at_path(&["metadata", "name"]);
    let longest = longest_name(id);
    if id.name.len() > longest {
        let change = format!("the name has {} characters, at most {longest} are allowed", id.name.len());
        found.add("name-too-long", "metadata.name", node, change);
    }
    if id.namespace.len() > 63 {
        let change = format!("the namespace has {} characters, at most 63 are allowed", id.namespace.len());
        found.add("name-too-long", "metadata.namespace", object.at_path(&["metadata", "namespace"]), change);
    }
}

fn sizes(object: &Node, found: &mut RiskCollector<'_>) {
    let size = json_size(object);
    let annotations = object.at_path(&["metadata", "annotations"]);
    // The sum cannot be larger than the whole object.
    if size > ANNOTATIONS_LIMIT {
        let entries = annotations.and_then(Node::as_map).map(manifest::Map::entries).unwrap_or_default();
        let length = |entry: &manifest::Entry| entry.key.text.len() + entry.value.text().map_or(0, str::len);
        let sum: usize = entries.iter().map(length).sum();
        if sum > ANNOTATIONS_LIMIT {
            found.add("annotations-too-large", "metadata.annotations", annotations, format!("they have {sum} bytes"));
        } else if size <= OBJECT_LIMIT && !is_applied_by_server(object) {
            found.add("last-applied-too-large", "", None, format!("the object has {size} bytes"));
        }
    }
    if size > OBJECT_LIMIT {
        found.add("object-too-large", "", None, format!("the object has {size} bytes"));
    }
}

fn is_applied_by_server(object: &Node) -> bool {
    let options = annotation(object, "argocd.argoproj.io/sync-options").unwrap_or_default();
    let server = options
        .split(',')
        .map(str::trim)
        .any(|option| matches!(option, "ServerSideApply=true" | "Replace=true" | "ClientSideApplyMigration=false"));
    server || annotation(object, LAST_APPLIED).is_some() || is_true(object, &["spec", "serverSideApply"])
}

/// The bytes of an object as compact JSON, with strings as they are: never more than it has.
fn json_size(node: &Node) -> usize {
    use manifest::Data;
    match &node.data {
        Data::Scalar(scalar) => scalar.text.len() + 2,
        Data::Seq(items) => items.iter().map(|item| json_size(item) + 1).sum::<usize>() + 1,
        Data::Map(map) => {
            let entry = |entry: &manifest::Entry| entry.key.text.len() + 4 + json_size(&entry.value);
            map.entries().iter().map(entry).sum::<usize>() + 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::of_objects;

    fn ids(text: &str) -> Vec<&'static str> {
        let objects = manifest::yaml::read_objects(text.as_bytes()).unwrap_or_default();
        assert_eq!(objects.len(), 1);
        of_objects(&objects).iter().map(|risk| risk.rule.id).collect()
    }

    #[test]
    fn sizes_are_compared_with_the_limits() {
        let annotated = |length: usize| {
            let value = "x".repeat(length);
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    k: {value}\n")
        };
        // The key counts too.
        assert_eq!(ids(&annotated(262_143)), ["last-applied-too-large"]);
        assert_eq!(ids(&annotated(262_144)), ["annotations-too-large"]);
        let data = |length: usize, meta: &str| {
            let value = "x".repeat(length);
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{meta}}}\ndata: {{k: {value}}}\n")
        };
        assert!(ids(&data(262_000, "")).is_empty());
        assert_eq!(ids(&data(263_000, "")), ["last-applied-too-large"]);
        let server = ", annotations: {argocd.argoproj.io/sync-options: ServerSideApply=true}";
        assert!(ids(&data(263_000, server)).is_empty());
        assert_eq!(ids(&data(1_572_864, server)), ["object-too-large"]);
    }
}
