//! `hydrant init` on a terminal: `script` provides one and types the answers.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Types the lines and returns what the terminal shows, and the exit status.
fn typed(folder: &Path, arguments: &str, lines: &str) -> (String, bool) {
    let command = format!("{} init {arguments}", env!("CARGO_BIN_EXE_hydrant"));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--echo", "never", "--command", &command, "/dev/null"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    (String::from_utf8_lossy(&done.stdout).replace('\r', ""), done.status.success())
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        (
            "services/cart/skaffold.yaml",
            "apiVersion: skaffold/v4beta11\nkind: Config\nprofiles: [{name: production}]\n",
        ),
        ("apps/web/overlays/staging/kustomization.yaml", ""),
    ] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
#[ignore = "needs script (bsdutils)"]
fn real_terminal_shows_prompts() {
    let folder = repository();
    let answers =
        "staging production\n\nenv/{servce}\nenv/{environment}/{service}\nall/\nqa\nproduction\nGitLab\nghcr.io/acme\n";
    let (seen, well) = typed(folder.path(), "", answers);
    assert!(well, "{seen}");
    for wanted in [
        "Found services: 1 with a skaffold.yaml, 1 with kustomizations; environments: production, staging.",
        "Environments, separated by commas [production,staging] ",
        "unknown placeholder {servce}, expected {service} or {environment}",
        "unknown environment \"qa\", expected one of staging, production",
        "wrote ./hydrant.yaml",
    ] {
        assert!(seen.contains(wanted), "{wanted}: {seen}");
    }
    let written = std::fs::read_to_string(folder.path().join("hydrant.yaml")).unwrap();
    let body: Vec<&str> = written.lines().skip(1).take_while(|line| !line.starts_with("policy")).collect();
    let want = "apiVersion: hydrant/v1\nkind: Delivery\nservices:\n- kustomize: apps/{service}/overlays/{environment}   # 1 unit\n- \"services/cart\"\nenvironments:\n  \"staging\":\n    defaultRepo: \"ghcr.io/acme\"\n  \"production\":\n    defaultRepo: \"ghcr.io/acme\"\n    \
        review: {pullRequest: {host: gitlab}}\ndestination:\n  repository: \"manifests.git\"\n  branch: \"env/{environment}/{service}\"\n  path: all/";
    assert_eq!(body.join("\n"), want);
}

#[test]
#[ignore = "needs script (bsdutils)"]
fn real_terminal_shows_no_prompts_for_given_options() {
    let folder = repository();
    let (seen, well) = typed(folder.path(), "--yes", "");
    assert!(well && !seen.contains('['), "{seen}");
    std::fs::remove_file(folder.path().join("hydrant.yaml")).unwrap();
    let flags = "--env production --repository https://github.com/a/b.git --branch '{service}' --path a.yaml --review production";
    let (seen, well) = typed(folder.path(), flags, "\n");
    assert!(well && seen.matches('[').count() == 1 && seen.contains("(--default-repo) [none]"), "{seen}");
    std::fs::remove_file(folder.path().join("hydrant.yaml")).unwrap();
    // Ctrl-D.
    let (seen, well) = typed(folder.path(), "", "\u{4}");
    assert!(!well && seen.contains("no answer, nothing was written"), "{seen}");
    assert!(!folder.path().join("hydrant.yaml").exists());
}
