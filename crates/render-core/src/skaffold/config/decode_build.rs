//! From the typed tree to the model: `build`.

use std::collections::BTreeMap;

use manifest::{Map, Node};

use super::tree_values::{flag, maps, placed, text, texts};
use crate::skaffold::model::{
    Artifact, ArtifactDependency, Build, Builder, Dockerfile, LocatedText, Sources, TagPolicy,
};

/// `build`, with defaults: `context` is `.` (the folder of a required file), a builder is Docker's.
pub(super) fn build(map: &Map, folder: Option<&str>) -> Build {
    let policy = map.get("tagPolicy");
    Build {
        artifacts: maps(map, "artifacts").map(|(_, item)| artifact(item, map.contains("cluster"), folder)).collect(),
        insecure_registries: texts(map, "insecureRegistries"),
        tag_policy: policy.and_then(Node::as_map).and_then(tag_policy).unwrap_or_default(),
        tag_policy_at: policy.map(|policy| policy.at).unwrap_or_default(),
    }
}

fn artifact(map: &Map, in_cluster: bool, folder: Option<&str>) -> Artifact {
    let context = map.contains("context").then(|| placed(map, "context"));
    Artifact {
        image: placed(map, "image"),
        context: context
            .unwrap_or_else(|| LocatedText { text: folder.unwrap_or(".").to_owned(), ..LocatedText::default() }),
        builder: builder(map, in_cluster),
        requires: maps(map, "requires").map(|(_, item)| dependency(item)).collect(),
    }
}

fn dependency(map: &Map) -> ArtifactDependency {
    let image = placed(map, "image");
    let alias = match text(map, "alias") {
        alias if alias.is_empty() => image.text.clone(),
        alias => alias,
    };
    ArtifactDependency { image, alias }
}

fn builder(map: &Map, in_cluster: bool) -> Builder {
    let empty = Map::default();
    let part = |name| map.get(name).map(|node| node.as_map().unwrap_or(&empty));
    if let Some(docker) = part("docker") {
        Builder::Docker(dockerfile(docker, "dockerfile"))
    } else if let Some(kaniko) = part("kaniko") {
        kaniko_builder(kaniko)
    } else if let Some(custom) = part("custom") {
        custom_builder(custom)
    } else if let Some(buildpacks) = part("buildpacks") {
        let descriptor = text(buildpacks, "projectDescriptor");
        Builder::Buildpacks {
            sources: sources(buildpacks, &["."]),
            project_descriptor: if descriptor.is_empty() { "project.toml".to_owned() } else { descriptor },
        }
    } else if let Some(ko) = part("ko") {
        Builder::Ko { sources: sources(ko, &[]), dir: text(ko, "dir"), main: text(ko, "main") }
    } else if map.contains("jib") {
        Builder::Jib
    } else if let Some(bazel) = part("bazel") {
        Builder::Bazel { target: text(bazel, "target") }
    } else if in_cluster {
        kaniko_builder(&empty)
    } else {
        Builder::Docker(dockerfile(&empty, "dockerfile"))
    }
}

fn kaniko_builder(map: &Map) -> Builder {
    Builder::Kaniko {
        dockerfile: dockerfile(map, "dockerfile"),
        context_sub_path: text(map, "contextSubPath"),
        ignore_paths: texts(map, "ignorePaths"),
    }
}

fn custom_builder(map: &Map) -> Builder {
    let dependencies = map.get("dependencies").and_then(Node::as_map);
    Builder::Custom {
        command: text(map, "buildCommand"),
        dockerfile: dependencies
            .and_then(|dependencies| dependencies.get("dockerfile")?.as_map())
            .map(|found| Dockerfile { path: text(found, "path"), ..dockerfile(found, "path") }),
        dependencies_command: dependencies.map(|found| text(found, "command")).unwrap_or_default(),
        sources: sources(map, &["."]),
    }
}

fn dockerfile(map: &Map, key: &str) -> Dockerfile {
    let path = text(map, key);
    let arguments = map.get("buildArgs").and_then(Node::as_map).map_or(&[][..], Map::entries);
    let value = |node: &Node| {
        let scalar = node.as_scalar()?;
        (scalar.tag != manifest::Tag::Null).then(|| scalar.text.to_string())
    };
    Dockerfile {
        path: if path.is_empty() { "Dockerfile".to_owned() } else { path },
        target: text(map, "target"),
        build_args: arguments
            .iter()
            .map(|entry| (entry.key.text.to_string(), value(&entry.value)))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// `dependencies.paths` and `.ignore`; `default` where there are no `dependencies`.
fn sources(map: &Map, default: &[&str]) -> Sources {
    match map.get("dependencies").and_then(Node::as_map) {
        Some(dependencies) => Sources { paths: texts(dependencies, "paths"), ignore: texts(dependencies, "ignore") },
        None => Sources { paths: default.iter().map(|path| (*path).to_owned()).collect(), ignore: Vec::new() },
    }
}

/// The first policy that is there, in the schema's order.
fn tag_policy(map: &Map) -> Option<TagPolicy> {
    let empty = Map::default();
    let part = |name| map.get(name).map(|node| node.as_map().unwrap_or(&empty));
    if let Some(git) = part("gitCommit") {
        return Some(TagPolicy::GitCommit {
            variant: placed(git, "variant"),
            prefix: text(git, "prefix"),
            ignore_changes: flag(git, "ignoreChanges"),
        });
    }
    if map.contains("sha256") {
        return Some(TagPolicy::Sha256);
    }
    if let Some(template) = part("envTemplate") {
        return Some(TagPolicy::EnvTemplate { template: placed(template, "template") });
    }
    if let Some(time) = part("dateTime") {
        return Some(TagPolicy::DateTime { format: placed(time, "format"), timezone: placed(time, "timezone") });
    }
    if let Some(custom) = part("customTemplate") {
        let components = maps(custom, "components")
            .map(|(_, component)| (placed(component, "name"), tag_policy(component).unwrap_or_default()));
        return Some(TagPolicy::CustomTemplate {
            template: placed(custom, "template"),
            components: components.collect(),
        });
    }
    map.contains("inputDigest").then_some(TagPolicy::InputDigest)
}
