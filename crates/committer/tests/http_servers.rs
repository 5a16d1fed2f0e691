//! Deliveries to HTTP servers that differ from git's: in credentials, statuses, redirects, headers and packet lines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use committer::DeliverError;
use deliveries::{committed, deliver, options, unit};
use git::{GitConfig, Remote};
use testkit::git::{Abilities, GitServer};
use testkit::http::{Body, Request, Response};

/// `ci:hunter2` in base64.
const LOGIN: &str = "Basic Y2k6aHVudGVyMg==";

fn is_push(request: &Request) -> bool {
    request.method == "POST" && request.path.ends_with("/git-receive-pack")
}

fn is_advertisement(request: &Request) -> bool {
    request.path.ends_with("/info/refs")
}

fn denied() -> Response {
    Response::new(401, "text/plain", "log in").header("www-authenticate", "Basic realm=\"git\"")
}

fn works(remote: &Remote, source: u32) {
    committed(&deliver(remote, &[unit("a", source, &[("x", &source.to_string())])], &options()).unwrap()[0]);
}

fn fails(remote: &Remote) -> DeliverError {
    let error = deliver(remote, &[unit("a", 1, &[("x", "1")])], &options()).unwrap_err();
    let shown = format!("{error} {error:?} {remote:?} {:?}", error.hint());
    assert!(!shown.contains("hunter2") && !shown.contains("secret"), "{shown}");
    error
}

/// A folder with a credential helper that knows the password of the user `ci` only, and logs its input.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("helper");
        let log = folder.path().join("log").display().to_string();
        let script = format!(
            "#!/bin/sh\necho \"$1\" >>{log}; input=$(cat); echo \"$input\" | grep -v '^$' >>{log}\n\
             case \"$1 $input\" in get*username=ci*) echo password=hunter2;; esac\n"
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn remote(&self, url: &str) -> Remote {
        let file = self.0.path().join("gitconfig");
        std::fs::write(&file, format!("[credential]\n\thelper = {}\n", self.0.path().join("helper").display()))
            .unwrap();
        let variables = [("GIT_CONFIG_GLOBAL", file.to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "1")];
        let variables: BTreeMap<String, String> =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Remote::configured(url, &GitConfig::load(self.0.path(), &variables))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.0.path().join("log")).unwrap_or_default()
    }
}

#[test]
fn a_user_name_in_the_url_is_passed_to_the_helper() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sent = seen.clone();
    let server = GitServer::start_behind(Abilities::default(), move |request, answer| {
        let authorization = request.header("authorization").unwrap_or_default().to_owned();
        sent.lock().unwrap().push(authorization.clone());
        if authorization == LOGIN { answer(request) } else { denied() }
    });
    let home = Home::new();
    works(&home.remote(&server.url().replace("://", "://ci@")), 1);
    let host = server.url().split('/').nth(2).unwrap().to_owned();
    assert!(home.log().starts_with(&format!("get\nprotocol=http\nhost={host}\nusername=ci\n")), "{}", home.log());
    assert!(home.log().contains("store\n") && !home.log().contains("erase"), "{}", home.log());
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(
        seen.iter().filter(|sent| *sent != LOGIN).collect::<Vec<_>>(),
        [""],
        "asked once, nothing else was sent"
    );
    // Another user's password is not known.
    let error = fails(&home.remote(&server.url().replace("://", "://other@")));
    assert!(!error.is_outside() && error.to_string().contains("HTTP 401"), "{error}");
}

#[test]
fn a_push_that_alone_requires_credentials_asks_the_helper() {
    for large in [false, true] {
        let server = GitServer::start_behind(Abilities::default(), move |request, answer| {
            if !is_push(request) || request.header("authorization") == Some(LOGIN) {
                return answer(request);
            }
            assert!(!large || request.body.len() < 100, "the pack is not sent without credentials");
            denied()
        });
        let home = Home::new();
        let text: String = (0..if large { 400_000 } else { 1 }).map(|number| format!("{number}\n")).collect();
        let remote = home.remote(&server.url().replace("://", "://ci@"));
        committed(&deliver(&remote, &[unit("a", 1, &[("x", &text)])], &options()).unwrap()[0]);
        if !large {
            let error = fails(&Remote::new(server.url()));
            assert!(!error.is_outside() && error.to_string().contains("HTTP 401"), "{error}");
            assert!(error.to_string().contains("(no credentials)"), "{error}");
        }
    }
}

#[test]
fn refused_credentials_are_named() {
    let server = GitServer::start_behind(Abilities::default(), |_, _| denied());
    let expect = |remote: &Remote, source: &str| {
        let error = fails(remote);
        assert!(!error.is_outside() && error.to_string().contains(&format!("({source})")), "{error}");
    };
    expect(&Remote::new(server.url()), "no credentials");
    expect(&Remote::new(server.url().replace("://", "://ci:secret@")), "credentials from the URL");
    let header =
        Remote { headers: vec![("Authorization".to_owned(), "bearer secret".to_owned())], ..Remote::new(server.url()) };
    expect(&header, "credentials from http.extraHeader");
    let given = Remote {
        credentials: Some(git::Credentials { username: "x".to_owned(), password: "secret".to_owned() }),
        credentials_name: "HYDRANT_GIT_TOKEN".to_owned(),
        ..Remote::new(server.url())
    };
    expect(&given, "credentials from HYDRANT_GIT_TOKEN");
    let home = Home::new();
    let helper = home.remote(&server.url().replace("://", "://ci@"));
    expect(&helper, &format!("credentials from credential helper {}", home.0.path().join("helper").display()));
}

/// The error of a delivery whose requests of a kind get a response.
fn error_of(matches: fn(&Request) -> bool, response: impl Fn() -> Response + Send + Sync + 'static) -> DeliverError {
    let server =
        GitServer::start_behind(
            Abilities::default(),
            move |request, answer| {
                if matches(request) { response() } else { answer(request) }
            },
        );
    fails(&Remote::new(server.url()))
}

#[test]
fn permanent_statuses_say_what_happened_and_are_final() {
    for (status, parts) in [
        (403, vec!["access to", "HTTP 403 Forbidden"]),
        (404, vec!["not found: HTTP 404 Not Found"]),
        (405, vec!["HTTP 405 Method Not Allowed", "/repository.git/git-receive-pack"]),
        (413, vec!["HTTP 413 Payload Too Large", " bytes is larger than the server accepts"]),
        (400, vec!["HTTP 400 Bad Request", "/repository.git/git-receive-pack"]),
        (451, vec!["HTTP 451"]),
    ] {
        let error = error_of(is_push, move || Response::new(status, "text/html", "<html>no</html>"));
        let message = error.to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{status}: {message}");
        assert!(!error.is_outside() && error.hint().is_some(), "{status}: {message}");
    }
    let hint = error_of(is_push, || Response::empty(413)).hint().unwrap();
    assert!(hint.contains("client_max_body_size"), "{hint}");
}

#[test]
fn a_redirected_push_says_where_to() {
    for status in [301, 302, 303, 307, 308] {
        let to = "https://git.example.com/moved.git/git-receive-pack";
        let error = error_of(is_push, move || Response::empty(status).header("location", to));
        assert!(error.to_string().contains(to) && error.to_string().contains("POST"), "{error}");
        assert_eq!(error.hint().unwrap(), "use https://git.example.com/moved.git as the URL of the repository");
        assert!(!error.is_outside());
    }
    let error = error_of(is_push, || Response::empty(302).header("location", "/users/sign_in?token=secret"));
    assert!(error.to_string().contains("/users/sign_in"), "{error}");
    let error = error_of(is_push, || Response::empty(302));
    assert!(error.to_string().contains("without a location"), "{error}");
}

/// Two deliveries through a gateway that changes every response, in both versions of the protocol.
fn through(change: fn(&Request, Response) -> Response) {
    for version_2 in [true, false] {
        let abilities = Abilities { version_2, ..Abilities::default() };
        let server = GitServer::start_behind(abilities, move |request, answer| change(request, answer(request)));
        works(&Remote::new(server.url()), 1);
        works(&Remote::new(server.url()), 2);
    }
}

/// A response as it is sent, with `head` in place of the status line and the header that tells its length.
fn raw(response: Response, head: &str, encode: impl Fn(&[u8]) -> Vec<u8>) -> Response {
    let Body::Bytes(bytes) = &response.body else { return response };
    let headers = response.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
    let mut out = format!("{head}\r\n{headers}\r\n").into_bytes();
    out.extend(encode(bytes));
    Response { body: Body::Raw(out), ..response }
}

fn body_mut(response: &mut Response) -> Option<&mut Vec<u8>> {
    match &mut response.body {
        Body::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

#[test]
fn http_1_0_interim_responses_chunks_and_encodings_are_read() {
    through(|_, response| raw(response, "HTTP/1.0 200 OK", <[u8]>::to_vec));
    through(|_, response| {
        raw(response, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nconnection: close", <[u8]>::to_vec)
    });
    through(|_, response| {
        raw(response, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", |bytes| {
            let chunks =
                bytes.chunks(7).map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
            [chunks.collect::<Vec<_>>().concat(), b"0\r\n\r\n".to_vec()].concat()
        })
    });
    through(|_, mut response| {
        for (name, value) in &mut response.headers {
            if name == "content-type" {
                *value = value.replace("application/x-git", "Application/X-Git") + "; charset=utf-8";
            }
        }
        response
    });
    // Some servers leave out the line with the name of the service.
    through(|request, mut response| {
        if is_advertisement(request)
            && let Some(bytes) = body_mut(&mut response)
        {
            let end = 4 + usize::from_str_radix(std::str::from_utf8(&bytes[..4]).unwrap(), 16).unwrap();
            bytes.drain(..end);
        }
        response
    });
    // The result of a request has another type.
    through(|request, mut response| {
        if request.method == "POST" {
            response.headers.retain(|(name, _)| name != "content-type");
        }
        response
    });
}

#[test]
fn what_is_not_git_is_a_clear_error() {
    let refs = "0123456789012345678901234567890123456789\trefs/heads/main\n";
    let dumb = error_of(is_advertisement, move || Response::new(200, "text/plain", refs));
    assert!(dumb.to_string().contains("dumb HTTP protocol"), "{dumb}");
    for (body, part) in [
        ("", "the connection ended before the response was complete"),
        ("0", "the connection ended before the response was complete"),
        ("<html>", "expected the length of a packet line"),
        ("0003", "invalid packet line length 3"),
        ("000cERR stop\n", "stop"),
        ("fffff", "the connection ended before the response was complete"),
        ("0009hello", "invalid ref line"),
    ] {
        for service in ["git-upload-pack", "git-receive-pack"] {
            let server = GitServer::start_behind(Abilities::default(), move |request, answer| {
                if is_advertisement(request) && request.query.ends_with(service) {
                    return Response::new(200, &format!("application/x-{service}-advertisement"), body);
                }
                answer(request)
            });
            let error = fails(&Remote::new(server.url()));
            assert!(error.to_string().contains(part), "{service} {body:?}: {error}");
        }
    }
}
