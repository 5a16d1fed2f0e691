//! Skaffold's global config, `~/.skaffold/config`: the default repository.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/config/util.go`.

use std::collections::BTreeMap;

use manifest::yaml::read_stream;
use manifest::{Diagnostic, Node};
use regex::Regex;
use render_core::files::{Files, join};

/// The settings for the current kube-context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SkaffoldConfig {
    /// `default-repo`
    pub(super) default_repo: Option<String>,
    /// `multi-level-repo`
    pub(super) multi_level: bool,
}

/// Reads the file, where there is one. An entry of `kubeContexts` whose pattern matches the context wins over `global`.
///
/// # Errors
/// Invalid YAML.
pub(super) fn read(
    files: &dyn Files,
    environment: &BTreeMap<String, String>,
    context: &str,
) -> Result<SkaffoldConfig, Diagnostic> {
    let Some(home) = environment.get("HOME") else { return Ok(SkaffoldConfig::default()) };
    let path = join(home, ".skaffold/config");
    let Ok(bytes) = files.read(&path) else { return Ok(SkaffoldConfig::default()) };
    let documents = read_stream(&bytes).map_err(|found| found.in_file(&path))?;
    let Some(root) = documents.first() else { return Ok(SkaffoldConfig::default()) };
    let entries = root.get("kubeContexts").and_then(Node::as_seq).map(Vec::as_slice).unwrap_or_default();
    let layers: Vec<&Node> =
        entries.iter().filter(|entry| is_for(entry, context)).take(1).chain(root.get("global")).collect();
    let value = |key: &str| layers.iter().find_map(|layer| layer.get(key).and_then(Node::text)).map(str::to_owned);
    Ok(SkaffoldConfig {
        default_repo: value("default-repo"),
        multi_level: value("multi-level-repo").as_deref() == Some("true"),
    })
}

fn is_for(entry: &Node, context: &str) -> bool {
    let pattern = entry.get("kube-context").and_then(Node::text).unwrap_or_default();
    pattern == context || Regex::new(pattern).is_ok_and(|pattern| !context.is_empty() && pattern.is_match(context))
}
