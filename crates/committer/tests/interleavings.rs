//! Every interleaving of the steps of two and three deliveries over a repository in memory.
//!
//! A step is one request to the server and what follows from its answer ([`committer::Delivery::step`]). A schedule is the order of the steps
//! until every delivery has finished; all schedules are run, each from the same start.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(clippy::print_stderr, reason = "with --nocapture the test prints the number of interleavings")]

mod deliveries;
mod memory;

use std::collections::BTreeMap;

use committer::{Delivery, Options, Outcome, RequestMethod, Step, Topic, Unit, UnitResult};
use deliveries::{options, unit};
use git2::Oid;
use memory::{Connection, Fault, Kind, Server};

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
    fn new(kind: Kind, before: &[Unit], jobs: Vec<Job>) -> Self {
        let server = Server::new(kind);
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
            Outcome::Unchanged | Outcome::NoteUpdated => {}
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

/// Runs every interleaving, and prints how many there are.
fn all(name: &str, before: &[Unit], jobs: Vec<Job>, check: impl Fn(&Server, &[UnitResult], &[usize])) -> usize {
    on(Kind::Atomic, name, before, jobs, check)
}

/// As [`all`], on another kind of server.
fn on(
    kind: Kind,
    name: &str,
    before: &[Unit],
    jobs: Vec<Job>,
    check: impl Fn(&Server, &[UnitResult], &[usize]),
) -> usize {
    let count = Scenario::new(kind, before, jobs).every(check);
    eprintln!("{name}, {kind:?}: {count} interleavings");
    count
}

#[test]
fn other_output() {
    let two = || vec![Job::new(source(2, "2")), Job::new(source(3, "3"))];
    assert_eq!(all("other output", &[source(1, "1")], two(), ends_with("manifest.yaml", "3")), 6);
    assert_eq!(all("other output, new branch", &[], two(), ends_with("manifest.yaml", "3")), 6);
    let three = vec![Job::new(source(2, "2")), Job::new(source(3, "3")), Job::new(source(4, "4"))];
    let count = all("other output, three deliveries", &[source(1, "1")], three, ends_with("manifest.yaml", "4"));
    assert!(count > 90, "{count}");
}

#[test]
fn same_output() {
    let two = vec![Job::new(source(2, "1")), Job::new(source(3, "1"))];
    let count = all("same output", &[source(1, "1")], two, |server, results, schedule| {
        ends_with("manifest.yaml", "1")(server, results, schedule);
        // An older source is refused from now on.
        let late = committer::deliver(&mut server.connect(), &[source(2, "x")], &options()).unwrap();
        assert!(matches!(&late[0].outcome, Outcome::Refused(refusal) if is_older(refusal)), "{schedule:?}: {late:?}");
    });
    assert!(count >= 6, "{count}");
}

/// The newer source has the output that the branch holds already, so its delivery writes no commit. It still comes last.
#[test]
fn a_revert() {
    let newest = ends_with("manifest.yaml", "1");
    let two = || vec![Job::new(source(2, "2")), Job::new(source(3, "1"))];
    for kind in [Kind::Atomic, Kind::NotAtomic, Kind::OnlyBranches, Kind::NoNotes] {
        assert!(on(kind, "a revert", &[source(1, "1")], two(), &newest) >= 6);
    }
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        let jobs = vec![Job::new(source(2, "2")).with_fault(0, fault), Job::new(source(3, "1")).with_fault(0, fault)];
        assert!(all("a revert, lost answers", &[source(1, "1")], jobs, &newest) > 6);
    }
}

#[test]
fn a_revert_among_three() {
    let newest = ends_with("manifest.yaml", "1");
    let three = vec![Job::new(source(2, "2")), Job::new(source(3, "3")), Job::new(source(4, "1"))];
    assert!(all("a revert, three deliveries", &[source(1, "1")], three, &newest) > 90);
    let by_hand = vec![Job::new(source(2, "2")), Job::new(source(3, "1")), Job::by_hand("README.md", "ours")];
    assert!(all("a revert and a commit by hand", &[source(1, "1")], by_hand, &newest) >= 30);
}

#[test]
fn a_shared_branch() {
    let before = [in_folder("x", 1, "1"), in_folder("y", 1, "1")];
    let two = vec![Job::new(in_folder("x", 2, "2")), Job::new(in_folder("y", 3, "3"))];
    let count = all("a shared branch", &before, two, |server, results, schedule| {
        ends_with("x/manifest.yaml", "2")(server, results, schedule);
        ends_with("y/manifest.yaml", "3")(server, results, schedule);
    });
    assert!(count >= 6, "{count}");
    let three =
        vec![Job::new(in_folder("x", 2, "2")), Job::new(in_folder("x", 3, "3")), Job::new(in_folder("y", 3, "1"))];
    let count = all("a shared branch, three deliveries", &before, three, ends_with("x/manifest.yaml", "3"));
    assert!(count > 90, "{count}");
}

#[test]
fn lost_answers() {
    let mut count = 0;
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        for push in 0..2 {
            let jobs = vec![Job::new(source(2, "2")).with_fault(push, fault), Job::new(source(3, "3"))];
            count += all("lost answers, older", &[source(1, "1")], jobs, ends_with("manifest.yaml", "3"));
            let jobs = vec![Job::new(source(2, "2")), Job::new(source(3, "3")).with_fault(push, fault)];
            count += all("lost answers, newer", &[source(1, "1")], jobs, ends_with("manifest.yaml", "3"));
        }
    }
    assert!(count > 48, "{count}");
}

#[test]
fn a_commit_by_hand() {
    let jobs = vec![Job::new(source(2, "2")), Job::new(source(3, "3")), Job::by_hand("README.md", "ours")];
    let count = all("a commit by hand", &[source(1, "1")], jobs, |server, results, schedule| {
        ends_with("manifest.yaml", "3")(server, results, schedule);
        ends_with("README.md", "ours")(server, results, schedule);
    });
    assert!(count >= 30, "{count}");
}

#[test]
fn reviewed_deliveries() {
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
    let revert = vec![Job::new(reviewed(2, "2")), Job::new(reviewed(3, "1"))];
    assert!(all("reviewed, a revert", &[source(1, "1")], revert, none_waits) >= 6);
    assert!(all("reviewed", &[source(1, "1")], two(), newest) >= 6);
    assert!(all("reviewed, new branch", &[], two(), newest) >= 6);
    assert!(all("reviewed, a change waits", &[source(1, "1"), reviewed(1, "x")], two(), newest) >= 6);
}
