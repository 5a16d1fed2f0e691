//! Servers in memory that refuse branches, in any wording, and how many pushes it takes to find which.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(clippy::print_stderr, reason = "with --nocapture the tests print the numbers of pushes")]

mod deliveries;
mod memory;

use std::collections::{BTreeMap, BTreeSet};

use committer::{Options, Outcome, Refusal, Unit, UnitResult};
use deliveries::{committed, options, refused, unit};
use memory::{Kind, Rules, Server, Wording};

/// The wordings of servers, among them some that no client knows.
const WORDINGS: [Wording; 6] =
    [Wording::Git, Wording::JGit, Wording::GoGit, Wording::Same(""), Wording::Same("computer says no"), Wording::Named];

fn name(number: usize) -> String {
    format!("s{number:03}/prod")
}

fn units(count: usize, source: u32) -> Vec<Unit> {
    (0..count).map(|number| unit(&name(number), source, &[("manifest.yaml", &format!("{number} {source}"))])).collect()
}

fn deliver(server: &Server, units: &[Unit]) -> Vec<UnitResult> {
    committer::deliver(&mut server.connect(), units, &options()).unwrap()
}

/// Protects `refused` of `count` branches, evenly spread.
fn protect(count: usize, refused: usize) -> Rules {
    let protected = (0..refused).map(|number| name(number * count / refused)).collect();
    Rules { protected, ..Rules::default() }
}

/// Delivers `count` units, `refused` of whose branches are protected, and returns the number of pushes.
fn pushes(server: &Server, rules: &Rules, count: usize) -> usize {
    deliver(server, &units(count, 1));
    server.take_pushes();
    server.set_rules(rules.clone());
    for result in deliver(server, &units(count, 2)) {
        if rules.protected.contains(&result.branch) {
            let Refusal::Rejected { message } = refused(&result) else { panic!("{result:?}") };
            let others = rules.protected.iter().filter(|other| **other != result.branch);
            assert!(others.into_iter().all(|other| !message.contains(other)), "{message}");
        } else {
            committed(&result);
        }
    }
    server.take_pushes().len()
}

#[test]
fn a_refused_branch_stops_no_other_one() {
    for wording in WORDINGS {
        let server = Server::new(Kind::Atomic).with_wording(wording);
        let count = pushes(&server, &protect(6, 1), 6);
        eprintln!("{wording:?}: 1 of 6 refused, {count} pushes");
        assert!(count <= 12, "{wording:?}: {count}");
    }
}

#[test]
fn few_pushes_find_the_refused_branches_of_a_push_that_is_rejected_as_a_whole() {
    // About 2 log2(n) for one, and at most that much for each.
    for (count, refused, most) in [(6, 1, 7), (6, 2, 9), (6, 6, 12), (100, 1, 16), (100, 5, 60), (1000, 3, 60)] {
        let server = Server::new(Kind::Atomic);
        let found = pushes(&server, &Rules { whole: true, ..protect(count, refused) }, count);
        eprintln!("{refused} of {count} refused: {found} pushes");
        assert!(found <= most, "{refused} of {count}: {found}");
    }
}

#[test]
fn a_message_that_names_the_refused_branch_saves_pushes() {
    let server = Server::new(Kind::Atomic);
    let messages = vec![format!("GH013: Repository rule violations found for refs/heads/{}.", name(0))];
    let found = pushes(&server, &Rules { whole: true, messages, ..protect(100, 1) }, 100);
    assert_eq!(found, 4, "all; all others; the one that is named; the notes");
}

#[test]
fn a_server_that_refuses_everything_is_not_asked_for_each_branch() {
    for whole in [true, false] {
        let server = Server::new(Kind::Atomic);
        deliver(&server, &units(300, 1));
        server.take_pushes();
        server.set_rules(Rules { whole, ..protect(300, 300) });
        let results = deliver(&server, &units(300, 2));
        assert!(results.iter().all(|result| matches!(refused(result), Refusal::Rejected { .. })));
        let count = server.take_pushes().len();
        assert!(count <= 68, "{count}");
    }
}

/// A server that takes branches alone, whatever it answers, keeps the order in them.
#[test]
fn a_server_that_takes_branches_alone_is_served_in_any_wording() {
    for wording in WORDINGS {
        for whole in [true, false] {
            let server = Server::new(Kind::OnlyBranches).with_wording(wording);
            server.set_rules(Rules { whole, ..Rules::default() });
            deliver(&server, &units(3, 1)).iter().for_each(|result| drop(committed(result)));
            // One wording claims that others were faster, which is tried again a few times.
            let count = server.take_pushes().len();
            assert!(count <= if wording == Wording::GoGit { 14 } else { 8 }, "{wording:?}: {count}");
            // The same output from a newer source makes a commit, and an older source is refused then.
            let mut newer = units(3, 1);
            newer.iter_mut().for_each(|unit| unit.source.dry_sha = deliveries::sha(3));
            deliver(&server, &newer).iter().for_each(|result| drop(committed(result)));
            let older = deliver(&server, &units(3, 2));
            assert!(older.iter().all(|result| matches!(refused(result), Refusal::Older { .. })), "{older:?}");
            // One of its branches is protected.
            server.set_rules(Rules { whole, ..protect(3, 1) });
            let results = deliver(&server, &units(3, 4));
            assert!(matches!(refused(&results[0]), Refusal::Rejected { .. }), "{results:?}");
            results[1..].iter().for_each(|result| drop(committed(result)));
        }
    }
}

#[test]
fn a_limit_of_refs_is_found_out_and_kept() {
    for (most, counts_all) in [(5, false), (5, true), (2, true), (2, false), (1, false), (1, true), (3, true)] {
        let server = Server::new(Kind::Atomic);
        server.set_rules(Rules { limit: Some((most, counts_all)), ..Rules::default() });
        for source in [1, 2] {
            deliver(&server, &units(12, source)).iter().for_each(|result| drop(committed(result)));
            let pushes = server.take_pushes();
            assert!(pushes.len() <= 16, "{most} {counts_all}: {pushes:?}");
        }
        let unchanged = deliver(&server, &units(12, 2));
        assert!(unchanged.iter().all(|result| result.outcome == Outcome::Unchanged), "{unchanged:?}");
        let older = deliver(&server, &units(12, 1));
        assert!(older.iter().all(|result| matches!(refused(result), Refusal::Older { .. })));
    }
}

#[test]
fn a_configured_limit_of_refs_holds_for_every_push() {
    for most in 1..=6 {
        let server = Server::new(Kind::Atomic);
        let mut options = options();
        options.max_refs = Some(most);
        for source in [1, 2] {
            let results = committer::deliver(&mut server.connect(), &units(9, source), &options).unwrap();
            results.iter().for_each(|result| drop(committed(result)));
            let pushes = server.take_pushes();
            assert!(pushes.iter().all(|refs| *refs <= most), "{most}: {pushes:?}");
        }
    }
}

#[test]
fn an_atomic_delivery_that_a_limit_forbids_says_so() {
    let server = Server::new(Kind::Atomic);
    let mut options = options();
    options.atomic = true;
    server.set_rules(Rules { limit: Some((5, false)), ..Rules::default() });
    let results = committer::deliver(&mut server.connect(), &units(6, 1), &options).unwrap();
    assert!(results.iter().all(|result| refused(result) == Refusal::AtomicLimit { refs: 7, limit: 5 }), "{results:?}");
    assert!(server.refs().is_empty());
    let four = committer::deliver(&mut server.connect(), &units(4, 1), &options).unwrap();
    four.iter().for_each(|result| drop(committed(result)));
    server.set_rules(Rules::default());
    server.take_pushes();
    options.max_refs = Some(5);
    let results = committer::deliver(&mut server.connect(), &units(6, 2), &options).unwrap();
    assert!(results.iter().all(|result| refused(result) == Refusal::AtomicLimit { refs: 7, limit: 5 }), "{results:?}");
    assert!(server.take_pushes().is_empty(), "the limit is known before the first push");
}

#[test]
fn an_atomic_delivery_is_all_or_nothing_in_any_wording() {
    for wording in WORDINGS {
        for whole in [true, false] {
            let server = Server::new(Kind::Atomic).with_wording(wording);
            server.set_rules(Rules { whole, ..protect(6, 1) });
            let mut options = options();
            options.atomic = true;
            let results = committer::deliver(&mut server.connect(), &units(6, 1), &options).unwrap();
            for result in &results {
                let refusal = refused(result);
                assert!(matches!(refusal, Refusal::Rejected { .. } | Refusal::AtomicAborted { .. }), "{refusal:?}");
            }
            assert!(server.refs().keys().all(|name| !name.starts_with("refs/heads/")));
            let count = server.take_pushes().len();
            assert!(count <= 8, "{wording:?}: {count}");
        }
    }
}

#[test]
fn a_branch_in_the_way_is_named() {
    for wording in WORDINGS {
        let server = Server::new(Kind::Atomic).with_wording(wording);
        deliver(&server, &[unit("a", 1, &[("x", "1")]), unit("c/d", 1, &[("x", "1")])]);
        server.take_pushes();
        let new = [unit("a/b", 1, &[("x", "1")]), unit("b", 1, &[("x", "1")]), unit("c", 1, &[("x", "1")])];
        let results = deliver(&server, &new);
        assert_eq!(refused(&results[0]), Refusal::BranchInTheWay { branch: "a".to_owned() });
        committed(&results[1]);
        assert_eq!(refused(&results[2]), Refusal::BranchInTheWay { branch: "c/d".to_owned() });
        assert!(server.take_pushes().len() <= 2, "{wording:?}");
    }
}

#[test]
fn a_lock_is_waited_for_and_then_named() {
    let server = Server::new(Kind::Atomic);
    deliver(&server, &units(3, 1));
    server.set_rules(Rules { locked: BTreeMap::from([(name(1), 2)]), ..Rules::default() });
    deliver(&server, &units(3, 2)).iter().for_each(|result| drop(committed(result)));
    server.set_rules(Rules { locked: BTreeMap::from([(name(1), 99)]), ..Rules::default() });
    server.take_pushes();
    let options = Options { attempts: 50, ..options() };
    let results = committer::deliver(&mut server.connect(), &units(3, 3), &options).unwrap();
    let refusal = refused(&results[1]);
    assert!(matches!(refusal, Refusal::Locked { .. }), "{refusal:?}");
    assert!(refusal.hint().unwrap().contains("/srv/a.git/refs/heads/s001/prod.lock"), "{refusal:?}");
    committed(&results[0]);
    committed(&results[2]);
    let count = server.take_pushes().len();
    assert!(count <= 12, "{count}");
}

/// A refusal says what it is, and whether another attempt can help.
#[test]
fn a_refusal_is_not_transient_and_a_full_disk_is() {
    let message = || String::new();
    assert!(!Refusal::Rejected { message: message() }.is_transient());
    assert!(!Refusal::Locked { message: message() }.is_transient());
    assert!(!Refusal::BranchInTheWay { branch: message() }.is_transient());
    assert!(Refusal::Storage { message: message() }.is_transient());
    let protected: BTreeSet<String> = BTreeSet::from([name(0)]);
    let server = Server::new(Kind::NotAtomic).with_wording(Wording::Same("No space left on device"));
    server.set_rules(Rules { protected, ..Rules::default() });
    let results = deliver(&server, &units(2, 1));
    assert!(matches!(refused(&results[0]), Refusal::Storage { .. }), "{results:?}");
    committed(&results[1]);
}
