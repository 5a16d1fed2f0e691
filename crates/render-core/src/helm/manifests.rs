//! Splits documents, separates them from hooks, sorts them by kind, and prints them.

use std::sync::Arc;

use manifest::Node;

use super::active_chart::ActiveChart;
use super::decode::{DecodePath, Decoder};
use super::engine::RenderedFiles;
use super::error::HelmError;
use super::semantics::Semantics;
use super::{Rendered, log, yaml};

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
    pub text: Arc<[u8]>,
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
pub(super) fn sort(
    chart: &ActiveChart<'_>,
    files: &RenderedFiles,
    semantics: Semantics,
    warnings: &mut Vec<String>,
) -> Result<Rendered, HelmError> {
    let mut notes = None;
    let mut documents = Vec::new();
    for (path, text) in files {
        if path.ends_with("NOTES.txt") {
            if *path == format!("{}/templates/NOTES.txt", chart.name) {
                notes = Some(text.clone());
            }
            continue;
        }
        for piece in split(text, semantics) {
            let document = document(path, piece, semantics, warnings);
            documents.extend(document.map_err(|error| error.with_invalid_files(as_one_text(files)))?);
        }
    }
    documents.sort_by_cached_key(|document| order_of(&document.kind, semantics));
    let mut crds = Vec::new();
    add_crds(chart, &mut crds);
    let mut rendered =
        Rendered { crds, manifests: Vec::new(), hooks: Vec::new(), notes, warnings: Vec::new(), semantics };
    for Sorted { document, events, .. } in documents {
        match events {
            Some(events) => rendered.hooks.push(Hook { document, events }),
            None => rendered.manifests.push(document),
        }
    }
    Ok(rendered)
}

/// Returns all files as one text, as helm prints them where one is not valid.
fn as_one_text(files: &RenderedFiles) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, text) in files.iter().filter(|(path, text)| !path.ends_with("NOTES.txt") && !trim(text).is_empty()) {
        out.extend_from_slice(format!("---\n# Source: {path}\n").as_bytes());
        out.extend_from_slice(text);
        out.push(b'\n');
    }
    trim(&out).to_vec()
}

/// Adds the files of `crds/` of a chart, then those of its subcharts.
fn add_crds(chart: &ActiveChart<'_>, crds: &mut Vec<Document>) {
    for file in chart.content.files.iter().filter(|file| is_crd(&file.path)) {
        crds.push(Document { path: format!("{}/{}", chart.path, file.path), text: file.bytes.clone() });
    }
    chart.subcharts.iter().for_each(|subchart| add_crds(subchart, crds));
}

fn is_crd(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    path.starts_with("crds/") && matches!(extension.as_str(), "yaml" | "yml" | "json")
}

/// Returns the place of a kind: known ones first.
fn order_of(kind: &str, semantics: Semantics) -> (usize, String) {
    let known = if semantics.is_v3() { &INSTALL_ORDER[..INSTALL_ORDER.len() - 2] } else { &INSTALL_ORDER[..] };
    match known.iter().position(|known| *known == kind) {
        Some(place) => (place, String::new()),
        None => (known.len(), kind.to_owned()),
    }
}

/// Splits the text of a file into documents.
pub(super) fn split(text: &[u8], semantics: Semantics) -> Vec<&[u8]> {
    if semantics < Semantics::V4_3 { split_trimmed(text) } else { split_at_lines(text) }
}

/// Splits at lines that begin with `---`. Pieces lose blanks at their start; blank ones are dropped.
fn split_at_lines(text: &[u8]) -> Vec<&[u8]> {
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

/// Splits as helm did before 4.2, at `(?:^|\s*\n)---\s*`: pieces lose blanks at both ends, and of two separators that follow
/// each other the second one is text.
fn split_trimmed(text: &[u8]) -> Vec<&[u8]> {
    let text = trim(text);
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&text[at..], b"---") {
        let mark = at + found;
        let begins_line = mark == 0 || (text[mark - 1] == b'\n' && mark > start);
        if !begins_line {
            at = mark + 1;
            continue;
        }
        let blanks_before = text[start..mark].iter().rev().take_while(|byte| is_space(**byte)).count();
        pieces.push(&text[start..mark - blanks_before]);
        let blanks_after = text[mark + 3..].iter().take_while(|byte| is_space(**byte)).count();
        start = mark + 3 + blanks_after;
        at = start;
    }
    pieces.push(&text[start..]);
    pieces.into_iter().filter(|piece| !piece.is_empty()).map(trim).collect()
}

/// Returns whether `\s` matches in Go's regular expressions.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blank: usize = gotemplate::chars(text).take_while(|(c, _)| c.is_whitespace()).map(|(_, length)| length).sum();
    &text[blank..]
}

/// Returns a text without Unicode's white space at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let mut text = trim_start(text);
    loop {
        let shorter = match std::str::from_utf8(&text[text.len().saturating_sub(4)..]) {
            Ok(tail) => &text[..text.len() - (tail.len() - tail.trim_end().len())],
            Err(_) => {
                let tail = &text[text.len().saturating_sub(4)..];
                let valid =
                    (1..tail.len()).find_map(|from| std::str::from_utf8(&tail[from..]).ok()).unwrap_or_default();
                &text[..text.len() - (valid.len() - valid.trim_end().len())]
            }
        };
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}

/// Reads a document's head. A hook of an unknown event gives nothing.
fn document(
    path: &str,
    text: &[u8],
    semantics: Semantics,
    warnings: &mut Vec<String>,
) -> Result<Option<Sorted>, HelmError> {
    let head = Head::read(text, semantics)
        .map_err(|error| HelmError::rendering(format!("YAML parse error on {path}: {error}")))?;
    let document = Document { path: path.to_owned(), text: text.into() };
    let Some(annotation) = head.hook else {
        return Ok(Some(Sorted { document, kind: head.kind, events: None }));
    };
    let events: Vec<String> = annotation.split(',').map(|event| event.trim().to_lowercase()).collect();
    if !events.iter().all(|event| EVENTS.contains(&event.as_str())) {
        warnings.push(log::unknown_hook(semantics, &annotation));
        return Ok(None);
    }
    Ok(Some(Sorted { document, kind: head.kind, events: Some(events) }))
}

/// What helm reads of a document.
#[derive(Default)]
struct Head {
    kind: String,
    /// The annotation `helm.sh/hook`.
    hook: Option<String>,
}

impl Head {
    fn read(text: &[u8], semantics: Semantics) -> Result<Head, String> {
        let node = yaml::read_node(text)?;
        let mut decoder = Decoder::default();
        let mut head = Head::default();
        let root = DecodePath { structure: "SimpleHead", fields: "" };
        let expected = if semantics.is_v3() { "releaseutil.SimpleHead" } else { "util.SimpleHead" };
        for (key, value) in decoder.fields(&node, root, expected).unwrap_or_default() {
            if key.eq_ignore_ascii_case("kind") {
                decoder.text(value, DecodePath { fields: "kind", ..root }, &mut head.kind);
            } else if key.eq_ignore_ascii_case("apiVersion") {
                decoder.text(value, DecodePath { fields: "apiVersion", ..root }, &mut String::new());
            } else if key.eq_ignore_ascii_case("metadata") {
                head.metadata(value, &mut decoder);
            }
        }
        decoder.finish()?;
        Ok(head)
    }

    fn metadata(&mut self, node: &Node, decoder: &mut Decoder) {
        let outer = DecodePath { structure: "SimpleHead", fields: "metadata" };
        let expected =
            "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
        for (key, value) in decoder.fields(node, outer, expected).unwrap_or_default() {
            if key.eq_ignore_ascii_case("name") {
                decoder.text(value, DecodePath { structure: "", fields: "metadata.name" }, &mut String::new());
            } else if key.eq_ignore_ascii_case("annotations") {
                let place = DecodePath { structure: "", fields: "metadata.annotations" };
                for (name, value) in decoder.fields(value, place, "map[string]string").unwrap_or_default() {
                    let mut text = String::new();
                    decoder.text(value, place, &mut text);
                    if name == "helm.sh/hook" {
                        self.hook = Some(text);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, semantics: Semantics) -> Vec<&str> {
        split(text.as_bytes(), semantics).into_iter().map(|piece| std::str::from_utf8(piece).unwrap()).collect()
    }

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
            assert_eq!(pieces(text, Semantics::V4_3), expected, "{text:?}");
        }
    }

    #[test]
    fn older_versions_trim_documents_and_keep_the_second_of_two_separators() {
        let table: [(&str, &[&str]); 5] = [
            ("a: 1\n\n---\nb: 2\n", &["a: 1", "b: 2"]),
            ("---\n---\nb: 1", &["---\nb: 1"]),
            ("a\n ---\nb", &["a\n ---\nb"]),
            ("a\n--- \u{a0}\n\nb", &["a", "b"]),
            ("---\n# c\n---\n", &["# c"]),
        ];
        for (text, expected) in table {
            assert_eq!(pieces(text, Semantics::V3_22), expected, "{text:?}");
        }
    }
}
