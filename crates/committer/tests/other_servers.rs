//! Deliveries to git servers that are other implementations than git: JGit, with refs in files and in a reftable, and dulwich.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use committer::branches::{self, BranchPath, Depth};
use committer::{Outcome, Refusal, RequestMethod, Topic, Unit, UnitResult};
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

/// Delivers `source` of each unit from a thread of its own, all at once.
fn race(remote: &Remote, units: &[Unit]) -> Vec<UnitResult> {
    let deliver_one = |unit: &Unit| {
        let mut options = options();
        options.attempts = 100;
        deliver(remote, std::slice::from_ref(unit), &options).unwrap().remove(0)
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = units.iter().map(|unit| scope.spawn(|| deliver_one(unit))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// What a branch holds: the text of a file, and the source commit of the record or the note.
fn held(remote: &Remote, branch: &str, folder: &str) -> (String, String) {
    let place = BranchPath { branch: branch.to_owned(), folder: folder.to_owned() };
    let mut transport = git::open(remote).unwrap();
    let found = branches::read(transport.as_mut(), std::slice::from_ref(&place), Depth::Files).unwrap();
    let found = &found[&place];
    let text = String::from_utf8(found.files["manifest.yaml"].bytes.to_vec()).unwrap();
    (text, found.noted_source.clone().unwrap_or(found.record.as_ref().unwrap().source.dry_sha.clone()))
}

const RACERS: u32 = 16;

/// Sources that overtake each other, with `variants` different outputs: the newest one has to win.
fn overtaking(remote: &Remote, branch: &str, variants: u32) {
    let text = |source: u32| format!("{}\n", source % variants);
    let deliver = |source: u32| unit(branch, source, &[("manifest.yaml", &text(source))]);
    let results = race(remote, &(1..=RACERS).map(deliver).collect::<Vec<_>>());
    let outcomes: Vec<&Outcome> = results.iter().map(|result| &result.outcome).collect();
    assert_eq!(held(remote, branch, "").0, text(RACERS), "{branch}: {outcomes:#?}");
    let is_older = |outcome: &&Outcome| matches!(outcome, Outcome::Refused(Refusal::Older { .. }));
    let accepted = |outcome: &&Outcome| !matches!(outcome, Outcome::Refused(_));
    assert!(outcomes.iter().all(|outcome| accepted(outcome) || is_older(outcome)), "{branch}: {outcomes:#?}");
    assert!(outcomes.last().is_some_and(accepted), "{branch}: {outcomes:#?}");
}

/// Units of one branch: none is lost.
fn sharing(remote: &Remote, rounds: u32) {
    for round in 1..=rounds {
        let units: Vec<Unit> = (0..RACERS)
            .map(|worker| {
                let mut unit = unit("shared", round, &[("manifest.yaml", &format!("{worker} {round}\n"))]);
                unit.name = format!("w{worker}");
                unit.folder = format!("w{worker}");
                unit
            })
            .collect();
        for result in race(remote, &units) {
            committed(&result);
        }
        for worker in 0..RACERS {
            let (text, source) = held(remote, "shared", &format!("w{worker}"));
            assert_eq!((text, source), (format!("{worker} {round}\n"), sha(round)));
        }
    }
}

/// Different outputs, outputs that return, and a shared branch.
fn races(remote: &Remote) {
    overtaking(remote, "unique", RACERS);
    overtaking(remote, "equal", 2);
    sharing(remote, 1);
}

#[test]
#[ignore = "needs .ci/servers"]
fn real_jgit_survives_races() {
    let server = OtherServer::start(Implementation::JGit);
    for name in ["files.git", "reftable.git", "hidden.git"] {
        races(&Remote::new(server.url(name)));
    }
}

#[test]
#[ignore = "needs .ci/servers"]
fn real_jgit_refuses_one_branch_of_several() {
    let server = OtherServer::start(Implementation::JGit);
    for name in ["files.git", "reftable.git", "heads-only.git", "hidden.git"] {
        let remote = Remote::new(server.url(name));
        for source in 1..=2 {
            let text = format!("{source}\n");
            let units = ["a", "locked", "b"].map(|branch| unit(branch, source, &[("manifest.yaml", &text)]));
            let done = deliver(&remote, &units, &options()).unwrap();
            committed(&done[0]);
            committed(&done[2]);
            let Refusal::Rejected { message, .. } = refused(&done[1]) else { panic!("{name}: {done:?}") };
            assert!(message.contains("prohibited by Gerrit"), "{name}: {message}");
            let limited = name == "heads-only.git" || name == "hidden.git";
            assert_eq!(done[0].not_announced.is_some(), limited, "{name}: {done:?}");
        }
    }
}

/// A reviewed unit: proposed, updated, unchanged.
#[test]
#[ignore = "needs .ci/servers"]
fn real_other_servers_take_reviewed_units() {
    for implementation in [Implementation::JGit, Implementation::Dulwich] {
        let server = OtherServer::start(implementation);
        for name in ["files.git", "reftable.git", "heads-only.git"] {
            let remote = Remote::new(server.url(name));
            let propose = |source: u32, text: &str| {
                let mut unit = unit("production", source, &[("manifest.yaml", text)]);
                let request = RequestMethod::None;
                unit.topic = Some(Topic { branch: "next".to_owned(), request, closes_on_branch_delete: false });
                deliver(&remote, &[unit], &options()).unwrap().remove(0)
            };
            committed(&propose(1, "1\n"));
            committed(&propose(2, "2\n"));
            assert_eq!(propose(2, "2\n").outcome, Outcome::Unchanged, "{implementation:?} {name}");
            assert_eq!(held(&remote, "next", "").0, "2\n");
        }
    }
}

#[test]
#[ignore = "needs .ci/servers"]
fn real_dulwich_survives_races() {
    let server = OtherServer::start(Implementation::Dulwich);
    races(&Remote::new(server.url("files.git")));
}
