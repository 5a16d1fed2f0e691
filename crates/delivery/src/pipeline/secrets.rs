//! Secrets in a unit's objects: plain values of a `Secret`, wherever it is, and private keys in ConfigMaps. Values are never printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifest::{Data, Diagnostic, Node, ObjectId, yaml};

/// The annotation in which `kubectl apply` keeps the object as it was applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The fields of a Secret that hold values.
const VALUES: [&str; 2] = ["data", "stringData"];

/// Plain values in an object.
struct PlainValues {
    /// The path of the mapping that holds them, such as `items[1].data`.
    field: String,
    /// Their keys.
    keys: Vec<String>,
}

/// Returns the findings for plain values of Secrets in an object: a Secret itself, one in a List, a Template or a custom resource, one in
/// the annotation of `kubectl apply`, and the template of a SealedSecret. `name` is the unit's.
pub(super) fn plain_values(name: &str, object: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    search(object, "", is_encrypted_by_sops(object), &mut found);
    let id = ObjectId::of(object);
    let diagnostic = |values: PlainValues| {
        let own = VALUES.contains(&values.field.as_str());
        let place = if own { String::new() } else { format!(" in {}", values.field) };
        let message = format!("{name}: {id} holds plain values{place} ({})", values.keys.join(", "));
        Diagnostic::new(message)
            .field("policy.secrets")
            .hint("encrypt it (SOPS, SealedSecret), refer to it (ExternalSecret), or set `policy.secrets: allow`")
    };
    found.into_iter().map(diagnostic).collect()
}

/// Returns a warning for each private key in a ConfigMap, also in one within a List, a Template or a custom resource.
pub(super) fn private_keys(name: &str, object: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    search_private_keys(object, &mut found);
    let id = ObjectId::of(object);
    let diagnostic = |key: String| {
        Diagnostic::new(format!("{name}: {id} holds a private key ({key})"))
            .hint("move it into an encrypted Secret, since everyone who may read ConfigMaps can read it")
    };
    found.into_iter().map(diagnostic).collect()
}

fn search(node: &Node, path: &str, encrypted: bool, found: &mut Vec<PlainValues>) {
    match &node.data {
        Data::Map(map) => {
            if is_secret(node) {
                collect(node, path, encrypted, found);
            }
            if is_sealed_secret(node)
                && let Some(template) = node.at_path(&["spec", "template"])
            {
                collect(template, &below(path, "spec.template"), false, found);
            }
            for entry in map.entries() {
                let key = entry.key.text.as_str();
                let place = below(path, key);
                match entry.value.text().filter(|_| key == LAST_APPLIED) {
                    Some(text) => search_applied(text, &place, found),
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

/// Searches the JSON that `kubectl apply` kept.
fn search_applied(text: &str, path: &str, found: &mut Vec<PlainValues>) {
    for document in yaml::read_stream(text.as_bytes()).unwrap_or_default() {
        search(&document, path, is_encrypted_by_sops(&document), found);
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Collects the plain values of a Secret or a template of one.
fn collect(secret: &Node, path: &str, encrypted: bool, found: &mut Vec<PlainValues>) {
    for field in VALUES {
        let entries = secret.get(field).and_then(Node::as_map).map(manifest::Map::entries).unwrap_or_default();
        let is_plain = |value: &Node| !(encrypted && value.text().is_some_and(is_sops_value));
        let plain = entries.iter().filter(|entry| is_plain(&entry.value));
        let keys: Vec<String> = plain.map(|entry| entry.key.text.to_string()).collect();
        if !keys.is_empty() {
            found.push(PlainValues { field: below(path, field), keys });
        }
    }
}

/// A Secret of Kubernetes' core API. A version is not required, since a template may leave it out.
fn is_secret(node: &Node) -> bool {
    is_core(node, "Secret")
}

fn is_core(node: &Node, kind: &str) -> bool {
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

fn search_private_keys(node: &Node, found: &mut Vec<String>) {
    match &node.data {
        Data::Map(map) => {
            if is_core(node, "ConfigMap") {
                let text = |field: &str| {
                    node.get(field).and_then(Node::as_map).map(manifest::Map::entries).unwrap_or_default()
                };
                for entry in text("data").iter().chain(text("binaryData")) {
                    let value = entry.value.text().unwrap_or_default();
                    let decoded = || STANDARD.decode(value.split_whitespace().collect::<String>()).unwrap_or_default();
                    if has_private_key(value.as_bytes()) || has_private_key(&decoded()) {
                        found.push(entry.key.text.to_string());
                    }
                }
            }
            map.entries().iter().for_each(|entry| search_private_keys(&entry.value, found));
        }
        Data::Seq(items) => items.iter().for_each(|item| search_private_keys(item, found)),
        Data::Scalar(_) => {}
    }
}

/// A PEM header such as `-----BEGIN RSA PRIVATE KEY-----` (RFC 7468), of OpenSSH or PGP, or a key of age.
fn has_private_key(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut headers = text
        .match_indices("-----BEGIN ")
        .filter_map(|(at, begin)| text[at + begin.len()..].split_once("-----").map(|(label, _)| label));
    headers.any(|label| label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK"))
        || text.contains("AGE-SECRET-KEY-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let objects = yaml::read_stream(text.as_bytes()).unwrap();
        let found = objects.iter().flat_map(|object| plain_values("u", object));
        found.map(|one| one.message.replace("u: ", "").replace(" holds plain values", ":")).collect()
    }

    #[test]
    fn plain_values_are_found_wherever_a_secret_is() {
        let applied = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":"c2VjcmV0"}}"#;
        for (text, expected) in [
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: x}, stringData: {l: y}}".to_owned(), vec!["Secret/a: (k)", "Secret/a: (l)"]),
            ("{apiVersion: v1, kind: Secret, metadata: {name: a}}".to_owned(), vec![]),
            ("{apiVersion: v1, kind: SecretList, metadata: {name: a}, items: [{kind: Secret, data: {k: x}}]}".to_owned(), vec!["SecretList/a: in items[0].data (k)"]),
            (
                "{apiVersion: template.openshift.io/v1, kind: Template, metadata: {name: a}, objects: [{apiVersion: v1, kind: Secret, stringData: {k: x}}]}".to_owned(),
                vec!["Template.template.openshift.io/a: in objects[0].stringData (k)"],
            ),
            (
                "{apiVersion: example.com/v1, kind: Object, metadata: {name: a}, spec: {forProvider: {manifest: {apiVersion: v1, kind: Secret, data: {k: x}}}}}".to_owned(),
                vec!["Object.example.com/a: in spec.forProvider.manifest.data (k)"],
            ),
            ("{apiVersion: example.com/v1, kind: Secret, metadata: {name: a}, data: {k: x}}".to_owned(), vec![]),
            ("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {ref: {kind: Secret, name: b}}}".to_owned(), vec![]),
            (
                format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    {LAST_APPLIED}: '{applied}'\n"),
                vec!["ConfigMap/a: in metadata.annotations.kubectl.kubernetes.io/last-applied-configuration.data (k)"],
            ),
            (
                "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}, spec: {encryptedData: {k: Ag}, template: {type: Opaque, data: {l: x}}}}".to_owned(),
                vec!["SealedSecret.bitnami.com/a: in spec.template.data (l)"],
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
    fn private_keys_in_config_maps_are_found() {
        let keys = |data: &str| {
            let text = format!("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n{data}");
            let objects = yaml::read_stream(text.as_bytes()).unwrap();
            objects.iter().flat_map(|object| private_keys("u", object)).count()
        };
        assert_eq!(
            keys("  data: {a: \"x\\n-----BEGIN EC PRIVATE KEY-----\\nMHc\", b: '-----BEGIN CERTIFICATE-----'}\n"),
            1
        );
        let encoded = STANDARD.encode("-----BEGIN OPENSSH PRIVATE KEY-----\n");
        assert_eq!(keys(&format!("  binaryData: {{a: {encoded}}}\n")), 1);
        assert_eq!(keys("  data: {a: AGE-SECRET-KEY-1QQQ, b: none}\n"), 1);
    }
}
