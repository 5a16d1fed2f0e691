//! ghcp's verbs against testkit's GitHub.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::path::Path;
use std::process::{Command, Output};

use testkit::github::{FakeGitHub, TOKEN};

fn hydrant(fake: &FakeGitHub, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hydrant"));
    command.args(arguments).current_dir(folder).env_clear();
    command.env("GITHUB_API", fake.api()).env("GITHUB_TOKEN", TOKEN).output().unwrap()
}

fn well(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

fn failure(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn commit_creates_a_commit_and_leaves_an_unchanged_branch() {
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/manifests", &[("README.md", "hello\n")]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("cart/.git")).unwrap();
    std::fs::write(folder.path().join("cart/manifest.yaml"), "a: 1\n").unwrap();
    std::fs::write(folder.path().join("cart/.git/config"), "no").unwrap();
    let commit = ["commit", "-u", "acme", "-r", "manifests", "-b", "cart/production", "-m", "Deploy cart"];
    let with = |more: &[&str]| hydrant(&fake, folder.path(), &[&commit[..], more].concat());
    let (out, stderr) = well(&with(&["--dry-run", "./cart"]));
    assert!(out.is_empty() && stderr.contains("added cart/manifest.yaml") && stderr.contains("(dry run)"), "{stderr}");
    assert!(fake.requests().iter().all(|request| request.starts_with("GET ")));
    let (id, _) = well(&with(&["./cart"]));
    let repository = git2::Repository::open_bare(path).unwrap();
    let head = repository.revparse_single("cart/production").unwrap().peel_to_commit().unwrap();
    assert_eq!((head.id().to_string(), head.message().unwrap()), (id, "Deploy cart\n"));
    assert!(head.tree().unwrap().get_path(Path::new("cart/manifest.yaml")).is_ok());
    assert!(head.tree().unwrap().get_path(Path::new("cart/.git")).is_err());
    let (out, stderr) = well(&with(&["cart"]));
    assert!(out.is_empty() && stderr.contains("nothing to change"), "{stderr}");
    assert!(failure(&with(&["../elsewhere"]), 1).contains("leaves the folder"));
    assert!(failure(&with(&["missing"]), 1).contains("missing"));
    assert!(failure(&with(&[]), 2).contains("<FILE>"));
}

#[test]
fn the_other_verbs_work() {
    let fake = FakeGitHub::start();
    fake.repository("acme/shop", &[("README.md", "hello\n")]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "1").unwrap();
    let run = |arguments: &[&str]| hydrant(&fake, folder.path(), arguments);
    let author = ["--author-name", "Ada", "--author-email", "ada@example.com"];
    let (id, _) =
        well(&run(&[&["empty-commit", "-r", "acme/shop", "-b", "topic", "-m", "start"][..], &author].concat()));
    assert_eq!(id.len(), 40);
    let (_, stderr) = well(&run(&["fork-commit", "-r", "acme/shop", "-b", "topic", "-m", "mine", "a"]));
    assert!(stderr.contains("me/shop topic: 1 files changed"), "{stderr}");
    let pull = [
        "pull-request",
        "-r",
        "acme/shop",
        "-b",
        "topic",
        "--title",
        "Topic",
        "--reviewer",
        "ada",
        "--label",
        "deploy",
    ];
    let (url, stderr) = well(&run(&pull));
    assert_eq!(url, "https://github.example/acme/shop/pull/1");
    assert!(stderr.contains("#1 opened"), "{stderr}");
    assert!(well(&run(&[&pull[..], &["--body", "more"]].concat())).1.contains("is up to date"), "as ghcp leaves it");
    assert!(well(&run(&[&pull[..], &["--body", "other", "--update"]].concat())).1.contains("#1 updated"));
    let (_, stderr) = well(&run(&[&pull[..], &["-C", ".", "--debug"]].concat()));
    assert!(
        stderr.contains("debug: request method=GET url=") && stderr.contains("/repos/acme/shop/pulls?state=open"),
        "{stderr}"
    );
    assert!(!stderr.contains(TOKEN), "{stderr}");
    let stderr = failure(&run(&[&pull[..], &["--reviewer", "eve", "--debug"]].concat()), 1);
    assert!(stderr.contains("requested_reviewers status=422") && stderr.contains("not a collaborator"), "{stderr}");
    assert!(
        failure(&run(&["pull-request", "-r", "acme/shop", "-b", "none", "--title", "x"]), 1)
            .contains("branch none not found")
    );
    assert!(failure(&run(&["empty-commit", "-r", "shop", "-m", "x"]), 1).contains("OWNER/REPO"));
    assert!(
        failure(&run(&["empty-commit", "-r", "acme/shop", "-m", "x", "--token", "wrong"]), 4)
            .contains("Bad credentials")
    );
    assert!(failure(&run(&["empty-commit", "-r", "acme/shop", "-m", "x", "--token", ""]), 1).contains("GITHUB_TOKEN"));
}
