//! Helpers of the steps: walking a raw tree, moving and renaming its entries.

use manifest::{Diagnostic, Map, Node, Scalar};

/// The warnings of an upgrade step, with positions.
pub(super) type Warnings = Vec<Diagnostic>;

/// A mapping below `map`, to change, where each key of `path` leads to one.
pub(super) fn below<'m>(map: &'m mut Map, path: &[&str]) -> Option<&'m mut Map> {
    path.iter().try_fold(map, |map, key| map.get_mut(key)?.as_map_mut())
}

/// Calls `change` with every mapping that has `build`, `deploy` and so on: the config itself and each of its profiles.
pub(super) fn each_pipeline(
    root: &mut Map,
    mut change: impl FnMut(&mut Map) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    change(root)?;
    let profiles = root.get_mut("profiles").and_then(Node::as_seq_mut);
    profiles.into_iter().flatten().filter_map(Node::as_map_mut).try_for_each(change)
}

/// Calls `change` with each artifact of the config and its profiles.
pub(super) fn each_artifact(root: &mut Map, mut change: impl FnMut(&mut Map)) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        let artifacts = below(pipeline, &["build"]).and_then(|build| build.get_mut("artifacts"));
        let artifacts = artifacts.and_then(Node::as_seq_mut);
        artifacts.into_iter().flatten().filter_map(Node::as_map_mut).for_each(&mut change);
        Ok(())
    })
}

/// Calls `change` with each release of `deploy.helm` of the config and its profiles.
pub(super) fn each_release(root: &mut Map, mut change: impl FnMut(&mut Map)) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        let releases = below(pipeline, &["deploy", "helm"]).and_then(|helm| helm.get_mut("releases"));
        let releases = releases.and_then(Node::as_seq_mut);
        releases.into_iter().flatten().filter_map(Node::as_map_mut).for_each(&mut change);
        Ok(())
    })
}

/// Renames the entry `from`, and keeps its position.
pub(super) fn rename(map: &mut Map, from: &str, to: &str) {
    if let Some(entry) = map.entries_mut().iter_mut().find(|entry| entry.key.text == from) {
        entry.key = Scalar::string(to);
    }
}

/// Moves the entry `from` of one mapping to `to` of another, if it is there.
pub(super) fn shift(map: &mut Map, from: &str, target: &mut Map, to: &str) {
    if let Some(value) = map.remove(from) {
        target.set(to, value);
    }
}

/// A list with this node as its only item, at the node's position.
pub(super) fn list_of(node: Node) -> Node {
    Node { at: node.at, ..Node::from(vec![node]) }
}
