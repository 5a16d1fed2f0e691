//! Splits documents, separates them from hooks, sorts them by kind, and prints them.

use gotemplate::{Map, Value};

use super::chart::Chart;
use super::engine::Rendered;
use super::error::HelmError;
use super::metadata::scalar_text;
use super::{Options, path_match, yaml};

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

/// One document of a rendered file.
struct Document {
    path: String,
    text: Vec<u8>,
    kind: String,
    /// The events of a hook.
    events: Option<Vec<String>>,
}

/// The printed manifests, and the warnings for stderr.
pub(super) struct Printed {
    pub(super) text: Vec<u8>,
    pub(super) warnings: Vec<String>,
}

/// Prints what was rendered.
pub(super) fn print(chart: &Chart, rendered: &Rendered, options: &Options) -> Result<Printed, HelmError> {
    let mut warnings = Vec::new();
    let mut documents = Vec::new();
    for (path, text) in rendered {
        if path.ends_with("NOTES.txt") {
            continue;
        }
        for piece in split(text) {
            documents.extend(document(path, piece, &mut warnings)?);
        }
    }
    documents.sort_by_key(|document| order_of(&document.kind));
    let mut text = Vec::new();
    if options.include_crds {
        for file in chart.files.iter().filter(|file| is_crd(&file.path)) {
            append(&mut text, &format!("{}/{}", chart.metadata.name, file.path), &file.bytes);
        }
    }
    for document in documents.iter().filter(|document| document.events.is_none()) {
        append(&mut text, &document.path, &document.text);
    }
    let mut out = String::from_utf8_lossy(&text).trim().as_bytes().to_vec();
    if std::str::from_utf8(&text).is_err() {
        out = text.trim_ascii().to_vec();
    }
    out.push(b'\n');
    for document in documents.iter().filter(|document| is_printed_hook(document, options)) {
        append(&mut out, &document.path, &document.text);
    }
    if !options.show_only.is_empty() {
        out = selected(&out, &options.show_only)?;
    }
    Ok(Printed { text: out, warnings })
}

/// Returns the documents of the finished text whose files match, pattern by pattern.
fn selected(text: &[u8], patterns: &[String]) -> Result<Vec<u8>, HelmError> {
    let pieces = split(text);
    let mut out = Vec::new();
    for pattern in patterns {
        let matching = pieces
            .iter()
            .filter(|piece| source_of(piece).is_some_and(|source| path_match::matches(pattern, &source) == Some(true)));
        let before = out.len();
        for piece in matching {
            out.extend_from_slice(b"---\n");
            out.extend_from_slice(piece);
            out.push(b'\n');
        }
        if out.len() == before {
            return Err(HelmError::new(format!("could not find template {pattern} in chart")));
        }
    }
    Ok(out)
}

/// Returns the path below the chart that the first `# Source:` comment names.
fn source_of(piece: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"# Source: ";
    memchr::memmem::find_iter(piece, MARK).find_map(|at| {
        let line = piece[at + MARK.len()..].split(|byte| *byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line);
        let (chart, path) = line.split_once('/')?;
        (!chart.is_empty() && !path.is_empty()).then(|| path.to_owned())
    })
}

fn is_printed_hook(document: &Document, options: &Options) -> bool {
    let Some(events) = &document.events else { return false };
    let test = events.iter().any(|event| event.starts_with("test"));
    !(options.no_hooks || (options.skip_tests && test))
}

fn is_crd(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    path.starts_with("crds/") && matches!(extension.as_str(), "yaml" | "yml" | "json")
}

fn append(out: &mut Vec<u8>, path: &str, text: &[u8]) {
    out.extend_from_slice(format!("---\n# Source: {path}\n").as_bytes());
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// Returns the place of a kind: known ones first.
fn order_of(kind: &str) -> (usize, String) {
    match INSTALL_ORDER.iter().position(|known| *known == kind) {
        Some(place) => (place, String::new()),
        None => (INSTALL_ORDER.len(), kind.to_owned()),
    }
}

/// Splits at lines that begin with `---`. Pieces lose blanks at their start; blank ones are dropped.
fn split(text: &[u8]) -> Vec<&[u8]> {
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
fn document(path: &str, text: &[u8], warnings: &mut Vec<String>) -> Result<Option<Document>, HelmError> {
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
    let mut document = Document { path: path.to_owned(), text: text.to_vec(), kind, events: None };
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
