//! Deliveries to git servers that are other implementations than git: JGit, with refs in files and in a reftable, and dulwich.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use committer::{Outcome, Refusal, Unit};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::Remote;
use testkit::git::{Implementation, OtherServer};

fn two(source: u32, text: &str) -> Vec<Unit> {
    vec![unit("cart/dev", source, &[("manifest.yaml", text)]), unit("cart/prod", source, &[("manifest.yaml", text)])]
}

/// First delivery, update, unchanged, newer source with the same output, older source.
fn course(remote: &Remote) {
    let first = deliver(remote, &two(1, "1\n"), &options()).unwrap();
    let second = deliver(remote, &two(2, "2\n"), &options()).unwrap();
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(committed(second).0, Some(committed(first).1));
    }
    let same = deliver(remote, &two(2, "2\n"), &options()).unwrap();
    assert!(same.iter().all(|delivery| delivery.outcome == Outcome::Unchanged), "{same:?}");
    deliver(remote, &two(3, "2\n"), &options()).unwrap();
    let older = deliver(remote, &two(2, "x\n"), &options()).unwrap();
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
}

#[test]
#[ignore = "needs .ci/servers"]
fn real_jgit_takes_deliveries() {
    let server = OtherServer::start(Implementation::JGit);
    for name in ["files.git", "reftable.git", "heads-only.git", "hidden.git"] {
        course(&Remote::new(server.url(name)));
    }
}

#[test]
#[ignore = "needs .ci/servers"]
fn real_dulwich_takes_deliveries() {
    let server = OtherServer::start(Implementation::Dulwich);
    course(&Remote::new(server.url("files.git")));
}
