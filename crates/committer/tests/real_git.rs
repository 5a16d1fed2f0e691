//! Deliveries to real servers: git's own `http-backend` behind nginx, sshd, and repositories with hooks on disk. `git fsck --strict` after each.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;
#[path = "../../git/tests/servers/mod.rs"]
mod servers;

use std::path::Path;

use committer::{Outcome, Refusal, RequestMethod, RequestOptions, Topic, TopicState, Unit};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::{Credentials, Remote};
use servers::{Shell, TestFolder, Web, fsck, git, hook};

/// The course that every way to a repository must take.
fn course(remote: &Remote, repository: &Path) {
    let units = |source: u32, text: &str| {
        vec![
            unit("cart/dev", source, &[("manifest.yaml", text)]),
            unit("cart/prod", source, &[("manifest.yaml", text)]),
        ]
    };
    let first = deliver(remote, &units(1, "1\n"), &options()).unwrap();
    for delivery in &first {
        committed(delivery);
    }
    fsck(repository);
    let second = deliver(remote, &units(2, "2\n"), &options()).unwrap();
    assert_eq!(committed(&second[0]).0.as_deref(), Some(committed(&first[0]).1.as_str()));
    assert_eq!(git(repository, &["log", "--format=%s", "cart/dev"]), "cart/dev: deliver 2\ncart/dev: deliver 1");
    assert_eq!(git(repository, &["show", "cart/prod:manifest.yaml"]), "2");
    let same = deliver(remote, &units(2, "2\n"), &options()).unwrap();
    assert!(same.iter().all(|delivery| delivery.outcome == Outcome::Unchanged));
    let noted = deliver(remote, &units(3, "2\n"), &options()).unwrap();
    assert!(noted.iter().all(|delivery| delivery.outcome == Outcome::NoteUpdated));
    let note = git(repository, &["notes", "--ref=hydrator.metadata", "show", "cart/dev"]);
    assert_eq!(note, format!("{{\"drySha\":\"{}\"}}", sha(3)));
    let older = deliver(remote, &units(2, "x\n"), &options()).unwrap();
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
    let mut atomic = options();
    atomic.atomic = true;
    deliver(remote, &units(4, "4\n"), &atomic).unwrap().iter().for_each(|delivery| {
        committed(delivery);
    });
    fsck(repository);
    assert_eq!(
        git(repository, &["for-each-ref", "--format=%(refname)"]),
        "refs/heads/cart/dev\nrefs/heads/cart/prod\nrefs/hydrant/order\nrefs/notes/hydrator.metadata"
    );
}

/// A server that says no to one branch, and to all.
fn refusals(remote: &Remote, repository: &Path) {
    let units = |source: u32| {
        vec![unit("free", source, &[("a", &source.to_string())]), unit("locked", source, &[("a", &source.to_string())])]
    };
    hook(repository, "update", "case $1 in *locked*) echo 'no deploys on Friday' >&2; exit 1;; esac");
    let each = deliver(remote, &units(1), &options()).unwrap();
    committed(&each[0]);
    let Refusal::Rejected { message } = refused(&each[1]) else { panic!("{each:?}") };
    assert!(message.contains("hook declined") && message.contains("no deploys on Friday"), "{message}");
    let mut atomic = options();
    atomic.atomic = true;
    let none = deliver(remote, &units(2), &atomic).unwrap();
    assert!(none.iter().all(|delivery| matches!(delivery.outcome, Outcome::Refused(_))), "{none:?}");
    assert_eq!(git(repository, &["show", "free:a"]), "1");
    let mut below = unit("free/below", 1, &[("a", "1")]);
    below.name = "below".to_owned();
    for options in [options(), atomic] {
        let inside = deliver(remote, std::slice::from_ref(&below), &options).unwrap();
        let Refusal::BranchInTheWay { branch } = refused(&inside[0]) else { panic!("{inside:?}") };
        assert!(branch == "free" && inside[0].attempts == 1, "{inside:?}");
    }
    hook(repository, "pre-receive", "echo \"asked for: $GIT_PUSH_OPTION_0\" >&2; exit 1");
    let mut asking = options();
    asking.push_options = vec!["merge_request.create".to_owned()];
    let all = deliver(remote, &units(3), &asking).unwrap();
    let Refusal::Rejected { message } = refused(&all[0]) else { panic!("{all:?}") };
    assert!(message.contains("asked for: merge_request.create"), "{message}");
    fsck(repository);
}

/// Another client pushes between our fetch and our push, twice.
fn races(remote: &Remote, repository: &Path) {
    let start = vec![unit("a", 1, &[("x", "1")]), unit("b", 1, &[("x", "1")])];
    deliver(remote, &start, &options()).unwrap();
    // The hook sees our push and lets another commit land first.
    let script = "n=$(cat $GIT_DIR/count 2>/dev/null || echo 0); n=$((n+1)); echo $n > $GIT_DIR/count; [ $n -gt 2 ] && exit 0\n\
         unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n\
         c=$(git -c user.name=x -c user.email=x@x commit-tree -p refs/heads/a -m other refs/heads/a^{tree}) && git update-ref refs/heads/a $c\nexit 0";
    hook(repository, "pre-receive", script);
    let next = vec![unit("a", 2, &[("x", "2")]), unit("b", 2, &[("x", "2")])];
    let mut options = deliveries::options();
    options.attempts = 10;
    let done = deliver(remote, &next, &options).unwrap();
    committed(&done[0]);
    committed(&done[1]);
    // git does not say which ref of an atomic push was late. The refs are read again, and the branch that did not move is pushed in the same
    // attempt.
    assert_eq!((done[0].attempts, done[1].attempts), (2, 1));
    assert_eq!(git(repository, &["log", "--format=%s", "a"]), "a: deliver 2\nother\nother\na: deliver 1");
    fsck(repository);
}

/// The server dies when the first branch is written and before it has reported that.
fn dies(remote: &Remote, repository: &Path) {
    let script = "refs=$(cat); case \"$1 $refs\" in committed*refs/heads/*) [ -e $GIT_DIR/died ] || { touch $GIT_DIR/died; kill -9 $PPID; };; esac; exit 0";
    hook(repository, "reference-transaction", script);
    let units = [unit("a", 1, &[("x", "1")]), unit("b", 1, &[("x", "1")])];
    let done = deliver(remote, &units, &options()).unwrap();
    for delivery in &done {
        assert_eq!(committed(delivery).1, git(repository, &["rev-parse", &delivery.branch]));
        assert_eq!(
            (delivery.attempts, git(repository, &["rev-list", "--count", &delivery.branch])),
            (2, "1".to_owned())
        );
    }
    assert!(repository.join("died").exists());
    fsck(repository);
}

#[test]
#[ignore = "needs git, nginx and fcgiwrap"]
fn real_git_over_http() {
    let temp = TestFolder::new();
    let web = Web::start(&temp);
    course(&web.remote("a.git"), &temp.repository("a.git"));
    let plain = temp.repository("plain.git");
    git(&plain, &["config", "uploadpack.allowFilter", "false"]);
    git(&plain, &["config", "protocol.version", "0"]);
    course(&web.remote("plain.git"), &plain);
    refusals(&web.remote("b.git"), &temp.repository("b.git"));
    races(&web.remote("c.git"), &temp.repository("c.git"));
    dies(&web.remote("d.git"), &temp.repository("d.git"));
}

#[test]
#[ignore = "needs git, nginx and fcgiwrap"]
fn real_git_over_http_tells_who_may_not() {
    let temp = TestFolder::new();
    let web = Web::start(&temp);
    temp.repository("a.git");
    let mut remote = web.remote("a.git");
    remote.credentials = Some(Credentials { username: "ci".to_owned(), password: "wrong-secret".to_owned() });
    let units = [unit("a", 1, &[("x", "1")])];
    let error = deliver(&remote, &units, &options()).unwrap_err().to_string();
    assert!(error.contains("401") && !error.contains("wrong-secret"), "{error}");
    let missing = deliver(&web.remote("nothing.git"), &units, &options()).unwrap_err().to_string();
    assert!(missing.contains("404"), "{missing}");
    let inside = Remote::new(format!("http://ci:hunter2@127.0.0.1:{}/a.git", web.port));
    committed(&deliver(&inside, &units, &options()).unwrap()[0]);
}

#[test]
#[ignore = "needs git"]
fn real_git_on_disk() {
    let temp = TestFolder::new();
    let bare = temp.repository("a.git");
    course(&Remote::new(bare.to_str().unwrap()), &bare);
    let file = temp.repository("b c.git");
    course(&Remote::new(format!("file://{}", file.display().to_string().replace(' ', "%20"))), &file);
    for (name, test) in [("d.git", refusals as fn(&Remote, &Path)), ("e.git", races), ("f.git", dies)] {
        let path = temp.repository(name);
        test(&Remote::new(path.to_str().unwrap()), &path);
    }
    let created = temp.path("deep.git");
    course(&Remote::new(created.to_str().unwrap()), &created);
}

#[test]
#[ignore = "needs git, ssh and sshd"]
fn real_git_over_ssh() {
    for (round, accept) in ["AcceptEnv GIT_PROTOCOL", ""].into_iter().enumerate() {
        let temp = TestFolder::new();
        let shell = Shell::start(&temp, accept);
        let path = temp.repository("a.git");
        course(&shell.remote(&path), &path);
        if round == 0 {
            let path = temp.repository("b.git");
            refusals(&shell.remote(&path), &path);
            let path = temp.repository("c.git");
            races(&shell.remote(&path), &path);
            let path = temp.repository("d.git");
            dies(&shell.remote(&path), &path);
        }
        let units = [unit("x", 1, &[("x", "1")])];
        let mut stranger = shell.remote(&path);
        stranger.ssh_known_hosts = Some(temp.write("empty-known-hosts", ""));
        let error = deliver(&stranger, &units, &options()).unwrap_err().to_string();
        assert!(error.contains("Host key verification failed"), "{error}");
        let missing = deliver(&shell.remote(&temp.path("nothing.git")), &units, &options()).unwrap_err().to_string();
        assert!(missing.contains("does not appear to be a git repository"), "{missing}");
    }
}

/// Keeps what a push was sent with, as the hooks of hosts see it.
const KEEP_OPTIONS: &str = "i=0; while [ $i -lt \"${GIT_PUSH_OPTION_COUNT:-0}\" ]; do eval \"echo \\\"\\$GIT_PUSH_OPTION_$i\\\"\" >> options; i=$((i + 1)); done";

fn reviewed(source: u32, text: &str, request: RequestMethod) -> Unit {
    let mut unit = unit("cart/production", source, &[("manifest.yaml", text)]);
    let closes_on_branch_delete = matches!(request, RequestMethod::PushOptions(_));
    unit.topic = Some(Topic { branch: "hydrant/cart".to_owned(), request, closes_on_branch_delete });
    unit
}

fn options_of(line: &'static str) -> RequestOptions {
    RequestOptions(std::sync::Arc::new(move |before| {
        vec![format!("{line}={}", before.files.len()), "long=".to_owned() + &"x".repeat(60_000)]
    }))
}

/// A reviewed unit over a real server: proposed, updated, merged by a squash, proposed again, withdrawn.
fn review(remote: &Remote, repository: &Path, ask: &RequestMethod) {
    let go = |source: u32, text: &str| {
        deliver(remote, &[reviewed(source, text, ask.clone())], &options()).unwrap().remove(0)
    };
    committed(&go(1, "1\n"));
    committed(&go(2, "2\n"));
    assert_eq!(go(2, "2\n").outcome, Outcome::Unchanged);
    let squash = git(repository, &["commit-tree", "hydrant/cart^{tree}", "-p", "cart/production", "-m", "squashed"]);
    git(repository, &["update-ref", "refs/heads/cart/production", &squash]);
    committed(&go(3, "3\n"));
    assert_eq!(git(repository, &["log", "-1", "--format=%P", "hydrant/cart"]).split_whitespace().count(), 2);
    git(repository, &["merge-tree", "--write-tree", "cart/production", "hydrant/cart"]);
    let back = go(4, "2\n");
    assert_eq!(back.reviewed.unwrap().state, TopicState::Withdrawn);
    let received = std::fs::read_to_string(repository.join("options")).unwrap();
    assert!(
        received.contains("merge_request.create=1\nlong=xxx") || received.contains("topic=1\nlong=xxx"),
        "{}",
        received.len()
    );
    fsck(repository);
}

#[test]
#[ignore = "needs nginx and fcgiwrap"]
fn real_http_takes_reviewed_units_with_push_options_and_agit() {
    let temp = TestFolder::new();
    let web = Web::start(&temp);
    let gitlab = temp.repository("gitlab.git");
    hook(&gitlab, "post-receive", KEEP_OPTIONS);
    review(&web.remote("gitlab.git"), &gitlab, &RequestMethod::PushOptions(options_of("merge_request.create")));
    let gitea = temp.repository("gitea.git");
    git(&gitea, &["config", "receive.procReceiveRefs", "refs/for"]);
    hook(&gitea, "pre-receive", KEEP_OPTIONS);
    hook(&gitea, "proc-receive", include_str!("deliveries/proc-receive.sh"));
    review(&web.remote("gitea.git"), &gitea, &RequestMethod::AgitPush(options_of("topic")));
    assert_eq!(git(&gitea, &["rev-parse", "refs/pull/1/head"]), git(&gitea, &["rev-parse", "hydrant/cart"]));
    // A server that takes no options says so, and nothing is pushed.
    let plain = temp.repository("plain.git");
    git(&plain, &["config", "receive.advertisePushOptions", "false"]);
    let unit = reviewed(1, "1\n", RequestMethod::PushOptions(options_of("merge_request.create")));
    let done = deliver(&web.remote("plain.git"), &[unit], &options()).unwrap();
    let Refusal::RequestUnsupported { message } = refused(&done[0]) else { panic!("{done:?}") };
    assert!(message.contains("does not support push-options"), "{message}");
}
