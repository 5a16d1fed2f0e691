//! Pushing artifacts to registries on loopback, correct and faulty ones.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::BTreeMap;
use std::time::Duration;

use manifest::ImageRef;
use registry::{
    Artifact, ArtifactPush, Credentials, ErrorKind, PushOptions, PushResult, RegistryClient, RegistryError,
    RegistryOptions,
};
use testkit::http::Response;
use testkit::registry::{Auth, Fault, Registry, Setup, Tokens, digest_of, faults};
use testkit::tls::Identity;

fn quick() -> RegistryOptions {
    let backoff = Duration::from_millis(1);
    RegistryOptions {
        backoff,
        timeout: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
        ..RegistryOptions::standard()
    }
}

fn known(host: &str, entry: &str) -> Credentials {
    let json = format!(r#"{{"auths":{{"{host}":{entry}}}}}"#);
    Credentials::from_variables(|name| (name == "DOCKER_AUTH_CONFIG").then(|| json.clone())).unwrap()
}

const PASSWORD: &str = r#"{"username":"ci","password":"p:w d"}"#;

fn artifact(content: &str, revision: &str) -> Artifact {
    Artifact {
        config_media: "application/vnd.example.config.v1+json".to_owned(),
        config: format!(r#"{{"content":"{content}"}}"#).into_bytes(),
        layer_media: "application/vnd.example.content.v1.tar+gzip".to_owned(),
        layer: content.as_bytes().to_vec(),
        annotations: BTreeMap::from([("org.opencontainers.image.revision".to_owned(), revision.to_owned())]),
    }
}

fn send(
    registry: &Registry,
    (options, credentials): (RegistryOptions, Credentials),
    tags: &[&str],
    artifact: &Artifact,
    dry_run: bool,
) -> Result<PushResult, Box<RegistryError>> {
    let name = ImageRef::parse(&format!("{}/team/app", registry.host())).unwrap();
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let push = ArtifactPush { name, tags, artifact: artifact.clone() };
    RegistryClient::new(options, credentials).unwrap().push(&[push], PushOptions { dry_run, adopt: false }).remove(0)
}

fn push(
    registry: &Registry,
    credentials: Credentials,
    tags: &[&str],
    artifact: &Artifact,
) -> Result<PushResult, Box<RegistryError>> {
    send(registry, (quick(), credentials), tags, artifact, false)
}

#[test]
fn equal_content_is_not_pushed_again() {
    let registry = Registry::open();
    let first = artifact("one", "a");
    let pushed = push(&registry, Credentials::none(), &["1", "latest"], &first).unwrap();
    assert_eq!(pushed.moved, ["1", "latest"]);
    let (media, bytes) = registry.manifest("team/app", "latest").unwrap();
    assert_eq!((media.as_str(), bytes.as_slice()), (registry::push::MANIFEST, first.manifest().as_slice()));
    assert_eq!(pushed.digest.as_str(), digest_of(&bytes));
    assert_eq!(registry.blob(&digest_of(b"one")).unwrap(), b"one");

    let writes = || registry.count("PUT") + registry.count("POST");
    let before = writes();
    let again = push(&registry, Credentials::none(), &["1", "latest"], &artifact("one", "b")).unwrap();
    assert_eq!((again.digest.as_str(), again.moved.len(), writes()), (pushed.digest.as_str(), 0, before));

    let third = push(&registry, Credentials::none(), &["1", "2"], &artifact("one", "c")).unwrap();
    assert_eq!((third.digest.as_str(), third.moved.as_slice()), (pushed.digest.as_str(), ["2".to_owned()].as_slice()));
    assert_eq!(writes(), before + 1);

    let other = push(&registry, Credentials::none(), &["1"], &artifact("two", "d")).unwrap();
    assert_ne!(other.digest, pushed.digest);
    assert_eq!(other.moved, ["1"]);
}

#[test]
fn a_tag_of_another_kind_is_kept_unless_adopted() {
    let registry = Registry::open();
    registry.put_image("team/app", "1", &[]);
    registry.put_index("team/app", "2", &["linux/amd64"]);
    registry.put_manifest("team/app", "3", "text/plain", b"hello");
    for tag in ["1", "2", "3"] {
        let error = push(&registry, Credentials::none(), &[tag], &artifact("one", "a")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TagInUse, "{error}");
        assert_eq!(registry.count("PUT") + registry.count("POST"), 0);
    }
    let name = ImageRef::parse(&format!("{}/team/app", registry.host())).unwrap();
    let push = ArtifactPush { name, tags: vec!["1".to_owned()], artifact: artifact("one", "a") };
    let resolver = RegistryClient::new(quick(), Credentials::none()).unwrap();
    let pushed = resolver.push(&[push], PushOptions { dry_run: false, adopt: true }).remove(0).unwrap();
    assert_eq!(pushed.moved, ["1"]);
}

#[test]
fn a_dry_run_writes_nothing() {
    let registry = Registry::open();
    let pushed = send(&registry, (quick(), Credentials::none()), &["1"], &artifact("one", "a"), true).unwrap();
    assert_eq!(pushed.moved, ["1"]);
    assert_eq!(registry.count("PUT") + registry.count("POST"), 0);
}

#[test]
fn tokens_are_requested_for_pull_and_push() {
    for (entry, asked) in [(PASSWORD, "GET"), (r#"{"identitytoken":"rt"}"#, "POST")] {
        let tokens = Tokens {
            password: Some(("ci".to_owned(), "p:w d".to_owned())),
            refresh: Some("rt".to_owned()),
            ..Tokens::default()
        };
        let registry = Registry::start(Setup { auth: Auth::Tokens(tokens), ..Setup::default() });
        push(&registry, known(&registry.host(), entry), &["1"], &artifact("one", "a")).unwrap();
        let scope = format!("{asked} token repository:team/app:pull,push");
        assert_eq!(
            (registry.count(&scope), registry.count("GET token"), registry.count("POST token")),
            match asked {
                "GET" => (1, 1, 0),
                _ => (1, 0, 1),
            }
        );
        let anonymous = push(&registry, Credentials::none(), &["1"], &artifact("one", "a")).unwrap_err();
        assert_eq!(anonymous.kind, ErrorKind::Credentials, "{anonymous}");
    }
}

#[test]
fn a_private_authority_is_trusted_when_given() {
    let identity = Identity::generate();
    let registry = Registry::start(Setup { identity: Some(identity), ..Setup::default() });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, registry.authority().unwrap()).unwrap();
    let artifact = artifact("one", "a");
    let untrusted = push(&registry, Credentials::none(), &["1"], &artifact).unwrap_err();
    assert_eq!(untrusted.kind, ErrorKind::Tls, "{untrusted}");
    let options = RegistryOptions { authorities: vec![file], ..quick() };
    assert!(send(&registry, (options, Credentials::none()), &["1"], &artifact, false).is_ok());
}

#[test]
fn transient_errors_are_retried() {
    let registry = Registry::open();
    registry.inject(Fault::first(1, "/blobs/uploads/", faults::unavailable()).only("POST"));
    registry.inject(Fault::first(1, "/blobs/uploads/", faults::too_many(Some("0"))).only("PUT"));
    // The upload is lost, so the blob is sent anew.
    registry.inject(Fault::first(1, "/blobs/uploads/", Response::empty(404)).only("PUT"));
    registry.inject(Fault::first(1, "/manifests/", faults::unavailable()).only("PUT"));
    push(&registry, Credentials::none(), &["1"], &artifact("one", "a")).unwrap();
    assert_eq!(registry.blob(&digest_of(b"one")).unwrap(), b"one");
}

#[test]
fn a_refusal_keeps_the_registrys_message() {
    let denied = |message: &str| {
        Response::new(403, "application/json", format!(r#"{{"errors":[{{"code":"DENIED","message":"{message}"}}]}}"#))
    };
    let missing = Response::new(
        404,
        "application/json",
        r#"{"errors":[{"code":"NAME_UNKNOWN","message":"The repository does not exist"}]}"#,
    );
    let table = [
        (Fault::always("/blobs/uploads/", denied("read only")), ErrorKind::Credentials, "DENIED: read only"),
        (Fault::always("/manifests/", denied("immutable tag")).only("PUT"), ErrorKind::Credentials, "immutable tag"),
        (Fault::always("/blobs/uploads/", missing), ErrorKind::MissingRepository, "The repository does not exist"),
        (Fault::always("/blobs/uploads/", faults::unavailable()), ErrorKind::Server, "upstream is down"),
        (Fault::always("/blobs/uploads/", faults::html()), ErrorKind::Protocol, "HTML page"),
        (
            Fault::always("/blobs/uploads/", Response::empty(202).header("location", "http://example.com/x"))
                .only("POST"),
            ErrorKind::Protocol,
            "not https",
        ),
    ];
    for (fault, kind, message) in table {
        let registry = Registry::open();
        registry.inject(fault);
        let error = push(&registry, Credentials::none(), &["1"], &artifact("one", "a")).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn an_upload_to_another_host_carries_no_credentials() {
    let login = || Auth::Basic("ci".to_owned(), "p:w d".to_owned());
    let (registry, store) = (
        Registry::start(Setup { auth: login(), ..Setup::default() }),
        Registry::start(Setup { auth: login(), ..Setup::default() }),
    );
    let place = format!("http://{}/v2/team/app/blobs/uploads/7", store.host());
    registry.inject(Fault::always("/blobs/uploads/", Response::empty(202).header("location", place)).only("POST"));
    let error = push(&registry, known(&registry.host(), PASSWORD), &["1"], &artifact("one", "a")).unwrap_err();
    assert_eq!(
        (error.kind, store.requests()),
        (ErrorKind::Credentials, vec!["PUT /v2/team/app/blobs/uploads/7".to_owned()])
    );
}
