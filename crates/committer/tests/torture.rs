//! Many processes on one repository, and processes that are killed: nothing lost, nothing backwards, never a broken repository.
//!
//! Each process delivers a folder of a branch that all share, a branch of its own, and one unit that all deliver from sources that overtake
//! each other, with outputs that return (equal content).
//!
//! The counts fit a CI run. By hand: `HYDRANT_TORTURE=32x20x200` (processes, deliveries each, kills) is the long form, `HYDRANT_TORTURE_WAYS=disk,http`
//! selects servers, and `HYDRANT_TORTURE_URL=URL` races on an empty repository of any server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(clippy::print_stderr, reason = "the long form, by hand and with --nocapture, tells its figures")]

mod deliveries;
#[path = "../../git/tests/servers/mod.rs"]
mod servers;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use committer::{Outcome, Refusal, Unit, UnitResult};
use deliveries::{committed, deliver, unit};
use git::Remote;
use servers::{TestFolder, Web, fsck, git, hook};
use testkit::git::{Implementation, OtherServer};

/// The input of a child process, `repository worker rounds processes`, and the file that it writes its attempts to.
const CHILD: &str = "HYDRANT_TORTURE_CHILD";
const LOG: &str = "HYDRANT_TORTURE_LOG";

fn counts() -> (u32, u32, u32) {
    let wanted = std::env::var("HYDRANT_TORTURE").unwrap_or_else(|_| "6x5x40".to_owned());
    let numbers: Vec<u32> = wanted.split('x').map(|number| number.parse().unwrap()).collect();
    (numbers[0], numbers[1], numbers[2])
}

fn child(url: &str, worker: u32, rounds: u32, processes: u32, logs: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_process_of_the_torture", "--ignored"]);
    command.env(CHILD, format!("{url} {worker} {rounds} {processes}")).env(LOG, logs.join(format!("worker{worker}")));
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

/// The unit that all deliver, from source commit `number`. Its outputs return: of four in a row, the first and the third are equal.
fn equal(number: u32) -> Unit {
    unit("equal", number, &[("manifest.yaml", equal_text(number))])
}

fn equal_text(number: u32) -> &'static str {
    ["x\n", "y\n", "x\n", "z\n"][(number % 4) as usize]
}

/// A delivery of the unit that all deliver may find a newer source, and nothing else may go wrong.
fn is_accepted_or_older(result: &UnitResult) -> bool {
    match &result.outcome {
        Outcome::Committed { .. } | Outcome::Deleted { .. } | Outcome::Unchanged | Outcome::NoteUpdated => true,
        Outcome::Refused(refusal) => matches!(refusal, Refusal::Older { .. }),
    }
}

/// Not a test by itself: what [`child`] runs.
#[test]
#[ignore = "run by the others in a process of its own"]
fn a_process_of_the_torture() {
    let Ok(input) = std::env::var(CHILD) else { return };
    let [url, worker, rounds, processes] = input.split(' ').collect::<Vec<_>>()[..] else { panic!("{input}") };
    let (worker, processes): (u32, u32) = (worker.parse().unwrap(), processes.parse().unwrap());
    let mut options = deliveries::options();
    options.attempts = 50;
    let mut log = std::fs::File::options().append(true).create(true).open(std::env::var(LOG).unwrap()).unwrap();
    for round in 1..=rounds.parse().unwrap() {
        let start = Instant::now();
        let mut units = units(worker, round);
        if processes > 0 {
            units.push(equal((round - 1) * processes + worker + 1));
        }
        let mut done = deliver(&Remote::new(url), &units, &options);
        let equal = done
            .as_mut()
            .ok()
            .and_then(|done| done.get(2).map(is_accepted_or_older).and_then(|good| Some((good, done.pop()?))));
        writeln!(log, "{} {} {done:?}", done.as_ref().map_or(0, |done| done[0].attempts), start.elapsed().as_millis())
            .unwrap();
        for delivery in done.unwrap() {
            committed(&delivery);
        }
        if let Some((good, result)) = equal {
            writeln!(log, "equal {result:?}").unwrap();
            assert!(good, "{result:?}");
        }
    }
}

/// Lets many processes deliver to a repository by its URL, and looks at what came of it. `local` is its folder, if the server keeps it as git does.
fn race(way: &str, url: &str, local: Option<&Path>) {
    let temp = TestFolder::new();
    let logs = temp.path("logs");
    std::fs::create_dir(&logs).unwrap();
    let (processes, rounds, _) = counts();
    let start = Instant::now();
    let children: Vec<Child> = (0..processes).map(|worker| child(url, worker, rounds, processes, &logs)).collect();
    let failed = children.into_iter().map(|mut child| child.wait().unwrap().success()).filter(|good| !good).count();
    let took = start.elapsed();
    let lines = (0..processes).map(|worker| std::fs::read_to_string(logs.join(format!("worker{worker}"))).unwrap());
    let lines: Vec<String> = lines.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let numbers = |at: usize| lines.iter().filter_map(move |line| line.split(' ').nth(at)?.parse::<u32>().ok());
    let (tries, most) = (numbers(0).sum::<u32>(), numbers(0).max().unwrap());
    let wrong =
        lines.iter().filter(|line| line.contains("Err(") || line.contains("Refused") && !line.contains("Older"));
    assert_eq!(failed, 0, "{way}: {:#?}", wrong.collect::<Vec<_>>());
    let clone = temp.path("clone.git");
    git(temp.folder.path(), &["clone", "-q", "--mirror", url, clone.to_str().unwrap()]);
    let (lost, backwards) = unique_content(&clone);
    let (outputs, equal_backwards) = equal_content(&clone);
    eprintln!(
        "{way}: {processes} processes x {rounds} deliveries in {:.1} s; {tries} rounds, at most {most} for one; the slowest took {:.1} s; unique \
         content: {lost} lost, {backwards} backwards; equal content: {outputs} commits, {equal_backwards} backwards",
        took.as_secs_f64(),
        f64::from(numbers(1).max().unwrap()) / 1000.0
    );
    assert_eq!((lost, backwards, equal_backwards), (0, 0, 0), "{way}");
    fsck(local.unwrap_or(&clone));
}

/// The source commits of a branch's commits, oldest first.
fn sources(repository: &Path, arguments: &[&str]) -> Vec<u32> {
    let log = git(repository, &[&["log", "--format=%s", "--reverse"], arguments].concat());
    log.lines().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

/// The number of commits in which the source commit is not newer than the one before.
fn backwards(sources: &[u32]) -> usize {
    sources.windows(2).filter(|pair| pair[1] <= pair[0]).count()
}

/// The deliveries of folders and branches of their own that are missing, and those that went backwards.
fn unique_content(repository: &Path) -> (usize, usize) {
    let (processes, rounds, _) = counts();
    let (mut lost, mut back) = (0, 0);
    for worker in 0..processes {
        let shown = git(repository, &["show", &format!("shared:w{worker}/manifest.yaml")]);
        assert_eq!(shown, format!("{worker} {rounds}"));
        for arguments in [vec![format!("own/{worker}")], vec!["shared".into(), "--".into(), format!("w{worker}")]] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let found = sources(repository, &arguments);
            lost += rounds as usize - (1..=rounds).filter(|round| found.contains(round)).count();
            back += backwards(&found);
        }
    }
    (lost, back)
}

/// The commits of the unit that all delivered, and those that went backwards. The branch ends with the output of the newest source.
fn equal_content(repository: &Path) -> (usize, usize) {
    let (processes, rounds, _) = counts();
    let shown = git(repository, &["show", "equal:manifest.yaml"]);
    assert_eq!(format!("{shown}\n"), equal_text(processes * rounds), "the newest source has another output");
    let found = sources(repository, &["equal"]);
    (found.len(), backwards(&found))
}

/// Whether this way is asked for: `HYDRANT_TORTURE_WAYS=disk,hooks,http`.
fn wanted(way: &str) -> bool {
    std::env::var("HYDRANT_TORTURE_WAYS").map_or(true, |ways| ways.split(',').any(|wanted| wanted == way))
}

#[test]
#[ignore = "needs git, nginx, fcgiwrap, and time"]
fn real_git_survives_many_processes() {
    for way in ["disk", "new", "hooks", "http"].into_iter().filter(|way| wanted(way)) {
        let temp = TestFolder::new();
        let repository = if way == "new" { temp.path("new.git") } else { temp.repository("a.git") };
        let path = repository.display().to_string();
        match way {
            "http" => {
                let web = Web::start(&temp);
                race(way, &format!("http://ci:hunter2@127.0.0.1:{}/a.git", web.port), Some(&repository));
            }
            "hooks" => {
                // With a hook, git's own receive-pack takes the pushes.
                hook(&repository, "post-receive", "cat >/dev/null");
                race(way, &path, Some(&repository));
            }
            _ => race(way, &path, Some(&repository)),
        }
    }
}

#[test]
#[ignore = "needs .ci/servers, and time"]
fn real_other_servers_survive_many_processes() {
    let servers = [
        ("jgit", Implementation::JGit, "files.git"),
        ("reftable", Implementation::JGit, "reftable.git"),
        ("dulwich", Implementation::Dulwich, "files.git"),
    ];
    for (way, implementation, repository) in servers.into_iter().filter(|(way, _, _)| wanted(way)) {
        let server = OtherServer::start(implementation);
        race(way, &server.url(repository), None);
    }
}

#[test]
#[ignore = "by hand, with HYDRANT_TORTURE_URL"]
fn by_hand_any_server_survives_many_processes() {
    let url = std::env::var("HYDRANT_TORTURE_URL").unwrap();
    race("url", &url, None);
}

#[test]
#[ignore = "needs git, and time"]
fn real_git_survives_killed_processes() {
    let (_, _, kills) = counts();
    let temp = TestFolder::new();
    let repository = temp.repository("a.git");
    let mut blocked = 0;
    for number in 0..kills {
        // Each process delivers its own branch and folder, so that it is still running when it is killed.
        let mut victim = child(&repository.display().to_string(), number, 1000, 0, temp.folder.path());
        if number % 2 == 1 {
            wait_for_delivery(&temp.path(&format!("worker{number}")));
        }
        // Spread over the life of a process, from its start, or from its first delivery, to some deliveries later.
        std::thread::sleep(Duration::from_millis(u64::from(number * 37 % 150) + 5));
        assert!(victim.try_wait().unwrap().is_none(), "process {number} ended before it was killed");
        victim.kill().unwrap();
        victim.wait().unwrap();
        fsck(&repository);
        blocked += u32::from(locks(&repository) > 0);
    }
    let history = git(&repository, &["log", "--format=%s", "--reverse", "--all"]);
    assert!(!history.is_empty(), "some deliveries were done before the kills");
    // A lock that a killed process leaves is git's own hazard too, and the error names the file. Every process is killed while it delivers,
    // and about one in twelve holds a lock then.
    assert!(blocked * 4 <= kills, "{blocked} of {kills} kills left a lock");
    let after =
        deliver(&Remote::new(repository.display().to_string()), &units(0, 2000), &deliveries::options()).unwrap();
    for delivery in &after {
        committed(delivery);
    }
    fsck(&repository);
}

/// Waits until a process has written the result of its first delivery to this file.
fn wait_for_delivery(log: &Path) {
    let start = Instant::now();
    while std::fs::read(log).map_or(0, |text| text.len()) == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "no delivery within a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Removes the locks that a killed process left, as the error message asks a person to.
fn locks(repository: &Path) -> u32 {
    let mut found = 0;
    let mut todo: Vec<PathBuf> = vec![repository.join("refs")];
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
