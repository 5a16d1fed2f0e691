//! Whole commands: `fixtures/cli/…` holds a folder a case.
//!
//! `command` has the shell lines to run, one a line, with `hydrant` and git on PATH, in a fresh copy of `in/`; what is
//! to be there before stands in `setup`, and must succeed. Commits are made at one time, so that their ids are the same.
//! `expected` is the transcript: each line, its stdout, its stderr behind `! `, its status where it is not 0.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use testkit::expect::Expect;
use testkit::fixtures::{self, Case};

#[test]
fn commands_say_and_do_what_their_fixtures_say() {
    let cases = fixtures::cases("cli", "command");
    // A command waits for its child processes more than it works.
    let next = AtomicUsize::new(0);
    let take = || cases.get(next.fetch_add(1, Ordering::Relaxed));
    let work = || std::iter::from_fn(take).map(|case| (case.folder.clone(), transcript(case))).collect::<Vec<_>>();
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    done.sort();
    let mut expect = Expect::default();
    for (folder, text) in done {
        expect.file(&folder.join("expected"), &text);
    }
    expect.finish();
}

fn transcript(case: &Case) -> String {
    let folder = tempfile::tempdir().unwrap();
    // Short and the same everywhere, so that tables in a transcript are as wide on every machine.
    let top = folder.path().canonicalize().unwrap();
    let work = top.join("work");
    std::fs::create_dir_all(&work).unwrap();
    for (name, bytes) in case.files("in") {
        let path = work.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let setup = run(&format!("set -e\n{}", case.text("setup").unwrap_or_default()), &work, &top);
    assert!(setup.status.success(), "{}: setup: {}", case.name, String::from_utf8_lossy(&setup.stderr));
    let mut text = String::new();
    for line in
        case.text("command").unwrap_or_default().lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let output = run(line, &work, &top);
        writeln!(text, "$ {line}").unwrap();
        text.push_str(&said(&output.stdout, &work, ""));
        text.push_str(&said(&output.stderr, &work, "! "));
        match output.status.code() {
            Some(0) => {}
            Some(code) => writeln!(text, "status {code}").unwrap(),
            None => writeln!(text, "ended by a signal").unwrap(),
        }
    }
    text
}

/// Runs a line in a shell that knows nothing of the machine but its programs.
fn run(line: &str, work: &Path, home: &Path) -> Output {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_hydrant"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    Command::new("sh")
        .args(["-c", line])
        .current_dir(work)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("ROOT", fixtures::root())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ann Author")
        .env("GIT_AUTHOR_EMAIL", "ann@example.com")
        .env("GIT_AUTHOR_DATE", "2026-11-21T10:00:00Z")
        .env("GIT_COMMITTER_NAME", "Carl Committer")
        .env("GIT_COMMITTER_EMAIL", "carl@example.com")
        .env("GIT_COMMITTER_DATE", "2026-11-21T10:00:00Z")
        .env("SOURCE_DATE_EPOCH", "1795255200")
        .env("TZ", "UTC")
        .output()
        .unwrap()
}

/// What a stream said, with the changing folder called `DIR`.
fn said(bytes: &[u8], work: &Path, mark: &str) -> String {
    let text = String::from_utf8_lossy(bytes).replace(work.to_str().unwrap(), "DIR");
    text.lines().fold(String::new(), |mut all, line| {
        writeln!(all, "{}", format!("{mark}{line}").trim_end()).unwrap();
        all
    })
}
