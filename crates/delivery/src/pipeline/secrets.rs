//! Secrets in a unit's objects: plain values of a `Secret`, wherever it is, and private keys in ConfigMaps. Values are never printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifest::{Data, Diagnostic, Node, ObjectId, secret_values};

/// Returns the findings for plain values of Secrets in an object: a Secret itself, one in a List, a Template or a custom resource, one in
/// the annotation of `kubectl apply`, and the template of a SealedSecret. `name` is the unit's.
pub(super) fn plain_values(name: &str, object: &Node) -> Vec<Diagnostic> {
    let id = ObjectId::of(object);
    let diagnostic = |values: secret_values::PlainValues| {
        let own = secret_values::FIELDS.contains(&values.field.as_str());
        let place = if own { String::new() } else { format!(" in {}", values.field) };
        let message = format!("{name}: {id} holds plain values{place} ({})", values.keys.join(", "));
        Diagnostic::new(message)
            .field("policy.secrets")
            .hint("encrypt it (SOPS, SealedSecret), refer to it (ExternalSecret), or set `policy.secrets: allow`")
    };
    secret_values::plain(object).into_iter().map(diagnostic).collect()
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

fn search_private_keys(node: &Node, found: &mut Vec<String>) {
    match &node.data {
        Data::Map(map) => {
            if secret_values::is_core(node, "ConfigMap") {
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
    use manifest::yaml;

    use super::*;

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
