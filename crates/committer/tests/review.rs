//! Deliveries over topic branches, to repositories on disk and to testkit's server. The git program merges and has the hooks of the hosts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use committer::branches::{self, BoardRequest, BranchPath};
use committer::{Outcome, Refusal, RequestMethod, RequestOptions, Topic, TopicState, Unit, UnitResult};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::Remote;
use testkit::git::{Abilities, Fault, GitServer};

const TARGET: &str = "cart/production";
const TOPIC: &str = "hydrant/cart/production";

struct ReviewFixture {
    folder: tempfile::TempDir,
}

impl ReviewFixture {
    fn new() -> Self {
        ReviewFixture { folder: tempfile::tempdir().unwrap() }
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("manifests.git")
    }

    fn remote(&self) -> Remote {
        Remote::new(self.repository().display().to_string())
    }

    /// A clone to merge in.
    fn clone(&self) -> PathBuf {
        let path = self.folder.path().join("clone");
        if !path.exists() {
            git(self.folder.path(), &["clone", "-q", "manifests.git", "clone"]);
        }
        git(&path, &["fetch", "-q", "--prune"]);
        path
    }

    /// Merges the topic branch as people do at a host.
    fn merge(&self, how: &[&str]) {
        let clone = self.clone();
        git(&clone, &["checkout", "-q", "-B", TARGET, &format!("origin/{TARGET}")]);
        git(&clone, &[&["merge", "-q"], how, &[&format!("origin/{TOPIC}")]].concat());
        if how.contains(&"--squash") {
            git(&clone, &["commit", "-q", "-m", "squashed (#1)"]);
        }
        git(&clone, &["push", "-q", "origin", TARGET]);
    }

    /// Puts a file onto a branch.
    fn write(&self, branch: &str, name: &str, text: &str) {
        let clone = self.clone();
        git(&clone, &["checkout", "-q", "-B", branch, &format!("origin/{branch}")]);
        std::fs::write(clone.join(name), text).unwrap();
        git(&clone, &["add", "-A"]);
        git(&clone, &["commit", "-q", "-m", "by hand"]);
        git(&clone, &["push", "-q", "origin", branch]);
    }

    fn show(&self, spec: &str) -> String {
        git(&self.repository(), &["show", spec])
    }

    fn id(&self, name: &str) -> String {
        git(&self.repository(), &["rev-parse", "-q", "--verify", name])
    }

    fn has(&self, branch: &str) -> bool {
        let found = git(&self.repository(), &["branch", "--list", branch]);
        !found.is_empty()
    }

    fn parents(&self, name: &str) -> Vec<String> {
        git(&self.repository(), &["log", "-1", "--format=%P", name]).split_whitespace().map(str::to_owned).collect()
    }

    /// Whether git itself would merge it without a conflict.
    fn merges(&self) -> bool {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.repository()).args(["merge-tree", "--write-tree", TARGET, TOPIC]);
        command.output().unwrap().status.success()
    }

    fn deliver(&self, source: u32, text: &str) -> UnitResult {
        one(deliver(&self.remote(), &[reviewed(source, text)], &options()).unwrap())
    }

    fn hook(&self, name: &str, script: &str) {
        let path = self.repository().join("hooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

impl Drop for ReviewFixture {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            git(&self.repository(), &["fsck", "--strict", "--no-dangling"]);
        }
    }
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(at).args(arguments);
    for (name, value) in [("NAME", "Ann"), ("EMAIL", "ann@example.com"), ("DATE", "2026-11-21T10:00:00Z")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn one(mut deliveries: Vec<UnitResult>) -> UnitResult {
    assert_eq!(deliveries.len(), 1);
    deliveries.remove(0)
}

fn reviewed(source: u32, text: &str) -> Unit {
    let mut unit = unit(TARGET, source, &[("manifest.yaml", text)]);
    unit.topic = Some(Topic { branch: TOPIC.to_owned(), request: RequestMethod::None, closes_on_branch_delete: true });
    unit
}

fn topic_state(delivery: &UnitResult) -> TopicState {
    delivery.reviewed.as_ref().unwrap_or_else(|| panic!("{:?}", delivery.outcome)).state
}

#[test]
fn a_change_waits_on_the_topic_branch_and_is_updated_in_place() {
    let fixture = ReviewFixture::new();
    let mut dry = options();
    dry.dry_run = true;
    let planned = one(deliver(&fixture.remote(), &[reviewed(1, "1\n")], &dry).unwrap());
    committed(&planned);
    assert!(!fixture.repository().exists(), "a dry run makes nothing");
    let first = fixture.deliver(1, "1\n");
    let (old, commit) = committed(&first);
    assert_eq!((old, topic_state(&first)), (None, TopicState::Waiting));
    assert_eq!(git(&fixture.repository(), &["ls-tree", "-r", TARGET]), "", "the target is there and holds nothing");
    assert_eq!(
        (fixture.parents(TOPIC), fixture.show(&format!("{TOPIC}:manifest.yaml"))),
        (vec![fixture.id(TARGET)], "1".to_owned())
    );
    let again = fixture.deliver(1, "1\n");
    assert_eq!(
        (&again.outcome, topic_state(&again), again.commit.clone()),
        (&Outcome::Unchanged, TopicState::Waiting, Some(commit.clone()))
    );
    assert_eq!(fixture.deliver(2, "1\n").outcome, Outcome::NoteUpdated);
    let older = refused(&fixture.deliver(1, "x\n"));
    let cause = Box::new(Refusal::Older { recorded: sha(2), ours: sha(1) });
    assert_eq!(older, Refusal::Topic { branch: TOPIC.to_owned(), cause });
    let second = fixture.deliver(3, "3\n");
    assert_eq!(committed(&second).0, Some(commit.clone()));
    assert_eq!(fixture.parents(TOPIC), [commit]);
    fixture.merge(&["--ff-only"]);
    let merged = fixture.deliver(3, "3\n");
    assert_eq!(
        (&merged.outcome, topic_state(&merged), merged.commit.clone()),
        (&Outcome::Unchanged, TopicState::Settled, Some(fixture.id(TARGET)))
    );
    fixture.write(TARGET, "README.md", "ours\n");
    let third = fixture.deliver(4, "4\n");
    committed(&third);
    let before = &third.reviewed.as_ref().unwrap().target_content;
    assert_eq!(&*before.files["manifest.yaml"].bytes, b"3\n");
    assert!(fixture.merges() && fixture.show(&format!("{TOPIC}:README.md")) == "ours");
}

#[test]
fn whatever_way_it_is_merged_the_next_one_stands_on_the_target() {
    for how in [&["--no-ff"][..], &["--ff-only"], &["--squash"]] {
        let fixture = ReviewFixture::new();
        fixture.deliver(1, "1\n");
        fixture.deliver(2, "2\n");
        fixture.merge(how);
        let settled = fixture.deliver(2, "2\n");
        assert_eq!((&settled.outcome, topic_state(&settled)), (&Outcome::Unchanged, TopicState::Settled), "{how:?}");
        let old = fixture.id(TOPIC);
        committed(&fixture.deliver(3, "3\n"));
        let parents = fixture.parents(TOPIC);
        let target = fixture.id(TARGET);
        if how.contains(&"--squash") {
            assert_eq!(parents, [old, target]);
        } else {
            assert_eq!(parents, [target], "{how:?}");
        }
        assert!(fixture.merges(), "{how:?}");
        fixture.merge(&["--no-ff"]);
        assert_eq!(fixture.show(&format!("{TARGET}:manifest.yaml")), "3");
    }
}

#[test]
fn a_squash_of_a_part_makes_no_conflict() {
    let fixture = ReviewFixture::new();
    fixture.deliver(1, "1\n");
    let clone = fixture.clone();
    committed(&fixture.deliver(2, "2\n"));
    // What was fetched before is merged; the second commit came meanwhile.
    git(&clone, &["checkout", "-q", "-B", TARGET, &format!("origin/{TARGET}")]);
    git(&clone, &["merge", "-q", "--squash", &format!("origin/{TOPIC}")]);
    git(&clone, &["commit", "-q", "-m", "squashed"]);
    git(&clone, &["push", "-q", "origin", TARGET]);
    assert!(!fixture.merges());
    // The same output: still a commit, since the host could not merge what waits.
    committed(&fixture.deliver(2, "2\n"));
    assert!(fixture.merges());
    assert_eq!(fixture.deliver(2, "2\n").outcome, Outcome::Unchanged);
    // The branch was deleted at the merge: a fresh start.
    fixture.merge(&["--squash"]);
    git(&fixture.repository(), &["branch", "-D", TOPIC]);
    committed(&fixture.deliver(3, "3\n"));
    assert_eq!(fixture.parents(TOPIC), [fixture.id(TARGET)]);
}

#[test]
fn what_is_no_longer_wanted_is_taken_back() {
    for closes in [true, false] {
        let fixture = ReviewFixture::new();
        let deliver = |source, text| {
            let mut unit = reviewed(source, text);
            unit.topic.as_mut().unwrap().closes_on_branch_delete = closes;
            one(deliver(&fixture.remote(), &[unit], &options()).unwrap())
        };
        deliver(1, "1\n");
        fixture.merge(&["--ff-only"]);
        deliver(2, "2\n");
        let back = deliver(3, "1\n");
        assert_eq!((&back.outcome, topic_state(&back)), (&Outcome::NoteUpdated, TopicState::Withdrawn));
        assert_eq!(fixture.has(TOPIC), !closes);
        let settled = deliver(3, "1\n");
        assert_eq!((&settled.outcome, topic_state(&settled)), (&Outcome::Unchanged, TopicState::Settled));
        if !closes {
            assert_eq!(git(&fixture.repository(), &["diff", "--stat", TARGET, TOPIC]), "");
        }
        // An old job comes late.
        let late = refused(&deliver(2, "2\n"));
        assert_eq!(late, Refusal::Older { recorded: sha(3), ours: sha(2) });
        committed(&deliver(4, "4\n"));
        assert!(fixture.merges());
    }
}

#[test]
fn a_rollback_that_waits_is_respected() {
    let fixture = ReviewFixture::new();
    fixture.deliver(1, "1\n");
    fixture.merge(&["--ff-only"]);
    fixture.deliver(2, "2\n");
    fixture.merge(&["--ff-only"]);
    let mut back = reviewed(1, "1\n");
    (back.allow_older, back.hold) = (true, Some("too hot".to_owned()));
    committed(&one(deliver(&fixture.remote(), &[back.clone()], &options()).unwrap()));
    let why = "too hot".to_owned();
    let held = Refusal::Topic { branch: TOPIC.to_owned(), cause: Box::new(Refusal::Held { reason: why.clone() }) };
    assert_eq!(
        refused(&fixture.deliver(2, "2\n")),
        held,
        "what stands on the target is no reason to take the rollback back"
    );
    assert_eq!(one(deliver(&fixture.remote(), &[back], &options()).unwrap()).outcome, Outcome::Unchanged);
    fixture.merge(&["--squash"]);
    assert_eq!(refused(&fixture.deliver(3, "3\n")), Refusal::Held { reason: why });
    let mut release = reviewed(3, "3\n");
    release.release = true;
    committed(&one(deliver(&fixture.remote(), &[release], &options()).unwrap()));
    assert!(fixture.merges());
}

#[test]
fn what_people_put_there_stays() {
    let fixture = ReviewFixture::new();
    fixture.deliver(0, "0\n");
    fixture.merge(&["--ff-only"]);
    fixture.deliver(1, "1\n");
    fixture.write(TOPIC, "notes.md", "look here\n");
    committed(&fixture.deliver(2, "2\n"));
    assert_eq!(fixture.show(&format!("{TOPIC}:notes.md")), "look here");
    // So does what they put onto the target.
    fixture.write(TARGET, "other.md", "1\n");
    committed(&fixture.deliver(3, "3\n"));
    assert!(fixture.merges());
    // The target moves on in the unit's own files, so the next commit would start anew.
    let direct = unit(TARGET, 4, &[("manifest.yaml", "4\n")]);
    committed(&one(deliver(&fixture.remote(), &[direct], &options()).unwrap()));
    let Refusal::Topic { cause, .. } = refused(&fixture.deliver(5, "5\n")) else { panic!() };
    assert_eq!(*cause, Refusal::WouldDropFiles { files: vec!["notes.md".to_owned()] });
    let mut adopt = reviewed(5, "5\n");
    adopt.adopt = true;
    committed(&one(deliver(&fixture.remote(), &[adopt], &options()).unwrap()));
    assert!(fixture.merges());
    // Commits of other authors are not a proposal that can be withdrawn.
    fixture.write(TOPIC, "more.md", "1\n");
    let mut same = reviewed(6, "4\n");
    same.adopt = true;
    let left = one(deliver(&fixture.remote(), &[same], &options()).unwrap());
    assert_eq!((topic_state(&left), fixture.has(TOPIC)), (TopicState::Left, true));
}

#[test]
fn the_board_shows_what_waits_and_what_was() {
    let fixture = ReviewFixture::new();
    let look = |limit| {
        let path = BranchPath { branch: TARGET.to_owned(), folder: String::new() };
        let request = BoardRequest { path: path.clone(), topic: Some(TOPIC.to_owned()) };
        let mut found = branches::board(git::open(&fixture.remote()).unwrap().as_mut(), &[request], limit).unwrap();
        found.remove(&path).unwrap()
    };
    let never = look(3);
    assert!(never.tip.is_none() && never.before.is_empty() && never.waiting.is_none());
    fixture.deliver(1, "1\n");
    let first = look(3);
    assert!(first.tip.unwrap().empty);
    assert_eq!(first.waiting.unwrap().record.unwrap().source.dry_sha, sha(1));
    fixture.merge(&["--squash"]);
    assert!(look(3).waiting.is_none(), "a squash holds the same");
    fixture.deliver(2, "2\n");
    assert!(look(3).waiting.is_some());
    fixture.merge(&["--no-ff"]);
    // What was merged and then left behind by another commit waits no more.
    let direct = unit(TARGET, 3, &[("manifest.yaml", "3\n")]);
    committed(&one(deliver(&fixture.remote(), &[direct], &options()).unwrap()));
    let last = look(9);
    assert!(last.waiting.is_none());
    assert_eq!((last.tip.unwrap().record.unwrap().source.dry_sha, last.before.len()), (sha(3), 3));
    assert_eq!(look(1).before.len(), 0);
}

#[test]
fn who_loses_a_race_for_the_topic_branch_decides_again() {
    let server = GitServer::start(Abilities::default());
    let remote = Remote::new(server.url());
    let deliver = |source: u32, text: &str| one(deliver(&remote, &[reviewed(source, text)], &options()).unwrap());
    committed(&deliver(1, "1\n"));
    server.fault(Fault::Move(TOPIC.to_owned(), 1));
    let done = deliver(2, "2\n");
    committed(&done);
    assert_eq!(done.attempts, 2);
    server.fault(Fault::DropAfter);
    let done = deliver(3, "3\n");
    committed(&done);
    assert!(done.reviewed.unwrap().target.is_some());
}

#[test]
fn many_jobs_for_one_unit_lose_nothing() {
    let fixture = ReviewFixture::new();
    fixture.deliver(1, "1\n");
    let jobs = 12;
    let done: Vec<UnitResult> = std::thread::scope(|scope| {
        let job = |source: u32| {
            let (remote, mut options) = (fixture.remote(), options());
            options.attempts = 50;
            one(deliver(&remote, &[reviewed(source, &format!("{source}\n"))], &options).unwrap())
        };
        let threads: Vec<_> = (2..2 + jobs).map(|source| scope.spawn(move || job(source))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (mut made, mut older) = (Vec::new(), 0);
    for delivery in &done {
        match &delivery.outcome {
            Outcome::Committed { new, .. } => made.push(new.clone()),
            Outcome::Refused(Refusal::Topic { cause, .. }) if matches!(**cause, Refusal::Older { .. }) => {
                older += 1;
            }
            // The refs of a repository on disk are not read at one moment: the order ref may be newer than the topic branch.
            Outcome::Refused(Refusal::Older { .. }) => older += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(made.len() + older, jobs as usize);
    let history = git(&fixture.repository(), &["rev-list", TOPIC]);
    assert!(made.iter().all(|commit| history.contains(commit)), "every reported commit exists");
    // The newest one is never refused, and stands last.
    assert_eq!(fixture.show(&format!("{TOPIC}:manifest.yaml")), (1 + jobs).to_string());
}

#[test]
fn a_target_that_may_not_be_made_is_told() {
    let fixture = ReviewFixture::new();
    git(fixture.folder.path(), &["init", "-q", "--bare", "-b", "main", "manifests.git"]);
    fixture.hook("update", "case $1 in refs/heads/cart/*) echo 'ask the platform team'; exit 1;; esac");
    let Refusal::TargetRejected { message } = refused(&fixture.deliver(1, "1\n")) else { panic!() };
    assert!(message.contains("hook declined"), "{message}");
    assert!(!fixture.has(TOPIC), "nothing is proposed to a branch that is not there");
}

#[test]
fn all_or_nothing_holds_topic_branches_back() {
    let fixture = ReviewFixture::new();
    let mut atomic = options();
    atomic.atomic = true;
    let two = |source: u32, other: u32| {
        let mut second = reviewed(other, &other.to_string());
        (second.name, second.branch) = ("catalog/production".to_owned(), "catalog/production".to_owned());
        second.topic.as_mut().unwrap().branch = "hydrant/catalog".to_owned();
        vec![reviewed(source, &source.to_string()), second]
    };
    let deliver = |units: &[Unit]| deliver(&fixture.remote(), units, &atomic).unwrap();
    deliver(&two(2, 2)).iter().for_each(|delivery| drop(committed(delivery)));
    let before = fixture.id(TOPIC);
    let done = deliver(&two(3, 1));
    assert_eq!(refused(&done[0]), Refusal::AtomicAborted { refused: "catalog/production".to_owned() });
    assert!(done.iter().all(|delivery| delivery.reviewed.is_none()));
    assert_eq!(fixture.id(TOPIC), before);
    // A withdrawal is held back too.
    fixture.merge(&["--ff-only"]);
    deliver(&two(3, 3));
    let waits = fixture.id(TOPIC);
    let mut back = two(4, 1);
    back[0] = reviewed(4, "2");
    deliver(&back);
    assert_eq!(fixture.id(TOPIC), waits);
}

#[test]
fn two_units_have_two_topic_branches() {
    let fixture = ReviewFixture::new();
    let mut other = reviewed(1, "1\n");
    other.branch = "cart/develop".to_owned();
    let error = deliver(&fixture.remote(), &[reviewed(1, "1\n"), other], &options()).unwrap_err().to_string();
    assert!(error.contains("duplicate topic branch"), "{error}");
    let folder = |name: &str, text: &str| {
        let mut unit = reviewed(1, text);
        name.clone_into(&mut unit.folder);
        unit.topic.as_mut().unwrap().branch = format!("hydrant/{name}");
        unit
    };
    let both = [folder("cart", "1\n"), folder("catalog", "2\n")];
    deliver(&fixture.remote(), &both, &options()).unwrap().iter().for_each(|delivery| drop(committed(delivery)));
    let clone = fixture.clone();
    git(&clone, &["checkout", "-q", "-B", TARGET, &format!("origin/{TARGET}")]);
    git(&clone, &["merge", "-q", "origin/hydrant/cart"]);
    git(&clone, &["merge", "-q", "origin/hydrant/catalog"]);
    git(&clone, &["push", "-q", "origin", TARGET]);
    let done = deliver(&fixture.remote(), &both, &options()).unwrap();
    assert!(
        done.iter()
            .all(|delivery| delivery.outcome == Outcome::Unchanged && topic_state(delivery) == TopicState::Settled)
    );
    std::fs::create_dir_all(fixture.repository()).unwrap();
}

fn request_options(key: &'static str) -> RequestOptions {
    RequestOptions(Arc::new(move |before| vec![format!("{key}={}", before.files.len()), "line=a\nb".to_owned()]))
}

#[test]
fn a_request_is_made_by_push_options() {
    let fixture = ReviewFixture::new();
    git(fixture.folder.path(), &["init", "-q", "--bare", "-b", "main", "manifests.git"]);
    let ask = |source, text, closes_on_branch_delete| {
        let mut unit = reviewed(source, text);
        let ask = RequestMethod::PushOptions(request_options("merge_request.create"));
        unit.topic = Some(Topic { branch: TOPIC.to_owned(), request: ask, closes_on_branch_delete });
        unit
    };
    // A repository on disk without hooks takes no options.
    let Refusal::RequestUnsupported { message } =
        refused(&one(deliver(&fixture.remote(), &[ask(1, "1\n", true)], &options()).unwrap()))
    else {
        panic!()
    };
    assert!(message.contains("push options"), "{message}");
    fixture.hook("post-receive", "cat >> pushes; echo \"$GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0 $GIT_PUSH_OPTION_1\" >> pushes; echo 'View merge request: https://x/1'\n");
    let Refusal::RequestUnsupported { message } =
        refused(&one(deliver(&fixture.remote(), &[ask(1, "1\n", true)], &options()).unwrap()))
    else {
        panic!()
    };
    assert!(message.contains("does not support push-options"), "{message}");
    git(&fixture.repository(), &["config", "receive.advertisePushOptions", "true"]);
    let done = one(deliver(&fixture.remote(), &[ask(1, "1\n", true)], &options()).unwrap());
    let (_, commit) = committed(&done);
    assert_eq!(done.server_messages, ["View merge request: https://x/1"]);
    let pushes = std::fs::read_to_string(fixture.repository().join("pushes")).unwrap();
    let topic = pushes.lines().rev().nth(3).unwrap();
    assert!(topic.ends_with(&format!("{commit} refs/heads/{TOPIC}")), "{pushes}");
    assert!(pushes.contains(" refs/hydrant/order\n"), "{pushes}");
    assert!(pushes.ends_with(" refs/notes/hydrator.metadata\n2 merge_request.create=0 line=a b\n"), "{pushes}");
    deliver(&fixture.remote(), &[ask(1, "1\n", true)], &options()).unwrap();
    assert_eq!(
        std::fs::read_to_string(fixture.repository().join("pushes")).unwrap(),
        pushes,
        "nothing changed, nothing pushed"
    );
    fixture.merge(&["--ff-only"]);
    let units = [ask(2, "2\n", true), unit("cart/develop", 2, &[("a", "1")])];
    let mut atomic = options();
    atomic.atomic = true;
    assert!(deliver(&fixture.remote(), &units, &atomic).unwrap_err().to_string().contains("atomically"));
    deliver(&fixture.remote(), &units, &options()).unwrap();
    let pushes = std::fs::read_to_string(fixture.repository().join("pushes")).unwrap();
    assert!(
        pushes.contains(" refs/heads/cart/develop\n")
            && pushes.contains(" refs/notes/hydrator.metadata\n0  \n")
            && pushes.ends_with("2 merge_request.create=1 line=a b\n"),
        "{pushes}"
    );
    let back = one(deliver(&fixture.remote(), &[ask(3, "1\n", true)], &options()).unwrap());
    assert_eq!((topic_state(&back), fixture.has(TOPIC)), (TopicState::Withdrawn, false));
}

/// A host as Gitea is one.
const PROC_RECEIVE: &str = include_str!("deliveries/proc-receive.sh");

#[test]
fn a_request_is_made_by_a_push_for_the_branch() {
    let fixture = ReviewFixture::new();
    git(fixture.folder.path(), &["init", "-q", "--bare", "-b", "main", "manifests.git"]);
    git(&fixture.repository(), &["config", "receive.advertisePushOptions", "true"]);
    git(&fixture.repository(), &["config", "receive.procReceiveRefs", "refs/for"]);
    fixture.hook("proc-receive", PROC_RECEIVE);
    let ask = |source, text| {
        let mut unit = reviewed(source, text);
        unit.topic = Some(Topic {
            branch: TOPIC.to_owned(),
            request: RequestMethod::AgitPush(request_options("topic")),
            closes_on_branch_delete: false,
        });
        one(deliver(&fixture.remote(), &[unit], &options()).unwrap())
    };
    let message = |delivery: &UnitResult| delivery.reviewed.as_ref().unwrap().message.clone();
    let broken = fixture.repository().join("broken");
    std::fs::write(&broken, "").unwrap();
    let first = ask(1, "1\n");
    committed(&first);
    assert_eq!(message(&first).as_deref(), Some("no requests today"));
    std::fs::remove_file(&broken).unwrap();
    // The branch is there; the request is asked for again.
    let again = ask(1, "1\n");
    assert_eq!((&again.outcome, message(&again)), (&Outcome::Unchanged, None));
    assert_eq!(again.server_messages, ["Visit the request: https://x/pulls/1"]);
    assert_eq!(fixture.id("refs/pull/1/head"), fixture.id(TOPIC));
    assert!(std::fs::read_to_string(fixture.repository().join("options")).unwrap().ends_with("topic=0\nline=a b\n"));
    assert!(ask(1, "1\n").server_messages.is_empty(), "nothing changed, nothing asked");
    committed(&ask(2, "2\n"));
    assert_eq!(fixture.id("refs/pull/1/head"), fixture.id(TOPIC));
    fixture.merge(&["--squash"]);
    committed(&ask(3, "3\n"));
    let back = ask(4, "2\n");
    assert_eq!((topic_state(&back), message(&back)), (TopicState::Withdrawn, None));
    assert_eq!(fixture.id("refs/pull/1/head"), fixture.id(TOPIC));
    assert_eq!(git(&fixture.repository(), &["diff", "--stat", TARGET, TOPIC]), "");
}
