//! An artifact has the files of the branch, and other tools can read it: tar unpacks it, and it has
//! the media types and annotations of Flux's documentation ("OCI cheatsheet", "OCIRepository") and of Argo CD's ("OCI").

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::docker_registry::{Auth, DockerRegistry};
use testkit::registry::{Registry, digest_of};
use testkit::tls::Identity;

const FLUX: [&str; 2] = ["application/vnd.cncf.flux.config.v1+json", "application/vnd.cncf.flux.content.v1.tar+gzip"];
const ARGO_CD: [&str; 2] = ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"];

#[test]
fn an_artifact_has_the_files_of_the_branch() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    for (flags, media) in [("", FLUX), ("--for argocd", ARGO_CD)] {
        // Two independent registries get the same bytes.
        let registries = [Registry::open(), Registry::open()];
        let digests = registries.each_ref().map(|registry| {
            push(folder.path(), &registry.host(), flags);
            let (_, bytes) = registry.manifest("shop/cart", "production").unwrap();
            let manifest: Value = serde_json::from_slice(&bytes).unwrap();
            let layer = registry.blob(manifest["layers"][0]["digest"].as_str().unwrap()).unwrap();
            check(folder.path(), &manifest, &layer, media);
            digest_of(&bytes)
        });
        assert_eq!(digests[0], digests[1]);
    }
}

#[test]
#[ignore = "needs docker-registry"]
fn real_registry_stores_artifacts() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let registry = DockerRegistry::start(Auth::Htpasswd, Some(Identity::generate()));
    std::fs::write(folder.path().join("ca.pem"), registry.authority().unwrap()).unwrap();
    std::fs::write(folder.path().join("config.json"), registry.config_json()).unwrap();
    for (flags, media) in [("--registry-ca ca.pem", FLUX), ("--registry-ca ca.pem --for argocd --adopt", ARGO_CD)] {
        assert!(push(folder.path(), &registry.host(), flags).contains("pushed"));
        assert!(push(folder.path(), &registry.host(), flags).contains("unchanged"));
        let manifest: Value = serde_json::from_slice(&registry.get("/v2/shop/cart/manifests/production")).unwrap();
        let digest = manifest["layers"][0]["digest"].as_str().unwrap();
        check(folder.path(), &manifest, &registry.get(&format!("/v2/shop/cart/blobs/{digest}")), media);
    }
}

/// Runs lines in a shell with hydrant on its PATH, and returns their output.
fn run(folder: &Path, lines: &str) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", lines])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()))
        .env("HOME", folder)
        .env("DOCKER_CONFIG", folder)
        .env("ROOT", testkit::fixtures::root())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{lines}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The example, committed, and one unit of it delivered to its branch.
fn shop(folder: &Path) {
    run(
        folder,
        r#"cp -r "$ROOT/examples/shop/services" "$ROOT/examples/shop/hydrant.yaml" "$ROOT/examples/shop/hydrant.lock" .
        git init -q -b main && git remote add origin https://github.com/acme/shop.git
        git config user.name Ann && git config user.email ann@example.com
        git add -A && GIT_COMMITTER_DATE=2026-11-21T10:00:00Z git commit -q -m "the shop"
        hydrant deliver -s cart -e production"#,
    );
}

fn push(folder: &Path, host: &str, flags: &str) -> String {
    let unit = "-s cart -e production";
    run(folder, &format!("hydrant artifact push oci://{host}/shop/cart:production {unit} {flags}"))
}

/// Checks the manifest, and that the unpacked layer equals the branch.
fn check(folder: &Path, manifest: &Value, layer: &[u8], media: [&str; 2]) {
    let [descriptor] = manifest["layers"].as_array().unwrap().as_slice() else { panic!("{manifest}") };
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!([&manifest["config"]["mediaType"], &descriptor["mediaType"]], [media[0], media[1]]);
    assert_eq!(descriptor["digest"], digest_of(layer));
    assert_eq!(descriptor["size"], layer.len());
    let commit = run(folder, "git rev-parse HEAD");
    assert_eq!(
        manifest["annotations"],
        json!({
            "org.opencontainers.image.created": "2026-11-21T10:00:00Z",
            "org.opencontainers.image.revision": format!("sha1:{}", commit.trim()),
            "org.opencontainers.image.source": "https://github.com/acme/shop.git",
        })
    );
    std::fs::write(folder.join("layer.tgz"), layer).unwrap();
    let unpacked = run(
        folder,
        "rm -rf pulled && mkdir pulled && tar -xzf layer.tgz -C pulled && cd pulled && find . -type f && cat manifest.yaml",
    );
    let branch = run(folder, "git -C manifests.git show cart/production:manifest.yaml");
    assert_eq!(unpacked, format!("./manifest.yaml\n{branch}"));
}
