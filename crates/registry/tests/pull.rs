//! Pulling artifacts: tags, manifests and blobs, verified by their digests.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::collections::BTreeMap;

use manifest::ImageRef;
use registry::push::sha256;
use registry::{Artifact, ArtifactManifest, ArtifactPush, Credentials, PushOptions, RegistryClient, RegistryOptions};
use testkit::registry::Registry;

fn client() -> RegistryClient {
    let options = RegistryOptions { attempts: 1, ..RegistryOptions::standard() };
    RegistryClient::new(options, Credentials::none()).unwrap()
}

#[test]
fn what_was_pushed_is_pulled() {
    let server = Registry::open();
    let client = client();
    let name = ImageRef::parse(&format!("{}/charts/web", server.host())).unwrap();
    let artifact = |layer: &str| Artifact {
        config_media: "application/vnd.cncf.helm.config.v1+json".to_owned(),
        config: b"{}".to_vec(),
        layer_media: "application/vnd.cncf.helm.chart.content.v1.tar+gzip".to_owned(),
        layer: layer.as_bytes().to_vec(),
        annotations: BTreeMap::new(),
    };
    let push = ArtifactPush {
        name: name.clone(),
        tags: vec!["1.0.0".to_owned(), "1.1.0_a".to_owned()],
        artifact: artifact("x"),
    };
    let pushed = client.push(&[push], PushOptions::default()).remove(0).unwrap();

    let mut tags = client.tags(&name).unwrap();
    tags.sort();
    assert_eq!(tags, ["1.0.0", "1.1.0_a"]);
    let tagged = ImageRef::parse(&format!("{name}:1.0.0")).unwrap();
    let pulled = client.manifest(&tagged).unwrap();
    assert_eq!(
        (pulled.digest.as_str(), sha256(&pulled.bytes).as_str()),
        (pushed.digest.as_str(), pushed.digest.as_str())
    );
    let by_digest = client.manifest(&name.with_digest(&pulled.digest)).unwrap();
    assert_eq!(by_digest, pulled);
    let manifest = ArtifactManifest::parse(&pulled.bytes).unwrap();
    let layer = &manifest.layers[0].digest;
    assert_eq!(client.blob(&name, layer, 100).unwrap(), b"x");
    let error = client.blob(&name, layer, 0).unwrap_err().to_string();
    assert!(error.contains("larger than 0 bytes"), "{error}");
    let missing = ImageRef::parse(&format!("{name}:9.9.9")).unwrap();
    assert!(client.manifest(&missing).is_err());
    let nowhere = ImageRef::parse(&format!("{}/charts/nope", server.host())).unwrap();
    assert!(client.tags(&nowhere).unwrap_err().to_string().contains("repository not found"));
}
