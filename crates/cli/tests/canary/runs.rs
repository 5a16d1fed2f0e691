//! Runs that succeed, with the credentials that they need.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::json;
use testkit::git::{Abilities, GitServer};
use testkit::registry::{Auth, Registry, Setup};

use crate::stage::{SECRET, Stage};

/// How git's credentials reach the program.
const WAYS: [&str; 6] = ["variable", "url", "helper", "askpass", "header", "username in url"];

/// The commands of a unit's life, in an order in which each succeeds. `@` is the registry.
const LINES: [&str; 35] = [
    "plan --all",
    "plan --all --format json",
    "diff --allow-exec",
    "diff --format json --allow-exec",
    "diff --format markdown --allow-exec",
    "diff --format json-patch --allow-exec",
    "-vv deliver --all --dry-run --allow-exec",
    "-vv deliver --all --attest statement.json --allow-exec --origins",
    "deliver --all --format json --allow-exec --allow-older",
    "deliver --all --format markdown --allow-exec",
    "deliver -s cart -e stag --image app=@/app:2 --allow-exec",
    "diff --format html --allow-exec",
    "status",
    "status --format json",
    "status --html status.html",
    "-vv verify --allow-exec",
    "verify -s cart -e prod",
    "-vv promote --from stag --to prod -s cart",
    "promote --from stag --to prod -s cart --format json",
    "rollback -s cart -e prod",
    "hold -s cart -e stag --reason x",
    "status",
    "release -s cart -e stag",
    "-vv artifact push -s cart -e stag oci://@/artifacts:v1",
    "bootstrap argocd --all --allow-exec",
    "bootstrap argocd-set --all --allow-exec",
    "bootstrap flux --all --allow-exec",
    "render -s cart -e stag",
    "render --all -o out --allow-exec",
    "render -C web --allow-exec --digest-source none",
    "images cart",
    "pin cart --stdout",
    "pin cart --lock --stdout",
    "kustomize cart/prod",
    "deliver --all --allow-exec --allow-dirty --via git",
];

/// User and password of basic authentication.
const BASIC: &str = "dXNlcjpjYW5hcnktNWYzYTlj";

struct Servers {
    git: GitServer,
    registry: Registry,
}

fn servers() -> Servers {
    let login = Some(("user".to_owned(), SECRET.to_owned()));
    let auth = Auth::Basic("user".to_owned(), SECRET.to_owned());
    let servers = Servers {
        git: GitServer::start(Abilities { login, ..Abilities::default() }),
        registry: Registry::start(Setup { auth, ..Setup::default() }),
    };
    for tag in ["1", "2"] {
        servers.registry.put_image("app", tag, &[("org.opencontainers.image.source", "https://h/app")]);
    }
    servers
}

/// A source with a kustomize service in two environments, and a Skaffold service with a hook.
fn source(servers: &Servers) -> Stage {
    let stage = Stage::new();
    let host = servers.registry.host();
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: '{host}/app:1'}}]}}\n"
    );
    for environment in ["prod", "stag"] {
        stage.write(&format!("cart/{environment}/kustomization.yaml"), "resources: [a.yaml]\n");
        stage.write(&format!("cart/{environment}/a.yaml"), &pod);
    }
    let hook = "[sh, -c, 'cat >/dev/null; { echo \"$0 $@\"; env; } >> \"$HOME/children\"']";
    let skaffold = format!(
        "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests:\n  rawYaml: [a.yaml]\n  hooks: {{after: [{{host: {{command: {hook}}}}}]}}\n"
    );
    stage.write("web/skaffold.yaml", &skaffold);
    stage.write("web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    let login = json!({"auths": {host: {"username": "user", "password": SECRET}}});
    stage.write(".docker/config.json", &login.to_string());
    let answer = |text: &str| {
        format!("#!/bin/sh\n{{ echo \"$0 $@\"; env; }} >> '{}'\ncat >/dev/null\n{text}\n", stage.path("children"))
    };
    stage.write("bin/git-credential-canary", &answer(&format!("echo username=user; echo password={SECRET}")));
    stage.write("bin/askpass", &answer(&format!("case $1 in User*) echo user;; *) echo {SECRET};; esac")));
    stage
}

/// Configures one of [`WAYS`], and returns the variables for it.
fn configure(stage: &Stage, servers: &Servers, way: &str) -> Vec<(&'static str, String)> {
    let url = servers.git.url();
    let with = |user: &str| url.replacen("://", &format!("://{user}@"), 1);
    let repository = match way {
        "url" => with(&format!("user:{SECRET}")),
        "username in url" => with("user"),
        _ => url.clone(),
    };
    let git = "[user]\nname = a\nemail = a@b\n";
    let settings = match way {
        "helper" => format!("[credential]\nhelper = {}\n", stage.path("bin/git-credential-canary")),
        "header" => format!("[http]\nextraHeader = \"Authorization: Basic {BASIC}\"\n"),
        _ => String::new(),
    };
    stage.write(".gitconfig", &format!("{git}{settings}"));
    stage.config(&json!({
        "services": [{"path": "cart", "kustomize": "{environment}"}, "web"],
        "environments": {"stag": {}, "prod": {"after": "stag"}},
        "destination": {"repository": repository},
    }));
    let origin = format!("https://user:{SECRET}@h.invalid/a/b.git?access_token={SECRET}");
    let line = format!(
        "git init -q -b main; git add cart web hydrant.yaml; git commit -qm '{way}'; git remote add origin '{origin}' || true"
    );
    assert!(stage.run(Command::new("sh").args(["-c", &line])).status.success());
    let askpass = stage.path("bin/askpass");
    match way {
        "variable" => vec![("HYDRANT_GIT_TOKEN", SECRET.to_owned()), ("HYDRANT_GIT_USERNAME", "user".to_owned())],
        "askpass" | "username in url" => vec![("GIT_ASKPASS", askpass)],
        _ => Vec::new(),
    }
}

/// Whether a text has the secret, plain or as the password of basic authentication.
fn has_secret(text: &str) -> bool {
    text.contains(SECRET) || text.contains(BASIC)
}

#[test]
fn no_successful_run_shows_the_secret() {
    let mut places = 0;
    for way in WAYS {
        let servers = servers();
        let stage = source(&servers);
        let variables = configure(&stage, &servers, way);
        let mut succeeded = BTreeSet::new();
        for line in LINES {
            let mut command = Command::new(env!("CARGO_BIN_EXE_hydrant"));
            command.args(line.replace('@', &servers.registry.host()).split(' ')).envs(variables.iter().cloned());
            // What a CI job has besides.
            command.envs([
                ("CI", "true"),
                ("GITHUB_TOKEN", SECRET),
                ("CI_JOB_TOKEN", SECRET),
                ("AWS_SECRET_ACCESS_KEY", SECRET),
            ]);
            command.env("CI_REPOSITORY_URL", format!("https://gitlab-ci-token:{SECRET}@h.invalid/a/b.git"));
            command.env("CI_JOB_URL", format!("https://h.invalid/jobs/1?private_token={SECRET}"));
            let done = stage.run(&mut command);
            let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            let shown = text.lines().find(|line| has_secret(line));
            assert_eq!(shown, None, "{way}: hydrant {line}");
            places += 1;
            if done.status.success() {
                succeeded.insert(line);
            } else {
                println!("{way}: hydrant {line}: {text}");
            }
        }
        assert!(
            succeeded.len() + 4 >= LINES.len(),
            "{way}: only {} of {} runs succeeded",
            succeeded.len(),
            LINES.len()
        );
        places += written(&stage, &servers, way);
    }
    println!("{places} places");
}

/// Checks everything that the runs have written. Returns the number of places.
fn written(stage: &Stage, servers: &Servers, way: &str) -> usize {
    let files = ["children", "statement.json", "status.html", "hydrant.lock", "out/cart/stag.yaml"];
    for file in files {
        let text = std::fs::read_to_string(stage.path(file)).unwrap();
        assert!(!has_secret(&text), "{way}: {file}: {:?}", text.lines().find(|line| has_secret(line)));
    }
    let path = servers.git.path().display().to_string();
    let history = ["log", "--all", "-p", "--format=raw", "--notes=*"];
    let refs = ["for-each-ref"];
    for arguments in [&history[..], &refs] {
        let done = stage.run(Command::new("git").args(["--git-dir", &path]).args(arguments));
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(text.contains("refs/") || text.contains("diff --git"), "{way}: {text}");
        assert!(!has_secret(&text), "{way}: {:?}", text.lines().find(|line| has_secret(line)));
    }
    let (_, manifest) = servers.registry.manifest("artifacts", "v1").unwrap();
    assert!(!has_secret(&String::from_utf8_lossy(&manifest)), "{way}: the artifact");
    files.len() + 3
}
