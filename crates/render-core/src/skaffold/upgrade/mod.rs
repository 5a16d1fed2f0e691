//! Raising a document from the version it is written in to the newest one, step by step, on the raw tree.
//!
//! A step is a function named after what changed; a pair of versions without a step changed nothing that was there
//! before. Source of each rule: the `upgrade.go` of the older version in Skaffold, which clones by the fields' Go names,
//! so that a field renamed in YAML alone moves, and one that the next version lacks is lost.

mod render;
mod render_patches;
mod v1alpha;
mod v1beta;
mod v2;
mod v4;

use manifest::{Diagnostic, Map, Node, Scalar};

use crate::skaffold::fields::Fields;

/// What a step may say and where.
type Warnings = Vec<Diagnostic>;

/// A step: it changes the tree of the version it is listed under to the next version's.
type Step = fn(&mut Map, &mut Warnings) -> Result<(), Diagnostic>;

/// The steps in order, each under the version it starts from.
const STEPS: &[(&str, Step)] = &[
    ("v1alpha1", v1alpha::tag_policy_and_docker_become_structs),
    ("v1alpha2", v1alpha::values_file_path_becomes_a_list),
    ("v1alpha3", v1alpha::image_name_and_workspace_are_renamed),
    ("v1alpha5", v1alpha::azure_builds_are_gone),
    ("v1beta6", v1beta::kaniko_build_becomes_cluster),
    ("v1beta8", v1beta::plugins_become_builders),
    ("v1beta9", v1beta::sync_becomes_a_list_of_rules),
    ("v1beta13", v1beta::jib_is_one_builder),
    ("v2alpha1", v2::kaniko_build_context_is_gone),
    ("v2alpha2", v2::kustomize_path_becomes_a_list),
    ("v2beta3", v2::helm_values_become_artifact_overrides),
    ("v2beta4", v2::buildpack_becomes_buildpacks),
    ("v2beta8", v2::auto_sync_becomes_a_boolean),
    ("v2beta12", v2::remote_becomes_remote_chart),
    ("v2beta16", v2::secret_destination_is_gone),
    ("v2beta22", v2::secret_becomes_a_list),
    ("v2beta27", v2::ko_platforms_move_to_the_artifact),
    ("v2beta29", render::rendering_leaves_deploy),
    ("v3", v4::remote_manifests_leave_kubectl),
    ("v4beta3", v4::verify_containers_have_fields_of_their_own),
    ("v4beta4", v4::kaniko_no_push_is_gone),
    ("v4beta7", v4::kpt_force_gets_its_name),
];

/// Raises `tree` from `version` to the newest one.
///
/// # Errors
/// What Skaffold refuses to raise: `build.acr`, `deploy.kpt` of v2, settings of kustomize and kubectl that conflict.
pub(super) fn upgrade(
    fields: &Fields,
    version: usize,
    tree: &mut Map,
    warnings: &mut Warnings,
) -> Result<(), Diagnostic> {
    for (from, step) in STEPS {
        if fields.version(from).is_some_and(|from| version <= from) {
            step(tree, warnings)?;
        }
    }
    if let Some(written) = tree.get_mut("apiVersion") {
        written.data = Node::string(format!("skaffold/{}", fields.name(fields.newest()))).data;
    }
    Ok(())
}

/// A mapping below `map`, to change, where each key of `path` leads to one.
fn below<'m>(map: &'m mut Map, path: &[&str]) -> Option<&'m mut Map> {
    path.iter().try_fold(map, |map, key| map.get_mut(key)?.as_map_mut())
}

/// Calls `change` with the config itself and each of its profiles: whatever holds `build`, `deploy` and so on.
fn each_pipeline(root: &mut Map, mut change: impl FnMut(&mut Map) -> Result<(), Diagnostic>) -> Result<(), Diagnostic> {
    change(root)?;
    let profiles = root.get_mut("profiles").and_then(Node::as_seq_mut);
    profiles.into_iter().flatten().filter_map(Node::as_map_mut).try_for_each(change)
}

/// Calls `change` with each artifact of the config and its profiles.
fn each_artifact(root: &mut Map, mut change: impl FnMut(&mut Map)) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        let artifacts = below(pipeline, &["build"]).and_then(|build| build.get_mut("artifacts"));
        let artifacts = artifacts.and_then(Node::as_seq_mut);
        artifacts.into_iter().flatten().filter_map(Node::as_map_mut).for_each(&mut change);
        Ok(())
    })
}

/// Calls `change` with each release of `deploy.helm` of the config and its profiles.
fn each_release(root: &mut Map, mut change: impl FnMut(&mut Map)) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        let releases = below(pipeline, &["deploy", "helm"]).and_then(|helm| helm.get_mut("releases"));
        let releases = releases.and_then(Node::as_seq_mut);
        releases.into_iter().flatten().filter_map(Node::as_map_mut).for_each(&mut change);
        Ok(())
    })
}

/// Gives the entry `from` another name, in its place.
fn rename(map: &mut Map, from: &str, to: &str) {
    if let Some(entry) = map.entries_mut().iter_mut().find(|entry| entry.key.text == from) {
        entry.key = Scalar::string(to);
    }
}

/// Moves the entry `from` of one mapping to `to` of another, if it is there.
fn shift(map: &mut Map, from: &str, target: &mut Map, to: &str) {
    if let Some(value) = map.remove(from) {
        target.set(to, value);
    }
}

/// A list of the one node, which stands where the node stands.
fn list_of(node: Node) -> Node {
    Node { at: node.at, ..Node::from(vec![node]) }
}
