//! Raising a document from the version it is written in to the newest one, step by step, on the raw tree.
//!
//! A step is a function named after what changed; a pair of versions without a step changed nothing that was there
//! before. Source of each rule: the `upgrade.go` of the older version in Skaffold, which clones by the fields' Go names,
//! so that a field renamed in YAML alone moves, and one that the next version lacks is lost.

mod image_strategy;
mod render;
mod render_patches;
mod tree;
mod v1alpha;
mod v1beta;
mod v2;
mod v4;

use manifest::{Diagnostic, Map, Node};

use self::tree::Warnings;
use super::fields::Fields;

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
/// Returns an error for settings that Skaffold refuses to upgrade: `build.acr`, `deploy.kpt` of v2, settings of kustomize and kubectl that conflict.
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
