//! Splits documents, separates them from hooks, sorts them by kind, and prints them.

use gotemplate::{Map, Value};

use super::chart::Chart;
use super::engine::RenderedFiles;
use super::error::HelmError;
use super::metadata::scalar_text;
use super::{Rendered, yaml};

/// The order in which helm installs kinds; others follow by name.
const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

const EVENTS: [&str; 10] = [
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];

/// A document of a rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The path of the file, which begins with the chart's name.
    pub path: String,
    /// The text, as the templates wrote it.
    pub text: Vec<u8>,
}

/// A hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The document.
    pub document: Document,
    /// The events at which it runs, such as `pre-install`.
    pub events: Vec<String>,
}

impl Hook {
    /// Returns whether it is a test.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.events.iter().any(|event| event.starts_with("test"))
    }
}

/// A document with what decides its place.
struct Sorted {
    document: Document,
    kind: String,
    /// The events of a hook.
    events: Option<Vec<String>>,
}

/// Splits what was rendered into manifests and hooks, and sorts them.
pub(super) fn sort(chart: &Chart, files: RenderedFiles, warnings: &mut Vec<String>) -> Result<Rendered, HelmError> {
    let mut notes = None;
    let mut documents = Vec::new();
    for (path, text) in files {
        if path.ends_with("NOTES.txt") {
            if path == format!("{}/templates/NOTES.txt", chart.metadata.name) {
                notes = Some(text);
            }
            continue;
        }
        for piece in split(&text) {
            documents.extend(document(&path, piece, warnings)?);
        }
    }
    documents.sort_by_cached_key(|document| order_of(&document.kind));
    let crds = chart
        .files
        .iter()
        .filter(|file| is_crd(&file.path))
        .map(|file| Document { path: format!("{}/{}", chart.metadata.name, file.path), text: file.bytes.to_vec() });
    let mut rendered = Rendered {
        crds: crds.collect(),
        manifests: Vec::new(),
        hooks: Vec::new(),
        notes,
        warnings: Vec::new(),
        semantics: chart.semantics,
    };
    for Sorted { document, events, .. } in documents {
        match events {
            Some(events) => rendered.hooks.push(Hook { document, events }),
            None => rendered.manifests.push(document),
        }
    }
    Ok(rendered)
}

fn is_crd(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    path.starts_with("crds/") && matches!(extension.as_str(), "yaml" | "yml" | "json")
}

/// Returns the place of a kind: known ones first.
fn order_of(kind: &str) -> (usize, String) {
    match INSTALL_ORDER.iter().position(|known| *known == kind) {
        Some(place) => (place, String::new()),
        None => (INSTALL_ORDER.len(), kind.to_owned()),
    }
}

/// Splits at lines that begin with `---`. Pieces lose blanks at their start; blank ones are dropped.
pub(super) fn split(text: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let text = trim_start(text);
    let mut start = 0;
    let mut line = 0;
    while line < text.len() {
        if text[line..].starts_with(b"---") {
            pieces.push(&text[start..line]);
            let blanks = text[line + 3..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            start = line + 3 + blanks;
        }
        let next = memchr::memchr(b'\n', &text[line..]);
        line = next.map_or(text.len(), |next| line + next + 1);
    }
    pieces.push(&text[start.min(text.len())..]);
    pieces.into_iter().map(trim_start).filter(|piece| !piece.is_empty()).collect()
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blank: usize = gotemplate::chars(text).take_while(|(c, _)| c.is_whitespace()).map(|(_, length)| length).sum();
    &text[blank..]
}

/// Reads a document's head. A hook of an unknown event gives nothing.
fn document(path: &str, text: &[u8], warnings: &mut Vec<String>) -> Result<Option<Sorted>, HelmError> {
    let failed = |error: String| HelmError::rendering(format!("YAML parse error on {path}: {error}"));
    let unmarshal = |what: &str, value: &Value, expected: &str| {
        let found = super::maps::json_kind(value);
        failed(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go {what} of type {expected}"
        ))
    };
    let head = match yaml::read(text).map_err(failed)? {
        Value::Map(map) => map,
        Value::Nil => Map::default(),
        other => return Err(unmarshal("value", &other, "util.SimpleHead")),
    };
    let kind = match head.get(b"kind") {
        Some(value @ (Value::Map(_) | Value::List(_))) => {
            return Err(unmarshal("struct field SimpleHead.kind", &value, "string"));
        }
        Some(value) => scalar_text(&value),
        None => String::new(),
    };
    let annotation = match head.get(b"metadata") {
        Some(Value::Map(metadata)) => match metadata.get(b"annotations") {
            Some(Value::Map(annotations)) => annotations.get(b"helm.sh/hook").map(|value| scalar_text(&value)),
            _ => None,
        },
        _ => None,
    };
    let mut document = Sorted { document: Document { path: path.to_owned(), text: text.to_vec() }, kind, events: None };
    if let Some(annotation) = annotation {
        let events: Vec<String> = annotation.split(',').map(|event| event.trim().to_lowercase()).collect();
        if !events.iter().all(|event| EVENTS.contains(&event.as_str())) {
            warnings.push(format!("level=INFO msg=\"skipping unknown hooks\" hookTypes={}", log_value(&annotation)));
            return Ok(None);
        }
        document.events = Some(events);
    }
    Ok(Some(document))
}

/// Returns a value as helm's log shows it.
fn log_value(text: &str) -> String {
    let plain = !text.is_empty() && !text.contains([' ', '"', '=']) && text.chars().all(|c| !c.is_control());
    if plain { text.to_owned() } else { gotemplate::strconv::quote(text.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_as_helm_splits_them() {
        let table: [(&str, &[&str]); 5] = [
            ("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("---a: 1", &["a: 1"]),
            ("--- # c\n", &["# c\n"]),
            ("a\n ---\nb", &["a\n ---\nb"]),
            ("----\n", &["-\n"]),
        ];
        for (text, expected) in table {
            let found: Vec<_> =
                split(text.as_bytes()).into_iter().map(|piece| std::str::from_utf8(piece).unwrap()).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
