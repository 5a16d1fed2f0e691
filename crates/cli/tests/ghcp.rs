//! ghcp's verbs, as people type them, against testkit's GitHub.

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

fn words(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_command_of_the_blog_post_works() {
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/manifests", &[("README.md", "hello\n")]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("cart/.git")).unwrap();
    std::fs::write(folder.path().join("cart/manifest.yaml"), "a: 1\n").unwrap();
    std::fs::write(folder.path().join("cart/.git/config"), "no").unwrap();
    let commit = ["commit", "-u", "acme", "-r", "manifests", "-b", "cart/production", "-m", "Deploy cart"];
    let with = |more: &[&str]| hydrant(&fake, folder.path(), &[&commit[..], more].concat());
    let (out, said) = well(&with(&["--dry-run", "./cart"]));
    assert!(out.is_empty() && said.contains("added cart/manifest.yaml") && said.contains("writes nothing"), "{said}");
    assert!(fake.requests().iter().all(|request| request.starts_with("GET ")));
    let (id, _) = well(&with(&["./cart"]));
    let repository = git2::Repository::open_bare(path).unwrap();
    let head = repository.revparse_single("cart/production").unwrap().peel_to_commit().unwrap();
    assert_eq!((head.id().to_string(), head.message().unwrap()), (id, "Deploy cart\n"));
    assert!(head.tree().unwrap().get_path(Path::new("cart/manifest.yaml")).is_ok());
    assert!(head.tree().unwrap().get_path(Path::new("cart/.git")).is_err());
    let (out, said) = well(&with(&["cart"]));
    assert!(out.is_empty() && said.contains("nothing to change"), "{said}");
    assert!(words(&with(&["../elsewhere"]), 1).contains("leaves the folder"));
    assert!(words(&with(&["missing"]), 1).contains("missing"));
    assert!(words(&with(&[]), 2).contains("<FILE>"));
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
    let (_, said) = well(&run(&["fork-commit", "-r", "acme/shop", "-b", "topic", "-m", "mine", "a"]));
    assert!(said.contains("me/shop topic: 1 files changed"), "{said}");
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
    let (url, said) = well(&run(&pull));
    assert_eq!(url, "https://github.example/acme/shop/pull/1");
    assert!(said.contains("#1 opened"), "{said}");
    assert!(well(&run(&[&pull[..], &["--body", "more"]].concat())).1.contains("as it is to be"), "as ghcp leaves it");
    assert!(well(&run(&[&pull[..], &["--body", "other", "--update"]].concat())).1.contains("#1 updated"));
    let (_, said) = well(&run(&[&pull[..], &["-C", ".", "--debug"]].concat()));
    assert!(said.contains("GET /repos/acme/shop/pulls?state=open") && said.contains(": well"), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
    let said = words(&run(&[&pull[..], &["--reviewer", "eve", "--debug"]].concat()), 1);
    assert!(said.contains("requested_reviewers: HTTP 422") && said.contains("not a collaborator"), "{said}");
    assert!(
        words(&run(&["pull-request", "-r", "acme/shop", "-b", "none", "--title", "x"]), 1).contains("no branch none")
    );
    assert!(words(&run(&["empty-commit", "-r", "shop", "-m", "x"]), 1).contains("OWNER/REPO"));
    assert!(
        words(&run(&["empty-commit", "-r", "acme/shop", "-m", "x", "--token", "wrong"]), 4).contains("Bad credentials")
    );
    assert!(words(&run(&["empty-commit", "-r", "acme/shop", "-m", "x", "--token", ""]), 1).contains("GITHUB_TOKEN"));
}
