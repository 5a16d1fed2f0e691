//! Skaffold's validation of complete configs: required values, mutually exclusive alternatives,
//! names that are there twice.
//!
//! Source: Skaffold's `yamltags` and `schema/validation`. Checks of what only a build, a test or a deployment reads are
//! made as well where they need nothing but the config.

use std::collections::BTreeMap;

use manifest::{At, Diagnostic, Errors, Map, Node};

use super::fields::{Fields, Kind};
use crate::skaffold::model::{Builder, Config};
use crate::skaffold::reference::ImageReference;

/// Checks all configs of a run, each with its tree.
///
/// # Errors
/// Everything that is found.
pub(super) fn validate(fields: &Fields, configs: &[Config], trees: &[Map]) -> Result<(), Errors> {
    let mut errors = image_names(configs);
    for (config, tree) in configs.iter().zip(trees) {
        let start = errors.len();
        structure(fields, "SkaffoldConfig", tree, "", At::default(), &mut errors);
        artifacts(tree, &mut errors);
        log_prefix(tree, &mut errors);
        errors[start..].sort_by_key(|one| one.at);
        for one in &mut errors[start..] {
            one.file.get_or_insert_with(|| config.file.clone());
        }
    }
    errors.extend(dependencies(configs));
    Errors::check(errors)
}

/// Required fields that are missing and alternatives that are both there.
fn structure(fields: &Fields, type_name: &str, map: &Map, path: &str, at: At, errors: &mut Vec<Diagnostic>) {
    let newest = fields.newest();
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
    for field in fields.of(type_name, newest) {
        let Some(value) = map.get(field.name) else {
            if field.required {
                let one = Diagnostic::new("missing required field").at(at).field(below(field.name));
                errors.push(one.hint(format!("set `{}`", field.name)));
            }
            continue;
        };
        if let Some(other) = field.group.and_then(|group| groups.insert(group, field.name)) {
            let one = Diagnostic::new(format!("cannot be used with `{other}`")).at(value.at);
            errors.push(one.field(below(field.name)).hint("keep one of the two"));
        }
        visit(fields, &field.kind, value, &below(field.name), errors);
    }
}

fn visit(fields: &Fields, kind: &Kind, value: &Node, path: &str, errors: &mut Vec<Diagnostic>) {
    match kind {
        Kind::Struct(name) => {
            if let Some(map) = value.as_map() {
                structure(fields, name, map, path, value.at, errors);
            }
        }
        Kind::List(inner) => {
            for (index, item) in value.as_seq().into_iter().flatten().enumerate() {
                visit(fields, inner, item, &format!("{path}[{index}]"), errors);
            }
        }
        _ => {}
    }
}

/// Artifact names that are duplicate, are invalid, or have a tag or digest.
fn image_names(configs: &[Config]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<&str, (&str, At)> = BTreeMap::new();
    let mut errors = Vec::new();
    for config in configs {
        for (index, artifact) in config.build.artifacts.iter().enumerate() {
            let image = &artifact.image;
            let mut say = |message: String, hint: &str| {
                errors.push(config.diagnostic(image.at, format!("build.artifacts[{index}].image"), message).hint(hint));
            };
            if image.is_empty() {
                continue;
            }
            if let Some((file, at)) = seen.insert(image, (&config.file, image.at)) {
                let message = format!("duplicate artifact `{}`: the other one is at {file}:{}", image.text, at.line);
                say(message, "define one artifact for each image");
                continue;
            }
            match ImageReference::parse(image) {
                Err(error) => say(error.to_string(), "write a name such as registry.example/team/app"),
                Ok(parsed) if parsed.tag.is_some() || parsed.digest.is_some() => {
                    say(format!("`{}` has a tag or digest", image.text), "remove it: build.tagPolicy sets the tag");
                }
                Ok(_) => {}
            }
        }
    }
    errors
}

/// Artifacts that their builder cannot build, and parts of them that contradict each other.
fn artifacts(tree: &Map, errors: &mut Vec<Diagnostic>) {
    let Some(build) = tree.get("build") else { return };
    let (cloud, cluster) = (build.get("googleCloudBuild").is_some(), build.get("cluster").is_some());
    for (index, artifact) in build.get("artifacts").and_then(Node::as_seq).into_iter().flatten().enumerate() {
        let path = format!("build.artifacts[{index}]");
        let mut say = |at: At, field: &str, message: String, hint: &str| {
            errors.push(Diagnostic::new(message).at(at).field(format!("{path}.{field}")).hint(hint));
        };
        let kinds = ["docker", "bazel", "ko", "jib", "kaniko", "buildpacks", "custom"];
        if let Some((kind, node)) = kinds.iter().find_map(|kind| Some((*kind, artifact.get(kind)?))) {
            let (fits, place) = match (cloud, cluster) {
                (true, _) => (kind != "bazel" && kind != "custom", "googleCloudBuild"),
                (_, true) => (kind == "kaniko" || kind == "custom", "cluster"),
                _ => (kind != "kaniko", "local"),
            };
            if !fits {
                let message = format!("cannot be built by build.{place}");
                say(node.at, kind, message, "use another builder, or build somewhere else");
            }
        }
        jib_type(artifact, &mut say);
        custom_ignore(artifact, &mut say);
        sync_strip(artifact, &mut say);
    }
    let local = |key: &str| build.at_path(&["local", key]).and_then(Node::text) == Some("true");
    if let (Some(sha), true) = (build.at_path(&["tagPolicy", "sha256"]), local("tryImportMissing")) {
        let one = Diagnostic::new("cannot be used with build.local.tryImportMissing").at(sha.at);
        errors.push(one.field("build.tagPolicy.sha256").hint("use another tag policy"));
    }
}

fn jib_type(artifact: &Node, say: &mut impl FnMut(At, &str, String, &str)) {
    if let Some(kind) = artifact.at_path(&["jib", "type"]) {
        let text = kind.text().unwrap_or_default();
        if !["maven", "gradle"].contains(&text.to_ascii_lowercase().as_str()) {
            say(kind.at, "jib.type", format!("invalid type `{text}` of jib"), "use maven or gradle");
        }
    }
}

fn custom_ignore(artifact: &Node, say: &mut impl FnMut(At, &str, String, &str)) {
    let Some(dependencies) = artifact.at_path(&["custom", "dependencies"]) else { return };
    let other = dependencies.get("dockerfile").or_else(|| dependencies.get("command"));
    if let (Some(ignore), Some(_)) = (dependencies.get("ignore"), other) {
        let message = "requires `paths`".to_owned();
        say(ignore.at, "custom.dependencies.ignore", message, "remove it, or set `paths`");
    }
}

fn sync_strip(artifact: &Node, say: &mut impl FnMut(At, &str, String, &str)) {
    let rules = artifact.at_path(&["sync", "manual"]).and_then(Node::as_seq);
    for (nth, rule) in rules.into_iter().flatten().enumerate() {
        let text = |key| rule.get(key).and_then(Node::text).unwrap_or_default();
        if !text("src").starts_with(text("strip")) {
            let message = format!("`{}` does not start with the strip prefix `{}`", text("src"), text("strip"));
            say(rule.at, &format!("sync.manual[{nth}]"), message, "set strip to a prefix of src");
        }
    }
}

fn log_prefix(tree: &Map, errors: &mut Vec<Diagnostic>) {
    let Some(prefix) = tree.get("deploy").and_then(|deploy| deploy.at_path(&["logs", "prefix"])) else { return };
    let text = prefix.text().unwrap_or_default();
    if !["auto", "container", "podAndContainer", "none"].contains(&text) {
        let one = Diagnostic::new(format!("invalid prefix `{text}`")).at(prefix.at).field("deploy.logs.prefix");
        errors.push(one.hint("use auto, container, podAndContainer or none"));
    }
}

/// Artifacts that require an unknown artifact, form a cycle, or use one alias for two images.
fn dependencies(configs: &[Config]) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for config in configs {
        for artifact in &config.build.artifacts {
            edges.insert(&artifact.image, artifact.requires.iter().map(|one| one.image.text.as_str()).collect());
        }
    }
    for config in configs {
        for (index, artifact) in config.build.artifacts.iter().enumerate() {
            let mut aliases: Vec<&str> = Vec::new();
            for (nth, required) in artifact.requires.iter().enumerate() {
                let field = format!("build.artifacts[{index}].requires[{nth}]");
                let mut say = |message: String, hint: &str| {
                    errors.push(config.diagnostic(required.image.at, field.clone(), message).hint(hint));
                };
                let (image, alias) = (required.image.text.as_str(), required.alias.as_str());
                if !edges.contains_key(image) {
                    say(format!("artifact `{image}` not found"), "name an image of build.artifacts");
                } else if reaches(&edges, image, &artifact.image) {
                    say(
                        format!("cycle: `{image}` requires `{}`", artifact.image.text),
                        "remove the entry that closes the cycle",
                    );
                }
                let strict = matches!(artifact.builder, Builder::Docker(_) | Builder::Custom { .. });
                if strict && !is_argument_name(alias) {
                    say(format!("invalid alias `{alias}`"), "set `alias` to letters, digits and _");
                }
                if aliases.contains(&alias) {
                    say(format!("duplicate alias `{alias}`"), "use a unique `alias` for each");
                }
                aliases.push(alias);
            }
        }
    }
    errors
}

/// Whether a text can name a build argument: letters, digits and `_`, no digit in front.
fn is_argument_name(text: &str) -> bool {
    let known = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    known && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn reaches(edges: &BTreeMap<&str, Vec<&str>>, from: &str, to: &str) -> bool {
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(current) = seen.get(next).copied() {
        if current == to {
            return true;
        }
        next += 1;
        for edge in edges.get(current).into_iter().flatten().copied() {
            if !seen.contains(&edge) {
                seen.push(edge);
            }
        }
    }
    false
}
