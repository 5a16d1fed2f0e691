//! Every interleaving of the steps of two and three deliveries over a repository in memory.
//!
//! A step is one request to the server and what follows from its answer ([`committer::Delivery::step`]). A schedule is the order of the steps
//! until every delivery has finished; all schedules are run, each from the same start.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(clippy::print_stderr, reason = "with --nocapture the test prints the number of interleavings")]

mod deliveries;
mod memory;

use std::collections::BTreeMap;

use committer::{Delivery, Options, Outcome, RequestMethod, Retirement, Step, Topic, Unit, UnitResult};
use deliveries::{options, unit};
use git2::Oid;
use memory::{Connection, Fault, Kind, Server, Wording};

/// A round that loses is followed by another one, at most this many.
const ROUNDS: u32 = 8;

/// What delivers, and how its connection fails.
struct Job {
    work: Work,
    faults: BTreeMap<usize, Fault>,
}

enum Work {
    Deliver(Vec<Unit>),
    /// A person's commit to the branch: a file and its text.
    Commit(&'static str, &'static str),
}

impl Job {
    fn new(unit: Unit) -> Self {
        Job { work: Work::Deliver(vec![unit]), faults: BTreeMap::new() }
    }

    fn by_hand(path: &'static str, text: &'static str) -> Self {
        Job { work: Work::Commit(path, text), faults: BTreeMap::new() }
    }

    fn with_fault(mut self, push: usize, fault: Fault) -> Self {
        self.faults.insert(push, fault);
        self
    }
}

/// A set of jobs that run at once on what the first ones left.
struct Scenario {
    server: Server,
    start: BTreeMap<String, Oid>,
    jobs: Vec<Job>,
    options: Options<'static>,
}

/// A job under way.
enum Running<'a> {
    Delivery { delivery: Box<Delivery<'a>>, connection: Connection, lost: u32 },
    Commit(&'static str, &'static str),
    Finished(Vec<UnitResult>),
}

impl<'a> Running<'a> {
    fn new(job: &'a Job, scenario: &'a Scenario) -> Self {
        match &job.work {
            Work::Commit(path, text) => Running::Commit(path, text),
            Work::Deliver(units) => Running::Delivery {
                delivery: Box::new(Delivery::new(units, &scenario.options).unwrap()),
                connection: scenario.server.connect_with(job.faults.clone()),
                lost: 0,
            },
        }
    }

    fn step(self, server: &Server) -> Self {
        let (mut delivery, mut connection, mut lost) = match self {
            Running::Delivery { delivery, connection, lost } => (delivery, connection, lost),
            Running::Commit(path, text) => {
                server.commit("a", path, text);
                return Running::Finished(Vec::new());
            }
            finished @ Running::Finished(_) => return finished,
        };
        match delivery.step(&mut connection) {
            Ok(Step::Finished) => return Running::Finished(delivery.finish(ROUNDS)),
            Ok(Step::Read | Step::Pushed | Step::Restarted) => {}
            Ok(Step::Lost) => lost += 1,
            // What `deliver` does after a lost connection: another round.
            Err(_) if delivery.failed_in_push() => lost += 1,
            Err(error) => panic!("{error}"),
        }
        if lost == ROUNDS {
            Running::Finished(delivery.finish(ROUNDS))
        } else {
            Running::Delivery { delivery, connection, lost }
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self, Running::Finished(_))
    }
}

impl Scenario {
    /// `before` is delivered first, one after the other.
    fn new(server: Server, before: &[Unit], jobs: Vec<Job>) -> Self {
        for unit in before {
            committer::deliver(&mut server.connect(), std::slice::from_ref(unit), &options()).unwrap();
        }
        let start = server.refs();
        Scenario { server, start, jobs, options: options() }
    }

    /// Runs the jobs by a schedule. After its end the first job that has not finished goes on. Returns the choices and the results.
    fn run(&self, schedule: &[usize]) -> (Vec<Choice>, Vec<UnitResult>) {
        self.server.reset(&self.start);
        let mut running: Vec<Running<'_>> = self.jobs.iter().map(|job| Running::new(job, self)).collect();
        let mut choices = Vec::new();
        loop {
            let active: Vec<usize> = (0..running.len()).filter(|&job| !running[job].is_finished()).collect();
            if active.is_empty() {
                break;
            }
            let chosen = schedule.get(choices.len()).copied().unwrap_or(0);
            let job = std::mem::replace(&mut running[active[chosen]], Running::Finished(Vec::new()));
            running[active[chosen]] = job.step(&self.server);
            choices.push(Choice { chosen, of: active.len() });
        }
        let results = running.into_iter().flat_map(|job| match job {
            Running::Finished(results) => results,
            Running::Delivery { .. } | Running::Commit(..) => Vec::new(),
        });
        (choices, results.collect())
    }

    /// Runs every schedule, and returns how many there are.
    fn every(&self, check: impl Fn(&Server, &[UnitResult], &[usize])) -> usize {
        let mut schedule: Vec<usize> = Vec::new();
        let mut count = 0;
        loop {
            let (choices, results) = self.run(&schedule);
            count += 1;
            schedule = choices.iter().map(|choice| choice.chosen).collect();
            check(&self.server, &results, &schedule);
            // The next schedule: the last choice that has an alternative takes it.
            let Some(last) = choices.iter().rposition(|choice| choice.chosen + 1 < choice.of) else { return count };
            schedule.truncate(last + 1);
            schedule[last] += 1;
        }
    }
}

/// A choice of a schedule: which of the jobs that have not finished stepped.
#[derive(Clone, Copy)]
struct Choice {
    chosen: usize,
    of: usize,
}

/// One unit at the root of the branch.
fn source(number: u32, text: &str) -> Unit {
    unit("a", number, &[("manifest.yaml", text)])
}

fn in_folder(folder: &str, number: u32, text: &str) -> Unit {
    let mut unit = source(number, text);
    folder.clone_into(&mut unit.folder);
    folder.clone_into(&mut unit.name);
    unit
}

/// Every commit that was reported is in the branch's history, and nothing else went wrong.
fn nothing_lost(server: &Server, results: &[UnitResult], schedule: &[usize]) {
    for result in results {
        match &result.outcome {
            Outcome::Committed { new, .. } => {
                // A topic branch may have been deleted since, with a change that is withdrawn.
                let known = result.reviewed.is_some() || server.history(&result.branch).contains(new);
                assert!(known, "{schedule:?}: {result:?}");
            }
            Outcome::Unchanged | Outcome::NoteUpdated | Outcome::Deleted { .. } => {}
            Outcome::Refused(refusal) => assert!(is_older(refusal), "{schedule:?}: {refusal}"),
        }
    }
}

fn is_older(refusal: &committer::Refusal) -> bool {
    match refusal {
        committer::Refusal::Older { .. } => true,
        committer::Refusal::Topic { cause, .. } => is_older(cause),
        _ => false,
    }
}

/// The branch ends with the output of the newest source.
fn ends_with(path: &'static str, text: &'static str) -> impl Fn(&Server, &[UnitResult], &[usize]) {
    move |server, results, schedule| {
        nothing_lost(server, results, schedule);
        assert_eq!(server.file("a", path).as_deref(), Some(text), "{schedule:?}: {results:?}");
    }
}

/// The wordings of servers, among them some that no client knows. What a push did must not depend on them.
const WORDINGS: [Wording; 6] =
    [Wording::Git, Wording::JGit, Wording::GoGit, Wording::Same(""), Wording::Same("computer says no"), Wording::Named];

/// Runs every interleaving on a server with the messages of git, and prints and returns how many there are.
fn all(name: &str, before: &[Unit], jobs: Vec<Job>, check: impl Fn(&Server, &[UnitResult], &[usize])) -> usize {
    on(Server::new(Kind::Atomic), name, before, jobs, check)
}

/// As [`all`], on another server.
fn on(
    server: Server,
    name: &str,
    before: &[Unit],
    jobs: Vec<Job>,
    check: impl Fn(&Server, &[UnitResult], &[usize]),
) -> usize {
    let count = Scenario::new(server, before, jobs).every(check);
    eprintln!("{name}: {count} interleavings");
    count
}

fn other_output() -> usize {
    let two = || vec![Job::new(source(2, "2")), Job::new(source(3, "3"))];
    let newest = ends_with("manifest.yaml", "3");
    let mut count = all("other output", &[source(1, "1")], two(), &newest);
    count += all("other output, new branch", &[], two(), &newest);
    for wording in WORDINGS {
        let server = Server::new(Kind::Atomic).with_wording(wording);
        count += on(server, &format!("other output, {wording:?}"), &[source(1, "1")], two(), &newest);
        let server = Server::new(Kind::Atomic).with_wording(wording);
        count += on(server, &format!("other output, new branch, {wording:?}"), &[], two(), &newest);
    }
    count
}

fn other_output_of_three() -> usize {
    let three = vec![Job::new(source(2, "2")), Job::new(source(3, "3")), Job::new(source(4, "4"))];
    all("other output, three deliveries", &[source(1, "1")], three, ends_with("manifest.yaml", "4"))
}

fn same_output() -> usize {
    let two = || vec![Job::new(source(2, "1")), Job::new(source(3, "1"))];
    let check = |server: &Server, results: &[UnitResult], schedule: &[usize]| {
        ends_with("manifest.yaml", "1")(server, results, schedule);
        // An older source is refused from now on.
        let late = committer::deliver(&mut server.connect(), &[source(2, "x")], &options()).unwrap();
        assert!(matches!(&late[0].outcome, Outcome::Refused(refusal) if is_older(refusal)), "{schedule:?}: {late:?}");
    };
    let mut count = 0;
    for kind in [Kind::Atomic, Kind::NotAtomic, Kind::NoNotes] {
        count += on(Server::new(kind), &format!("same output, {kind:?}"), &[source(1, "1")], two(), check);
    }
    count
}

/// The newer source has the output that the branch holds already, so its delivery writes no commit. It still comes last.
fn a_revert() -> usize {
    let newest = ends_with("manifest.yaml", "1");
    let two = || vec![Job::new(source(2, "2")), Job::new(source(3, "1"))];
    let mut count = 0;
    count += on(Server::new(Kind::OnlyBranches), "a revert, OnlyBranches", &[source(1, "1")], two(), &newest);
    count += on(Server::new(Kind::NoNotes), "a revert, NoNotes", &[source(1, "1")], two(), &newest);
    for kind in [Kind::Atomic, Kind::NotAtomic] {
        for wording in WORDINGS {
            let server = Server::new(kind).with_wording(wording);
            count += on(server, &format!("a revert, {kind:?}, {wording:?}"), &[source(1, "1")], two(), &newest);
        }
    }
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        let jobs = vec![Job::new(source(2, "2")).with_fault(0, fault), Job::new(source(3, "1")).with_fault(0, fault)];
        count += all("a revert, lost answers", &[source(1, "1")], jobs, &newest);
    }
    count
}

fn a_revert_among_three() -> usize {
    let newest = ends_with("manifest.yaml", "1");
    let three = vec![Job::new(source(2, "2")), Job::new(source(3, "3")), Job::new(source(4, "1"))];
    let mut count = all("a revert, three deliveries", &[source(1, "1")], three, &newest);
    let by_hand = vec![Job::new(source(2, "2")), Job::new(source(3, "1")), Job::by_hand("README.md", "ours")];
    count += all("a revert and a commit by hand", &[source(1, "1")], by_hand, &newest);
    count
}

fn a_shared_branch() -> usize {
    let before = [in_folder("x", 1, "1"), in_folder("y", 1, "1")];
    let two = || vec![Job::new(in_folder("x", 2, "2")), Job::new(in_folder("y", 3, "3"))];
    let check = |server: &Server, results: &[UnitResult], schedule: &[usize]| {
        ends_with("x/manifest.yaml", "2")(server, results, schedule);
        ends_with("y/manifest.yaml", "3")(server, results, schedule);
    };
    let mut count = 0;
    for kind in [Kind::Atomic, Kind::NotAtomic] {
        for wording in [Wording::Git, Wording::Same("computer says no")] {
            let server = Server::new(kind).with_wording(wording);
            count += on(server, &format!("a shared branch, {kind:?}, {wording:?}"), &before, two(), check);
        }
    }
    let revert = vec![Job::new(in_folder("x", 2, "2")), Job::new(in_folder("x", 3, "1"))];
    count += all("a shared branch, a revert", &before, revert, ends_with("x/manifest.yaml", "1"));
    count
}

fn a_shared_branch_of_three() -> usize {
    let before = [in_folder("x", 1, "1"), in_folder("y", 1, "1")];
    let three =
        vec![Job::new(in_folder("x", 2, "2")), Job::new(in_folder("x", 3, "3")), Job::new(in_folder("y", 3, "1"))];
    all("a shared branch, three deliveries", &before, three, ends_with("x/manifest.yaml", "3"))
}

fn lost_answers() -> usize {
    let mut count = 0;
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        for push in 0..2 {
            let jobs = vec![Job::new(source(2, "2")).with_fault(push, fault), Job::new(source(3, "3"))];
            count += all("lost answers, older", &[source(1, "1")], jobs, ends_with("manifest.yaml", "3"));
            let jobs = vec![Job::new(source(2, "2")), Job::new(source(3, "3")).with_fault(push, fault)];
            count += all("lost answers, newer", &[source(1, "1")], jobs, ends_with("manifest.yaml", "3"));
        }
    }
    count
}

fn a_commit_by_hand() -> usize {
    let jobs = vec![Job::new(source(2, "2")), Job::new(source(3, "3")), Job::by_hand("README.md", "ours")];
    all("a commit by hand", &[source(1, "1")], jobs, |server, results, schedule| {
        ends_with("manifest.yaml", "3")(server, results, schedule);
        ends_with("README.md", "ours")(server, results, schedule);
    })
}

fn reviewed_deliveries() -> usize {
    let reviewed = |number: u32, text: &str| {
        let mut unit = source(number, text);
        let (branch, request) = ("topic".to_owned(), RequestMethod::None);
        unit.topic = Some(Topic { branch, request, closes_on_branch_delete: true });
        unit
    };
    let newest = |server: &Server, results: &[UnitResult], schedule: &[usize]| {
        nothing_lost(server, results, schedule);
        assert_eq!(server.file("topic", "manifest.yaml").as_deref(), Some("3"), "{schedule:?}: {results:?}");
    };
    let two = || vec![Job::new(reviewed(2, "2")), Job::new(reviewed(3, "3"))];
    let none_waits = |server: &Server, results: &[UnitResult], schedule: &[usize]| {
        nothing_lost(server, results, schedule);
        assert_eq!(server.head("topic"), None, "{schedule:?}: {results:?}");
    };
    let mut count = 0;
    for wording in [Wording::Git, Wording::JGit, Wording::Same("computer says no")] {
        let server = || Server::new(Kind::Atomic).with_wording(wording);
        let revert = vec![Job::new(reviewed(2, "2")), Job::new(reviewed(3, "1"))];
        count += on(server(), &format!("reviewed, a revert, {wording:?}"), &[source(1, "1")], revert, none_waits);
        count += on(server(), &format!("reviewed, {wording:?}"), &[source(1, "1")], two(), newest);
        count += on(server(), &format!("reviewed, new branch, {wording:?}"), &[], two(), newest);
        let before = [source(1, "1"), reviewed(1, "x")];
        count += on(server(), &format!("reviewed, a change waits, {wording:?}"), &before, two(), newest);
    }
    count
}

/// The unit is retired: its branch is deleted, or it is removed from the branch that it shares.
fn retired(mut unit: Unit) -> Unit {
    unit.files.clear();
    unit.allow_older = true;
    unit.retirement = Some(Retirement { deletes_branch: true });
    unit
}

/// Nothing went wrong, and each result is what the branch showed at some time. Afterwards the unit can be retired and delivered again, from
/// any source, as if it had never been delivered.
fn starts_anew(unit: Unit) -> impl Fn(&Server, &[UnitResult], &[usize]) {
    move |server, results, schedule| {
        for result in results {
            assert!(!matches!(result.outcome, Outcome::Refused(_)), "{schedule:?}: {result:?}");
        }
        committer::deliver(&mut server.connect(), &[retired(unit.clone())], &options()).unwrap();
        let path = if unit.folder.is_empty() { String::new() } else { format!("{}/", unit.folder) };
        for file in ["manifest.yaml", "hydrator.metadata"] {
            assert_eq!(server.file("a", &format!("{path}{file}")), None, "{schedule:?}: {results:?}");
        }
        let older = committer::deliver(&mut server.connect(), std::slice::from_ref(&unit), &options()).unwrap();
        assert!(matches!(older[0].outcome, Outcome::Committed { .. }), "{schedule:?}: {older:?}");
    }
}

fn retirements() -> usize {
    let any = |number: u32, text: &str| Unit { allow_older: true, ..source(number, text) };
    let two = || vec![Job::new(any(2, "2")), Job::new(retired(source(3, "")))];
    let check = |server: &Server, results: &[UnitResult], schedule: &[usize]| {
        let (delivered, retired) = (&results[0].outcome, &results[1].outcome);
        assert!(matches!(delivered, Outcome::Committed { .. } | Outcome::Unchanged), "{schedule:?}: {results:?}");
        assert!(matches!(retired, Outcome::Deleted { .. } | Outcome::Unchanged | Outcome::NoteUpdated), "{results:?}");
        // Whichever was last counts.
        let text = server.file("a", "manifest.yaml");
        assert!(text.is_none() || text.as_deref() == Some("2"), "{schedule:?}: {text:?}");
        starts_anew(source(1, "1"))(server, results, schedule);
    };
    let mut count = 0;
    count += on(Server::new(Kind::OnlyBranches), "retired, OnlyBranches", &[source(1, "1")], two(), check);
    for kind in [Kind::Atomic, Kind::NotAtomic] {
        for wording in [Wording::Git, Wording::Same("computer says no")] {
            let server = || Server::new(kind).with_wording(wording);
            count += on(server(), &format!("retired, {kind:?}, {wording:?}"), &[source(1, "1")], two(), check);
            count += on(server(), &format!("retired, never delivered, {kind:?}, {wording:?}"), &[], two(), check);
        }
    }
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        let jobs = vec![Job::new(any(2, "2")), Job::new(retired(source(3, ""))).with_fault(0, fault)];
        count += all("retired, lost answers", &[source(1, "1")], jobs, check);
    }
    let confirmed = vec![Job::new(any(2, "1")), Job::new(retired(source(3, "")))];
    count += all("retired, the same output", &[source(1, "1")], confirmed, starts_anew(source(1, "1")));
    let twice = vec![Job::new(retired(source(1, ""))), Job::new(retired(source(1, "")))];
    count + all("retired twice", &[source(1, "1")], twice, starts_anew(source(1, "1")))
}

fn retirements_on_a_shared_branch() -> usize {
    let before = [in_folder("x", 3, "1"), in_folder("y", 3, "1")];
    let check = |server: &Server, results: &[UnitResult], schedule: &[usize]| {
        assert_eq!(server.file("a", "x/manifest.yaml"), None, "{schedule:?}: {results:?}");
        assert_eq!(server.file("a", "y/manifest.yaml").as_deref(), Some("4"), "{schedule:?}: {results:?}");
        starts_anew(in_folder("x", 2, "2"))(server, results, schedule);
        assert_eq!(server.file("a", "y/manifest.yaml").as_deref(), Some("4"), "{schedule:?}: {results:?}");
    };
    let mut count = 0;
    for kind in [Kind::Atomic, Kind::NotAtomic] {
        let jobs = vec![Job::new(retired(in_folder("x", 3, ""))), Job::new(in_folder("y", 4, "4"))];
        count += on(Server::new(kind), &format!("retired, a shared branch, {kind:?}"), &before, jobs, check);
        // The last unit takes the branch with it.
        let jobs = vec![Job::new(retired(in_folder("x", 3, ""))), Job::new(retired(in_folder("y", 3, "")))];
        let gone = |server: &Server, results: &[UnitResult], schedule: &[usize]| {
            assert_eq!(server.head("a"), None, "{schedule:?}: {results:?}");
            starts_anew(in_folder("y", 2, "2"))(server, results, schedule);
        };
        count += on(Server::new(kind), &format!("retired, all of a shared branch, {kind:?}"), &before, jobs, gone);
    }
    count
}

/// The page that states the number of interleavings.
const PAGE: &str = include_str!("../../../docs/decisions/order-of-deliveries.md");

/// Thousands of small repositories are faster in memory.
fn work_in_memory() {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        // The tests of this file run in one process, and the first one has set it.
        let _ = tempfile::env::override_temp_dir(memory);
    }
}

#[test]
fn every_interleaving_with_a_retirement_starts_anew() {
    work_in_memory();
    let parts: [fn() -> usize; 2] = [retirements, retirements_on_a_shared_branch];
    let threads = parts.map(std::thread::spawn);
    let total: usize = threads.into_iter().map(|part| part.join().unwrap()).sum();
    eprintln!("{total} interleavings with a retirement");
}

#[test]
fn every_interleaving_ends_with_the_newest_source() {
    work_in_memory();
    let parts: [fn() -> usize; 10] = [
        other_output,
        other_output_of_three,
        same_output,
        a_revert,
        a_revert_among_three,
        a_shared_branch,
        a_shared_branch_of_three,
        lost_answers,
        a_commit_by_hand,
        reviewed_deliveries,
    ];
    let threads = parts.map(std::thread::spawn);
    let total: usize = threads.into_iter().map(|part| part.join().unwrap()).sum();
    eprintln!("{total} interleavings");
    let text = total.to_string();
    let stated = if let Some(thousands) = text.len().checked_sub(3).filter(|at| *at > 0) {
        format!("{},{} interleavings", &text[..thousands], &text[thousands..])
    } else {
        format!("{text} interleavings")
    };
    assert!(PAGE.contains(&stated), "docs/decisions/order-of-deliveries.md states another number than {stated}");
}
