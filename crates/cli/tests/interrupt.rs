//! An interrupt leaves no partial result: nothing is written while a registry is queried, and all files or none are written after
//! that.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testkit::registry::{Registry, Setup};

const SIGINT: i32 = 2;

/// Starts `hydrant pin`. A shell that runs tests in the background makes them and their children ignore the signal; `env` restores it.
fn pin(folder: &Path, arguments: &[&str]) -> Child {
    Command::new("env")
        .args(["--default-signal=INT", env!("CARGO_BIN_EXE_hydrant"), "pin", "--lock"])
        .args(arguments)
        .arg("deploy")
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Interrupts the child once the file exists. The shell's built-in `kill` needs no new process.
fn interrupt_when_there(child: &Child, file: &Path) {
    let script = format!(
        "while [ ! -e '{}' ]; do kill -0 {id} || exit 1; done; kill -INT {id}",
        file.display(),
        id = child.id()
    );
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success(), "nothing was written");
}

/// Every file below the folder.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.insert(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}

fn write(folder: &Path, host: &str, count: usize) {
    std::fs::create_dir_all(folder.join("deploy")).unwrap();
    for index in 0..count {
        std::fs::write(folder.join(format!("deploy/{index}.yaml")), format!("image: {host}/a:1 # {index}\n")).unwrap();
    }
}

#[test]
fn nothing_is_written_while_a_registry_is_queried() {
    let registry = Registry::start(Setup { latency: Duration::from_secs(20), ..Setup::default() });
    registry.put_image("a", "1", &[]);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &registry.host(), 3);
    let before = files(folder.path());
    let mut child = pin(folder.path(), &[]);
    let begun = Instant::now();
    while registry.requests().is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(20) && child.try_wait().unwrap().is_none(),
            "no request was sent"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    interrupt_when_there(&child, folder.path());
    assert_eq!(child.wait().unwrap().signal(), Some(SIGINT));
    assert!(begun.elapsed() < Duration::from_secs(15), "it waited for the registry");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn an_interrupt_is_deferred_until_all_files_are_written() {
    let registry = Registry::open();
    registry.put_image("a", "1", &[]);
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &registry.host(), 400);
        let before = files(folder.path());
        let mut child = pin(folder.path(), &[]);
        let lock = folder.path().join("hydrant.lock");
        // The lock file is written first.
        interrupt_when_there(&child, &lock);
        let status = child.wait().unwrap();
        let mut after = files(folder.path());
        assert!(after.remove(lock.to_str().unwrap()).unwrap().contains("a:1"));
        assert_eq!(after.len(), before.len(), "no neighbour is left behind");
        assert!(after.values().all(|text| text.contains("@sha256:")), "all or none");
        // The signal may also arrive after the last file.
        assert!(status.signal() == Some(SIGINT) || status.success(), "{status}");
    }
}
