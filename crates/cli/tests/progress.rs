//! The progress bar of `pin`, `render` and `deliver` on a terminal, which `script` provides.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use testkit::registry::{Registry, Setup};

fn seen(folder: &Path, arguments: &str) -> String {
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_hydrant"));
    let done = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{arguments}: {stderr}");
    stderr
}

#[test]
#[ignore = "needs script (bsdutils)"]
fn real_terminal_shows_a_progress_bar() {
    let registry = Registry::start(Setup { latency: Duration::from_millis(900), ..Setup::default() });
    registry.put_image("app", "1", &[]);
    let folder = tempfile::tempdir().unwrap();
    let (work, host) = (folder.path(), registry.host());
    let pod = |image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
        )
    };
    let files = [
        ("pin.yaml", pod(&format!("{host}/app:1"))),
        ("app/pod.yaml", pod("app")),
        (
            "app/skaffold.yaml",
            "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: app}]}\nmanifests: {rawYaml: [pod.yaml]}\n"
                .to_owned(),
        ),
        (
            "hydrant.yaml",
            format!(
                "apiVersion: hydrant/v1\nkind: Delivery\nservices: app\nenvironments: {{prod: {{defaultRepo: '{host}'}}}}\ndestination: {{repository: m.git}}\n"
            ),
        ),
    ];
    for (path, text) in files {
        std::fs::create_dir_all(work.join(path).parent().unwrap()).unwrap();
        std::fs::write(work.join(path), text).unwrap();
    }
    for line in ["init -q", "add -A", "-c user.name=a -c user.email=a@b -c commit.gpgsign=false commit -q -m one"] {
        assert!(Command::new("git").args(line.split(' ')).current_dir(work).status().unwrap().success());
    }
    let render = format!("render -C app -t 1 -d {host}");
    let deliver = "deliver --all --tag 1 --dry-run --source-repository https://git.example/a";
    for command in ["pin --stdout pin.yaml", &render, deliver] {
        let stderr = seen(work, command);
        assert!(stderr.contains("resolving images") && stderr.contains("0/1"), "{command}: {stderr}");
        // The bar is removed at the end.
        let after = stderr.rsplit("resolving images").next().unwrap();
        assert!(after.contains("\u{1b}[2K"), "{command}: {stderr:?}");
    }
}
