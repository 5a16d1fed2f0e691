//! Resolving against registries on loopback, correct and faulty ones.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::result_large_err,
    reason = "a test that panics has failed, as it should"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use manifest::ImageRef;
use registry::{Credentials, ErrorKind, Proxies, RegistryClient, RegistryError, RegistryOptions};
use testkit::http::Response;
use testkit::proxy::Proxy;
use testkit::registry::{Auth, Fault, Registry, Setup, Tokens, faults};
use testkit::tls::Identity;

/// Options without delays between attempts.
fn quick() -> RegistryOptions {
    let backoff = Duration::from_millis(1);
    RegistryOptions {
        backoff,
        timeout: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
        ..RegistryOptions::standard()
    }
}

fn image(text: String) -> ImageRef {
    ImageRef::parse(&text).unwrap()
}

fn known(host: &str, entry: &str) -> Credentials {
    let json = format!(r#"{{"auths":{{"{host}":{entry}}}}}"#);
    Credentials::from_variables(|name| (name == "DOCKER_AUTH_CONFIG").then(|| json.clone())).unwrap()
}

fn ask(
    images: &[ImageRef],
    options: RegistryOptions,
    credentials: Credentials,
) -> Result<Vec<String>, Vec<RegistryError>> {
    let resolver = RegistryClient::new(options, credentials).unwrap();
    let resolution = resolver.resolve(images).map_err(|errors| errors.all().to_vec())?;
    Ok(images.iter().map(|image| resolution.get(image).unwrap().digest.to_string()).collect())
}

/// The one digest, or the one error.
fn one(reference: String, options: RegistryOptions, credentials: Credentials) -> Result<String, RegistryError> {
    ask(&[image(reference)], options, credentials).map(|mut all| all.remove(0)).map_err(|mut all| all.remove(0))
}

fn setup(auth: Auth) -> Registry {
    Registry::start(Setup { auth, ..Setup::default() })
}

fn tokens() -> Tokens {
    Tokens {
        password: Some(("ci".to_owned(), "p:w d".to_owned())),
        refresh: Some("rt".to_owned()),
        ..Tokens::default()
    }
}

const PASSWORD: &str = r#"{"username":"ci","password":"p:w d"}"#;

#[test]
fn five_hundred_images_cost_one_head_each_one_token_a_repository_and_one_ping() {
    let registry = setup(Auth::Tokens(Tokens { anonymous: true, ..Tokens::default() }));
    let host = registry.host();
    let mut images = Vec::new();
    let mut want = Vec::new();
    for repository in 0..50 {
        for tag in 0..10 {
            want.push(registry.put_image(&format!("team/r{repository}"), &format!("v{tag}"), &[]));
            images.push(image(format!("{host}/team/r{repository}:v{tag}")));
        }
    }
    assert_eq!(ask(&images, quick(), Credentials::none()).unwrap(), want);
    assert_eq!(registry.count("GET /v2/"), 1);
    assert_eq!(registry.count("GET token"), 50);
    assert_eq!(registry.count("HEAD /v2/team/"), 500);
    assert_eq!(registry.requests().len(), 551);
}

#[test]
fn spellings_of_one_image_cost_one_request() {
    let registry = Registry::open();
    let digest = registry.put_image("a", "latest", &[]);
    let host = registry.host();
    let images = [image(format!("{host}/a")), image(format!("{host}/a:latest")), image(format!("{host}/a"))];
    assert_eq!(ask(&images, quick(), Credentials::none()).unwrap(), vec![digest; 3]);
    assert_eq!(registry.count("HEAD"), 1);
}

#[test]
fn an_index_is_pinned_whole_or_by_platform() {
    let registry = Registry::open();
    let host = registry.host();
    let (index, images) = registry.put_index("a", "1", &["linux/amd64", "linux/arm64/v8"]);
    let single = registry.put_image("single", "1", &[]);
    let platform = |text: &str| RegistryOptions { platform: Some(text.parse().unwrap()), ..quick() };
    let ask = |reference: &str, options| one(format!("{host}/{reference}"), options, Credentials::none());
    assert_eq!(ask("a:1", quick()), Ok(index.clone()));
    assert_eq!(ask("a:1", platform("linux/arm64")), Ok(images[1].clone()));
    assert_eq!(ask("single:1", platform("linux/amd64")), Ok(single));
    let missing = ask("a:1", platform("linux/s390x")).unwrap_err();
    assert_eq!(missing.kind, ErrorKind::MissingPlatform);
    assert!(missing.message.ends_with("only for linux/amd64, linux/arm64/v8"), "{missing}");
    let other = ask("single:1", platform("linux/arm64")).unwrap_err();
    assert_eq!(
        (other.kind, other.message.as_str()),
        (ErrorKind::MissingPlatform, "1 is built for linux/amd64, not for linux/arm64")
    );
    // An image that was pinned to a platform is accepted as input.
    assert_eq!(ask(&format!("a:1@{}", images[0]), quick()), Ok(images[0].clone()));
}

#[test]
fn a_given_digest_must_exist_and_be_what_its_tag_says() {
    let registry = Registry::open();
    let host = registry.host();
    let (old, new) = (registry.put_image("a", "old", &[]), registry.put_image("a", "1", &[]));
    let absent = format!("sha256:{}", "0".repeat(64));
    let ask = |reference: String| one(format!("{host}/{reference}"), quick(), Credentials::none());
    assert_eq!(ask(format!("a@{old}")), Ok(old.clone()));
    assert_eq!(ask(format!("a:1@{new}")), Ok(new.clone()));
    assert_eq!(ask(format!("a@{absent}")).unwrap_err().kind, ErrorKind::MissingTag);
    let moved = ask(format!("a:1@{old}")).unwrap_err();
    assert_eq!(moved.kind, ErrorKind::Mismatch);
    assert_eq!(moved.message, format!("tag 1 is {new}, expected {old}, which still exists"));
    let gone = ask(format!("a:1@{absent}")).unwrap_err();
    assert!(gone.message.ends_with("which no longer exists"), "{gone}");
}

#[test]
fn every_authentication_scheme_is_supported() {
    let basic = || Auth::Basic("ci".to_owned(), "p:w d".to_owned());
    let table = [
        (basic(), PASSWORD),
        (basic(), r#"{"auth":"Y2k6cDp3IGQ="}"#),
        (Auth::Tokens(tokens()), PASSWORD),
        (Auth::Tokens(tokens()), r#"{"identitytoken":"rt"}"#),
    ];
    for (auth, entry) in table {
        for open_ping in [false, true] {
            let registry = setup(auth.clone());
            if open_ping {
                registry.open_ping();
            }
            let digest = registry.put_image("a/b", "1", &[]);
            let got = one(format!("{}/a/b:1", registry.host()), quick(), known(&registry.host(), entry));
            assert_eq!(got, Ok(digest), "{auth:?} {entry}");
        }
    }
}

#[test]
fn refused_credentials_name_their_source() {
    let basic = || Auth::Basic("ci".to_owned(), "right".to_owned());
    let wrong = r#"{"username":"ci","password":"wrong-secret"}"#;
    let table = [
        (
            basic(),
            Some(wrong),
            "401 UNAUTHORIZED: authentication required",
            "the credentials from DOCKER_AUTH_CONFIG may read",
        ),
        (basic(), None, "401 UNAUTHORIZED: authentication required", "for which credentials are missing"),
        (
            Auth::Tokens(tokens()),
            Some(wrong),
            "401 incorrect username or password",
            "the credentials from DOCKER_AUTH_CONFIG may read",
        ),
        (Auth::Tokens(tokens()), None, "401 incorrect username or password", "for which credentials are missing"),
        (
            Auth::Tokens(tokens()),
            Some(r#"{"identitytoken":"wrong-secret"}"#),
            "401 incorrect username or password",
            "the credentials from DOCKER_AUTH_CONFIG may read",
        ),
    ];
    for (auth, entry, message, hint) in table {
        let registry = setup(auth);
        registry.put_image("a", "1", &[]);
        let host = registry.host();
        let credentials = entry.map_or_else(Credentials::none, |entry| known(&host, entry));
        let images: Vec<ImageRef> = (1..4).map(|tag| image(format!("{host}/a:{tag}"))).collect();
        let errors = ask(&images, quick(), credentials).unwrap_err();
        assert_eq!(errors.len(), 3);
        let error = &errors[0];
        assert_eq!(error.kind, ErrorKind::Credentials);
        assert!(error.message.ends_with(message), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
        assert!(!format!("{errors:?}").contains("secret"), "{errors:?}");
    }
}

#[test]
fn an_expired_token_is_renewed_once() {
    let registry = setup(Auth::Tokens(Tokens { uses: Some(2), anonymous: true, ..Tokens::default() }));
    let host = registry.host();
    let images: Vec<ImageRef> = (0..6).map(|tag| image(format!("{host}/a:{tag}"))).collect();
    let want: Vec<String> = (0..6).map(|tag| registry.put_image("a", &tag.to_string(), &[])).collect();
    let one_by_one = RegistryOptions { concurrency: 1, ..quick() };
    assert_eq!(ask(&images, one_by_one, Credentials::none()).unwrap(), want);
    assert_eq!(registry.count("GET token"), 3);
}

#[test]
fn all_missing_images_are_reported_together() {
    let registry = Registry::open();
    registry.put_image("there", "1", &[]);
    let host = registry.host();
    let images =
        [image(format!("{host}/there:2")), image(format!("{host}/there:1")), image(format!("{host}/nowhere:1"))];
    let errors = ask(&images, quick(), Credentials::none()).unwrap_err();
    let found: Vec<(ErrorKind, String)> = errors.iter().map(|error| (error.kind, error.to_string())).collect();
    let tag = format!(
        "{host}/there:2: tag not found: GET http://{host}/v2/there/manifests/2: 404 MANIFEST_UNKNOWN: manifest unknown"
    );
    let repository = format!(
        "{host}/nowhere:1: repository not found: GET http://{host}/v2/nowhere/tags/list?n=1: 404 NAME_UNKNOWN: repository name not known to registry"
    );
    assert_eq!(found, [(ErrorKind::MissingTag, tag), (ErrorKind::MissingRepository, repository)]);
}

#[test]
fn transient_errors_are_retried() {
    let table = [
        ("429 with Retry-After", faults::too_many(Some("0")), 2),
        ("429 without", faults::too_many(None), 2),
        ("503", faults::unavailable(), 2),
        ("a hang-up", faults::hangup(), 2),
        ("502 with a page", Response { status: 502, ..faults::html() }, 4),
    ];
    for (name, answer, times) in table {
        for place in ["/v2/", "/manifests/", "token"] {
            let registry = setup(Auth::Tokens(Tokens { anonymous: true, ..Tokens::default() }));
            let digest = registry.put_image("a", "1", &[]);
            registry.inject(Fault::first(times, place, answer.clone()));
            let got = one(format!("{}/a:1", registry.host()), quick(), Credentials::none());
            assert_eq!(got, Ok(digest), "{name} at {place}: {:?}", registry.requests());
        }
    }
}

#[test]
fn lasting_errors_keep_the_registrys_message() {
    let cases = [
        (faults::too_many(None), ErrorKind::RateLimit, "429 TOOMANYREQUESTS: You have reached your pull rate limit"),
        (faults::unavailable(), ErrorKind::Server, "503 upstream is down"),
        (faults::hangup(), ErrorKind::Network, ""),
        (
            faults::html(),
            ErrorKind::Protocol,
            "invalid manifest of 1: 200 with an HTML page: <html><title>Sign in</title><body>Welcome</body></html>",
        ),
        (faults::huge(true), ErrorKind::Protocol, "manifest of 1 is larger than 4 MiB"),
        (faults::huge(false), ErrorKind::Protocol, "manifest of 1 is larger than 4 MiB"),
        (faults::cut(), ErrorKind::Network, "incomplete response"),
        (Response::new(200, "application/json", "[]"), ErrorKind::Protocol, "not a JSON object"),
        (Response::new(200, "application/json", "{}"), ErrorKind::Protocol, "expected schemaVersion 2, found 0"),
        (Response::new(200, "application/json", r#"{"schemaVersion":1}"#), ErrorKind::Protocol, "docker's schema 1"),
        (faults::redirect(307, "/v2/a/manifests/1"), ErrorKind::Protocol, "more than 5 redirects"),
        (
            faults::redirect(307, "http://registry.example/x"),
            ErrorKind::Protocol,
            "redirected to http://registry.example, which is not https",
        ),
        (
            Response::new(400, "application/json", r#"{"errors":[{"code":"TAG_INVALID","message":"no"}]}"#),
            ErrorKind::Protocol,
            "400 TAG_INVALID: no",
        ),
    ];
    for (answer, kind, message) in cases {
        let registry = Registry::open();
        registry.inject(Fault::always("/manifests/", answer));
        let begun = Instant::now();
        let error = one(format!("{}/a:1", registry.host()), quick(), Credentials::none()).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(message), "{message}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{message} took {:?}", begun.elapsed());
    }
}

#[test]
fn a_manifest_must_have_the_stated_digest() {
    let registry = Registry::open();
    let digest = registry.put_image("a", "1", &[]);
    let (media, bytes) = registry.manifest("a", "1").unwrap();
    let other = format!("sha256:{}", "1".repeat(64));
    let good = Response::new(200, &media, bytes);
    let ask = |answer: Response, hash_everything: bool| {
        let registry = Registry::open();
        registry.inject(Fault::always("/manifests/", answer));
        one(format!("{}/a:1", registry.host()), RegistryOptions { hash_everything, ..quick() }, Credentials::none())
    };
    // Without a header, or with an invalid one, HEAD does not suffice and the body is hashed.
    assert_eq!(ask(good.clone(), false), Ok(digest.clone()));
    assert!(
        ask(good.clone().header("docker-content-digest", "garbage"), false)
            .unwrap_err()
            .message
            .contains("invalid docker-content-digest header \"garbage\"")
    );
    let lie = ask(good.header("docker-content-digest", other.clone()), true).unwrap_err();
    assert_eq!(lie.kind, ErrorKind::Protocol);
    assert_eq!(lie.message, format!("manifest of 1 has digest {digest}, expected {other} of the registry's header"));
    // The same if the response to HEAD lacks the digest.
    let registry = Registry::open();
    registry.inject(Fault::always("/manifests/", Response::empty(200)).only("HEAD"));
    let (media, bytes) = (media, br#"{"schemaVersion":2,"manifests":[]}"#.to_vec());
    let bad = Response::new(200, &media, bytes).header("docker-content-digest", other.clone());
    registry.inject(Fault::always("/manifests/", bad));
    let lie = one(format!("{}/a:1", registry.host()), quick(), Credentials::none()).unwrap_err();
    assert!(lie.kind == ErrorKind::Protocol && lie.message.contains(&other), "{lie}");
}

#[test]
fn a_long_retry_after_ends_the_tries_at_once() {
    let registry = Registry::open();
    registry.inject(Fault::always("/manifests/", faults::too_many(Some("3600"))));
    let begun = Instant::now();
    let error = one(format!("{}/a:1", registry.host()), quick(), Credentials::none()).unwrap_err();
    assert_eq!((error.kind, registry.count("HEAD")), (ErrorKind::RateLimit, 1));
    assert_eq!(error.hint().as_deref(), Some("try again in 3600 s, as the registry asks for"));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_slow_registry_ends_at_the_time_limit() {
    let registry = Registry::open();
    let slow = Response { delay: Duration::from_secs(2), ..Response::empty(200) };
    registry.inject(Fault::always("/manifests/", slow));
    let options = RegistryOptions { timeout: Duration::from_millis(100), attempts: 2, ..quick() };
    let begun = Instant::now();
    let error = one(format!("{}/a:1", registry.host()), options, Credentials::none()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.message.contains("timed out"), "{error}");
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
}

#[test]
fn a_redirect_to_another_host_carries_no_credentials() {
    let registry = setup(Auth::Basic("ci".to_owned(), "p:w d".to_owned()));
    let elsewhere = Registry::open();
    let digest = elsewhere.put_image("moved", "1", &[]);
    let target = format!("http://{}/v2/moved/manifests/1", elsewhere.host());
    registry.inject(Fault::always("/v2/a/manifests/", faults::redirect(307, &target)));
    let strict = setup(Auth::Basic("ci".to_owned(), "p:w d".to_owned()));
    let target = format!("http://{}/v2/a/manifests/1", strict.host());
    registry.inject(Fault::always("/v2/b/manifests/", faults::redirect(307, &target)));
    let credentials = known(&registry.host(), PASSWORD);
    let images = [image(format!("{}/a:1", registry.host())), image(format!("{}/b:1", registry.host()))];
    let resolver = RegistryClient::new(quick(), credentials).unwrap();
    let error = resolver.resolve(&images).unwrap_err();
    assert_eq!(
        error.all().len(),
        1,
        "the other host would have taken the credentials, so it must have refused: {error}"
    );
    assert_eq!(resolver.resolve(&images[..1]).unwrap().get(&images[0]).unwrap().digest.as_str(), digest);
}

#[test]
fn tls_errors_name_the_flag_for_authorities() {
    let registry = Registry::start(Setup {
        identity: Some(Identity::generate()),
        auth: Auth::Tokens(tokens()),
        ..Setup::default()
    });
    let digest = registry.put_image("a", "1", &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, registry.authority().unwrap()).unwrap();
    let host = registry.host().replace("127.0.0.1", "localhost");
    let ask = |authorities: Vec<PathBuf>| {
        one(format!("{host}/a:1"), RegistryOptions { authorities, attempts: 2, ..quick() }, known(&host, PASSWORD))
    };
    assert_eq!(ask(vec![file]), Ok(digest));
    let error = ask(Vec::new()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls, "{error}");
    assert!(error.hint().unwrap().contains("--registry-ca"), "{error:?}");
    let missing = RegistryOptions { authorities: vec![folder.path().join("none.pem")], ..quick() };
    assert!(RegistryClient::new(missing, Credentials::none()).err().unwrap().to_string().contains("none.pem"));
}

#[test]
fn a_refused_connection_is_not_retried() {
    let gone = Registry::open().host();
    let slow_start = Duration::from_secs(20);
    let slow = RegistryOptions { backoff: slow_start, ..quick() };
    let begun = Instant::now();
    let error = one(format!("{gone}/a:1"), slow, Credentials::none()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.message.starts_with(&format!("GET http://{gone}/v2/: ")), "{error}");
    assert!(begun.elapsed() < slow_start, "{:?}", begun.elapsed());
}

#[test]
fn mirrors_are_asked_first_and_the_registry_last() {
    let (upstream, mirror) = (Registry::open(), Registry::open());
    let (cached, own) = (mirror.put_image("hub/a", "1", &[("from", "mirror")]), upstream.put_image("b", "1", &[]));
    let mut options = quick();
    options.mirrors.insert(upstream.host(), vec!["127.0.0.1:1".to_owned(), format!("http://{}/hub", mirror.host())]);
    let images = [image(format!("{}/a:1", upstream.host())), image(format!("{}/b:1", upstream.host()))];
    let resolution = RegistryClient::new(options.clone(), Credentials::none()).unwrap().resolve(&images).unwrap();
    let found: Vec<(&str, &str)> = images
        .iter()
        .filter_map(|image| resolution.get(image))
        .map(|one| (one.digest.as_str(), one.host.as_str()))
        .collect();
    assert_eq!(found, [(cached.as_str(), mirror.host().as_str()), (own.as_str(), upstream.host().as_str())]);
    let missing = one(format!("{}/c:1", upstream.host()), options, Credentials::none()).unwrap_err();
    assert_eq!((missing.kind, missing.host), (ErrorKind::MissingRepository, upstream.host()));
}

#[test]
fn a_token_server_must_not_be_plain_http_elsewhere() {
    let registry = Registry::open();
    let challenge = r#"Bearer realm="http://tokens.example/token",service="x""#;
    registry.inject(Fault::always("/v2/", Response::empty(401).header("www-authenticate", challenge)));
    let error = one(format!("{}/a:1", registry.host()), quick(), known(&registry.host(), PASSWORD)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protocol);
    assert!(error.message.contains("token server URL \"http://tokens.example/token\" is not https"), "{error}");
}

#[test]
fn an_invalid_token_response_is_not_shown() {
    for body in [r#"{"token":"bad\nsecret"}"#, "secret", "{}"] {
        let registry = setup(Auth::Tokens(tokens()));
        registry.inject(Fault::always("token", Response::new(200, "application/json", body)));
        let error = one(format!("{}/a:1", registry.host()), quick(), known(&registry.host(), PASSWORD)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Protocol);
        assert!(error.message.contains("no token in the response") && !error.message.contains("secret"), "{error}");
    }
}

#[test]
fn origins_come_from_annotations_and_labels() {
    let registry = Registry::open();
    let host = registry.host();
    let labels =
        [("org.opencontainers.image.source", "https://git.example/a"), ("org.opencontainers.image.revision", "abc")];
    registry.put_image("labelled", "1", &labels);
    registry.put_image("silent", "1", &[]);
    let (_, children) = registry.put_index("child", "1", &["linux/amd64"]);
    let annotations =
        r#"{"org.opencontainers.image.source":"https://git.example/b","org.opencontainers.image.revision":"def"}"#;
    let index =
        format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"{}"}}],"annotations":{annotations}}}"#, children[0]);
    registry.put_manifest("annotated", "1", "application/vnd.oci.image.index.v1+json", index.as_bytes());
    let images: Vec<ImageRef> = ["labelled:1", "silent:1", "child:1", "annotated:1"]
        .iter()
        .map(|name| image(format!("{host}/{name}")))
        .collect();
    let resolver = RegistryClient::new(quick(), Credentials::none()).unwrap();
    let found = resolver.resolve(&images).unwrap();
    let mut wanted: Vec<_> = found.iter().map(|(image, one)| (image.clone(), one.digest.clone())).collect();
    wanted.push((image(format!("{host}/gone:1")), wanted[0].1.clone()));
    let origins = resolver.origins(&wanted, &|_, _| {});
    let found: Vec<String> = origins
        .iter()
        .map(|(image, origin)| match origin {
            Ok(origin) => format!("{} {:?} {:?}", image.repository(), origin.source, origin.revision),
            Err(error) => format!("{} {:?}", image.repository(), error.kind),
        })
        .collect();
    let want = [
        r#"annotated Some("https://git.example/b") Some("def")"#,
        "child None None",
        "gone MissingRepository",
        r#"labelled Some("https://git.example/a") Some("abc")"#,
        "silent None None",
    ];
    assert_eq!(found, want);
}

#[test]
fn a_registry_is_reached_through_a_proxy() {
    let registry = Registry::start(Setup { identity: Some(Identity::generate()), ..Setup::default() });
    let digest = registry.put_image("a", "1", &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, registry.authority().unwrap()).unwrap();
    let proxy = Proxy::start(registry.address());
    let url = proxy.url().replace("http://", "http://user:pass-word@");
    let proxies = |except: &str| Proxies { https: Some(url.clone()), http: None, except: except.to_owned() };
    let options =
        |except: &str| RegistryOptions { proxies: proxies(except), authorities: vec![file.clone()], ..quick() };
    assert_eq!(one("registry.test/a:1".to_owned(), options(""), Credentials::none()), Ok(digest));
    let asked = proxy.requests();
    assert!(asked[0].starts_with("CONNECT registry.test:443 "), "{asked:?}");
    assert!(asked[0].contains("proxy-authorization: basic "), "{asked:?}");
    let direct = one("registry.test/a:1".to_owned(), options("registry.test"), Credentials::none()).unwrap_err();
    assert_eq!((direct.kind, proxy.requests().len()), (ErrorKind::Network, asked.len()));
    let bad = Proxies { https: Some("ftp://user:pass-word@x".to_owned()), ..Proxies::default() };
    let error = one("registry.test/a:1".to_owned(), RegistryOptions { proxies: bad, ..quick() }, Credentials::none())
        .unwrap_err();
    assert!(!error.to_string().contains("pass-word"), "{error}");
}
