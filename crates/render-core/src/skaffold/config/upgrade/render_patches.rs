//! v2beta29 → v3alpha1: the paths of profile patches follow what moved.

use manifest::{Diagnostic, Map, Node};

use super::image_strategy::Strategy;
use super::tree::Warnings;

/// The prefixes of paths that move, with their new prefixes.
const MOVED: [(&str, &str); 4] = [
    ("/deploy/kubectl/manifests", "/manifests/rawYaml"),
    ("/deploy/kustomize/paths", "/manifests/kustomize/paths"),
    ("/deploy/kustomize/buildArgs", "/manifests/kustomize/buildArgs"),
    ("/deploy/helm", "/manifests/helm"),
];

const HOOKS: &str = "/deploy/helm/hooks";

/// Rewrites the patches of every profile. A patch of `deploy.helm` is made twice, since its releases are now in both
/// places; one of an `artifactOverrides/image` becomes patches of `setValueTemplates`.
///
/// Runs before the trees are moved, since the strategy of a release determines the new form of its override.
///
/// # Errors
/// A patch of an override that no release has.
pub(super) fn follow(root: &mut Map, warnings: &mut Warnings) -> Result<(), Diagnostic> {
    let mut pipelines = vec![strategies(root)];
    let profiles = root.get("profiles").and_then(Node::as_seq);
    pipelines.extend(profiles.into_iter().flatten().filter_map(Node::as_map).map(strategies));
    let profiles = root.get_mut("profiles").and_then(Node::as_seq_mut);
    for profile in profiles.into_iter().flatten() {
        let Some(patches) = profile.get_mut("patches").and_then(Node::as_seq_mut) else { continue };
        let old: Vec<String> = patches.iter().map(|patch| path(patch).to_owned()).collect();
        for strategies in pipelines.iter().flatten() {
            overrides(&old, patches, strategies)?;
        }
        let moved = |path: &str| path.contains("/deploy/helm") && !path.contains(HOOKS);
        let twice: Vec<Node> = patches.iter().filter(|patch| moved(path(patch))).cloned().collect();
        patches.extend(twice);
        for (patch, old) in patches.iter_mut().zip(&old) {
            if old.contains("/deploy/kpt") {
                let one = Diagnostic::new("patches deploy.kpt, which has another form in newer versions");
                warnings.push(one.at(patch.at).field("profiles[].patches[].path"));
            }
            if overridden(old).is_none() && !old.contains(HOOKS) {
                rewrite(patch, old);
            }
        }
    }
    Ok(())
}

fn path(patch: &Node) -> &str {
    patch.get("path").and_then(Node::text).unwrap_or_default()
}

fn rewrite(patch: &mut Node, old: &str) {
    if let Some((from, to)) = MOVED.iter().find(|(from, _)| old.contains(from)) {
        set_path(patch, &old.replace(from, to));
    }
}

fn set_path(patch: &mut Node, new: &str) {
    if let Some(path) = patch.get_mut("path") {
        path.data = Node::string(new).data;
    }
}

/// The strategies of the releases of a pipeline; `None` if it has no `deploy.helm`.
fn strategies(pipeline: &Map) -> Option<Vec<Strategy>> {
    let helm = pipeline.get("deploy")?.get("helm")?;
    let releases = helm.get("releases").and_then(Node::as_seq);
    Some(releases.into_iter().flatten().map(|release| Strategy::of(release.get("imageStrategy"))).collect())
}

/// The release, by its index, whose `artifactOverrides/image…` a path leads to.
fn overridden(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("/deploy/helm/releases/")?;
    let (release, rest) = rest.split_once('/')?;
    let digits = !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit());
    (digits && rest.starts_with("artifactOverrides/image")).then_some(release)
}

fn overrides(old: &[String], patches: &mut Vec<Node>, known: &[Strategy]) -> Result<(), Diagnostic> {
    for (index, old) in old.iter().enumerate() {
        let Some(release) = overridden(old) else { continue };
        let release = release.parse::<usize>().ok().and_then(|release| known.get(release));
        let Some(patch) = patches.get(index).cloned() else { continue };
        let (Some(strategy), Some(name)) = (release, patch.get("value").and_then(Node::text)) else {
            let message = format!("`{old}` does not lead to an image of a release");
            let one = Diagnostic::new(message).at(patch.at).field("profiles[].patches[].path");
            return Err(one.hint("count the releases of deploy.helm from 0, and give the image's name as the value"));
        };
        let base = old.replace("/deploy/helm", "/manifests/helm").replace("artifactOverrides", "setValueTemplates");
        for (nth, (suffix, template)) in strategy.templates(name).into_iter().enumerate() {
            let mut new = patch.clone();
            set_path(&mut new, &format!("{base}{suffix}"));
            if let Some(value) = new.get_mut("value") {
                value.data = Node::string(template).data;
            }
            match nth {
                0 => patches[index] = new,
                _ => patches.push(new),
            }
        }
    }
    Ok(())
}
