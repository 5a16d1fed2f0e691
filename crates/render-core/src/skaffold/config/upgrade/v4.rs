//! Steps from v3 to v4beta8.

use manifest::{Diagnostic, Map, Node};

use super::tree::{Warnings, below, each_artifact, each_pipeline, rename};

/// v3 → v4beta1: `deploy.kubectl.remoteManifests` are rendered, so they move to `manifests.remoteManifests`.
pub(super) fn remote_manifests_leave_kubectl(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        let Some(deploy) = below(pipeline, &["deploy"]) else { return Ok(()) };
        let context = deploy.get("kubeContext").cloned();
        let remote = below(deploy, &["kubectl"]).and_then(|kubectl| kubectl.remove("remoteManifests"));
        let moved = remote.iter().filter_map(Node::as_seq).flatten().map(|name| {
            let mut manifest = Map::default();
            manifest.set("manifest", name.clone());
            context.iter().for_each(|context| manifest.set("kubeContext", context.clone()));
            Node { at: name.at, ..manifest.into() }
        });
        let moved: Vec<Node> = moved.collect();
        if let (false, Some(manifests)) =
            (moved.is_empty(), pipeline.get_or_insert_with("manifests", Node::map).as_map_mut())
        {
            let list = manifests.get_or_insert_with("remoteManifests", || Vec::new().into());
            list.as_seq_mut().into_iter().for_each(|list| list.extend(moved.iter().cloned()));
        }
        Ok(())
    })
}

/// v4beta3 → v4beta4: the container of a verify test has five fields instead of all of Kubernetes'.
pub(super) fn verify_containers_have_fields_of_their_own(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        let tests = pipeline.get_mut("verify").and_then(Node::as_seq_mut);
        for container in tests.into_iter().flatten().filter_map(|test| test.get_mut("container")?.as_map_mut()) {
            let kept = ["name", "image", "command", "args", "env"];
            container.entries_mut().retain(|entry| kept.contains(&entry.key.text.as_str()));
            let variables = container.get_mut("env").and_then(Node::as_seq_mut);
            for variable in variables.into_iter().flatten().filter_map(Node::as_map_mut) {
                variable.entries_mut().retain(|entry| ["name", "value"].contains(&entry.key.text.as_str()));
            }
        }
        Ok(())
    })
}

/// v4beta4 → v4beta5: kaniko no longer has `noPush`.
pub(super) fn kaniko_no_push_is_gone(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        below(artifact, &["kaniko"]).and_then(|kaniko| kaniko.remove("noPush"));
    })
}

/// v4beta7 → v4beta8: `deploy.kpt` spelled its field `force` as `false`.
pub(super) fn kpt_force_gets_its_name(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        if let Some(kpt) = below(pipeline, &["deploy", "kpt"]) {
            rename(kpt, "false", "force");
        }
        Ok(())
    })
}
