//! A secret is given in every place that takes one, and must not appear in any output: each flag, environment variable and config field,
//! credential files, and every form of URL. The flags come from the program's help and the fields from its schema, so a new one is covered.

#![allow(clippy::print_stdout, reason = "the number of places is the report")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// What must not appear.
const SECRET: &str = "canary-5f3a9c";

/// The forms in which a URL may hold a secret.
const URLS: [&str; 7] = [
    "https://user:canary-5f3a9c@127.0.0.1:1/a/b.git?private_token=canary-5f3a9c#access_token=canary-5f3a9c",
    "https://canary-5f3a9c@127.0.0.1:1/a/b.git",
    "http://user:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "http://user:canary-5f3a9c@host.invalid/a/b.git",
    "https://127.0.0.1:1/a/b.git?access_token=canary-5f3a9c",
    "ssh://git:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "git:canary-5f3a9c@127.0.0.1:a/b.git",
];

/// Options whose value is content: it is meant to be in the manifests, in a commit, or to name a file.
const CONTENT: [&str; 3] = ["--message", "--body", "--title"];

struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Self {
        let stage = Stage(tempfile::tempdir().unwrap());
        stage.write("cart/prod/kustomization.yaml", "resources: [a.yaml]\n");
        stage.write("cart/prod/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        // Programs that print how they were started.
        let dump = format!("#!/bin/sh\n{{ echo \"$0 $@\"; env; }} >> '{}'\nexit 1\n", stage.path("children"));
        for program in ["ssh", "helm", "docker-credential-canary", "git-credential-canary"] {
            stage.write(&format!("bin/{program}"), &dump);
        }
        stage.write(
            ".gitconfig",
            &format!(
                "[user]\nname = a\nemail = a@b\n[credential]\nhelper = {}\n",
                stage.path("bin/git-credential-canary")
            ),
        );
        stage.write(".docker/config.json", &format!(r#"{{"auths":{{"127.0.0.1:1":{{"username":"u","password":"{SECRET}"}}}},"credHelpers":{{"h.invalid":"canary"}}}}"#));
        stage.write("key.pem", SECRET);
        stage.config(&json!({}));
        stage.run(
            Command::new("sh")
                .args(["-c", "chmod +x bin/*; git init -q -b main && git add cart hydrant.yaml && git commit -qm one"]),
        );
        stage
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes `hydrant.yaml` with `fields` over a valid one.
    fn config(&self, fields: &Value) {
        let mut config = json!({
            "apiVersion": "hydrant/v1", "kind": "Delivery",
            "services": [{"path": "cart", "kustomize": "{environment}"}],
            "environments": {"prod": {}},
            "destination": {"repository": self.path("manifests.git")},
        });
        merge(&mut config, fields);
        self.write("hydrant.yaml", &config.to_string());
    }

    fn hydrant(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hydrant"));
        command.env("HYDRANT_GIT_TOKEN", SECRET).env("GITHUB_TOKEN", SECRET).env("CI_JOB_TOKEN", SECRET);
        command
    }

    fn run(&self, command: &mut Command) -> Output {
        let path = format!("{}:{}", self.path("bin"), std::env::var("PATH").unwrap());
        let kept: Vec<(String, String)> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value?.to_str()?.to_owned())))
            .collect();
        command.env_clear().env("HOME", self.0.path()).env("PATH", path).env("GIT_CONFIG_NOSYSTEM", "1").envs(kept);
        command.current_dir(self.0.path()).stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Runs a command, and returns what it printed if the secret is in it.
    fn leak(&self, command: &mut Command, what: &str) -> Option<String> {
        let done = self.run(command);
        let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_ne!(done.status.code(), Some(70), "{what}: {text}");
        let line = text.lines().find(|line| line.contains(SECRET))?;
        Some(format!("{what}: {line}"))
    }

    fn help(&self, verb: &[&str]) -> String {
        let done = self.run(Command::new(env!("CARGO_BIN_EXE_hydrant")).args(verb).arg("--help"));
        String::from_utf8(done.stdout).unwrap()
    }

    fn verbs(&self) -> Vec<String> {
        let help = self.help(&[]);
        let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
        let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
        names.filter(|name| !["help", "completions", "man"].contains(name)).map(str::to_owned).collect()
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

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
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            fields(field, root, &[path, std::slice::from_ref(name)].concat(), depth - 1, found);
        }
    }
}

fn nested(path: &[String], value: &str) -> Value {
    path.iter().rev().fold(json!(value), |inner, name| json!({ name: inner }))
}

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
        let help = stage.help(&[&verb]);
        all_variables.extend(variables(&help));
        check(stage.hydrant().arg(&verb), verb.clone());
        for flag in flags(&help).into_iter().filter(|flag| !CONTENT.contains(&flag.as_str())) {
            let forms = if flag.contains("repository") { &URLS[..] } else { &URLS[..1] };
            for url in forms {
                check(stage.hydrant().args([verb.as_str(), &flag, url]), format!("{verb} {flag} {url}"));
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
    for path in all_fields.iter().filter(|path| path.last().is_some_and(|name| name != "message")) {
        stage.config(&nested(path, URLS[0]));
        for verb in [
            &["plan", "--format", "json"][..],
            &["diff"],
            &["bootstrap", "argo-cd", "--all"],
            &["-vv", "deliver", "--all", "--allow-dirty"],
        ] {
            check(stage.hydrant().args(verb), format!("{} {verb:?}", path.join(".")));
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
    assert!(places > 500, "only {places} places");
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
