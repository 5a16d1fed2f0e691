//! Servers that take branches only, however they say so: branches are delivered, their order holds, and a warning says that the notes are missing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;
#[path = "../../git/tests/servers/mod.rs"]
mod servers;

use std::path::Path;

use committer::{Outcome, Refusal, Unit};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::Remote;
use servers::{TestFolder, fsck, git, hook};

/// Makes a repository refuse refs that are no branches.
type Limit = fn(&Path);

fn hide(repository: &Path, key: &str) {
    for hidden in ["refs/notes", "refs/hydrant"] {
        git(repository, &["config", "--add", key, hidden]);
    }
    // With a hook, git's own receive-pack takes the pushes.
    hook(repository, "post-receive", "cat >/dev/null");
}

const LIMITS: &[(&str, Limit)] = &[
    ("receive.hideRefs", |at| hide(at, "receive.hideRefs")),
    ("transfer.hideRefs", |at| hide(at, "transfer.hideRefs")),
    ("update", |at| hook(at, "update", "case $1 in refs/heads/*) exit 0;; esac; echo 'branches only' >&2; exit 1")),
    ("gitolite", |at| {
        hook(
            at,
            "update",
            "case $1 in refs/heads/*) exit 0;; esac; echo \"FATAL: W $1 acme ci DENIED by fallthru\" >&2; exit 1",
        );
    }),
    ("pre-receive", |at| {
        hook(
            at,
            "pre-receive",
            "while read o n r; do case $r in refs/heads/*) ;; *) echo 'branches only' >&2; exit 1;; esac; done",
        );
    }),
    ("a silent pre-receive", |at| {
        hook(at, "pre-receive", "while read o n r; do case $r in refs/heads/*) ;; *) exit 1;; esac; done");
    }),
    ("reference-transaction", |at| {
        hook(
            at,
            "reference-transaction",
            "[ $1 = prepared ] || exit 0; while read o n r; do case $r in refs/heads/*|HEAD) ;; *) exit 1;; esac; done",
        );
    }),
];

fn two(source: u32, text: &str) -> Vec<Unit> {
    vec![unit("dev", source, &[("manifest.yaml", text)]), unit("prod", source, &[("manifest.yaml", text)])]
}

fn course(name: &str, repository: &Path) {
    let remote = Remote::new(repository.to_str().unwrap());
    for (source, text) in [(1, "1\n"), (2, "2\n"), (3, "2\n")] {
        for done in deliver(&remote, &two(source, text), &options()).unwrap() {
            assert!(matches!(done.outcome, Outcome::Committed { .. }), "{name} {source}: {done:?}");
            assert!(done.not_announced.is_some(), "{name} {source}: {done:?}");
        }
    }
    let same = deliver(&remote, &two(3, "2\n"), &options()).unwrap();
    assert!(same.iter().all(|done| done.outcome == Outcome::Unchanged), "{name}: {same:?}");
    let older = deliver(&remote, &two(2, "x\n"), &options()).unwrap();
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) }, "{name}");
    let refs = git(repository, &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, "refs/heads/dev\nrefs/heads/prod", "{name}");
    fsck(repository);
}

/// Deliveries of eight sources at once, whose outputs return: the newest wins.
fn races(name: &str, repository: &Path) {
    let remote = Remote::new(repository.to_str().unwrap());
    std::thread::scope(|scope| {
        for source in 1..=8 {
            let remote = &remote;
            scope.spawn(move || {
                let mut options = options();
                options.attempts = 100;
                let text = format!("{}\n", source % 2);
                let done = deliver(remote, &[unit("raced", source, &[("manifest.yaml", &text)])], &options).unwrap();
                let is_older = matches!(done[0].outcome, Outcome::Refused(Refusal::Older { .. }));
                assert!(is_older && source < 8 || !matches!(done[0].outcome, Outcome::Refused(_)), "{name}: {done:?}");
            });
        }
    });
    assert_eq!(git(repository, &["show", "raced:manifest.yaml"]), "0", "{name}");
    assert!(git(repository, &["show", "raced:hydrator.metadata"]).contains(&sha(8)), "{name}");
    fsck(repository);
}

#[test]
#[ignore = "needs git"]
fn real_git_that_takes_branches_only() {
    for (name, limit) in LIMITS {
        let temp = TestFolder::new();
        let repository = temp.repository("a.git");
        limit(&repository);
        course(name, &repository);
        if matches!(*name, "receive.hideRefs" | "update" | "a silent pre-receive") {
            races(name, &repository);
        }
    }
    committed_elsewhere();
}

/// A repository that takes all refs has the notes.
fn committed_elsewhere() {
    let temp = TestFolder::new();
    let repository = temp.repository("a.git");
    let done = deliver(&Remote::new(repository.to_str().unwrap()), &two(1, "1\n"), &options()).unwrap();
    committed(&done[0]);
    assert_eq!(done[0].not_announced, None);
}
