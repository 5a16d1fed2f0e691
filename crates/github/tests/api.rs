//! Commits, forks and pull requests by GitHub's API, against testkit's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::path::Path;

use git::{ChangeKind, File, FileSet, Mode};
use github::{ApiCommit, ForkCommit, GitHub, Login, Parent, PullAction, PullRequest, Repository, Rewrite};
use testkit::github::{FakeGitHub, Fault, Merge, TOKEN};

fn github(fake: &FakeGitHub) -> GitHub {
    GitHub::new(fake.api(), Login::Token(TOKEN.to_owned()))
}

fn repository(full: &str) -> Repository {
    let (owner, name) = full.split_once('/').unwrap();
    Repository { owner: owner.to_owned(), name: name.to_owned() }
}

fn commit(branch: &str, files: &[(&str, &str)]) -> ApiCommit {
    let files: FileSet =
        files.iter().map(|(path, text)| ((*path).to_owned(), File::regular(text.as_bytes()))).collect();
    ApiCommit {
        repository: repository("acme/shop"),
        branch: (!branch.is_empty()).then(|| branch.to_owned()),
        parent: Parent::Branch,
        files,
        delete: Vec::new(),
        allow_empty: false,
        message: "deliver".to_owned(),
        author: None,
        committer: None,
        dry_run: false,
    }
}

fn show(path: &Path, spec: &str) -> Option<String> {
    let repository = git2::Repository::open_bare(path).unwrap();
    let blob = repository.revparse_single(spec).ok()?.peel_to_blob().ok()?;
    Some(String::from_utf8_lossy(blob.content()).into_owned())
}

fn count(path: &Path, branch: &str) -> usize {
    let repository = git2::Repository::open_bare(path).unwrap();
    let mut walk = repository.revwalk().unwrap();
    walk.push_ref(&format!("refs/heads/{branch}")).unwrap();
    walk.count()
}

#[test]
fn only_what_differs_is_committed() {
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/shop", &[("README.md", "hello\n"), ("old", "1"), ("same", "s")]);
    let mut first = commit("", &[("a/b.yaml", "1\n"), ("same", "s")]);
    first.delete = vec!["old".to_owned(), "not there".to_owned()];
    first.files.insert("run".to_owned(), File { bytes: b"#!/bin/sh\n"[..].into(), mode: Mode::Executable });
    first.files.insert("binary".to_owned(), File::regular(&b"\xff\x00\x01"[..]));
    first.files.insert("link".to_owned(), File { bytes: b"a/b.yaml"[..].into(), mode: Mode::Link });
    let mut dry = first.clone();
    dry.dry_run = true;
    let result = github(&fake).commit(&dry).unwrap();
    assert!(fake.requests().iter().all(|request| request.starts_with("GET ")), "a dry run only reads");
    let done = github(&fake).commit(&first).unwrap();
    assert_eq!((result.new, &result.changes), (None, &done.changes));
    let changes: Vec<(&str, ChangeKind)> =
        done.changes.iter().map(|change| (change.path.as_str(), change.kind)).collect();
    let added = |path| (path, ChangeKind::Added);
    assert_eq!(
        changes,
        [added("a/b.yaml"), added("binary"), added("link"), ("old", ChangeKind::Removed), added("run")]
    );
    let posts: Vec<String> = fake.requests().into_iter().filter(|request| !request.starts_with("GET ")).collect();
    assert_eq!(
        posts,
        [
            "POST /repos/acme/shop/git/blobs",
            "POST /repos/acme/shop/git/trees",
            "POST /repos/acme/shop/git/commits",
            "PATCH /repos/acme/shop/git/refs/heads/main"
        ]
    );
    assert_eq!(
        (show(&path, "main:a/b.yaml"), show(&path, "main:old"), show(&path, "main:README.md")),
        (Some("1\n".to_owned()), None, Some("hello\n".to_owned()))
    );
    let bare = git2::Repository::open_bare(&path).unwrap();
    let tree = bare.revparse_single("main").unwrap().peel_to_tree().unwrap();
    assert_eq!(
        (tree.get_name("run").unwrap().filemode(), tree.get_name("link").unwrap().filemode()),
        (0o100_755, 0o120_000)
    );
    let again = github(&fake).commit(&first).unwrap();
    assert_eq!((again.new, again.changes.len()), (None, 0));
    assert_eq!(count(&path, "main"), 2);
    let mut empty = commit("main", &[]);
    empty.allow_empty = true;
    assert!(github(&fake).commit(&empty).unwrap().new.is_some());
    assert_eq!(count(&path, "main"), 3);
}

#[test]
fn parents_are_chosen() {
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/shop", &[("README.md", "hello\n")]);
    github(&fake).commit(&commit("topic/new", &[("a", "1")])).unwrap();
    assert_eq!(count(&path, "topic/new"), 2);
    let mut orphan = commit("orphan", &[("a", "1")]);
    orphan.parent = Parent::None;
    github(&fake).commit(&orphan).unwrap();
    assert_eq!((count(&path, "orphan"), show(&path, "orphan:README.md")), (1, None));
    let mut based = commit("based", &[("b", "1")]);
    based.parent = Parent::Ref("topic/new".to_owned());
    github(&fake).commit(&based).unwrap();
    assert_eq!(count(&path, "based"), 3);
    // An existing branch that is no descendant is never forced.
    orphan.files.insert("z".to_owned(), File::regular(&b"z"[..]));
    let error = github(&fake).commit(&orphan).unwrap_err().to_string();
    assert!(error.contains("not a fast forward"), "{error}");
}

#[test]
fn a_branch_that_moved_is_read_again_and_busy_servers_are_waited_for() {
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/shop", &[("README.md", "hello\n")]);
    fake.fault(Fault::Move("main".to_owned(), 2));
    github(&fake).commit(&commit("main", &[("a", "1")])).unwrap();
    assert_eq!(count(&path, "main"), 4);
    fake.fault(Fault::Status(403, "You have exceeded a secondary rate limit".to_owned(), 2));
    fake.fault(Fault::Status(502, "Bad Gateway".to_owned(), 1));
    fake.fault(Fault::LostAnswer(1));
    github(&fake).commit(&commit("main", &[("a", "2")])).unwrap();
    assert_eq!(count(&path, "main"), 5, "a lost answer makes no second commit");
    fake.fault(Fault::LostAnswer(1));
    github(&fake).commit(&commit("other", &[("a", "3")])).unwrap();
    assert_eq!(count(&path, "other"), 6);
}

#[test]
fn refusals_say_why() {
    let fake = FakeGitHub::start();
    let wrong = GitHub::new(fake.api(), Login::Token("ghp_wrong".to_owned()));
    let error = wrong.commit(&commit("main", &[])).unwrap_err();
    assert!(error.is_outside() && error.to_string().contains("HTTP 401: Bad credentials"), "{error}");
    assert!(!format!("{error:?} {wrong:?}").contains("ghp_wrong"));
    let error = github(&fake).commit(&commit("main", &[("a", "1")])).unwrap_err();
    assert!(error.to_string().contains("404") && error.hint().unwrap().contains("check the names"), "{error}");
    let unreachable = GitHub::new("http://127.0.0.1:1", Login::Token(TOKEN.to_owned()));
    assert!(unreachable.commit(&commit("main", &[])).unwrap_err().is_outside());
}

#[test]
fn a_fork_gets_the_commit() {
    let fake = FakeGitHub::start();
    let upstream = fake.repository("acme/shop", &[("README.md", "hello\n")]);
    let fork = ForkCommit { commit: commit("topic", &[("a", "1")]) };
    let (where_to, outcome) = github(&fake).fork_commit(&fork).unwrap();
    assert_eq!((where_to, outcome.old), (repository("me/shop"), None));
    let path = upstream.parent().unwrap().parent().unwrap().join("me/shop.git");
    assert_eq!((count(&path, "topic"), show(&path, "topic:a")), (2, Some("1".to_owned())));
    let mut second = fork.clone();
    second.commit.files.insert("b".to_owned(), File::regular(&b"2"[..]));
    github(&fake).fork_commit(&second).unwrap();
    assert_eq!(count(&path, "topic"), 3);
}

#[test]
fn there_is_one_open_pull_request_and_it_is_updated() {
    let fake = FakeGitHub::start();
    fake.repository("acme/shop", &[("README.md", "hello\n")]);
    let mut wanted = PullRequest {
        base: repository("acme/shop"),
        base_branch: None,
        head: repository("acme/shop"),
        head_branch: "deliver/cart".to_owned(),
        title: "cart".to_owned(),
        body: "one".to_owned(),
        draft: true,
        reviewers: vec!["ada".to_owned()],
        labels: vec!["deploy".to_owned()],
        rewrite: Rewrite::Whole,
        auto_merge: None,
        known: None,
    };
    let error = github(&fake).pull_request(&wanted).unwrap_err().to_string();
    assert!(error.contains("branch deliver/cart not found"), "{error}");
    github(&fake).commit(&commit("deliver/cart", &[("a", "1")])).unwrap();
    let opened = github(&fake).pull_request(&wanted).unwrap();
    assert_eq!((opened.action, opened.number), (PullAction::Opened, 1));
    assert_eq!(github(&fake).pull_request(&wanted).unwrap().action, PullAction::Unchanged);
    wanted.body = "two".to_owned();
    wanted.labels.push("urgent".to_owned());
    assert_eq!(github(&fake).pull_request(&wanted).unwrap().action, PullAction::Updated);
    wanted.rewrite = Rewrite::Never;
    wanted.body = "three".to_owned();
    assert_eq!(github(&fake).pull_request(&wanted).unwrap().action, PullAction::Unchanged);
    let pulls = fake.pulls();
    assert_eq!((pulls.len(), &pulls[0]["body"]), (1, &serde_json::json!("two")));
    assert_eq!(pulls[0]["labels"], serde_json::json!([{"name": "deploy"}, {"name": "urgent"}]));
    assert_eq!(pulls[0]["requested_reviewers"], serde_json::json!([{"login": "ada"}]));
}

/// A request for the branch `topic` of a fresh repository that has a commit on it.
fn topic(fake: &FakeGitHub) -> PullRequest {
    fake.repository("acme/shop", &[("README.md", "hello\n")]);
    github(fake).commit(&commit("topic", &[("a", "1")])).unwrap();
    PullRequest {
        base: repository("acme/shop"),
        base_branch: Some("main".to_owned()),
        head: repository("acme/shop"),
        head_branch: "topic".to_owned(),
        title: "title".to_owned(),
        body: "body".to_owned(),
        draft: false,
        reviewers: Vec::new(),
        labels: Vec::new(),
        rewrite: Rewrite::Whole,
        auto_merge: None,
        known: None,
    }
}

#[test]
fn what_github_refuses_beside_the_request_is_told() {
    let fake = FakeGitHub::start();
    let mut wanted = topic(&fake);
    let names = ["me", "ada", "acme/platform"];
    wanted.reviewers = names.iter().map(|&name| name.to_owned()).collect();
    wanted.auto_merge = Some("SQUASH".to_owned());
    let opened = github(&fake).pull_request(&wanted).unwrap();
    assert_eq!((opened.action, &opened.warnings), (PullAction::Opened, &Vec::new()), "the author is left out");
    let pull = &fake.pulls()[0];
    assert_eq!(pull["requested_reviewers"], serde_json::json!([{"login": "ada"}]));
    assert_eq!(pull["requested_teams"], serde_json::json!([{"slug": "platform"}]));
    assert_eq!(pull["auto_merge"]["merge_method"], "squash");
    assert_eq!(github(&fake).pull_request(&wanted).unwrap().action, PullAction::Unchanged);
    wanted.reviewers.push("eve".to_owned());
    wanted.auto_merge = Some("MERGE".to_owned());
    fake.refuse_auto_merge("Pull request is in clean status");
    let result = github(&fake).pull_request(&wanted).unwrap();
    let [reviewers, merge] = result.warnings.as_slice() else { panic!("{:?}", result.warnings) };
    assert!(reviewers.contains("not a collaborator"), "{reviewers}");
    assert!(merge.contains("clean status; protect the branch"), "{merge}");
    fake.fault(Fault::On("/labels".to_owned(), 403, "Resource not accessible by integration".to_owned(), 9));
    wanted.labels = vec!["deploy".to_owned()];
    let result = github(&fake).pull_request(&wanted).unwrap();
    assert!(result.warnings[0].contains("not accessible"), "{:?}", result.warnings);
}

#[test]
fn a_request_is_opened_once_whatever_gets_lost() {
    let fake = FakeGitHub::start();
    let mut wanted = topic(&fake);
    fake.fault(Fault::LostPull(1));
    fake.fault(Fault::On("POST /repos/acme/shop/pulls".to_owned(), 403, "secondary rate limit".to_owned(), 1));
    fake.fault(Fault::On("GET /repos/acme/shop/pulls".to_owned(), 429, "slow down".to_owned(), 1));
    let done = github(&fake).pull_request(&wanted).unwrap();
    assert_eq!((done.number, fake.pulls().len()), (1, 1));
    // Another job was faster, with another message.
    fake.edit(1, &serde_json::json!({"state": "closed"}));
    wanted.known = Some(fake.pulls()[0]["head"]["sha"].as_str().unwrap().to_owned());
    let declined = github(&fake).pull_request(&wanted).unwrap();
    assert_eq!((declined.action, declined.number), (PullAction::Declined, 1));
    wanted.known = None;
    assert_eq!(github(&fake).pull_request(&wanted).unwrap().number, 2);
    fake.merge(2, Merge::Commit);
    wanted.known = Some("0".repeat(40));
    assert_eq!(github(&fake).pull_request(&wanted).unwrap().action, PullAction::Merged);
    assert_eq!(fake.pulls().len(), 2);
    wanted.body = "x".repeat(65_537);
    github(&fake).commit(&commit("topic", &[("a", "2")])).unwrap();
    let error = github(&fake).pull_request(&wanted).unwrap_err();
    assert!(!error.is_outside() && error.to_string().contains("too long"), "{error}");
}

#[test]
fn a_request_is_closed_with_a_word() {
    let fake = FakeGitHub::start();
    let wanted = topic(&fake);
    assert_eq!(github(&fake).close_pull_request(&wanted, "done").unwrap(), None);
    github(&fake).pull_request(&wanted).unwrap();
    assert_eq!(github(&fake).open_pull_requests(&wanted.base).unwrap()[0].head, "topic");
    assert_eq!(github(&fake).close_pull_request(&wanted, "done").unwrap().unwrap().0, 1);
    let pull = &fake.pulls()[0];
    assert_eq!((&pull["state"], &pull["comments"]), (&serde_json::json!("closed"), &serde_json::json!(["done"])));
}

#[test]
fn github_enterprise_has_graphql_beside_its_api() {
    let fake = FakeGitHub::start();
    let mut wanted = topic(&fake);
    wanted.auto_merge = Some("REBASE".to_owned());
    let enterprise = GitHub::new(format!("{}/api/v3", fake.api()), Login::Token(TOKEN.to_owned()));
    enterprise.pull_request(&wanted).unwrap();
    assert_eq!(fake.pulls()[0]["auto_merge"]["merge_method"], "rebase");
    assert!(fake.requests().contains(&"POST /api/graphql".to_owned()));
}

#[test]
#[ignore = "needs openssl to make a key"]
fn real_key_of_a_github_app_is_used() {
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/shop", &[("README.md", "hello\n")]);
    let made = std::process::Command::new("openssl").args(["genrsa", "2048"]).output().unwrap();
    let login = Login::App { id: 12, key: String::from_utf8(made.stdout).unwrap() };
    let app = GitHub::new(fake.api(), login);
    assert_eq!(app.token(&repository("acme/shop")).unwrap(), testkit::github::INSTALLED);
    app.commit(&commit("main", &[("a", "1")])).unwrap();
    assert_eq!(count(&path, "main"), 2);
    assert!(fake.requests().contains(&"POST /app/installations/7/access_tokens".to_owned()));
}
