//! The completion of names from hydrant.yaml, in bash, and the trace of a run.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::Path;
use std::process::{Command, Output};

/// Runs a script in bash, in a copy of the example with a folder whose name is a command.
fn bash(folder: &Path, script: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
    Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-c", script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()))
        .env("HOME", folder)
        .env("ROOT", testkit::fixtures::root())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap()
}

fn example() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"cp -r "$ROOT/examples/apps/apps" "$ROOT/examples/apps/hydrant.yaml" "$ROOT/examples/apps/hydrant.lock" .
    git init -q -b main && git add -A && git -c user.name=a -c user.email=a@example.com commit -q -m "the example""#;
    assert!(bash(folder.path(), script).status.success());
    folder
}

/// What is completed in a command line whose last word is incomplete, separated by blanks.
fn completed(folder: &Path, line: &str) -> String {
    let script = format!(
        "source <(hydrant completions bash)
        COMP_WORDS=({line} '') COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _hydrant_names hydrant '' \"${{COMP_WORDS[COMP_CWORD-1]}}\"
        echo \"${{COMPREPLY[*]}}\""
    );
    let output = bash(folder, &script);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn services_and_environments_are_completed() {
    let folder = example();
    assert_eq!(completed(folder.path(), "hydrant deliver -s"), "cart catalog");
    assert_eq!(completed(folder.path(), "hydrant deliver --env"), "production staging");
    assert_eq!(completed(folder.path(), "hydrant promote --from"), "production staging");
    assert!(completed(folder.path(), "hydrant promote").contains("--from"));
}

#[test]
fn a_name_is_not_evaluated() {
    let folder = example();
    let hostile = "mkdir -p 'apps/$(touch pwned)/overlays/staging' && cp -r apps/cart/base 'apps/$(touch pwned)/' &&
        cp apps/cart/overlays/staging/* 'apps/$(touch pwned)/overlays/staging'";
    assert!(bash(folder.path(), hostile).status.success());
    completed(folder.path(), "hydrant deliver -s");
    assert!(!folder.path().join("pwned").exists());
}

#[test]
fn a_folder_without_a_config_completes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(completed(folder.path(), "hydrant deliver -s"), "");
}

#[test]
fn a_trace_has_the_stages_of_a_run() {
    let folder = example();
    let output = bash(folder.path(), "hydrant deliver --all --trace trace.json");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(folder.path().join("trace.json")).unwrap();
    assert!(text.starts_with('{') && text.ends_with("}\n"), "{text}");
    for stage in ["plan", "load", "render", "resolve", "check", "push"] {
        assert!(text.contains(&format!("\"name\":\"{stage}\"")), "{stage} is missing: {text}");
    }
    let parsed =
        bash(folder.path(), "python3 -c 'import json; print(len(json.load(open(\"trace.json\"))[\"traceEvents\"]))'");
    assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
}

#[test]
fn a_run_that_fails_has_a_trace_too() {
    let folder = example();
    let output = bash(folder.path(), "hydrant deliver -s unknown --trace trace.json || echo \"status $?\"");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "status 1\n");
    assert!(folder.path().join("trace.json").exists());
    let unwritable = bash(folder.path(), "hydrant plan --all --trace missing/trace.json");
    assert_eq!(unwritable.status.code(), Some(1), "{}", String::from_utf8_lossy(&unwritable.stderr));
}
