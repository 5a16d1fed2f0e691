//! The client against a server on loopback: redirects, credentials, limits, retries, TLS, proxies.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use net::http::Method;
use net::{
    Body, BodySource, Client, ClientOptions, HttpError, HttpErrorKind, PlainHttp, Proxies, Request, Retry,
    RetryAfterGate, RetryPolicy, Url,
};
use testkit::http::{Body as ServerBody, Request as Received, Response, Server};
use testkit::tls::Identity;

type Log = Arc<Mutex<Vec<Received>>>;

/// A server and the requests that it got.
fn server(handle: impl Fn(&Received) -> Response + Send + Sync + 'static) -> (Server, Log) {
    let log = Log::default();
    let seen = log.clone();
    let server = Server::start(None, move |request| {
        seen.lock().unwrap().push(request.clone());
        handle(request)
    });
    (server, log)
}

fn url(server: &Server, path: &str) -> Url {
    format!("http://{}{path}", server.address()).parse().unwrap()
}

fn client() -> Client {
    Client::new(ClientOptions::standard("test/1")).unwrap()
}

fn fast() -> Retry<'static> {
    Retry { policy: RetryPolicy { backoff: Duration::from_millis(1), ..RetryPolicy::standard() }, ..Retry::standard() }
}

fn get(client: &Client, url: Url) -> Result<(u16, Vec<u8>), HttpError> {
    let response = client.fetch(Request::get(url), 1000, &Retry::once())?;
    Ok((response.status().as_u16(), response.into_body()))
}

#[test]
fn credentials_stay_with_the_origin_of_the_url() {
    let (other, other_log) = server(|_| Response::new(200, "text/plain", "there"));
    let target = url(&other, "/x").to_string().replacen("http://", "http://evil:secret@", 1);
    let (first, log) = server(move |request| match request.path.as_str() {
        "/here" => Response::empty(307).header("location", "/final"),
        "/away" => Response::empty(302).header("location", target.as_str()),
        _ => Response::new(200, "text/plain", "here"),
    });
    let mut with_user = url(&first, "/here");
    with_user.set_username("us%40er").unwrap();
    with_user.set_password(Some("p%3aw")).unwrap();
    let request = Request::get(with_user).header("x-public", "1").private_header("x-private", "2");
    assert!(!format!("{request:?}").contains("p%3aw"));
    let response = client().fetch(request, 100, &Retry::once()).unwrap();
    assert_eq!((response.body(), response.url().path()), (&b"here"[..], "/final"));
    for request in log.lock().unwrap().iter() {
        assert_eq!(request.header("authorization"), Some(net::basic_auth("us@er", "p:w").as_str()));
        assert_eq!((request.header("x-private"), request.header("x-public")), (Some("2"), Some("1")));
    }
    let request = Request::get(url(&first, "/away")).authorization("Bearer t").header("x-public", "1");
    let response = client().fetch(request.private_header("x-private", "2"), 100, &Retry::once()).unwrap();
    assert_eq!(response.body(), b"there");
    let received = other_log.lock().unwrap();
    let headers = ["authorization", "x-private", "x-public"].map(|name| received[0].header(name));
    assert_eq!(headers, [None, None, Some("1")], "not even the credentials of the redirect's own URL");
}

#[test]
fn redirects_are_bounded_and_see_other_is_read() {
    let (server, log) = server(|request| match request.path.as_str() {
        "/loop" => Response::empty(301).header("location", "/loop"),
        "/other" => Response::empty(303).header("location", "/end"),
        "/keep" => Response::empty(308).header("location", "/end"),
        "/bad" => Response::empty(302).header("location", "http://[x"),
        _ => Response::new(200, "text/plain", request.method.as_str()),
    });
    let error = get(&client(), url(&server, "/loop")).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::TooManyRedirects(5)), "{error}");
    let error = get(&client(), url(&server, "/bad")).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::InvalidRedirect { .. }), "{error}");
    let post = |path| Request::post(url(&server, path)).body("text/plain", Body::Bytes(b"x"));
    for (path, method, body) in [("/other", "GET", ""), ("/keep", "POST", "x")] {
        let response = client().fetch(post(path), 100, &Retry::once()).unwrap();
        assert_eq!(response.body(), method.as_bytes(), "{path}");
        assert_eq!(log.lock().unwrap().last().unwrap().body, body.as_bytes(), "{path}");
    }
    let response = client().send(Request::get(url(&server, "/loop")).redirects(0)).unwrap();
    assert_eq!((response.status().as_u16(), response.header("location")), (301, Some("/loop")));
}

#[test]
fn plain_http_needs_loopback_or_permission() {
    let elsewhere: Url = "http://u:secret@registry.test/".parse().unwrap();
    let error = get(&client(), elsewhere).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::PlainHttp(_)), "{error}");
    assert_eq!(error.to_string(), "GET http://registry.test/: plain http is not allowed for registry.test");
    assert_eq!(error.hint().as_deref(), Some("use an https URL"));
    let error = get(&client(), "ftp://registry.test/".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind.to_string(), "invalid request: unsupported scheme \"ftp\"");
    let (plain, log) = server(|_| Response::empty(200));
    let identity = Identity::generate();
    let location = url(&plain, "/").to_string();
    let secure = Server::start(Some(&identity), move |_| Response::empty(302).header("location", location.as_str()));
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, identity.authority()).unwrap();
    let mut options = ClientOptions::standard("test/1");
    options.authorities.push(authority);
    options.plain_http = PlainHttp::Allowed;
    let from: Url = format!("https://{}/", secure.address()).parse().unwrap();
    let error = get(&Client::new(options).unwrap(), from).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::InsecureRedirect(_)), "{error}");
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn authorities_are_the_systems_and_those_of_files() {
    let identity = Identity::generate();
    let server = Server::start(Some(&identity), |_| Response::new(200, "text/plain", "ok"));
    let at: Url = format!("https://localhost:{}/", server.address().port()).parse().unwrap();
    let error = get(&client(), at.clone()).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::Tls(_)), "{error}");
    assert!(error.hint().unwrap().contains("certificate authority"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let with = |path| Client::new(ClientOptions { authorities: vec![path], ..ClientOptions::standard("test/1") });
    assert_eq!(get(&with(file("ca.pem", identity.authority())).unwrap(), at).unwrap().1, b"ok");
    for (path, message) in [
        (file("empty.pem", "no certificate"), "no PEM certificate"),
        (folder.path().join("missing.pem"), "cannot read certificate authority"),
    ] {
        let error = with(path).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(message) && error.hint().is_some(), "{error}");
    }
}

#[test]
fn bodies_are_bounded() {
    let (server, _) = server(|request| {
        let body =
            if request.path == "/announced" { ServerBody::Blanks(1 << 30) } else { ServerBody::Unannounced(1 << 30) };
        Response { body, ..Response::empty(200) }
    });
    for path in ["/announced", "/unannounced"] {
        let response = client().fetch(Request::get(url(&server, path)), 1000, &Retry::once()).unwrap();
        assert!(response.is_truncated() && response.body().len() <= 1000, "{path}");
        let mut reader = client().send(Request::get(url(&server, path))).unwrap().into_reader(100_000);
        let error = io::copy(&mut reader, &mut io::sink()).unwrap_err();
        let error = error.downcast::<HttpError>().unwrap();
        assert!(matches!(error.kind, HttpErrorKind::TooLarge(100_000)), "{error}");
    }
}

#[test]
fn what_passes_is_tried_again() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let (server, log) = server(move |request| {
        let first = counter.fetch_add(1, Ordering::Relaxed) == 0;
        match (request.path.as_str(), first) {
            ("/hangup", true) => Response { body: ServerBody::Hangup, ..Response::empty(200) },
            ("/cut", true) => Response { body: ServerBody::Cut(b"half".to_vec()), ..Response::empty(200) },
            ("/limit", true) => Response::empty(429),
            ("/error", true) => Response::empty(502),
            ("/missing", _) => Response::empty(404),
            _ => Response::new(200, "text/plain", "ok"),
        }
    });
    for (path, method, status, requests) in [
        ("/hangup", Method::GET, 200, 2),
        ("/cut", Method::GET, 200, 2),
        ("/limit", Method::POST, 200, 2),
        ("/error", Method::GET, 200, 2),
        ("/error", Method::POST, 502, 1),
        ("/missing", Method::GET, 404, 1),
    ] {
        count.store(0, Ordering::Relaxed);
        log.lock().unwrap().clear();
        let response = client().fetch(Request::new(method.clone(), url(&server, path)), 1000, &fast()).unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        assert_eq!(log.lock().unwrap().len(), requests, "{method} {path}");
    }
    count.store(0, Ordering::Relaxed);
    let error = client().fetch(Request::post(url(&server, "/hangup")), 100, &fast()).unwrap_err();
    assert!(error.kind.is_transient() && count.load(Ordering::Relaxed) == 1, "a POST may have been done: {error}");
}

#[test]
fn retry_after_holds_for_all_requests_behind_a_gate_up_to_a_limit() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let (server, _) = server(move |request| match (request.path.as_str(), counter.fetch_add(1, Ordering::Relaxed)) {
        ("/long", _) => Response::empty(503).header("retry-after", "600"),
        (_, 0) => Response::empty(429).header("retry-after", "1"),
        _ => Response::empty(200),
    });
    let gate = RetryAfterGate::default();
    let gated = Retry { gate: Some(&gate), ..fast() };
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| client().fetch(Request::get(url(&server, "/")), 10, &gated).unwrap());
        std::thread::sleep(Duration::from_millis(300));
        client().fetch(Request::get(url(&server, "/")), 10, &gated).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(990), "{:?}", start.elapsed());
    });
    count.store(0, Ordering::Relaxed);
    let response = client().fetch(Request::get(url(&server, "/long")), 10, &fast()).unwrap();
    assert_eq!((response.status().as_u16(), count.load(Ordering::Relaxed)), (503, 1));
    let deadline = Retry { deadline: Some(Instant::now()), ..Retry::standard() };
    client().fetch(Request::get(url(&server, "/long")), 10, &deadline).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

struct Pack<'a>(&'a [u8], Option<u64>);

impl BodySource for Pack<'_> {
    fn length(&self) -> Option<u64> {
        self.1
    }

    fn reader(&mut self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Cursor::new(self.0)))
    }
}

#[test]
fn streams_are_sent_from_their_start_at_each_attempt() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let (server, log) =
        server(
            move |_| {
                if counter.fetch_add(1, Ordering::Relaxed) == 0 { Response::empty(503) } else { Response::empty(200) }
            },
        );
    let bytes = vec![7; 300_000];
    for length in [Some(300_000), None] {
        count.store(0, Ordering::Relaxed);
        let mut pack = Pack(&bytes, length);
        let request = Request::post(url(&server, "/")).body("a/b", Body::Stream(&mut pack)).idempotent(true);
        assert_eq!(client().fetch(request, 10, &fast()).unwrap().status().as_u16(), 200);
        for received in log.lock().unwrap().drain(..) {
            assert!(received.body == bytes, "{} bytes", received.body.len());
            let announced = received.header("content-length").map(str::to_owned);
            assert_eq!(announced, length.map(|length| length.to_string()));
        }
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn every_wait_has_a_limit() {
    let (slow, _) = server(|_| Response { delay: Duration::from_secs(5), ..Response::empty(200) });
    let mut options = ClientOptions::standard("test/1");
    options.timeouts.idle = Duration::from_millis(200);
    let start = Instant::now();
    let error = get(&Client::new(options).unwrap(), url(&slow, "/")).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::Timeout(_)), "{error}");
    let request = Request::get(url(&slow, "/")).timeout(Duration::from_millis(200));
    let error = client().send(request).map(|_| ()).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::Timeout(_)) && error.kind.is_transient(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn nothing_listens_is_said_and_not_tried_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone: Url = format!("http://127.0.0.1:{port}/?token=secret").parse().unwrap();
    let error = client().fetch(Request::get(gone), 10, &Retry::standard()).unwrap_err();
    assert_eq!(error.to_string(), format!("GET http://127.0.0.1:{port}/?token=REDACTED: connection refused"));
    assert!(error.hint().unwrap().contains(&format!("127.0.0.1:{port}")));
}

#[test]
fn proxies_are_used_and_socks_is_refused() {
    let (proxy, log) = server(|request| match request.method.as_str() {
        "CONNECT" => Response::empty(200),
        _ => Response::new(200, "text/plain", "by proxy"),
    });
    let with = |proxy: &str| {
        let proxies = Proxies { except: "direct.test".to_owned(), ..Proxies::default() }.with_proxy(proxy);
        let plain_http = PlainHttp::Allowed;
        Client::new(ClientOptions { proxies, plain_http, ..ClientOptions::standard("test/1") }).unwrap()
    };
    let by = with(&format!("http://user:pw@{}", proxy.address()));
    assert_eq!(get(&by, "http://far.test/x".parse().unwrap()).unwrap().1, b"by proxy");
    let authorization = log.lock().unwrap()[0].header("proxy-authorization").map(str::to_owned);
    assert_eq!(authorization.map(|value| value.to_lowercase()), Some(net::basic_auth("user", "pw").to_lowercase()));
    for bad in ["socks5://secret@proxy:1", "nonsense://secret@x"] {
        let error = get(&with(bad), "http://far.test/x".parse().unwrap()).unwrap_err();
        assert!(matches!(error.kind, HttpErrorKind::InvalidProxy(_)), "{error}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn an_invalid_header_is_an_error() {
    let request = Request::get("http://localhost/".parse().unwrap()).authorization("Bearer a\nb: c");
    let error = client().send(request).map(|_| ()).unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::InvalidRequest(_)), "{error}");
    assert!(!error.to_string().contains("Bearer"));
}

#[test]
fn credentials_are_not_sent_over_plain_http() {
    let options = ClientOptions { plain_http: PlainHttp::Allowed, ..ClientOptions::standard("test/1") };
    let client = Client::new(options).unwrap();
    for host in ["192.0.2.1:9", "0.0.0.0:9", "localhost.example:9"] {
        let plain: Url = format!("http://{host}/").parse().unwrap();
        let with_user: Url = format!("http://u:secret@{host}/").parse().unwrap();
        let requests = [
            Request::get(with_user),
            Request::get(plain.clone()).authorization("Bearer secret"),
            Request::get(plain).private_header("private-token", "secret"),
        ];
        for request in requests {
            let error = client.fetch(request, 10, &Retry::once()).unwrap_err();
            assert!(matches!(&error.kind, HttpErrorKind::CredentialsOverHttp(named) if named == host), "{error}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}

#[test]
fn an_untrusted_run_connects_to_public_addresses_only() {
    let (server, log) = server(|_| Response::new(200, "text/plain", "private"));
    let port = server.address().port();
    let addresses = net::InputTrust::Untrusted.addresses();
    let direct = ClientOptions { plain_http: PlainHttp::Allowed, addresses, ..ClientOptions::standard("test/1") };
    let by_proxy = ClientOptions { proxies: Proxies::default().with_proxy("http://127.0.0.1:9"), ..direct.clone() };
    for options in [direct, by_proxy] {
        let client = Client::new(options).unwrap();
        for host in [
            "127.0.0.1",
            "localhost",
            "a.localhost",
            "0x7f.1",
            "2130706433",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "169.254.169.254",
        ] {
            let error = get(&client, format!("http://{host}:{port}/").parse().unwrap()).unwrap_err();
            assert!(matches!(error.kind, HttpErrorKind::PrivateAddress(_)), "{host}: {error}");
        }
    }
    assert!(log.lock().unwrap().is_empty());
}
