//! Runs with a secret in one place each.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::stage::{CONTENT, SECRET, Stage, URLS};

/// The options with a value in a help text.
fn flags(help: &str) -> BTreeSet<String> {
    let texts = help.lines().filter(|line| line.trim_start().starts_with('-')).flat_map(|line| {
        let texts: Vec<&str> = line.split_whitespace().take(3).collect();
        let at = texts.iter().position(|word| word.starts_with("--"));
        at.filter(|at| texts.get(at + 1).is_some_and(|value| value.starts_with('<'))).map(|at| texts[at].to_owned())
    });
    texts.collect()
}

/// The environment variables that a help text names.
fn variables(help: &str) -> BTreeSet<String> {
    let names = help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
    names.map(str::to_owned).collect()
}

/// The paths of the fields of a schema that take a text, at most `depth` deep.
fn fields(schema: &Value, root: &Value, path: &[String], depth: usize, found: &mut BTreeSet<Vec<String>>) {
    let schema = match schema["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).unwrap_or(&Value::Null),
        None => schema,
    };
    let takes_text =
        |kind: &Value| kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("string")));
    if takes_text(&schema["type"]) && !path.is_empty() {
        found.insert(path.to_vec());
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        schema[choice].as_array().into_iter().flatten().for_each(|one| fields(one, root, path, depth, found));
    }
    if depth > 0 {
        // An element of a list, and a value under a name that is not fixed.
        for (place, name) in [("items", ELEMENT), ("additionalProperties", "prod")] {
            if schema[place].is_object() {
                fields(&schema[place], root, &[path, &[name.to_owned()]].concat(), depth - 1, found);
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            fields(field, root, &[path, std::slice::from_ref(name)].concat(), depth - 1, found);
        }
    }
}

/// The step of a path to the elements of a list.
const ELEMENT: &str = "[]";

fn nested(path: &[String], value: &str) -> Value {
    let step = |inner: Value, name: &String| if name == ELEMENT { json!([inner]) } else { json!({ name: inner }) };
    path.iter().rev().fold(json!(value), step)
}

/// Source files with a URL at `@`, and a command that reads each.
const SOURCES: [(&str, &str, &str); 13] = [
    ("k/kustomization.yaml", "resources: ['@']\n", "kustomize k"),
    ("k/kustomization.yaml", "components: ['@']\n", "kustomize k"),
    ("k/kustomization.yaml", "configMapGenerator: [{name: a, files: ['a=@']}]\n", "kustomize k"),
    ("k/kustomization.yaml", "openapi: {path: '@'}\n", "kustomize k"),
    ("k/kustomization.yaml", "patches: [{path: '@'}]\n", "kustomize k"),
    ("k/kustomization.yaml", "helmCharts: [{name: a, repo: '@', releaseName: a}]\n", "kustomize k --enable-helm"),
    (
        "k/kustomization.yaml",
        "helmCharts: [{name: a, repo: '@', releaseName: a}]\n",
        "kustomize k --enable-helm --helm-command helm",
    ),
    ("s/skaffold.yaml", "apiVersion: skaffold/v4beta11\nkind: Config\nrequires: [{git: {repo: '@'}}]\n", "render -C s"),
    ("s/skaffold.yaml", "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests: {rawYaml: ['@']}\n", "render -C s"),
    (
        "s/skaffold.yaml",
        "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests: {helm: {releases: [{name: a, remoteChart: a, repo: '@'}]}}\n",
        "render -C s",
    ),
    (
        "s/skaffold.yaml",
        "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests: {helm: {releases: [{name: a, remoteChart: '@'}]}}\n",
        "render -C s",
    ),
    (
        "p/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: '@'}]}\n",
        "pin p",
    ),
    (
        "c/Chart.yaml",
        "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: a, version: 1.0.0, repository: '@'}]\n",
        "helm template c",
    ),
];

#[test]
fn no_output_has_the_secret() {
    let stage = Stage::new();
    let mut places = 0;
    let mut leaks = Vec::new();
    let mut check = |command: &mut Command, what: String| {
        places += 1;
        leaks.extend(stage.leak(command, &what));
    };
    let mut all_variables = BTreeSet::new();
    for verb in stage.verbs() {
        let names: Vec<&str> = verb.iter().map(String::as_str).collect();
        let help = stage.help(&names);
        all_variables.extend(variables(&help));
        let shown = verb.join(" ");
        check(stage.hydrant().args(&verb), shown.clone());
        for url in URLS {
            check(stage.hydrant().args(&verb).arg(url), format!("{shown} {url}"));
        }
        for flag in flags(&help).into_iter().filter(|flag| !CONTENT.contains(&flag.as_str())) {
            let forms = if flag.contains("repository") { &URLS[..] } else { &URLS[..1] };
            for url in forms {
                check(stage.hydrant().args(&verb).args([&flag, *url]), format!("{shown} {flag} {url}"));
            }
        }
    }
    for name in [
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "CI_REPOSITORY_URL",
        "CI_JOB_URL",
        "GITHUB_API",
        "GITHUB_API_URL",
        "GITHUB_SERVER_URL",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "BUILD_URL",
        "BUILDKITE_BUILD_URL",
        "CI_API_V4_URL",
        "CI_PIPELINE_URL",
        "CI_SERVER_URL",
        "DOCKER_AUTH_CONFIG",
        "GIT_ASKPASS",
        "GIT_AUTHOR_NAME",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSL_CAINFO",
        "GITHUB_APP_ID",
        "GITHUB_APP_KEY_FILE",
        "GITHUB_REPOSITORY",
        "GITHUB_RUN_ID",
        "HYDRANT_LOG",
        "JENKINS_URL",
        "KUBECONFIG",
        "SSH_ASKPASS",
    ] {
        all_variables.insert(name.to_owned());
    }
    for name in all_variables.iter().filter(|name| !name.ends_with("MESSAGE")) {
        for verb in [&["plan"][..], &["deliver", "--all", "--dry-run"]] {
            check(stage.hydrant().env(name, URLS[0]).args(verb), format!("{name} {verb:?}"));
        }
    }
    let schema = stage.run(Command::new(env!("CARGO_BIN_EXE_hydrant")).arg("schema"));
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let mut all_fields = BTreeSet::new();
    fields(&schema, &schema, &[], 4, &mut all_fields);
    assert!(all_fields.contains(&vec!["source".to_owned(), "repository".to_owned()]), "{all_fields:?}");
    // The message of a commit, and the names of a cluster and a namespace in the objects of `bootstrap`, are content.
    let is_content = |path: &&Vec<String>| {
        let above = path.len().checked_sub(2).map(|above| path[above].as_str());
        match path.last().map(String::as_str) {
            Some("message") => true,
            Some("name" | "namespace") => above == Some("cluster"),
            _ => false,
        }
    };
    for path in all_fields.iter().filter(|path| !is_content(path)) {
        stage.config(&nested(path, URLS[0]));
        for verb in [
            &["plan", "--format", "json"][..],
            &["diff"],
            &["bootstrap", "argocd", "--all"],
            &["-vv", "deliver", "--all", "--allow-dirty"],
        ] {
            check(stage.hydrant().args(verb), format!("{} {verb:?}", path.join(".")));
        }
    }
    for (file, text, line) in SOURCES {
        for url in URLS {
            stage.write(file, &text.replace('@', &url.replace('\\', "/")));
            check(stage.hydrant().args(line.split(' ')), format!("{file} {line} {url}"));
        }
    }
    for url in URLS {
        stage.config(&json!({"destination": {"repository": url}, "source": {"repository": url}}));
        for verb in ["plan", "diff", "status", "verify"] {
            check(stage.hydrant().args([verb, "-vv"]), format!("destination {url} {verb}"));
        }
        stage.config(&json!({"source": {"repository": url}}));
        let attest = stage.path("statement.json");
        check(
            stage.hydrant().args(["deliver", "--all", "--allow-dirty", "--format", "json", "--attest", &attest]),
            format!("source {url}"),
        );
    }
    assert!(leaks.is_empty(), "{} of {places} places show the secret:\n{}", leaks.len(), leaks.join("\n"));
    assert!(places > 2000, "only {places} places");
    for written in ["children", "statement.json"] {
        let text = std::fs::read_to_string(stage.path(written)).unwrap_or_default();
        let shown: BTreeSet<&str> = text.lines().filter(|line| line.contains(SECRET)).collect();
        assert!(shown.is_empty(), "{written}: {shown:#?}");
    }
    if Path::new(&stage.path("manifests.git")).exists() {
        let log = stage.run(Command::new("git").args(["-C", "manifests.git", "log", "--all", "-p", "--format=raw"]));
        let text = String::from_utf8_lossy(&log.stdout);
        assert!(text.contains("diff --git") && !text.contains(SECRET), "a commit or a note shows the secret");
    }
    println!("{places} places");
}
