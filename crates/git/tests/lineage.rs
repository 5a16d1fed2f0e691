//! Which of two source commits is older where the clone is shallow: over every transport, and without a reachable remote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod histories;
mod servers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git::GitConfig;
use git::source::{Ancestry, HistoryService, SourceHistory, SourceRepository};
use git2::{Oid, Repository, Signature, Time};
use histories::{History, commit, history, shallow};
use servers::{Shell, TestFolder, Web, git};
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

/// A history with merges and times in no order. A commit's parents have smaller numbers.
struct RandomHistory {
    ids: Vec<Oid>,
    parents: Vec<Vec<usize>>,
}

/// The same numbers for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

impl RandomHistory {
    fn new(repository: &Repository, commits: usize, numbers: &mut Numbers) -> Self {
        let tree = repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let mut history = RandomHistory { ids: Vec::new(), parents: Vec::new() };
        for number in 0..commits {
            let mut parents: Vec<usize> = match number {
                0 => Vec::new(),
                _ => (0..=numbers.below(3)).map(|_| number - 1 - numbers.below(number.min(6))).collect(),
            };
            parents.sort_unstable();
            parents.dedup();
            let time = Time::new(1_700_000_000 + i64::try_from(numbers.below(10_000)).unwrap(), 0);
            let who = Signature::new("Ada", "ada@example.com", &time).unwrap();
            let found: Vec<_> = parents.iter().map(|&one| repository.find_commit(history.ids[one]).unwrap()).collect();
            let message = number.to_string();
            let found = found.iter().collect::<Vec<_>>();
            history.ids.push(repository.commit(None, &who, &who, &message, &tree, &found).unwrap());
            history.parents.push(parents);
        }
        history
    }

    /// The numbers of `newest` and its ancestors, where `cut` commits have no parents.
    fn reachable(&self, newest: usize, cut: &[usize]) -> BTreeSet<usize> {
        let mut found = BTreeSet::from([newest]);
        for number in (0..=newest).rev() {
            if found.contains(&number) && !cut.contains(&number) {
                found.extend(&self.parents[number]);
            }
        }
        found
    }
}

#[test]
fn random_histories_are_walked_once_and_answered_exactly() {
    for seed in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let mut numbers = Numbers(seed);
        let history = RandomHistory::new(&repository, 60, &mut numbers);
        let cut: Vec<usize> = if seed % 2 == 0 { Vec::new() } else { (0..3).map(|_| numbers.below(60)).collect() };
        let listed: String = cut.iter().map(|&number| format!("{}\n", history.ids[number])).collect();
        if !cut.is_empty() {
            std::fs::write(repository.path().join("shallow"), listed).unwrap();
        }
        let source = SourceRepository::discover(folder.path()).unwrap();
        let asked = SourceHistory::new(&source, &GitConfig::load(folder.path(), &BTreeMap::new()), None);
        let newest = 59;
        let reachable = history.reachable(newest, &cut);
        for _ in 0..150 {
            let number = numbers.below(60);
            let answer = asked.is_local_ancestor(&history.ids[number].to_string(), &history.ids[newest].to_string());
            let expected = match (reachable.contains(&number), cut.is_empty()) {
                (true, _) => Ancestry::Ancestor,
                (false, true) => Ancestry::NotAncestor,
                (false, false) => Ancestry::Unknown("this clone is shallow".to_owned()),
            };
            assert_eq!(answer.unwrap(), expected, "seed {seed}, commit {number}, cut at {cut:?}");
            assert!(asked.commits_walked() <= reachable.len(), "seed {seed}: a commit was read twice");
        }
    }
}

#[test]
#[ignore = "needs git"]
fn real_commit_graphs_give_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init(folder.path()).unwrap();
    let mut numbers = Numbers(7);
    let history = RandomHistory::new(&repository, 80, &mut numbers);
    let octopus = [10, 20, 30, 40, 50].map(|number| history.ids[number]);
    let tip = commit(&repository, &octopus, "octopus");
    let graphs: [&[&str]; 3] = [&[], &["--split"], &["--split"]];
    for (round, options) in graphs.into_iter().enumerate() {
        let newest = match round {
            0 => tip,
            _ => commit(&repository, &[tip, history.ids[70 + round]], "later"),
        };
        repository.reference("refs/heads/main", newest, true, "test").unwrap();
        let mut write = std::process::Command::new("git");
        write.arg("-C").arg(folder.path()).args(["commit-graph", "write"]);
        assert!(write.arg("--reachable").args(options).status().unwrap().success());
        // One commit is not in the graph.
        let after = commit(&repository, &[newest], "after").to_string();
        let source = SourceRepository::discover(folder.path()).unwrap();
        let asked = SourceHistory::new(&source, &GitConfig::load(folder.path(), &BTreeMap::new()), None);
        let mut reachable: BTreeSet<usize> =
            [10, 20, 30, 40, 50].iter().flat_map(|&number| history.reachable(number, &[])).collect();
        if round > 0 {
            reachable.extend(history.reachable(70 + round, &[]));
        }
        for (number, id) in history.ids.iter().enumerate() {
            let expected = if reachable.contains(&number) { Ancestry::Ancestor } else { Ancestry::NotAncestor };
            let answer = asked.is_local_ancestor(&id.to_string(), &after).unwrap();
            assert_eq!(answer, expected, "round {round}, commit {number}");
        }
    }
}

#[test]
fn a_question_walks_no_further_than_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init(folder.path()).unwrap();
    let mut tip = commit(&repository, &[], "0");
    let recent = (1..100).map(|number| {
        tip = commit(&repository, &[tip], &number.to_string());
        tip
    });
    let recent = recent.collect::<Vec<_>>()[95];
    let source = SourceRepository::discover(folder.path()).unwrap();
    let asked = SourceHistory::new(&source, &GitConfig::load(folder.path(), &BTreeMap::new()), None);
    assert_eq!(asked.is_ancestor(&recent.to_string(), &tip.to_string()), Ancestry::Ancestor);
    assert_eq!(asked.commits_walked(), 3);
}

#[test]
fn a_shallow_clone_of_a_random_history_answers_exactly() {
    for seed in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let server = GitServer::start(Abilities::default());
        let repository = Repository::open_bare(server.path()).unwrap();
        let mut numbers = Numbers(seed);
        let history = RandomHistory::new(&repository, 25, &mut numbers);
        for (number, id) in history.ids.iter().enumerate() {
            repository.reference(&format!("refs/heads/b{number}"), *id, true, "test").unwrap();
        }
        let newest = 20;
        let at = folder.path().join("clone");
        let here = Repository::init(&at).unwrap();
        let (from, to) = (repository.odb().unwrap(), here.odb().unwrap());
        for id in [history.ids[newest], repository.find_commit(history.ids[newest]).unwrap().tree_id()] {
            let object = from.read(id).unwrap();
            to.write(object.kind(), object.data()).unwrap();
        }
        std::fs::write(here.path().join("shallow"), format!("{}\n", history.ids[newest])).unwrap();
        here.remote("origin", &server.url()).unwrap();
        let source = SourceRepository::discover(&at).unwrap();
        let asked = SourceHistory::new(&source, &GitConfig::load(&at, &BTreeMap::new()), None);
        let reachable = history.reachable(newest, &[]);
        for _ in 0..40 {
            let number = numbers.below(25);
            let answer = asked.is_ancestor(&history.ids[number].to_string(), &history.ids[newest].to_string());
            let expected = if reachable.contains(&number) { Ancestry::Ancestor } else { Ancestry::NotAncestor };
            assert_eq!(answer, expected, "seed {seed}, commit {number}");
        }
    }
}

#[test]
fn what_the_clone_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init(folder.path()).unwrap();
    let first = commit(&repository, &[], "one");
    let second = commit(&repository, &[first], "two");
    let foreign = "0123456789012345678901234567890123456789";
    let ask = |older: &str, newer: &str| {
        let source = SourceRepository::discover(folder.path()).unwrap();
        let asked = SourceHistory::new(&source, &GitConfig::load(folder.path(), &BTreeMap::new()), None);
        asked.is_local_ancestor(older, newer).unwrap()
    };
    let (first, second) = (first.to_string(), second.to_string());
    assert_eq!(ask(&second, &second), Ancestry::Ancestor);
    assert_eq!(ask(&second, &first), Ancestry::NotAncestor);
    assert_eq!(ask(foreign, &second), Ancestry::NotAncestor);
    assert!(matches!(ask(&first, foreign), Ancestry::Unknown(_)));
    assert!(matches!(ask("main", &second), Ancestry::Unknown(_)));
    std::fs::write(repository.path().join("shallow"), format!("{second}\n")).unwrap();
    assert!(matches!(ask(foreign, &second), Ancestry::Unknown(_)));
    assert!(matches!(ask(&first, &second), Ancestry::Unknown(_)));
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
fn real_git_clones_are_deepened_over_every_transport() {
    let temp = TestFolder::new();
    let web = Web::start(&temp);
    // A server that does not get the version of the protocol speaks version 0.
    let elsewhere = TestFolder::new();
    let (new, old) = (Shell::start(&temp, "AcceptEnv GIT_PROTOCOL"), Shell::start(&elsewhere, ""));
    let none = BTreeMap::new();
    for (name, filter, shell) in [("a", "true", &new), ("b", "false", &new), ("c", "true", &old)] {
        let repository = temp.repository(&format!("{name}.git"));
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
            ("ssh", over_ssh.url.expose().to_owned(), vec![("core.sshCommand", ssh)]),
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
            let at = temp.path(&format!("{name}-{way}"));
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
