//! The name of the current kube-context, for profile activation. Only the file is read; no cluster is contacted.

use std::collections::BTreeMap;

use manifest::Node;
use manifest::yaml::read_stream;
use render_core::files::{Files, join};

/// `current-context` of the first file of `KUBECONFIG` that has one, or of `~/.kube/config`; empty where there is none.
pub(super) fn current(files: &dyn Files, folder: &str, environment: &BTreeMap<String, String>) -> String {
    let listed = environment.get("KUBECONFIG").filter(|list| !list.is_empty()).cloned();
    let listed = listed.or_else(|| environment.get("HOME").map(|home| format!("{home}/.kube/config")));
    let paths = listed.as_deref().unwrap_or_default().split(':').filter(|path| !path.is_empty());
    paths.filter_map(|path| context_of(files, &join(folder, path))).next().unwrap_or_default()
}

fn context_of(files: &dyn Files, path: &str) -> Option<String> {
    let documents = read_stream(&files.read(path).ok()?).ok()?;
    let context = documents.first()?.get("current-context").and_then(Node::text)?;
    Some(context.to_owned()).filter(|context| !context.is_empty())
}
