//! The GitHub action: runs the scripts of its steps as a runner does.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::Path;
use std::process::{Command, Output};

/// The results of a step.
struct Step {
    status: Option<i32>,
    stdout: String,
    summary: String,
    report: String,
    changed: bool,
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
    assert!(delivered.changed);

    let again = step(folder.path(), "deliver --env production");
    assert!(again.status == Some(0) && !again.changed, "{}", again.report);
    assert!(!step(folder.path(), "diff --env production").changed);
    let missing = step(folder.path(), "diff --env develop");
    assert!(missing.status == Some(0) && missing.changed, "{}", missing.report);

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

/// A `gh` that answers with the id in the file `id`, and notes the other calls in the file `calls`.
const GH: &str = r#"#!/bin/sh
case "$*" in
  *--paginate*) cat id 2>/dev/null; exit 0 ;;
  *) echo "$*" | sed 's/body=@.*/body/' >> calls ;;
esac
"#;

#[test]
fn a_diff_is_one_comment_that_is_updated() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("bin")).unwrap();
    std::fs::write(path("bin/gh"), GH).unwrap();
    std::fs::write(path("report"), "no change\n").unwrap();
    assert!(shell(folder.path(), &[], "chmod +x bin/gh").status.success());
    let comment = |changed: &str| {
        let variables = [
            ("REPORT", "report"),
            ("CHANGED", changed),
            ("KEY", "a b`$"),
            ("NUMBER", "7"),
            ("REPOSITORY", "acme/shop"),
        ];
        let done = shell(folder.path(), &variables, &format!("PATH=$PWD/bin:$PATH\n{}", script("comment")));
        assert!(done.status.success(), "{done:?}");
        std::fs::read_to_string(path("calls")).unwrap_or_default()
    };
    assert_eq!(comment("false"), "", "without a change and a comment, nothing is written");
    let created = "api --silent --method POST repos/acme/shop/issues/7/comments -F body\n";
    assert_eq!(comment("true"), created);
    std::fs::write(path("id"), "41\n42\n").unwrap();
    let updated = format!("{created}api --silent --method PATCH repos/acme/shop/issues/comments/41 -F body\n");
    assert_eq!(comment("false"), updated, "an earlier comment is updated");
}

/// The script of a step, without the indentation of its block.
fn script(step: &str) -> String {
    let text = std::fs::read_to_string(testkit::fixtures::root().join("action.yml")).unwrap();
    let (_, step) = text.split_once(&format!("  - name: {step}\n")).unwrap();
    let (_, block) = step.split_once("    run: |\n").unwrap();
    let block = block.lines().take_while(|line| line.is_empty() || line.starts_with("      "));
    block.map(|line| line.strip_prefix("      ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
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
    let done = shell(folder, &variables, &script("run"));
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let outputs = read(&output);
    let value = |name: &str| outputs.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    let report = value("report").map(read).unwrap_or_default();
    let changed = value("changed") == Some("true");
    Step {
        status: done.status.code(),
        stdout: String::from_utf8(done.stdout).unwrap(),
        summary: read(&summary),
        report,
        changed,
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
