//! The GitHub action: runs the script of its last step as a runner does.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::Path;
use std::process::{Command, Output};

/// The results of a step.
struct Step {
    status: Option<i32>,
    stdout: String,
    summary: String,
    report: String,
}

#[test]
fn the_report_goes_to_the_summary_and_errors_become_annotations() {
    let folder = tempfile::tempdir().unwrap();
    let done = shell(
        folder.path(),
        &[],
        r#"cp -r "$ROOT/examples/shop/services" "$ROOT/examples/shop/hydrant.yaml" "$ROOT/examples/shop/hydrant.lock" .
        git init -q -b main && git add -A && git -c user.name=a -c user.email=a@example.com commit -q -m "the shop""#,
    );
    assert!(done.status.success(), "{done:?}");

    let delivered = step(folder.path(), "deliver --env production");
    assert_eq!(delivered.status, Some(0), "{}", delivered.stdout);
    assert!(delivered.summary.starts_with("### hydrant deliver\n\n3 units: 3 committed\n"), "{}", delivered.summary);
    assert_eq!(delivered.report, delivered.summary);

    let warned = step(folder.path(), "deliver --env production --namespace elsewhere --service cart");
    assert_eq!(warned.status, Some(0), "{}", warned.stdout);
    assert!(warned.stdout.contains("\n::warning::metadata.namespace: Service/cart"), "{}", warned.stdout);

    let refused = step(folder.path(), "deliver --service unknown");
    assert_eq!(refused.status, Some(1), "{}", refused.stdout);
    let annotation = "::error::unknown service \"unknown\"%0Ahint: use one of cart, catalog, checkout";
    assert!(refused.stdout.contains(annotation), "{}", refused.stdout);
    assert!(refused.summary.contains("unknown service \"unknown\""), "{}", refused.summary);

    // The command is not passed to a shell, and output without a Markdown format is printed unchanged.
    let planned = step(folder.path(), "plan --all --service $(touch${IFS}pwned) ; false");
    assert_ne!(planned.status, Some(0));
    assert!(!folder.path().join("pwned").exists());
    assert!(step(folder.path(), "plan --all").stdout.lines().any(|line| line.starts_with("SERVICE")));
}

/// The script of the last step, without the indentation of its block.
fn script() -> String {
    let text = std::fs::read_to_string(testkit::fixtures::root().join("action.yml")).unwrap();
    let (_, block) = text.rsplit_once("    run: |\n").unwrap();
    block.lines().map(|line| line.strip_prefix("      ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn step(folder: &Path, command: &str) -> Step {
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, "").unwrap();
        path.display().to_string()
    };
    let (summary, output) = (file("summary.ignored"), file("output.ignored"));
    let variables = [
        ("COMMAND", command),
        ("DIRECTORY", "."),
        ("SUMMARY", "true"),
        ("GITHUB_STEP_SUMMARY", &summary),
        ("GITHUB_OUTPUT", &output),
    ];
    let done = shell(folder, &variables, &script());
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let report = read(&output).trim().strip_prefix("report=").map(read).unwrap_or_default();
    Step {
        status: done.status.code(),
        stdout: String::from_utf8(done.stdout).unwrap(),
        summary: read(&summary),
        report,
    }
}

/// Runs a script as `shell: bash` of a runner does.
fn shell(folder: &Path, variables: &[(&str, &str)], script: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
    Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()))
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("ROOT", testkit::fixtures::root())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}
