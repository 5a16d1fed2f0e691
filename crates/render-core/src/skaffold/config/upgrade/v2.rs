//! Steps from v2alpha1 to v2beta28.

use manifest::{Diagnostic, Map, Node, Scalar};

use super::tree::{Warnings, below, each_artifact, each_pipeline, each_release, list_of, rename};

/// v2alpha1 → v2alpha2: `kaniko.buildContext` is gone but for its init image.
pub(super) fn kaniko_build_context_is_gone(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        let Some(kaniko) = below(artifact, &["kaniko"]) else { return };
        let Some(context) = kaniko.remove("buildContext") else { return };
        if let Some(image) = context.at_path(&["localDir", "initImage"]) {
            kaniko.set("initImage", image.clone());
        }
    })
}

/// v2alpha2 → v2alpha3: `deploy.kustomize.path` becomes `paths`; a buildpack no longer has `forcePull`.
pub(super) fn kustomize_path_becomes_a_list(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        below(artifact, &["buildpack"]).and_then(|buildpack| buildpack.remove("forcePull"));
    })?;
    each_pipeline(root, |pipeline| {
        if let Some(kustomize) = below(pipeline, &["deploy", "kustomize"])
            && let Some(path) = kustomize.remove("path")
        {
            kustomize.set("paths", list_of(path));
        }
        Ok(())
    })
}

/// v2beta3 → v2beta4: a release's `values` are called `artifactOverrides`.
pub(super) fn helm_values_become_artifact_overrides(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_release(root, |release| rename(release, "values", "artifactOverrides"))
}

/// v2beta4 → v2beta5: `buildpack` is called `buildpacks`, `cluster.pullSecret` is called `pullSecretPath`.
pub(super) fn buildpack_becomes_buildpacks(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| rename(artifact, "buildpack", "buildpacks"))?;
    each_pipeline(root, |pipeline| {
        if let Some(cluster) = below(pipeline, &["build", "cluster"]) {
            rename(cluster, "pullSecret", "pullSecretPath");
        }
        Ok(())
    })
}

/// v2beta8 → v2beta9: `sync.auto` is a boolean; kaniko's free `flags` are gone.
pub(super) fn auto_sync_becomes_a_boolean(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        if let Some(auto) = below(artifact, &["sync"]).and_then(|sync| sync.get_mut("auto")) {
            auto.data = Node::from(Scalar::plain("true")).data;
        }
        below(artifact, &["kaniko"]).and_then(|kaniko| kaniko.remove("flags"));
    })
}

/// v2beta12 → v2beta13: the `chartPath` of a release with `remote: true` is its `remoteChart`.
pub(super) fn remote_becomes_remote_chart(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_release(root, |release| {
        if release.remove("remote").is_some_and(|remote| remote.text() == Some("true")) {
            rename(release, "chartPath", "remoteChart");
        }
    })
}

/// v2beta16 → v2beta17: a Docker secret no longer has a destination.
pub(super) fn secret_destination_is_gone(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        below(artifact, &["docker", "secret"]).and_then(|secret| secret.remove("dst"));
    })
}

/// v2beta22 → v2beta23: `docker.secret` becomes the list `docker.secrets`.
pub(super) fn secret_becomes_a_list(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        if let Some(docker) = below(artifact, &["docker"])
            && let Some(secret) = docker.remove("secret")
        {
            docker.set("secrets", list_of(secret));
        }
    })
}

/// v2beta27 → v2beta28: `ko.platforms` moves to the artifact.
pub(super) fn ko_platforms_move_to_the_artifact(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        if let Some(platforms) = below(artifact, &["ko"]).and_then(|ko| ko.remove("platforms")) {
            artifact.set("platforms", platforms);
        }
    })
}
