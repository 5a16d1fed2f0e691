//! Many processes on one repository, and processes that are killed: nothing lost, nothing backwards, never a broken repository.
//!
//! The counts fit a CI run; `HYDRANT_TORTURE=32x20x200` (processes, deliveries each, kills) is the long one, by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use committer::{Remote, Unit, deliver};
use deliveries::{committed, options, unit};

/// What a child process is told: `repository worker rounds`.
const CHILD: &str = "HYDRANT_TORTURE_CHILD";

fn counts() -> (u32, u32, u32) {
    let wanted = std::env::var("HYDRANT_TORTURE").unwrap_or_else(|_| "6x5x20".to_owned());
    let numbers: Vec<u32> = wanted.split('x').map(|number| number.parse().unwrap()).collect();
    (numbers[0], numbers[1], numbers[2])
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(at).args(arguments).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {words}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn child(repository: &Path, worker: u32, rounds: u32) -> Child {
    let told = format!("{} {worker} {rounds}", repository.display());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_process_of_the_torture", "--ignored"]).env(CHILD, told);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A folder of the branch that all share, and a branch of the worker's own.
fn units(worker: u32, round: u32) -> Vec<Unit> {
    let text = format!("{worker} {round}\n");
    let mut shared = unit("shared", round, &[("manifest.yaml", &text)]);
    shared.folder = format!("w{worker}");
    shared.name = format!("w{worker}");
    vec![shared, unit(&format!("own/{worker}"), round, &[("manifest.yaml", &text), ("large", &text.repeat(5000))])]
}

/// Not a test by itself: what [`child`] runs.
#[test]
#[ignore = "run by the others in a process of its own"]
fn a_process_of_the_torture() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let [repository, worker, rounds] = told.split(' ').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let mut patient = options();
    patient.attempts = 1000;
    for round in 1..=rounds.parse().unwrap() {
        for delivery in deliver(&Remote::new(repository), &units(worker.parse().unwrap(), round), &patient).unwrap() {
            committed(&delivery);
        }
    }
}

fn sandbox() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::Builder::new().prefix("hydrant-torture-").tempdir_in("/tmp").unwrap();
    let path = folder.path().join("a.git");
    git(Path::new("/"), &["init", "-q", "--bare", path.to_str().unwrap()]);
    (folder, path)
}

#[test]
#[ignore = "needs git, and time"]
fn real_git_survives_many_processes() {
    let (processes, rounds, _) = counts();
    for hooks in [false, true] {
        let (_folder, repository) = sandbox();
        if hooks {
            // With a hook, git's own receive-pack takes the pushes.
            let hook = repository.join("hooks/post-receive");
            std::fs::write(&hook, "#!/bin/sh\ncat >/dev/null\n").unwrap();
            std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        let children: Vec<Child> = (0..processes).map(|worker| child(&repository, worker, rounds)).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        git(&repository, &["fsck", "--strict", "--no-dangling"]);
        assert_eq!(git(&repository, &["rev-list", "--count", "shared"]), (processes * rounds).to_string());
        for worker in 0..processes {
            let shown = git(&repository, &["show", &format!("shared:w{worker}/manifest.yaml")]);
            assert_eq!(shown, format!("{worker} {rounds}"));
            let log = git(&repository, &["log", "--format=%s", "--reverse", &format!("own/{worker}")]);
            let expected: Vec<String> = (1..=rounds).map(|round| format!("own/{worker}: deliver {round}")).collect();
            assert_eq!(log, expected.join("\n"), "none lost, none twice, none backwards");
        }
    }
}

#[test]
#[ignore = "needs git, and time"]
fn real_git_survives_killed_processes() {
    let (_, _, kills) = counts();
    let (_folder, repository) = sandbox();
    let mut blocked = 0;
    for number in 0..kills {
        let mut victim = child(&repository, number % 3, 1000);
        // Spread over the life of a process, from its start to some deliveries later.
        std::thread::sleep(Duration::from_millis(u64::from(number * 37 % 150) + 5));
        victim.kill().unwrap();
        victim.wait().unwrap();
        git(&repository, &["fsck", "--strict", "--no-dangling"]);
        blocked += locks(&repository);
    }
    let history = git(&repository, &["log", "--format=%s", "--reverse", "--all"]);
    assert!(!history.is_empty(), "some deliveries were done before the kills");
    // A lock that a killed process leaves is git's own hazard too; it must be rare, and is told with the file's name.
    assert!(blocked * 10 <= kills, "{blocked} of {kills} kills left a lock");
}

/// Removes the locks that a killed process left, as the error message asks a person to.
fn locks(repository: &Path) -> u32 {
    let mut found = 0;
    let mut todo = vec![repository.join("refs")];
    todo.extend(
        std::fs::read_dir(repository).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()),
    );
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            std::fs::remove_file(path).unwrap();
            found += 1;
        }
    }
    found
}
