//! The resolver against Debian's docker-registry: open, with htpasswd, with a token server; plain and with TLS.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::BTreeMap;

use manifest::ImageRef;
use registry::{Artifact, ArtifactPush, Credentials, ErrorKind, PushOptions, RegistryClient, RegistryOptions};
use testkit::docker_registry::{Auth, DockerRegistry};
use testkit::tls::Identity;

/// Pushes some images, resolves them with the credentials of a config.json on the disk, and without.
fn check(auth: Auth, identity: Option<Identity>) {
    let registry = DockerRegistry::start(auth, identity);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), registry.config_json()).unwrap();
    let place = folder.path().display().to_string();
    let known = Credentials::from_variables(|name| (name == "DOCKER_CONFIG").then(|| place.clone())).unwrap();
    let mut options = RegistryOptions { attempts: 2, ..RegistryOptions::standard() };
    if let Some(authority) = registry.authority() {
        std::fs::write(folder.path().join("ca.pem"), authority).unwrap();
        options.authorities = vec![folder.path().join("ca.pem")];
    }
    let image = |text: &str| ImageRef::parse(&format!("{}/{text}", registry.host())).unwrap();
    let names = ["a:1", "a:2", "team/b:latest", "team/deep/c"];
    let want: Vec<String> = names
        .iter()
        .map(|name| name.split_once(':').unwrap_or((name, "latest")))
        .map(|(repository, tag)| registry.push(repository, tag))
        .collect();
    let images: Vec<ImageRef> = names.iter().map(|name| image(name)).collect();

    let resolver = RegistryClient::new(options.clone(), known).unwrap();
    let found = resolver.resolve(&images).unwrap();
    let got: Vec<&str> = images.iter().map(|image| found.get(image).unwrap().digest.as_str()).collect();
    assert_eq!(got, want);

    let missing = resolver.resolve(&[image("a:none"), image("nowhere:1")]).unwrap_err();
    let kinds: Vec<ErrorKind> = missing.all().iter().map(|error| error.kind).collect();
    assert_eq!(kinds, [ErrorKind::MissingTag, ErrorKind::MissingRepository], "{missing}");

    let given = images[0].with_digest(&found.get(&images[1]).unwrap().digest);
    assert_eq!(resolver.resolve(&[given]).unwrap_err().all()[0].kind, ErrorKind::Mismatch);
    let pinned = images[0].with_digest(&found.get(&images[0]).unwrap().digest);
    assert!(resolver.resolve(&[pinned]).is_ok());

    let artifact = Artifact {
        config_media: "application/vnd.cncf.flux.config.v1+json".to_owned(),
        config: b"{}".to_vec(),
        layer_media: "application/vnd.cncf.flux.content.v1.tar+gzip".to_owned(),
        layer: b"content".to_vec(),
        annotations: BTreeMap::new(),
    };
    let tags = vec!["1".to_owned(), "latest".to_owned()];
    let parcels = [ArtifactPush { name: image("team/artifact"), tags, artifact }];
    let pushed = resolver.push(&parcels, PushOptions::default()).remove(0).unwrap();
    let there = image("team/artifact:latest");
    assert_eq!(resolver.resolve(std::slice::from_ref(&there)).unwrap().get(&there).unwrap().digest, pushed.digest);
    assert!(resolver.push(&parcels, PushOptions::default()).remove(0).unwrap().moved.is_empty());

    let anonymous = RegistryClient::new(options, Credentials::none()).unwrap().resolve(&images[..1]);
    match auth {
        Auth::Open => assert!(anonymous.is_ok()),
        Auth::Htpasswd | Auth::Tokens => assert_eq!(anonymous.unwrap_err().all()[0].kind, ErrorKind::Credentials),
    }
    if registry.authority().is_some() {
        let strangers = RegistryOptions { attempts: 1, ..RegistryOptions::standard() };
        let refused = RegistryClient::new(strangers, Credentials::none()).unwrap().resolve(&images[..1]).unwrap_err();
        assert_eq!(refused.all()[0].kind, ErrorKind::Tls, "{refused}");
    }
}

#[test]
#[ignore = "needs docker-registry"]
fn real_registry_open() {
    check(Auth::Open, None);
}

#[test]
#[ignore = "needs docker-registry"]
fn real_registry_with_htpasswd() {
    check(Auth::Htpasswd, None);
}

#[test]
#[ignore = "needs docker-registry"]
fn real_registry_with_tokens() {
    check(Auth::Tokens, None);
}

#[test]
#[ignore = "needs docker-registry"]
fn real_registry_with_tls() {
    check(Auth::Open, Some(Identity::generate()));
    check(Auth::Htpasswd, Some(Identity::generate()));
    check(Auth::Tokens, Some(Identity::generate()));
}
