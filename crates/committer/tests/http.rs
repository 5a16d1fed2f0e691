//! Deliveries to testkit's git server: every ability with and without, and every fault.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use committer::branches::{self, BranchPath, Depth};
use committer::{Outcome, Refusal, Unit};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::{Credentials, Remote};
use git2::Repository;
use testkit::git::{Abilities, Fault, GitServer};
use testkit::http::{Response, Server};
use testkit::tls::Identity;

fn two(source: u32, text: &str) -> Vec<Unit> {
    vec![unit("cart/dev", source, &[("manifest.yaml", text)]), unit("cart/prod", source, &[("manifest.yaml", text)])]
}

fn subjects(server: &GitServer, branch: &str) -> Vec<String> {
    let repository = Repository::open_bare(server.path()).unwrap();
    let mut walk = repository.revwalk().unwrap();
    walk.push_ref(&format!("refs/heads/{branch}")).unwrap();
    walk.set_sorting(git2::Sort::TOPOLOGICAL).unwrap();
    walk.map(|id| repository.find_commit(id.unwrap()).unwrap().summary().unwrap().unwrap().to_owned()).collect()
}

fn course(server: &GitServer, atomic: bool) {
    let remote = Remote::new(server.url());
    for delivery in deliver(&remote, &two(1, "1\n"), &options()).unwrap() {
        committed(&delivery);
    }
    for delivery in deliver(&remote, &two(2, "2\n"), &options()).unwrap() {
        assert!(committed(&delivery).0.is_some());
    }
    assert_eq!(subjects(server, "cart/dev"), ["cart/dev: deliver 2", "cart/dev: deliver 1"]);
    let again = deliver(&remote, &two(2, "2\n"), &options()).unwrap();
    assert!(again.iter().all(|delivery| delivery.outcome == Outcome::Unchanged));
    let noted = deliver(&remote, &two(3, "2\n"), &options()).unwrap();
    for delivery in &noted {
        if atomic {
            assert_eq!(delivery.outcome, Outcome::NoteUpdated);
        } else {
            // The order cannot be kept beside the branch, so the record in the branch moves on.
            committed(delivery);
            assert!(delivery.changes.is_empty());
        }
    }
    let older = deliver(&remote, &two(2, "x\n"), &options()).unwrap();
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
    let place = BranchPath { branch: "cart/prod".to_owned(), folder: String::new() };
    let found =
        branches::read(git::open(&remote).unwrap().as_mut(), std::slice::from_ref(&place), Depth::Files).unwrap();
    let found = &found[&place];
    let source = found.noted_source.clone().unwrap_or(found.record.as_ref().unwrap().source.dry_sha.clone());
    assert_eq!((&*found.files["manifest.yaml"].bytes, source), (&b"2\n"[..], sha(3)));
    let history = branches::history(git::open(&remote).unwrap().as_mut(), &place, 9, Depth::Files).unwrap();
    assert_eq!(history.len(), if atomic { 2 } else { 3 });
}

#[test]
fn every_kind_of_server_is_served() {
    let all = Abilities::default();
    course(&GitServer::start(all.clone()), true);
    course(&GitServer::start(Abilities { version_2: false, ..all.clone() }), true);
    course(&GitServer::start(Abilities { filter: false, ..all.clone() }), true);
    course(&GitServer::start(Abilities { atomic: false, push_options: false, ..all }), false);
}

#[test]
fn a_delivery_is_few_requests_however_many_branches() {
    let server = GitServer::start(Abilities::default());
    let remote = Remote::new(server.url());
    let units = |source: u32| {
        (0..50).map(|number| unit(&format!("s{number}"), source, &[("a", &source.to_string())])).collect::<Vec<_>>()
    };
    deliver(&remote, &units(1), &options()).unwrap();
    let look = ["GET /repository.git/info/refs?service=git-upload-pack", "POST /repository.git/git-upload-pack"];
    let push = ["GET /repository.git/info/refs?service=git-receive-pack", "POST /repository.git/git-receive-pack"];
    assert_eq!(server.requests(), [look, push].concat());
    deliver(&remote, &units(2), &options()).unwrap();
    let fetch = [look[1], look[1]];
    assert_eq!(server.requests(), [look, fetch, push].concat(), "refs, trees, records; then the push");
    deliver(&remote, &units(2), &options()).unwrap();
    assert_eq!(server.requests(), [look, fetch].concat(), "nothing to push");
    let mut dry = options();
    dry.dry_run = true;
    deliver(&remote, &units(3), &dry).unwrap();
    assert_eq!(server.requests(), [look, fetch].concat(), "a dry run never pushes");
}

#[test]
fn a_branch_that_moved_is_read_and_decided_again() {
    let server = GitServer::start(Abilities::default());
    let remote = Remote::new(server.url());
    deliver(&remote, &two(1, "1\n"), &options()).unwrap();
    server.fault(Fault::Move("cart/dev".to_owned(), 2));
    let done = deliver(&remote, &two(2, "2\n"), &options()).unwrap();
    committed(&done[0]);
    committed(&done[1]);
    // The branch moves before each push, also before the one that takes the others alone.
    assert_eq!((done[0].attempts, done[1].attempts), (2, 1), "the loser alone tries again");
    let expected = ["cart/dev: deliver 2", "another was faster", "another was faster", "cart/dev: deliver 1"];
    assert_eq!(subjects(&server, "cart/dev"), expected);
    server.fault(Fault::Move("cart/dev".to_owned(), 1));
    let mut atomic = options();
    atomic.atomic = true;
    let done = deliver(&remote, &two(3, "3\n"), &atomic).unwrap();
    assert_eq!((done[0].attempts, done[1].attempts), (2, 2));
    assert_eq!(subjects(&server, "cart/prod").len(), 3);
    server.fault(Fault::Move("cart/dev".to_owned(), 9));
    let lost = deliver(&remote, &two(4, "4\n"), &options()).unwrap();
    let Refusal::TooManyAttempts { attempts: 5, message } = refused(&lost[0]) else { panic!("{lost:?}") };
    assert!(message.contains("but expected"), "{message}");
    committed(&lost[1]);
}

#[test]
fn a_branch_that_keeps_moving_does_not_hold_up_the_others() {
    let server = GitServer::start(Abilities::default());
    let remote = Remote::new(server.url());
    deliver(&remote, &two(1, "1\n"), &options()).unwrap();
    server.fault(Fault::UnnamedRace);
    server.fault(Fault::Move("cart/dev".to_owned(), 2));
    let done = deliver(&remote, &two(2, "2\n"), &options()).unwrap();
    committed(&done[0]);
    committed(&done[1]);
    // The first push has both branches, the second one the branch that did not move, the third one the other. The server's answer does not say
    // which branch moved: the refs are read again.
    assert_eq!((done[0].attempts, done[1].attempts), (2, 1));
    let expected = ["cart/dev: deliver 2", "another was faster", "another was faster", "cart/dev: deliver 1"];
    assert_eq!(subjects(&server, "cart/dev"), expected);
    assert_eq!(subjects(&server, "cart/prod"), ["cart/prod: deliver 2", "cart/prod: deliver 1"]);
    // With `atomic`, all branches go together.
    server.fault(Fault::Move("cart/dev".to_owned(), 1));
    let mut atomic = options();
    atomic.atomic = true;
    let done = deliver(&remote, &two(3, "3\n"), &atomic).unwrap();
    assert_eq!((done[0].attempts, done[1].attempts), (2, 2));
    server.fault(Fault::Move("cart/dev".to_owned(), 99));
    let lost = deliver(&remote, &two(4, "4\n"), &options()).unwrap();
    assert!(matches!(refused(&lost[0]), Refusal::TooManyAttempts { .. }), "{lost:?}");
    committed(&lost[1]);
}

#[test]
fn a_lost_answer_makes_no_second_commit() {
    let server = GitServer::start(Abilities::default());
    let remote = Remote::new(server.url());
    for (source, fault) in [(1, Fault::DropBefore), (2, Fault::DropAfter)] {
        server.fault(fault);
        let done = deliver(&remote, &two(source, &format!("{source}\n")), &options()).unwrap();
        committed(&done[0]);
        committed(&done[1]);
        assert_eq!(done[0].attempts, 2);
        assert_eq!(subjects(&server, "cart/dev").len(), source as usize);
    }
}

#[test]
fn one_ref_of_many_is_refused_with_the_servers_words() {
    let server = GitServer::start(Abilities::default());
    let remote = Remote::new(server.url());
    server.fault(Fault::Reject("refs/heads/cart/dev".to_owned(), "protected branch hook declined".to_owned()));
    let done = deliver(&remote, &two(1, "1\n"), &options()).unwrap();
    assert_eq!(refused(&done[0]), Refusal::Rejected { message: "protected branch hook declined".to_owned() });
    committed(&done[1]);
    let mut atomic = options();
    atomic.atomic = true;
    let none = deliver(&remote, &two(2, "2\n"), &atomic).unwrap();
    assert!(
        matches!(refused(&none[0]), Refusal::Rejected { .. })
            && matches!(refused(&none[1]), Refusal::AtomicAborted { .. })
    );
    assert_eq!(subjects(&server, "cart/prod").len(), 1);
    server.fault(Fault::Hook("no deploys on Friday".to_owned()));
    let hooked = deliver(&remote, &two(3, "3\n"), &options()).unwrap();
    let expected = "pre-receive hook declined; no deploys on Friday".to_owned();
    assert_eq!(refused(&hooked[1]), Refusal::Rejected { message: expected });
}

#[test]
fn temporary_errors_are_retried() {
    let server = GitServer::start(Abilities::default());
    let remote = Remote::new(server.url());
    server.fault(Fault::Status(503, 2));
    server.fault(Fault::Hangup(1));
    committed(&deliver(&remote, &two(1, "1\n"), &options()).unwrap()[0]);
    server.fault(Fault::Status(500, 5));
    let error = deliver(&remote, &two(2, "2\n"), &options()).unwrap_err();
    assert!(error.is_outside() && error.to_string().contains("HTTP 500 Internal Server Error: not now"), "{error}");
}

#[test]
fn push_options_reach_the_server_or_are_refused() {
    let server = GitServer::start(Abilities::default());
    let mut asking = options();
    asking.push_options = vec!["merge_request.create".to_owned(), "merge_request.title=a b".to_owned()];
    deliver(&Remote::new(server.url()), &two(1, "1\n"), &asking).unwrap();
    assert_eq!(server.push_options(), asking.push_options);
    let plain = GitServer::start(Abilities { push_options: false, atomic: false, ..Abilities::default() });
    let error = deliver(&Remote::new(plain.url()), &two(1, "1\n"), &asking).unwrap_err().to_string();
    assert!(error.contains("does not support push-options"), "{error}");
    let mut atomic = options();
    atomic.atomic = true;
    let error = deliver(&Remote::new(plain.url()), &two(1, "1\n"), &atomic).unwrap_err().to_string();
    assert!(error.contains("does not support atomic"), "{error}");
}

#[test]
fn credentials_are_used_and_never_shown() {
    let login = Some(("ci".to_owned(), "hunter2".to_owned()));
    let server = GitServer::start(Abilities { login, ..Abilities::default() });
    let with = |user: &str, password: &str| {
        let mut remote = Remote::new(server.url());
        remote.credentials = Some(Credentials { username: user.to_owned(), password: password.to_owned() });
        remote
    };
    committed(&deliver(&with("ci", "hunter2"), &two(1, "1\n"), &options()).unwrap()[0]);
    let inside = Remote::new(server.url().replace("://", "://ci:hunter2@"));
    assert_eq!(deliver(&inside, &two(1, "1\n"), &options()).unwrap()[0].outcome, Outcome::Unchanged);
    assert!(!format!("{inside:?}").contains("hunter2"));
    for remote in [
        with("ci", "s3cret-wrong"),
        Remote::new(server.url().replace("://", "://ci:s3cret-wrong@")),
        Remote::new(server.url()),
    ] {
        let error = deliver(&remote, &two(1, "1\n"), &options()).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("401") && !shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn a_redirect_takes_no_credentials_to_another_host() {
    let login = Some(("ci".to_owned(), "hunter2".to_owned()));
    let target = GitServer::start(Abilities { login, ..Abilities::default() });
    let redirect = |to: String| {
        Server::start(None, move |request| {
            Response::empty(301).header("location", format!("{to}/info/refs?{}", request.query))
        })
    };
    let remote =
        |server: &Server| Remote::new(format!("http://ci:hunter2@localhost:{}/old.git", server.address().port()));
    let elsewhere = redirect(target.other_url());
    let error = deliver(&remote(&elsewhere), &two(1, "1\n"), &options()).unwrap_err().to_string();
    assert!(error.contains("401"), "{error}");
    let open = GitServer::start(Abilities::default());
    let moved = redirect(open.url());
    committed(&deliver(&remote(&moved), &two(1, "1\n"), &options()).unwrap()[0]);
    let circle = Server::start(None, |request| {
        Response::empty(302).header("location", format!("{}?{}", request.path, request.query))
    });
    let error = deliver(&remote(&circle), &two(1, "1\n"), &options()).unwrap_err().to_string();
    assert!(error.contains("redirects"), "{error}");
}

#[test]
fn a_private_authority_is_trusted_when_given() {
    let identity = Identity::generate();
    let server = GitServer::start_tls(Abilities::default(), &identity);
    let error = deliver(&Remote::new(server.url()), &two(1, "1\n"), &options()).unwrap_err();
    assert!(error.is_outside(), "{error}");
    let file = server.folder().join("ca.pem");
    std::fs::write(&file, identity.authority()).unwrap();
    let remote = Remote { ca_file: Some(file), ..Remote::new(server.url()) };
    committed(&deliver(&remote, &two(1, "1\n"), &options()).unwrap()[0]);
}

#[test]
fn what_is_no_git_server_is_told_so() {
    let page = Server::start(None, |_| Response::new(200, "text/html", "<html>sign in</html>"));
    let remote = Remote::new(format!("http://localhost:{}/a.git", page.address().port()));
    let error = deliver(&remote, &two(1, "1\n"), &options()).unwrap_err().to_string();
    assert!(error.contains("invalid git protocol response") && error.contains("text/html"), "{error}");
    let nonsense =
        Server::start(None, |_| Response::new(200, "application/x-git-upload-pack-advertisement", "zzzzhello"));
    let remote = Remote::new(format!("http://localhost:{}/a.git", nonsense.address().port()));
    let error = deliver(&remote, &two(1, "1\n"), &options()).unwrap_err().to_string();
    assert!(error.contains("invalid git protocol response"), "{error}");
    let closed = Remote::new("http://localhost:1/a.git");
    assert!(deliver(&closed, &two(1, "1\n"), &options()).unwrap_err().is_outside());
    let ftp = deliver(&Remote::new("ftp://u:p@host/a"), &two(1, "1\n"), &options()).unwrap_err().to_string();
    assert!(ftp.contains("ftp://host/a") && ftp.contains("unsupported scheme"), "{ftp}");
}

#[test]
fn many_processes_worth_of_deliveries_lose_nothing() {
    let server = GitServer::start(Abilities::default());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for round in 1..=5 {
                    let mut shared = unit("shared", round, &[("manifest.yaml", &format!("{worker} {round}\n"))]);
                    shared.folder = format!("w{worker}");
                    let mut options = deliveries::options();
                    options.attempts = 200;
                    committed(&deliver(&Remote::new(server.url()), &[shared], &options).unwrap()[0]);
                }
            });
        }
    });
    assert_eq!(subjects(&server, "shared").len(), 20);
}
