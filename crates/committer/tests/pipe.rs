//! Deliveries to a server process over a pipe, in both versions of the protocol. A process answers what it has read and nothing else, so a
//! client that reads too much or sends too little waits for ever. The test is its own server: `pipe serve` takes the place of `ssh`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use committer::branches::{self, BranchPath, Depth};
use committer::{Outcome, Refusal, Unit};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::Remote;
use libtest_mimic::{Arguments, Failed, Trial};
use testkit::git::{Abilities, serve};

/// The time that a test may take. It takes about a second.
const LIMIT: Duration = Duration::from_secs(120);

/// The kinds of servers, by the name that the server process gets.
const KINDS: [&str; 4] = ["version_2", "version_0", "version_0_before_git_2_41", "version_0_without_atomic"];

fn abilities(kind: &str) -> Abilities {
    Abilities {
        version_2: kind == "version_2",
        empty_advertisement: kind != "version_0_before_git_2_41",
        atomic: kind != "version_0_without_atomic",
        ..Abilities::default()
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, kind, .., request] = arguments.as_slice()
        && command == "serve"
    {
        return serve_request(kind, request);
    }
    let trial = |kind: &'static str| Trial::test(kind, move || within_limit(move || course(kind)));
    libtest_mimic::run(&Arguments::from_args(), KINDS.into_iter().map(trial).collect()).exit_code()
}

/// Serves `git-upload-pack 'PATH'` or `git-receive-pack 'PATH'` over the standard streams.
fn serve_request(kind: &str, request: &str) -> ExitCode {
    let (service, path) = request.split_once(' ').unwrap();
    let path = Path::new(path.trim_matches('\''));
    match serve(path, service, &abilities(kind), &mut std::io::stdin(), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// A test that does not end fails.
fn within_limit(test: impl FnOnce() + Send + 'static) -> Result<(), Failed> {
    let (sender, receiver) = mpsc::channel();
    let running = std::thread::spawn(move || {
        test();
        let _ = sender.send(());
    });
    match receiver.recv_timeout(LIMIT) {
        Err(mpsc::RecvTimeoutError::Timeout) => Err(format!("no end after {} s", LIMIT.as_secs()).into()),
        _ => running.join().map_err(|_| "the test panicked".into()),
    }
}

fn units(source: u32, text: &str) -> Vec<Unit> {
    vec![unit("cart/dev", source, &[("manifest.yaml", text)]), unit("cart/prod", source, &[("manifest.yaml", text)])]
}

/// Deliveries to an empty repository and to one with deliveries, and the reads of other commands.
fn course(kind: &str) {
    let atomic = abilities(kind).atomic;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.git");
    git2::Repository::init_bare(&path).unwrap();
    let mut remote = Remote::new(format!("ssh://host{}", path.display()));
    remote.ssh_command = Some(format!("'{}' serve {kind}", std::env::current_exe().unwrap().display()));
    let place = BranchPath { branch: "cart/prod".to_owned(), folder: String::new() };
    let read = || branches::read(git::open(&remote).unwrap().as_mut(), std::slice::from_ref(&place), Depth::Files);
    assert!(!read().unwrap().contains_key(&place));
    let mut dry = options();
    dry.dry_run = true;
    deliver(&remote, &units(1, "1\n"), &dry).unwrap();
    deliver(&remote, &units(1, "1\n"), &options()).unwrap().iter().for_each(|done| drop(committed(done)));
    deliver(&remote, &units(2, "2\n"), &options()).unwrap().iter().for_each(|done| drop(committed(done)));
    let same = deliver(&remote, &units(2, "2\n"), &options()).unwrap();
    assert!(same.iter().all(|done| done.outcome == Outcome::Unchanged), "{same:?}");
    let noted = deliver(&remote, &units(3, "2\n"), &options()).unwrap();
    let is_noted = |outcome: &Outcome| if atomic { *outcome == Outcome::NoteUpdated } else { true };
    assert!(noted.iter().all(|done| is_noted(&done.outcome)), "{noted:?}");
    let older = deliver(&remote, &units(2, "x\n"), &options()).unwrap();
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
    let mut all = options();
    all.atomic = true;
    let both = deliver(&remote, &units(4, "4\n"), &all);
    assert_eq!(both.is_ok(), atomic, "{both:?}");
    assert_eq!(&*read().unwrap()[&place].files["manifest.yaml"].bytes, if atomic { b"4\n" } else { b"2\n" });
    let history = branches::history(git::open(&remote).unwrap().as_mut(), &place, 9, Depth::Files).unwrap();
    assert_eq!(history.len(), 3);
}
