//! Steps from v1alpha1 to v1beta1.

use manifest::{Diagnostic, Map, Node, Scalar};

use super::tree::{Warnings, below, each_artifact, each_pipeline, each_release, list_of, rename, shift};

/// v1alpha1 → v1alpha2: `tagPolicy` is a mapping, Docker's fields get a mapping of their own, manifests are plain paths.
pub(super) fn tag_policy_and_docker_become_structs(root: &mut Map, warnings: &mut Warnings) -> Result<(), Diagnostic> {
    if let Some(build) = below(root, &["build"]) {
        tag_policy(build)?;
    }
    each_artifact(root, |artifact| {
        let mut docker = Map::default();
        shift(artifact, "dockerfilePath", &mut docker, "dockerfilePath");
        shift(artifact, "buildArgs", &mut docker, "buildArgs");
        if !docker.is_empty() {
            artifact.set("docker", docker);
        }
    })?;
    let Some(deploy) = below(root, &["deploy"]) else { return Ok(()) };
    deploy.remove("name");
    let manifests = below(deploy, &["kubectl"]).and_then(|kubectl| kubectl.get_mut("manifests"));
    if let Some(manifests) = manifests {
        let mut paths = Vec::new();
        for manifest in manifests.as_seq_mut().into_iter().flatten() {
            if manifest.get("parameters").is_some() {
                let one = Diagnostic::new("ignored as in Skaffold: check the result");
                warnings.push(one.at(manifest.at).field("deploy.kubectl.manifests[].parameters"));
            }
            paths.extend(manifest.get("paths").and_then(Node::as_seq).cloned().unwrap_or_default());
        }
        *manifests = Node { at: manifests.at, ..paths.into() };
    }
    Ok(())
}

fn tag_policy(build: &mut Map) -> Result<(), Diagnostic> {
    let Some(policy) = build.get_mut("tagPolicy") else { return Ok(()) };
    let name = policy.text().unwrap_or_default().to_owned();
    if name != "sha256" && name != "gitCommit" {
        let one = Diagnostic::new(format!("unknown tag policy `{name}` (Skaffold silently uses gitCommit)"));
        return Err(one.at(policy.at).field("build.tagPolicy").hint("use gitCommit or sha256"));
    }
    let mut map = Map::default();
    map.set(&name, Map::default());
    policy.data = Node::from(map).data;
    Ok(())
}

/// v1alpha2 → v1alpha3: `valuesFilePath` → `valuesFiles`; the bucket of a kaniko build → `buildContext`.
pub(super) fn values_file_path_becomes_a_list(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_release(root, |release| {
        if let Some(path) = release.remove("valuesFilePath") {
            release.set("valuesFiles", list_of(path));
        }
    })?;
    if let Some(kaniko) = below(root, &["build", "kaniko"]) {
        let mut context = Map::default();
        shift(kaniko, "gcsBucket", &mut context, "gcsBucket");
        kaniko.set("buildContext", context);
    }
    each_pipeline(root, |pipeline| {
        below(pipeline, &["build", "kaniko"]).and_then(|kaniko| kaniko.remove("gcsBucket"));
        Ok(())
    })
}

/// v1alpha3 → v1alpha4: several fields are renamed, and `skipPush` turns into its opposite `push`.
pub(super) fn image_name_and_workspace_are_renamed(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        rename(artifact, "imageName", "image");
        rename(artifact, "workspace", "context");
        if let Some(docker) = below(artifact, &["docker"]) {
            rename(docker, "dockerfilePath", "dockerfile");
        }
    })?;
    each_pipeline(root, |pipeline| {
        if let Some(local) = below(pipeline, &["build", "local"]) {
            rename(local, "skipPush", "push");
            if let Some(push) = local.get_mut("push") {
                let skipped = push.text() == Some("true");
                push.data = Node::from(Scalar::plain(if skipped { "false" } else { "true" })).data;
            }
        }
        if let Some(kustomize) = below(pipeline, &["deploy", "kustomize"]) {
            rename(kustomize, "kustomizePath", "path");
        }
        Ok(())
    })
}

/// v1alpha5 → v1beta1: `build.acr` is gone.
pub(super) fn azure_builds_are_gone(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| match below(pipeline, &["build"]).and_then(|build| build.get("acr")) {
        Some(acr) => {
            let one = Diagnostic::new("removed in later versions, and an error in Skaffold");
            Err(one.at(acr.at).field("build.acr").hint("remove it"))
        }
        None => Ok(()),
    })
}
