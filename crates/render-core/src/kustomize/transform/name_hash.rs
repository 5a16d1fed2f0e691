//! The content hash at the end of a generated object's name.

use manifest::yaml::{Rules, to_json};
use manifest::{Diagnostic, Node};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::set;
use crate::kustomize::schema::Schema;

/// Appends the hash to the name of every object with `needs_hash`.
///
/// # Errors
/// An object whose content cannot be hashed.
pub(crate) fn apply(resources: &mut [Resource], schema: &Schema) -> Result<(), Diagnostic> {
    for resource in resources.iter_mut().filter(|resource| resource.needs_hash) {
        let hash = hash(&resource.node).map_err(|error| resource.in_object(error))?;
        resource.remember_id(schema);
        let name = format!("{}-{hash}", resource.name());
        set::name(&mut resource.node, name);
    }
    Ok(())
}

/// The hash of an object: ten characters that kustomize makes of the SHA-256 of the JSON of its data (kustomize:
/// `hasher.Hash`). Its name is not part of it.
///
/// # Errors
/// An object that is neither a ConfigMap nor a Secret: there kustomize hashes its own memory layout.
pub(crate) fn hash(object: &Node) -> Result<String, Diagnostic> {
    let kind = object.get("kind").and_then(Node::text).unwrap_or_default();
    let mut json = String::new();
    match kind {
        "ConfigMap" => {
            json.push('{');
            add_mapping(&mut json, object, "binaryData")?;
            add(&mut json, object, "data")?;
            json.push_str(",\"kind\":\"ConfigMap\",\"name\":\"\"}");
        }
        "Secret" => {
            json.push('{');
            add(&mut json, object, "data")?;
            json.push_str(",\"kind\":\"Secret\",\"name\":\"\",");
            add_mapping(&mut json, object, "stringData")?;
            add(&mut json, object, "type")?;
            json.push('}');
        }
        _ => {
            return Err(Diagnostic::new(format!("cannot append a hash to the name of a {kind}"))
                .hint("remove the annotation: only ConfigMaps and Secrets get a hash"));
        }
    }
    Ok(encode(&Sha256::digest(json.as_bytes())))
}

/// `"field":VALUE`, where an absent field is the empty string.
fn add(json: &mut String, object: &Node, field: &str) -> Result<(), Diagnostic> {
    quote(json, field);
    json.push(':');
    match object.get(field) {
        None => json.push_str("\"\""),
        Some(node) => match node.as_scalar() {
            Some(scalar) => quote(json, &scalar.text),
            None => write(json, &to_json(node, Rules::V3)?),
        },
    }
    Ok(())
}

/// `"field":{…},` where the field is a mapping, nothing where it is not.
fn add_mapping(json: &mut String, object: &Node, field: &str) -> Result<(), Diagnostic> {
    if object.get(field).is_some_and(|node| node.as_map().is_some()) {
        add(json, object, field)?;
        json.push(',');
    }
    Ok(())
}

/// Writes a value as Go's `encoding/json` does: keys sorted, `<`, `>` and `&` escaped.
fn write(json: &mut String, value: &Json) {
    match value {
        Json::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            json.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                quote(json, key);
                json.push(':');
                write(json, &map[key.as_str()]);
            }
            json.push('}');
        }
        Json::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write(json, item);
            }
            json.push(']');
        }
        Json::String(text) => quote(json, text),
        other => json.push_str(&other.to_string()),
    }
}

fn quote(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => json.push(c),
        }
    }
    json.push('"');
}

/// The first ten hexadecimal digits, with those replaced that could make a word.
fn encode(digest: &[u8]) -> String {
    let hex = digest.iter().take(5).flat_map(|byte| [byte >> 4, byte & 15]);
    hex.map(|digit| match digit {
        0 => 'g',
        1 => 'h',
        3 => 'k',
        0xa => 'm',
        0xe => 't',
        digit => char::from_digit(u32::from(digit), 16).unwrap_or('0'),
    })
    .collect()
}
