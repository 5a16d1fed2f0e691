//! From the typed tree of the newest version to the model, with the defaults that Skaffold sets.
//!
//! Source of the defaults: Skaffold's `schema/defaults/defaults.go`.

use manifest::{Map, Node};

use super::decode_build::build;
use super::tree_values::{flag, maps, placed, placed_list, placed_map, text, texts};
use crate::skaffold::model::{
    Config, Deploy, Function, Helm, HelmFlags, HelmRelease, HostHook, Kustomize, Manifests, RemoteManifest,
    RenderHooks, ResourceFilter, ResourceSelector,
};

/// The config of a tree that was checked, without what its file says about it. `folder` is that of a required file:
/// what a default path starts from.
pub(super) fn config(tree: &Map, folder: Option<&str>) -> Config {
    let section = |name| tree.get(name).and_then(Node::as_map);
    Config {
        name: section("metadata").map(|metadata| text(metadata, "name")).unwrap_or_default(),
        build: build(section("build").unwrap_or(&Map::default()), folder),
        manifests: section("manifests").map(manifests).unwrap_or_default(),
        deploy: section("deploy").map(deploy).unwrap_or_default(),
        resource_selector: section("resourceSelector").map(resource_selector).unwrap_or_default(),
        ..Config::default()
    }
}

fn manifests(map: &Map) -> Manifests {
    let functions = |key| {
        maps(map, key).map(|(_, function)| Function {
            name: placed(function, "name"),
            config_map: placed_list(function, "configMap"),
        })
    };
    Manifests {
        raw_yaml: placed_list(map, "rawYaml"),
        by_default: false,
        remote_manifests: maps(map, "remoteManifests")
            .map(|(_, remote)| RemoteManifest { manifest: placed(remote, "manifest") })
            .collect(),
        kustomize: map.get("kustomize").and_then(Node::as_map).map(|kustomize| Kustomize {
            paths: placed_list(kustomize, "paths"),
            build_args: placed_list(kustomize, "buildArgs"),
        }),
        helm: map.get("helm").and_then(Node::as_map).map(helm),
        kpt: placed_list(map, "kpt"),
        hooks: map.get("hooks").and_then(Node::as_map).map(hooks).unwrap_or_default(),
        transform: functions("transform").collect(),
        validate: functions("validate").collect(),
    }
}

fn hooks(map: &Map) -> RenderHooks {
    let side = |key| {
        maps(map, key)
            .filter_map(|(node, item)| Some((node, item.get("host")?.as_map()?)))
            .map(|(node, host)| HostHook {
                command: texts(host, "command"),
                os: texts(host, "os"),
                dir: text(host, "dir"),
                with_change: flag(host, "withChange"),
                at: node.at,
            })
            .collect()
    };
    RenderHooks { before: side("before"), after: side("after") }
}

fn helm(map: &Map) -> Helm {
    let flags = map.get("flags").and_then(Node::as_map);
    Helm {
        flags: flags.map(helm_flags).unwrap_or_default(),
        releases: maps(map, "releases")
            .map(|(node, release)| HelmRelease { at: node.at, ..helm_release(release) })
            .collect(),
    }
}

fn helm_flags(map: &Map) -> HelmFlags {
    HelmFlags { global: texts(map, "global"), dep_build: texts(map, "depBuild"), template: texts(map, "template") }
}

fn helm_release(map: &Map) -> HelmRelease {
    HelmRelease {
        name: placed(map, "name"),
        chart_path: placed(map, "chartPath"),
        remote_chart: placed(map, "remoteChart"),
        values_files: placed_list(map, "valuesFiles"),
        namespace: placed(map, "namespace"),
        version: placed(map, "version"),
        set_values: placed_map(map, "setValues"),
        set_value_templates: placed_map(map, "setValueTemplates"),
        set_files: placed_map(map, "setFiles"),
        skip_build_dependencies: flag(map, "skipBuildDependencies"),
        skip_tests: flag(map, "skipTests"),
        use_helm_secrets: flag(map, "useHelmSecrets"),
        repo: placed(map, "repo"),
        overrides: map.get("overrides").cloned(),
        packaged: map.contains("packaged"),
        ..HelmRelease::default()
    }
}

fn deploy(map: &Map) -> Deploy {
    Deploy {
        helm: map.get("helm").and_then(Node::as_map).map(helm),
        kube_context: placed(map, "kubeContext"),
        cloud_run: map.contains("cloudrun"),
        docker: map.contains("docker"),
    }
}

fn resource_selector(map: &Map) -> ResourceSelector {
    let side = |key| {
        maps(map, key)
            .map(|(_, filter)| ResourceFilter {
                group_kind: placed(filter, "groupKind"),
                image: texts(filter, "image"),
                labels: texts(filter, "labels"),
            })
            .collect()
    };
    ResourceSelector { allow: side("allow"), deny: side("deny") }
}
