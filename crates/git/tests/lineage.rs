//! Which of two source commits is older where the clone is shallow: over every way to its origin, and where nobody can be asked.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod histories;
mod servers;

use std::collections::BTreeMap;
use std::path::Path;

use git::GitConfig;
use git::source::{Ancestry, HistoryService, SourceHistory, SourceRepository};
use git2::{Oid, Repository};
use histories::{History, commit, history, shallow};
use servers::{Place, Shell, Web, git};
use testkit::git::{Abilities, GitServer};

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
fn asked(source: &SourceRepository, variables: &BTreeMap<String, String>, at: &Path, history: &History) {
    let before = files(at);
    let lineage = SourceHistory::new(source, &GitConfig::load(at, variables), None);
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
    let lineage = SourceHistory::new(&source, &GitConfig::load(&at, &BTreeMap::new()), None);
    assert_eq!(lineage.is_ancestor(&history.middle.to_string(), &mine), Ancestry::Ancestor);
    assert_eq!(lineage.is_ancestor(&history.side.to_string(), &mine), Ancestry::NotAncestor);
    let requests = server.requests();
    assert_eq!(lineage.is_ancestor(&history.middle.to_string(), &mine), Ancestry::Ancestor);
    assert!(requests.len() == 5 && server.requests().is_empty(), "once known, nothing is asked: {requests:?}");
}

struct Unavailable;

impl HistoryService for Unavailable {
    fn is_ancestor(&self, _older: &str, _newer: &str) -> Result<bool, Box<dyn std::error::Error>> {
        Err("the host is unavailable".into())
    }
}

#[test]
fn the_reason_is_returned_if_neither_origin_nor_host_answers() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(Abilities::default());
    let history = history(server.path());
    let at = folder.path().join("clone");
    let source = shallow(&at, server.path(), "http://127.0.0.1:1/acme/shop.git", history.new);
    let config = GitConfig::load(&at, &BTreeMap::new());
    let unreachable = "could not be fetched: cannot reach http://127.0.0.1:1/acme/shop.git";
    for (host, expected) in
        [(None, vec![unreachable]), (Some(Unavailable), vec![unreachable, "the host is unavailable"])]
    {
        let host = host.map(|host| Box::new(host) as Box<dyn HistoryService>);
        let answer =
            SourceHistory::new(&source, &config, host).is_ancestor(&history.old.to_string(), &history.new.to_string());
        let Ancestry::Unknown(why) = answer else { panic!("{answer:?}") };
        assert!(expected.iter().all(|part| why.contains(part)), "{why}");
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
            asked(&SourceRepository::discover(&at).unwrap(), &none, &at, &history);
        }
    }
}
