//! Which of two source commits is older where the clone is shallow: over every way to its origin, and where nobody can be asked.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;
mod servers;

use std::collections::BTreeMap;
use std::path::Path;

use committer::access::Access;
use committer::github::{GitHub, Login};
use committer::source::{Ancestry, Lineage, Source};
use git2::{Oid, Repository, Signature, Time};
use servers::{Place, Shell, Web, git};
use testkit::git::{Abilities, GitServer};
use testkit::github::{FakeGitHub, TOKEN};

fn commit(repository: &Repository, parents: &[Oid], text: &str) -> Oid {
    let who = Signature::new("Ada", "ada@example.com", &Time::new(1_700_000_000, 0)).unwrap();
    let mut builder = repository.treebuilder(None).unwrap();
    builder.insert("a", repository.blob(text.as_bytes()).unwrap(), 0o100_644).unwrap();
    let tree = repository.find_tree(builder.write().unwrap()).unwrap();
    let parents: Vec<_> = parents.iter().map(|&id| repository.find_commit(id).unwrap()).collect();
    repository.commit(None, &who, &who, text, &tree, &parents.iter().collect::<Vec<_>>()).unwrap()
}

/// `old - middle - new` and `side`, which comes after `old` alone; `main` is `new`, `later` comes after it.
struct History {
    old: Oid,
    middle: Oid,
    new: Oid,
    side: Oid,
    later: Oid,
}

fn history(path: &Path) -> History {
    let repository = Repository::open_bare(path).unwrap();
    let old = commit(&repository, &[], "old");
    let middle = commit(&repository, &[old], "middle");
    let new = commit(&repository, &[middle], "new");
    let side = commit(&repository, &[old], "side");
    let later = commit(&repository, &[new], "later");
    for (name, id) in [("main", new), ("side", side), ("later", later)] {
        repository.reference(&format!("refs/heads/{name}"), id, true, "test").unwrap();
    }
    History { old, middle, new, side, later }
}

/// A clone of depth 1 of `main`, made by hand, so that no git is needed.
fn shallow(at: &Path, from: &Path, url: &str, tip: Oid) -> Source {
    let (here, there) = (Repository::init(at).unwrap(), Repository::open_bare(from).unwrap());
    let (from, to) = (there.odb().unwrap(), here.odb().unwrap());
    let found = there.find_commit(tip).unwrap();
    let blob = found.tree().unwrap().get(0).unwrap().id();
    for id in [tip, found.tree_id(), blob] {
        let object = from.read(id).unwrap();
        to.write(object.kind(), object.data()).unwrap();
    }
    std::fs::write(here.path().join("shallow"), format!("{tip}\n")).unwrap();
    here.remote("origin", url).unwrap();
    here.reference("refs/heads/main", tip, true, "test").unwrap();
    here.set_head("refs/heads/main").unwrap();
    Source::discover(at).unwrap()
}

fn files(at: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![at.to_owned()];
    while let Some(path) = todo.pop() {
        match path.is_dir() {
            true => todo.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            false => found.push(path.display().to_string()),
        }
    }
    found.sort();
    found
}

/// Asks everything about a clone at `new`.
fn asked(source: &Source, variables: &BTreeMap<String, String>, at: &Path, history: &History) {
    let before = files(at);
    let lineage = Lineage::new(source, &Access::of(at, variables), None);
    let ask = |older: Oid| lineage.is_ancestor(&older.to_string(), &history.new.to_string());
    let unknown = Oid::from_str("1234567890123456789012345678901234567890").unwrap();
    for (older, expected) in [
        (history.old, Ancestry::Ancestor),
        (history.middle, Ancestry::Ancestor),
        (history.side, Ancestry::NotAncestor),
        (history.later, Ancestry::NotAncestor),
        (unknown, Ancestry::NotAncestor),
        (history.new, Ancestry::Ancestor),
    ] {
        assert_eq!(ask(older), expected, "{older}");
    }
    assert_eq!(files(at), before, "the clone is as it was");
}

#[test]
fn a_shallow_clone_asks_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    let none = BTreeMap::new();
    for (number, abilities) in [
        Abilities::default(),
        Abilities { filter: false, ..Abilities::default() },
        Abilities { version_2: false, ..Abilities::default() },
    ]
    .into_iter()
    .enumerate()
    {
        let server = GitServer::start(abilities);
        let history = history(server.path());
        let at = folder.path().join(number.to_string());
        let source = shallow(&at, server.path(), &server.url(), history.new);
        asked(&source, &none, &at, &history);
        let local = folder.path().join(format!("{number}-local"));
        asked(&shallow(&local, server.path(), server.path().to_str().unwrap(), history.new), &none, &local, &history);
    }
}

#[test]
fn a_commit_that_was_never_pushed_counts_from_where_the_clone_begins() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(Abilities::default());
    let history = history(server.path());
    let at = folder.path().join("clone");
    let source = shallow(&at, server.path(), &server.url(), history.new);
    let mine = commit(&Repository::open(&at).unwrap(), &[history.new], "mine").to_string();
    let lineage = Lineage::new(&source, &Access::of(&at, &BTreeMap::new()), None);
    assert_eq!(lineage.is_ancestor(&history.middle.to_string(), &mine), Ancestry::Ancestor);
    assert_eq!(lineage.is_ancestor(&history.side.to_string(), &mine), Ancestry::NotAncestor);
    let requests = server.requests();
    assert_eq!(lineage.is_ancestor(&history.middle.to_string(), &mine), Ancestry::Ancestor);
    assert!(requests.len() == 5 && server.requests().is_empty(), "once known, nothing is asked: {requests:?}");
}

#[test]
fn github_is_asked_where_the_origin_cannot_be_and_else_the_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/shop", &[]);
    let history = history(&path);
    let at = folder.path().join("clone");
    let source = shallow(&at, &path, "http://127.0.0.1:1/acme/shop.git", history.new);
    let access = Access::of(&at, &BTreeMap::new());
    let (old, side, new) = (history.old.to_string(), history.side.to_string(), history.new.to_string());
    let github = |token: &str| {
        let repository = committer::github::Repository { owner: "acme".to_owned(), name: "shop".to_owned() };
        Some((GitHub::new(fake.api(), Login::Token(token.to_owned())), repository))
    };
    let lineage = Lineage::new(&source, &access, github(TOKEN));
    assert_eq!(lineage.is_ancestor(&old, &new), Ancestry::Ancestor);
    assert_eq!(lineage.is_ancestor(&side, &new), Ancestry::NotAncestor);
    for (github, words) in
        [(None, "could not be fetched: http://127.0.0.1:1/acme/shop.git"), (github("ghp_wrong"), "Bad credentials")]
    {
        let answer = Lineage::new(&source, &access, github).is_ancestor(&old, &new);
        let Ancestry::Unknown(why) = answer else { panic!("{answer:?}") };
        assert!(why.contains(words), "{why}");
    }
}

#[test]
#[ignore = "needs git, nginx, fcgiwrap, ssh and sshd"]
fn real_git_clones_are_deepened_over_every_way() {
    let place = Place::new();
    let web = Web::start(&place);
    // A server that is not told of version 2 speaks version 0.
    let elsewhere = Place::new();
    let (new, old) = (Shell::start(&place, "AcceptEnv GIT_PROTOCOL"), Shell::start(&elsewhere, ""));
    let none = BTreeMap::new();
    for (name, filter, shell) in [("a", "true", &new), ("b", "false", &new), ("c", "true", &old)] {
        let repository = place.repository(&format!("{name}.git"));
        git(&repository, &["config", "uploadpack.allowFilter", filter]);
        let history = history(&repository);
        let over_ssh = shell.remote(&repository);
        let ssh = format!(
            "ssh -i {} -o IdentitiesOnly=yes -o UserKnownHostsFile={}",
            shell.key.display(),
            shell.known_hosts.display()
        );
        for (way, url, settings) in [
            ("file", format!("file://{}", repository.display()), vec![]),
            ("ssh", over_ssh.url.clone(), vec![("core.sshCommand", ssh)]),
            // As actions/checkout leaves the token behind.
            (
                "http",
                format!("http://127.0.0.1:{}/{name}.git", web.port),
                vec![(
                    &*format!("http.http://127.0.0.1:{}/.extraheader", web.port),
                    "AUTHORIZATION: basic Y2k6aHVudGVyMg==".to_owned(),
                )],
            ),
        ] {
            let at = place.path(&format!("{name}-{way}"));
            let mut arguments = Vec::new();
            arguments.extend(settings.iter().flat_map(|(key, value)| ["-c".to_owned(), format!("{key}={value}")]));
            arguments.extend(["clone", "-q", "--depth", "1", &url].map(str::to_owned));
            arguments.push(at.display().to_string());
            git(Path::new("/"), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
            for (key, value) in &settings {
                git(&at, &["config", key, value]);
            }
            asked(&Source::discover(&at).unwrap(), &none, &at, &history);
        }
    }
}
