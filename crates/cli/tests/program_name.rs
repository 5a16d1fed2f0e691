//! The names that the program answers to: a link named `skaffold`, and plugins of kubectl, argocd and flux.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the program by a link with this name, in an empty environment.
fn run(name: &str, arguments: &[&str], folder: &Path) -> Output {
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join(name);
    symlink(env!("CARGO_BIN_EXE_hydrant"), &link).unwrap();
    Command::new(link).args(arguments).current_dir(folder).env_clear().env("HOME", folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        (
            "skaffold.yaml",
            "apiVersion: skaffold/v4beta14\nkind: Config\nmanifests: {rawYaml: [pod.yaml]}\nbuild: {artifacts: [{image: web}]}\n",
        ),
        (
            "pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n",
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_link_named_skaffold_renders_as_skaffold() {
    let folder = project();
    let options = ["render", "--offline=true", "--digest-source=tag", "-t", "v1", "-d", "registry.example/shop"];
    let output = run("skaffold", &options, folder.path());
    let expected = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - image: registry.example/shop/web:v1\n      name: web\n";
    assert_eq!(stdout(&output), expected, "{}", String::from_utf8_lossy(&output.stderr));
    let same = run("hydrant", &options, folder.path());
    assert_eq!(stdout(&same), expected);
}

#[test]
fn a_link_named_skaffold_says_what_to_use_for_other_commands() {
    let folder = project();
    let output = run("skaffold", &["build", "-q"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("error: skaffold build is not supported\n  hint: "), "{message}");
    assert_eq!(stdout(&run("skaffold", &["version"], folder.path())), "v2.24.0\n");
}

#[test]
fn kubectl_runs_it_as_a_plugin() {
    is_a_plugin("kubectl");
}

#[test]
fn argocd_runs_it_as_a_plugin() {
    is_a_plugin("argocd");
}

#[test]
fn flux_runs_it_as_a_plugin() {
    is_a_plugin("flux");
}

/// `HOST-hydrant render` renders, and its help names `HOST hydrant`.
fn is_a_plugin(host: &str) {
    let folder = project();
    let name = format!("{host}-hydrant");
    let output = run(&name, &["render", "--offline=true", "--digest-source=tag", "-t", "v1"], folder.path());
    assert!(stdout(&output).contains("image: web:v1"), "{}", String::from_utf8_lossy(&output.stderr));
    let help = stdout(&run(&name, &["render", "--help"], folder.path()));
    assert!(help.contains(&format!("Usage: {host} hydrant render")), "{help}");
}
