//! The documents about releases, and about where charts are.

use manifest::{Node, yaml};
use serde_json::Value;

/// The largest file that is read.
const LARGEST: usize = 1 << 20;

/// The kinds that matter here.
const KINDS: [&str; 6] =
    ["HelmRelease", "HelmRepository", "OCIRepository", "GitRepository", "Application", "ApplicationSet"];

/// A document of a repository.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// The file, below the root.
    pub(super) file: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    /// The whole document.
    pub(super) json: Value,
}

/// The documents of a repository, by file.
#[derive(Debug, Default)]
pub(in super::super) struct Documents(pub(super) Vec<Document>);

impl Documents {
    /// Notes the documents of a file that matter here. What is no YAML, as the templates of charts, has none.
    pub(in super::super) fn add(&mut self, file: &str, bytes: &[u8]) {
        if bytes.len() > LARGEST {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let has = |part: &str| text.contains(part);
        if !(has("fluxcd.io/") || has("argoproj.io/")) {
            return;
        }
        let documents = yaml::read_stream(bytes).unwrap_or_default();
        self.0.extend(documents.iter().filter_map(|node| document(file, node)));
    }
}

fn document(file: &str, node: &Node) -> Option<Document> {
    let text = |path: &[&str]| node.at_path(path).and_then(Node::text).filter(|text| !text.is_empty());
    let group = text(&["apiVersion"])?;
    let kind = text(&["kind"])?;
    let is_known = group.contains("fluxcd.io/") || group.starts_with("argoproj.io/");
    (is_known && KINDS.contains(&kind)).then_some(())?;
    Some(Document {
        file: file.to_owned(),
        kind: kind.to_owned(),
        name: text(&["metadata", "name"])?.to_owned(),
        namespace: text(&["metadata", "namespace"]).map(str::to_owned),
        json: yaml::to_json(node, yaml::Rules::V3).ok()?,
    })
}

impl Document {
    /// The text at a path below `spec`; numbers as they are written.
    pub(super) fn spec(&self, path: &str) -> Option<String> {
        text(self.json.pointer(&format!("/spec/{path}"))?)
    }
}

/// A scalar as text; absent where it is empty or no scalar.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
