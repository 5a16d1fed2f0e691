//! A source with one unit, and programs that record how they are started.

use std::process::{Command, Output};

use serde_json::{Value, json};

/// What must not appear.
pub(crate) const SECRET: &str = "canary-5f3a9c";

/// The forms in which a URL may hold a secret.
pub(crate) const URLS: [&str; 20] = [
    "https://user:canary-5f3a9c@127.0.0.1:1/a/b.git?private_token=canary-5f3a9c#access_token=canary-5f3a9c",
    "https://canary-5f3a9c@127.0.0.1:1/a/b.git",
    "http://user:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "http://user:canary-5f3a9c@host.invalid/a/b.git",
    "https://127.0.0.1:1/a/b.git?access_token=canary-5f3a9c",
    "ssh://git:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "git:canary-5f3a9c@127.0.0.1:a/b.git",
    "HTTPS://user:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "https:/user:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "https:user:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "https:\\\\user:canary-5f3a9c@127.0.0.1:1\\a",
    "//user:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "https://user:x/canary-5f3a9c@127.0.0.1:1/a/b.git",
    "https://user:x@canary-5f3a9c@127.0.0.1:1/a/b.git",
    "https://user:canary-5f3a9c\\@127.0.0.1:1/a/b.git",
    "https://user:canary-5f3a9c@127.0.0.1:99999/a/b.git",
    "git::https://user:canary-5f3a9c@127.0.0.1:1/a/b.git",
    "oci://user:canary-5f3a9c@127.0.0.1:1/a/b",
    "ftp://user:canary-5f3a9c@127.0.0.1:1/a/b",
    "https://127.0.0.1:1/a/b.git?X-Amz-Credential=canary-5f3a9c&X-Amz-Signature=canary-5f3a9c",
];

/// Options whose value is content: it is meant to be in the manifests, in a commit, or to name a file.
pub(crate) const CONTENT: [&str; 3] = ["--message", "--body", "--title"];

pub(crate) struct Stage(tempfile::TempDir);

impl Stage {
    pub(crate) fn new() -> Self {
        let stage = Stage(tempfile::tempdir().unwrap());
        stage.write("cart/prod/kustomization.yaml", "resources: [a.yaml]\n");
        stage.write("cart/prod/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        // Programs that print how they were started.
        let dump = format!("#!/bin/sh\n{{ echo \"$0 $@\"; env; }} >> '{}'\nexit 1\n", stage.path("children"));
        for program in ["ssh", "helm", "gpg", "askpass", "docker-credential-canary", "git-credential-canary"] {
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

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes `hydrant.yaml` with `fields` over a valid one.
    pub(crate) fn config(&self, fields: &Value) {
        let mut config = json!({
            "apiVersion": "hydrant/v1", "kind": "Delivery",
            "services": [{"path": "cart", "kustomize": "{environment}"}],
            "environments": {"prod": {}},
            "destination": {"repository": self.path("manifests.git")},
        });
        merge(&mut config, fields);
        self.write("hydrant.yaml", &config.to_string());
    }

    pub(crate) fn hydrant(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hydrant"));
        command.env("HYDRANT_GIT_TOKEN", SECRET).env("GITHUB_TOKEN", SECRET).env("CI_JOB_TOKEN", SECRET);
        command
    }

    pub(crate) fn run(&self, command: &mut Command) -> Output {
        let path = format!("{}:{}", self.path("bin"), std::env::var("PATH").unwrap());
        let kept: Vec<(String, String)> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value?.to_str()?.to_owned())))
            .collect();
        command.env_clear().env("HOME", self.0.path()).env("PATH", path).env("GIT_CONFIG_NOSYSTEM", "1").envs(kept);
        command.current_dir(self.0.path()).stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Runs a command, and returns what it printed if the secret is in it.
    pub(crate) fn leak(&self, command: &mut Command, what: &str) -> Option<String> {
        let done = self.run(command);
        let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_ne!(done.status.code(), Some(70), "{what}: {text}");
        let line = text.lines().find(|line| line.contains(SECRET))?;
        Some(format!("{what}: {line}"))
    }

    pub(crate) fn help(&self, verb: &[&str]) -> String {
        let done = self.run(Command::new(env!("CARGO_BIN_EXE_hydrant")).args(verb).arg("--help"));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Every command with its arguments that name a command below it, such as `artifact push`.
    pub(crate) fn verbs(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let mut open = self.commands(&[]);
        while let Some(verb) = open.pop() {
            let names: Vec<&str> = verb.iter().map(String::as_str).collect();
            let below = self.commands(&names);
            if below.is_empty() { found.push(verb) } else { open.extend(below) }
        }
        found.sort();
        found
    }

    fn commands(&self, above: &[&str]) -> Vec<Vec<String>> {
        let help = self.help(above);
        // The groups of commands are between the usage and the options.
        let list = help.split("Usage:").nth(1).unwrap_or_default().split("\nOptions:\n").next().unwrap_or_default();
        let lines = list.lines().filter_map(|line| line.strip_prefix("  "));
        let lines = lines.filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase()));
        let names = lines.filter_map(|line| line.split_whitespace().next());
        let names = names.filter(|name| !["help", "completions", "man"].contains(name));
        names.map(|name| above.iter().copied().chain([name]).map(str::to_owned).collect()).collect()
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
