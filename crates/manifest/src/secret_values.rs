//! Values of Secrets within objects: of a `Secret` itself, of one in a List, a Template or a custom resource, of one in the annotation of
//! `kubectl apply`, and of the template of a SealedSecret.

use crate::node::{Data, Node};
use crate::yaml;

/// The fields of a Secret that hold values. `binaryData` is one of ConfigMaps only, and in a Secret a mistake that a commit would hold.
pub const FIELDS: [&str; 3] = ["data", "stringData", "binaryData"];

/// The annotation in which `kubectl apply` keeps the object as it was applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Plain values in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainValues {
    /// The path of the mapping that holds them, such as `items[1].data`.
    pub field: String,
    /// Their keys.
    pub keys: Vec<String>,
}

/// Returns the plain values of Secrets in an object. What SOPS has encrypted is not plain.
pub fn plain(object: &Node) -> Vec<PlainValues> {
    let mut found = Vec::new();
    search(object, "", is_encrypted_by_sops(object), &mut found);
    found
}

/// Returns the nodes of an object that hold values of Secrets, encrypted or not, with all nodes below them.
pub fn nodes(object: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    collect_nodes(object, &mut found);
    found
}

/// Replaces every value of a Secret in an object by a text. Returns whether there was one.
pub fn hide(object: &mut Node, replacement: &str) -> bool {
    let mut hidden = false;
    let places: Vec<Vec<String>> =
        holders(object).iter().map(|holder| holder.path.iter().map(|key| (*key).to_owned()).collect()).collect();
    for place in places {
        let holder = place.iter().try_fold(&mut *object, |node, key| node.get_mut(key));
        let Some(holder) = holder else { continue };
        for field in FIELDS {
            let Some(values) = holder.get_mut(field) else { continue };
            match values.as_map_mut() {
                Some(map) => map.entries_mut().iter_mut().for_each(|entry| entry.value = Node::string(replacement)),
                None => *values = Node::string(replacement),
            }
            hidden = true;
        }
    }
    match &mut object.data {
        Data::Map(map) => {
            for entry in map.entries_mut() {
                let has_secret = entry.key.text == LAST_APPLIED && entry.value.text().is_some_and(is_secret_applied);
                if has_secret {
                    entry.value = Node::string(replacement);
                }
                hidden |= has_secret || hide(&mut entry.value, replacement);
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(|item| hidden |= hide(item, replacement)),
        Data::Scalar(_) => {}
    }
    hidden
}

/// A mapping whose fields hold values of a Secret, below another one.
struct Holder<'a> {
    path: Vec<&'static str>,
    node: &'a Node,
    /// Whether it is the template of a SealedSecret, whose values are not encrypted.
    is_sealed: bool,
}

/// The mappings with values of a Secret that a mapping itself is, or has as a SealedSecret.
fn holders(node: &Node) -> Vec<Holder<'_>> {
    let mut found = Vec::new();
    if is_core(node, "Secret") {
        found.push(Holder { path: Vec::new(), node, is_sealed: false });
    }
    if is_sealed_secret(node)
        && let Some(template) = node.at_path(&["spec", "template"])
    {
        found.push(Holder { path: vec!["spec", "template"], node: template, is_sealed: true });
    }
    found
}

fn collect_nodes<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    for holder in holders(node) {
        FIELDS.iter().filter_map(|field| holder.node.get(field)).for_each(|values| collect_below(values, found));
    }
    match &node.data {
        Data::Map(map) => {
            for entry in map.entries() {
                if entry.key.text == LAST_APPLIED && entry.value.text().is_some_and(is_secret_applied) {
                    found.push(&entry.value);
                }
                collect_nodes(&entry.value, found);
            }
        }
        Data::Seq(items) => items.iter().for_each(|item| collect_nodes(item, found)),
        Data::Scalar(_) => {}
    }
}

/// Collects a node and all nodes below it.
fn collect_below<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    found.push(node);
    match &node.data {
        Data::Map(map) => map.entries().iter().for_each(|entry| collect_below(&entry.value, found)),
        Data::Seq(items) => items.iter().for_each(|item| collect_below(item, found)),
        Data::Scalar(_) => {}
    }
}

/// The documents in the annotation of `kubectl apply`.
fn applied(text: &str) -> Vec<Node> {
    yaml::read_stream(text.as_bytes()).unwrap_or_default()
}

fn is_secret_applied(text: &str) -> bool {
    applied(text).iter().any(|document| !nodes(document).is_empty())
}

fn search(node: &Node, path: &str, encrypted: bool, found: &mut Vec<PlainValues>) {
    match &node.data {
        Data::Map(map) => {
            for holder in holders(node) {
                let place = holder.path.iter().fold(path.to_owned(), |path, key| below(&path, key));
                collect(holder.node, &place, encrypted && !holder.is_sealed, found);
            }
            for entry in map.entries() {
                let key = entry.key.text.as_str();
                let place = below(path, key);
                match entry.value.text().filter(|_| key == LAST_APPLIED) {
                    Some(text) => applied(text).iter().for_each(|document| {
                        search(document, &place, is_encrypted_by_sops(document), found);
                    }),
                    None => search(&entry.value, &place, encrypted, found),
                }
            }
        }
        Data::Seq(items) => {
            let indexed = items.iter().enumerate();
            indexed.for_each(|(index, item)| search(item, &format!("{path}[{index}]"), encrypted, found));
        }
        Data::Scalar(_) => {}
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Collects the plain values of a Secret or a template of one.
fn collect(secret: &Node, path: &str, encrypted: bool, found: &mut Vec<PlainValues>) {
    let is_plain = |value: &Node| !(encrypted && value.text().is_some_and(is_sops_value));
    for field in FIELDS {
        let Some(values) = secret.get(field) else { continue };
        let keys: Vec<String> = match &values.data {
            Data::Map(map) => {
                let plain = map.entries().iter().filter(|entry| is_plain(&entry.value));
                plain.map(|entry| entry.key.text.to_string()).collect()
            }
            // Kubernetes refuses it, but a commit holds it nevertheless.
            Data::Seq(items) if items.is_empty() => Vec::new(),
            Data::Scalar(scalar) if matches!(yaml::resolve(scalar, yaml::Rules::V3), yaml::Value::Null) => Vec::new(),
            _ if is_plain(values) => vec![field.to_owned()],
            _ => Vec::new(),
        };
        if !keys.is_empty() {
            found.push(PlainValues { field: below(path, field), keys });
        }
    }
}

/// Whether a mapping is an object of Kubernetes' core API with this kind. A version is not required, since a template may leave it out.
pub fn is_core(node: &Node, kind: &str) -> bool {
    let text = |key: &str| node.get(key).and_then(Node::text);
    text("kind") == Some(kind) && text("apiVersion").is_none_or(|version| !version.contains('/'))
}

fn is_sealed_secret(node: &Node) -> bool {
    let text = |key: &str| node.get(key).and_then(Node::text);
    text("kind") == Some("SealedSecret")
        && text("apiVersion").is_some_and(|version| version.starts_with("bitnami.com/"))
}

/// Whether SOPS has encrypted a document: it adds a top-level `sops` with the message authentication code of all values, itself encrypted
/// (getsops/sops, README, "Encryption Protocol").
fn is_encrypted_by_sops(document: &Node) -> bool {
    document.at_path(&["sops", "mac"]).and_then(Node::text).is_some_and(is_sops_value)
}

/// `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, as SOPS writes a value. An empty string has no data.
fn is_sops_value(text: &str) -> bool {
    let inner = text.strip_prefix("ENC[AES256_GCM,").and_then(|rest| rest.strip_suffix(']'));
    let Some(inner) = inner else { return false };
    let base64 = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    let mut parts = inner.split(',');
    let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name)?.strip_prefix(':'));
    let (data, iv, tag, kind) = (part("data"), part("iv"), part("tag"), part("type"));
    let filled = |text: Option<&str>| text.is_some_and(|text| !text.is_empty() && base64(text));
    let known =
        kind.is_some_and(|kind| matches!(kind, "str" | "int" | "float" | "bool" | "bytes" | "comment" | "time"));
    data.is_some_and(base64) && filled(iv) && filled(tag) && known && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let objects = yaml::read_stream(text.as_bytes()).unwrap();
        let found = objects.iter().flat_map(plain);
        found.map(|one| format!("{} ({})", one.field, one.keys.join(", "))).collect()
    }

    #[test]
    fn plain_values_are_found_wherever_a_secret_is() {
        let applied = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":"c2VjcmV0"}}"#;
        for (text, expected) in [
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: x}, stringData: {l: y}}".to_owned(), vec!["data (k)", "stringData (l)"]),
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}}".to_owned(), vec![]),
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: null, stringData: {}, binaryData: []}".to_owned(), vec![]),
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}, binaryData: {k: x}}".to_owned(), vec!["binaryData (k)"]),
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: x}".to_owned(), vec!["data (data)"]),
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: [x]}".to_owned(), vec!["stringData (stringData)"]),
            (
                "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret, data: {k: x}}]}]}".to_owned(),
                vec!["items[0].items[0].data (k)"],
            ),
            ("{apiVersion: v1, kind: SecretList, metadata: {name: a}, items: [{kind: Secret, data: {k: x}}]}".to_owned(), vec!["items[0].data (k)"]),
            (
                "{apiVersion: template.openshift.io/v1, kind: Template, metadata: {name: a}, objects: [{apiVersion: v1, kind: Secret, stringData: {k: x}}]}".to_owned(),
                vec!["objects[0].stringData (k)"],
            ),
            (
                "{apiVersion: example.com/v1, kind: Object, metadata: {name: a}, spec: {forProvider: {manifest: {apiVersion: v1, kind: Secret, data: {k: x}}}}}".to_owned(),
                vec!["spec.forProvider.manifest.data (k)"],
            ),
            ("{apiVersion: example.com/v1, kind: Secret, metadata: {name: a}, data: {k: x}}".to_owned(), vec![]),
            ("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {ref: {kind: Secret, name: b}}}".to_owned(), vec![]),
            (
                format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    {LAST_APPLIED}: '{applied}'\n"),
                vec!["metadata.annotations.kubectl.kubernetes.io/last-applied-configuration.data (k)"],
            ),
            (
                "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}, spec: {encryptedData: {k: Ag}, template: {type: Opaque, data: {l: x}}}}".to_owned(),
                vec!["spec.template.data (l)"],
            ),
            ("{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}, spec: {encryptedData: {k: Ag}, template: {type: Opaque}}}".to_owned(), vec![]),
        ] {
            assert_eq!(findings(&text), expected, "{text}");
        }
    }

    #[test]
    fn only_what_sops_wrote_is_encrypted() {
        let value = "ENC[AES256_GCM,data:p673w==,iv:YY=,tag:UA=,type:str]";
        let secret = |value: &str, sops: &str| {
            findings(&format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: {{k: '{value}'}}\n{sops}"))
                .is_empty()
        };
        let sops = format!("sops: {{mac: '{value}', version: 3.9.0}}\n");
        assert!(secret(value, &sops));
        for other in [
            "ENC[hunter2]",
            "ENC[AES256_GCM,data:hunter2]",
            "ENC[AES256_GCM,data:x y,iv:YY=,tag:UA=,type:str]",
            "c2VjcmV0",
            &format!("{value}x"),
        ] {
            assert!(!secret(other, &sops), "{other}");
        }
        for other in ["", "sops: {}\n", "sops: true\n", "sops: {version: 3.9.0, mac: 'ENC[x]'}\n"] {
            assert!(!secret(value, other), "{other}");
        }
    }

    #[test]
    fn values_are_hidden_wherever_a_secret_is() {
        for text in [
            "{apiVersion: v1, kind: Secret, data: {k: hunter}, stringData: {l: hunter}}",
            "{apiVersion: v1, kind: Secret, data: hunter}",
            "{apiVersion: v1, kind: Secret, data: {k: {l: [hunter]}}}",
            "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret, data: {k: hunter}}]}]}",
            "{apiVersion: template.openshift.io/v1, kind: Template, objects: [{apiVersion: v1, kind: Secret, stringData: {k: hunter}}]}",
            "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, spec: {template: {data: {k: hunter}}}}",
            &format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{annotations: {{{LAST_APPLIED}: '{{\"kind\": \"Secret\", \"data\": {{\"k\": \"hunter\"}}}}'}}}}}}"
            ),
        ] {
            let mut object = yaml::read_stream(text.as_bytes()).unwrap().remove(0);
            assert!(
                nodes(&object).iter().any(|node| node.text().is_some_and(|text| text.contains("hunter"))),
                "{text}"
            );
            assert!(hide(&mut object, "(hidden)"), "{text}");
            let mut printed = String::new();
            yaml::write_kustomize(&object, &mut printed).unwrap();
            assert!(printed.contains("(hidden)") && !printed.contains("hunter"), "{printed}");
        }
        let mut map = yaml::read_stream(b"{apiVersion: v1, kind: ConfigMap, data: {k: shown}}").unwrap().remove(0);
        assert!(!hide(&mut map, "(hidden)") && nodes(&map).is_empty());
    }
}
