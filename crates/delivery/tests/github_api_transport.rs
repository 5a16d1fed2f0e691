//! Deliveries whose commits GitHub makes: few requests, races, modes, notes, several units in one branch.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

#[path = "../../committer/tests/deliveries/mod.rs"]
mod deliveries;

use std::path::{Path, PathBuf};

use committer::{DeliverError, Options, UnitResult};
use committer::{Outcome, Refusal, Unit};
use deliveries::{committed, options, refused, sha, unit};
use git::{File, Mode, Remote};
use github::{GitHub, GitHubApiTransport, Login, Repository};
use testkit::github::{FakeGitHub, Fault, TOKEN};

/// A repository that is read on disk and written by the API.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    github: GitHub,
    repository: Repository,
}

fn deliver(target: &Target, units: &[Unit], options: &Options<'_>) -> Result<Vec<UnitResult>, DeliverError> {
    let over_git = git::open(&Remote::new(target.path.to_str().unwrap()))?;
    let mut by_api = GitHubApiTransport::open(&target.github, &target.repository, over_git)?;
    committer::deliver(&mut by_api, units, options)
}

fn start() -> (FakeGitHub, PathBuf, Target) {
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/manifests", &[("README.md", "hello\n")]);
    let github = GitHub::new(fake.api(), Login::Token(TOKEN.to_owned()));
    let repository = Repository { owner: "acme".to_owned(), name: "manifests".to_owned() };
    let remote = Target { path: path.clone(), github, repository };
    (fake, path, remote)
}

fn many(source: u32) -> Vec<Unit> {
    (0..30).map(|number| unit(&format!("s{number:02}"), source, &[("a", &source.to_string())])).collect()
}

fn tip(path: &Path, branch: &str) -> String {
    git2::Repository::open_bare(path).unwrap().refname_to_id(&format!("refs/heads/{branch}")).unwrap().to_string()
}

fn log(path: &Path, branch: &str) -> Vec<String> {
    let repository = git2::Repository::open_bare(path).unwrap();
    let mut walk = repository.revwalk().unwrap();
    walk.push_ref(&format!("refs/heads/{branch}")).unwrap();
    walk.set_sorting(git2::Sort::TOPOLOGICAL).unwrap();
    walk.map(|id| repository.find_commit(id.unwrap()).unwrap().summary().unwrap().unwrap().to_owned()).collect()
}

#[test]
fn branches_that_exist_take_one_request_for_twenty() {
    let (fake, path, remote) = start();
    for delivery in deliver(&remote, &many(1), &options()).unwrap() {
        let (old, new) = committed(&delivery);
        assert_eq!((old, new), (None, tip(&path, &delivery.branch)), "the id is the one that GitHub gave");
    }
    assert_eq!(fake.requests().len(), 90, "a tree, a commit and a ref for each new branch");
    for delivery in deliver(&remote, &many(2), &options()).unwrap() {
        assert_eq!(committed(&delivery).1, tip(&path, &delivery.branch));
    }
    assert_eq!(fake.requests(), ["POST /graphql", "POST /graphql"]);
    assert_eq!(log(&path, "s00"), ["s00: deliver 2", "s00: deliver 1"]);
    let again = deliver(&remote, &many(2), &options()).unwrap();
    assert!(again.iter().all(|delivery| delivery.outcome == Outcome::Unchanged));
    let mut newer = many(2);
    for unit in &mut newer {
        unit.source.dry_sha = sha(3);
    }
    let noted = deliver(&remote, &newer, &options()).unwrap();
    assert!(noted.iter().all(|delivery| delivery.outcome == Outcome::NoteUpdated));
    assert!(fake.requests().is_empty(), "notes go over git");
    let older = deliver(&remote, &many(2)[..1], &options()).unwrap();
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
}

#[test]
fn modes_and_links_take_the_other_way_and_what_is_gone_goes() {
    let (fake, path, remote) = start();
    let mut first = unit("a", 1, &[("gone", "1"), ("deep/text", "1")]);
    deliver(&remote, &[first.clone()], &options()).unwrap();
    first.source.dry_sha = sha(2);
    first.files.remove("gone");
    first.files.insert("run".to_owned(), File { bytes: b"#!/bin/sh\n"[..].into(), mode: Mode::Executable });
    first.files.insert("link".to_owned(), File { bytes: b"deep/text"[..].into(), mode: Mode::Link });
    first.files.insert("binary".to_owned(), File::regular(&b"\xff\x00"[..]));
    fake.requests();
    committed(&deliver(&remote, &[first.clone()], &options()).unwrap()[0]);
    assert_eq!(
        fake.requests(),
        [
            "POST /repos/acme/manifests/git/blobs",
            "POST /repos/acme/manifests/git/trees",
            "POST /repos/acme/manifests/git/commits",
            "PATCH /repos/acme/manifests/git/refs/heads/a"
        ]
    );
    let repository = git2::Repository::open_bare(&path).unwrap();
    let tree = repository.revparse_single("refs/heads/a^{tree}").unwrap().peel_to_tree().unwrap();
    let mode = |name: &str| tree.get_name(name).map(|entry| entry.filemode());
    assert_eq!((mode("run"), mode("link"), mode("gone")), (Some(0o100_755), Some(0o120_000), None));
    // The file is executable already, and stays so.
    first.source.dry_sha = sha(3);
    first.files.insert("run".to_owned(), File { bytes: b"#!/bin/bash\n"[..].into(), mode: Mode::Executable });
    committed(&deliver(&remote, &[first], &options()).unwrap()[0]);
    assert!(!fake.requests().contains(&"POST /graphql".to_owned()));
}

#[test]
fn races_are_lost_and_run_again_and_a_lost_answer_makes_no_second_commit() {
    let (fake, path, remote) = start();
    let two = |source: u32| {
        vec![unit("a", source, &[("x", &source.to_string())]), unit("b", source, &[("x", &source.to_string())])]
    };
    fake.fault(Fault::LostAnswer(1));
    for delivery in deliver(&remote, &two(1), &options()).unwrap() {
        committed(&delivery);
    }
    fake.fault(Fault::Move("a".to_owned(), 2));
    let done = deliver(&remote, &two(2), &options()).unwrap();
    committed(&done[0]);
    assert_eq!((done[0].attempts, done[1].attempts), (3, 1));
    assert_eq!(log(&path, "a"), ["a: deliver 2", "another was faster", "another was faster", "a: deliver 1"]);
    fake.fault(Fault::LostAnswer(1));
    let done = deliver(&remote, &two(3), &options()).unwrap();
    assert_eq!(committed(&done[0]).1, tip(&path, "a"));
    assert_eq!(log(&path, "b"), ["b: deliver 3", "b: deliver 2", "b: deliver 1"]);
    let mut atomic = options();
    atomic.atomic = true;
    let error = deliver(&remote, &two(4), &atomic).unwrap_err().to_string();
    assert!(error.contains("does not support atomic updates"), "{error}");
}

#[test]
fn units_of_one_branch_are_commits_one_after_the_other_and_their_notes_follow() {
    let (_fake, path, remote) = start();
    let units = |source: u32, text: &str| {
        ["cart", "shop"].map(|name| {
            let mut unit = unit("shared", source, &[("a", text)]);
            unit.folder = name.to_owned();
            unit.name = name.to_owned();
            unit
        })
    };
    deliver(&remote, &units(1, "1"), &options()).unwrap();
    deliver(&remote, &units(2, "1"), &options()).unwrap();
    // One changes, one stays: the note moves on to the commit that GitHub makes.
    let mut mixed = units(3, "1");
    mixed[0] = units(3, "3")[0].clone();
    let done = deliver(&remote, &mixed, &options()).unwrap();
    assert_eq!(committed(&done[0]).1, tip(&path, "shared"));
    assert_eq!(done[1].outcome, Outcome::NoteUpdated);
    assert_eq!(log(&path, "shared").len(), 3);
    let older = deliver(&remote, &units(2, "x"), &options()).unwrap();
    assert_eq!(refused(&older[1]), Refusal::Older { recorded: sha(3), ours: sha(2) });
}

#[test]
fn who_may_not_is_told_so() {
    let (fake, path, _) = start();
    let github = GitHub::new(fake.api(), Login::Token("ghp_wrong".to_owned()));
    let repository = Repository { owner: "acme".to_owned(), name: "manifests".to_owned() };
    let remote = Target { path: path.clone(), github, repository };
    let error = deliver(&remote, &[unit("a", 1, &[("x", "1")])], &options()).unwrap_err();
    assert!(!error.is_outside() && error.to_string().contains("Bad credentials"), "{error}");
    assert!(!format!("{error:?} {remote:?}").contains("ghp_wrong"));
}
