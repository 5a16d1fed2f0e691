//! Steps from v1beta6 to v1beta14.

use manifest::{Data, Diagnostic, Map, Node};

use super::tree::{Warnings, below, each_artifact, each_pipeline, rename, shift};

/// v1beta6 → v1beta7: `build.kaniko` becomes `build.cluster`, and a `kaniko` of each artifact.
pub(super) fn kaniko_build_becomes_cluster(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_pipeline(root, |pipeline| {
        let Some(build) = below(pipeline, &["build"]) else { return Ok(()) };
        let Some(Node { data: Data::Map(kaniko), at }) = build.remove("kaniko") else { return Ok(()) };
        let pick = |names: &[&str]| {
            let mut map = kaniko.clone();
            map.entries_mut().retain(|entry| names.contains(&entry.key.text.as_str()));
            Node { at, ..map.into() }
        };
        let artifact_side = pick(&["flags", "buildContext", "image", "cache"]);
        let artifacts = build.get_mut("artifacts").and_then(Node::as_seq_mut);
        for artifact in artifacts.into_iter().flatten().filter_map(Node::as_map_mut) {
            artifact.set("kaniko", artifact_side.clone());
        }
        build.set("cluster", pick(&["pullSecret", "pullSecretName", "namespace", "timeout", "dockerConfig"]));
        Ok(())
    })
}

/// v1beta8 → v1beta9: builder plugins are gone; those for bazel, docker, local and Google Cloud Build are builders.
pub(super) fn plugins_become_builders(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        if let Some(plugin) = artifact.remove("plugin") {
            move_properties(&plugin, &["bazel", "docker"], artifact);
        }
    })?;
    each_pipeline(root, |pipeline| {
        if let Some(build) = below(pipeline, &["build"])
            && let Some(environment) = build.remove("executionEnvironment")
        {
            move_properties(&environment, &["googleCloudBuild", "local"], build);
        }
        Ok(())
    })
}

fn move_properties(plugin: &Node, known: &[&str], target: &mut Map) {
    let name = plugin.get("name").and_then(Node::text).unwrap_or_default();
    if let (true, Some(properties)) = (known.contains(&name), plugin.get("properties")) {
        target.set(name, properties.clone());
    }
}

/// v1beta9 → v1beta10: `sync` is a list of rules instead of a mapping from source to destination.
pub(super) fn sync_becomes_a_list_of_rules(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        let Some(Node { data: Data::Map(sync), at }) = artifact.remove("sync") else { return };
        let rules: Vec<Node> = sync.entries().iter().map(|entry| rule(&entry.key.text, &entry.value)).collect();
        let mut manual = Map::default();
        manual.set("manual", Node { at, ..rules.into() });
        artifact.set("sync", Node { at, ..manual.into() });
    })
}

/// The folder of a pattern that keeps its meaning: no star in it, and at most one in the name after it.
fn simple_folder(source: &str) -> Option<&str> {
    let (folder, name) = source.split_at(source.rfind('/').map_or(0, |slash| slash + 1));
    let simple = !folder.contains('*') && !name.is_empty() && name.matches('*').count() <= 1;
    simple.then_some(folder)
}

fn rule(source: &str, destination: &Node) -> Node {
    let target = destination.text().unwrap_or_default();
    let (written, (target, strip)) = if let Some(folder) = simple_folder(source) {
        (source.to_owned(), simplify(target, folder))
    } else if let Some((before, _)) = source.split_once("***") {
        (source.replace("***", "**"), simplify(target, before))
    } else {
        (source.to_owned(), (target.to_owned(), String::new()))
    };
    let mut rule = Map::default();
    rule.set("src", Node::string(written));
    rule.set("dest", Node::string(target));
    if !strip.is_empty() {
        rule.set("strip", Node::string(strip));
    }
    Node { at: destination.at, ..rule.into() }
}

/// Cuts `strip` off the end of the destination, where it is that end.
fn simplify(target: &str, strip: &str) -> (String, String) {
    let kept = (target.to_owned(), strip.to_owned());
    if strip.is_empty() || strip == "/" || target.is_empty() {
        return kept;
    }
    let folder = format!("{}/", target.strip_suffix('/').unwrap_or(target));
    if !folder.ends_with(strip) {
        return kept;
    }
    let short = folder.strip_suffix(strip.strip_prefix('/').unwrap_or(strip)).unwrap_or(&folder);
    (if short.is_empty() { ".".to_owned() } else { short.to_owned() }, String::new())
}

/// v1beta13 → v1beta14: `jibMaven` and `jibGradle` become `jib` with a type.
pub(super) fn jib_is_one_builder(root: &mut Map, _: &mut Warnings) -> Result<(), Diagnostic> {
    each_artifact(root, |artifact| {
        let (maven, gradle) = (artifact.remove("jibMaven"), artifact.remove("jibGradle"));
        let (kind, found) = match (maven, gradle) {
            (Some(maven), _) => ("maven", maven),
            (None, Some(gradle)) => ("gradle", gradle),
            (None, None) => return,
        };
        let Node { data: Data::Map(mut old), at } = found else { return };
        rename(&mut old, "module", "project");
        let profile = old.remove("profile");
        let mut jib = Map::default();
        shift(&mut old, "project", &mut jib, "project");
        shift(&mut old, "args", &mut jib, "args");
        if let (Some(profile), "maven") = (profile, kind) {
            let args = jib.get_or_insert_with("args", || Vec::new().into());
            args.as_seq_mut().into_iter().for_each(|args| {
                args.extend([Node::string("--activate-profiles"), profile.clone()]);
            });
        }
        jib.set("type", Node::string(kind));
        artifact.set("jib", Node { at, ..jib.into() });
    })
}
