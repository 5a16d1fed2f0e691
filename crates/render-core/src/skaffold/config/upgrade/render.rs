//! v2beta29 → v3alpha1: the sources of manifests move from `deploy` to `manifests`.

use manifest::{Data, Diagnostic, Map, Node};

use super::image_strategy::Strategy;
use super::render_patches;
use super::tree::{Warnings, below, each_pipeline, shift};

/// `deploy.kubectl.manifests`, `deploy.kustomize` and `deploy.helm` move to `manifests`, and patches follow them.
///
/// # Errors
/// `deploy.kpt`, and settings of kubectl and kustomize that contradict each other.
pub(super) fn rendering_leaves_deploy(root: &mut Map, warnings: &mut Warnings) -> Result<(), Diagnostic> {
    render_patches::follow(root, warnings)?;
    each_pipeline(root, |pipeline| {
        let mut manifests = Map::default();
        let Some(deploy) = below(pipeline, &["deploy"]) else { return Ok(()) };
        if let Some(kubectl) = below(deploy, &["kubectl"]) {
            shift(kubectl, "manifests", &mut manifests, "rawYaml");
        }
        kustomize(deploy, &mut manifests)?;
        if let Some(kpt) = deploy.get("kpt") {
            let one = Diagnostic::new("cannot be upgraded from a version before v3alpha1, as in Skaffold");
            return Err(one
                .at(kpt.at)
                .field("deploy.kpt")
                .hint("render its folder with `manifests.kustomize` or `manifests.rawYaml`"));
        }
        helm(deploy, &mut manifests);
        if !manifests.is_empty() {
            pipeline.set("manifests", manifests);
        }
        Ok(())
    })
}

fn kustomize(deploy: &mut Map, manifests: &mut Map) -> Result<(), Diagnostic> {
    let Some(Node { data: Data::Map(mut old), at }) = deploy.remove("kustomize") else { return Ok(()) };
    let mut new = Map::default();
    match old.remove("paths") {
        Some(paths) => new.set("paths", paths),
        None => new.set("paths", Node { at, ..vec![Node { at, ..Node::string(".") }].into() }),
    }
    shift(&mut old, "buildArgs", &mut new, "buildArgs");
    manifests.set("kustomize", Node { at, ..new.into() });
    match below(deploy, &["kubectl"]) {
        Some(kubectl) => merge_deployer(kubectl, &old),
        None => {
            deploy.set("kubectl", Node { at, ..old.into() });
            Ok(())
        }
    }
}

/// Adds kustomize's deploy settings to kubectl's.
fn merge_deployer(kubectl: &mut Map, kustomize: &Map) -> Result<(), Diagnostic> {
    let text = |map: &Map, path: &[&str]| {
        let (first, rest) = path.split_first()?;
        map.get(first)?.at_path(rest)?.text().map(str::to_owned)
    };
    let clash = |field: &str, path: &[&str]| {
        let (first, rest) = path.split_first()?;
        let at =
            kustomize.get(first).or_else(|| kubectl.get(first))?.at_path(rest).map_or_else(Default::default, |n| n.at);
        let one = Diagnostic::new(format!("differs from deploy.kubectl.{field}, and both deploy through kubectl"));
        Some(one.at(at).field(format!("deploy.kustomize.{field}")).hint("give both the same value"))
    };
    if let (Some(one), Some(other)) = (text(kubectl, &["defaultNamespace"]), text(kustomize, &["defaultNamespace"]))
        && one != other
    {
        return clash("defaultNamespace", &["defaultNamespace"]).map_or(Ok(()), Err);
    }
    let validation = ["flags", "disableValidation"];
    if text(kubectl, &validation) != text(kustomize, &validation) {
        return clash("flags.disableValidation", &validation).map_or(Ok(()), Err);
    }
    if let Some(namespace) = kustomize.get("defaultNamespace") {
        kubectl.set("defaultNamespace", namespace.clone());
    }
    append_lists(kubectl, kustomize, "flags", &["global", "apply", "delete"]);
    append_lists(kubectl, kustomize, "hooks", &["before", "after"]);
    Ok(())
}

fn append_lists(target: &mut Map, source: &Map, parent: &str, lists: &[&str]) {
    for name in lists {
        let added = source.get(parent).and_then(|map| map.get(name)).and_then(Node::as_seq);
        let Some(added) = added else { continue };
        let parent = target.get_or_insert_with(parent, Node::map);
        if let Some(map) = parent.as_map_mut() {
            let list = map.get_or_insert_with(name, || Vec::new().into());
            list.as_seq_mut().into_iter().for_each(|list| list.extend(added.iter().cloned()));
        }
    }
}

/// Helm's releases and flags are rendered and, unchanged, deployed.
fn helm(deploy: &mut Map, manifests: &mut Map) {
    let Some(helm) = deploy.get_mut("helm") else { return };
    let at = helm.at;
    let releases = helm.get_mut("releases").and_then(Node::as_seq_mut);
    releases.into_iter().flatten().filter_map(Node::as_map_mut).for_each(overrides_become_templates);
    let mut rendered = Map::default();
    for name in ["flags", "releases"] {
        if let Some(value) = helm.get(name) {
            rendered.set(name, value.clone());
        }
    }
    manifests.set("helm", Node { at, ..rendered.into() });
}

/// `artifactOverrides` and `imageStrategy` become `setValueTemplates` over the variables of an image.
fn overrides_become_templates(release: &mut Map) {
    let strategy = release.remove("imageStrategy");
    let Some(Node { data: Data::Map(overrides), at }) = release.remove("artifactOverrides") else { return };
    let strategy = Strategy::of(strategy.as_ref());
    let templates = release.get_or_insert_with("setValueTemplates", || Node { at, ..Node::map() });
    let Some(templates) = templates.as_map_mut() else { return };
    for entry in overrides.entries() {
        for (suffix, template) in strategy.templates(entry.value.text().unwrap_or_default()) {
            let key = format!("{}{suffix}", entry.key.text);
            templates.set(&key, Node { at: entry.value.at, ..Node::string(template) });
        }
    }
}
