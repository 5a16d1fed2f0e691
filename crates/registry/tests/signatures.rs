//! Signatures and attestations of images: those of the real cosign (`cosign/recorded.json`, see `cosign/record.py`), with an identity
//! (`cosign/keyless.json`), and published ones with sigstore's own trust root.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifest::ImageRef;
use registry::signatures::{
    AttestationRule, IdentityRule, PublicKey, SignatureCheck, SignatureError, SignatureRules, Signer, TextRule,
    TrustRoot, VerifiedSignature,
};
use registry::{Credentials, RegistryClient, RegistryOptions};
use serde_json::{Value, json};
use testkit::http::Response;
use testkit::registry::{Fault, Registry, faults};

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SLSA: &str = "https://slsa.dev/provenance/v1";

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cosign").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn rules() -> SignatureRules {
    SignatureRules {
        keys: Vec::new(),
        identities: Vec::new(),
        attestations: Vec::new(),
        signature: false,
        log: false,
        repository: None,
        trust_root: TrustRoot::embedded().unwrap(),
    }
}

/// The root of sigstore's staging instance.
fn staging() -> Arc<TrustRoot> {
    Arc::new(TrustRoot::parse(sigstore_verify::trust_root::SIGSTORE_STAGING_TRUSTED_ROOT).unwrap())
}

fn with_keys(keys: &[&str]) -> SignatureRules {
    SignatureRules { keys: keys.iter().map(|pem| PublicKey::from_pem(pem).unwrap()).collect(), ..rules() }
}

fn identity(issuer: &str, subject: &str) -> Vec<IdentityRule> {
    let exact = |text: &str| TextRule::Exact(text.to_owned());
    vec![IdentityRule { issuer: exact(issuer), subject: exact(subject) }]
}

fn verify(
    registry: &Registry,
    repository: &str,
    digest: &str,
    rules: SignatureRules,
) -> Result<Vec<VerifiedSignature>, SignatureError> {
    let options = RegistryOptions { attempts: 1, ..RegistryOptions::standard() };
    let client = RegistryClient::new(options, Credentials::none()).unwrap();
    let image = ImageRef::parse(&format!("{}/{repository}@{digest}", registry.host())).unwrap();
    client.verify_signatures(&[SignatureCheck { image, rules: Arc::new(rules) }], &|_, _| {}).remove(0)
}

/// The reason without the registry's address.
fn reason(result: Result<Vec<VerifiedSignature>, SignatureError>) -> String {
    let error = result.unwrap_err().to_string();
    error.split_once(": ").unwrap().1.to_owned()
}

/// A case of `recorded.json` in a registry.
struct Recorded {
    image: String,
    keys: Vec<String>,
    manifests: BTreeMap<String, String>,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Recorded {
    fn read(name: &str) -> Self {
        let all = read("recorded.json");
        let case = &all["cases"][name];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let manifests = case["manifests"].as_object().unwrap().iter();
        let blobs = case["blobs"].as_object().unwrap().iter();
        Recorded {
            image: text(&case["image"]),
            keys: case["keys"].as_array().unwrap().iter().map(text).collect(),
            manifests: manifests.map(|(reference, one)| (reference.clone(), text(&one["text"]))).collect(),
            blobs: blobs.map(|(digest, one)| (digest.clone(), STANDARD.decode(text(one)).unwrap())).collect(),
        }
    }

    fn put(&self, registry: &Registry, repository: &str) {
        for bytes in self.blobs.values() {
            registry.put_blob(bytes);
        }
        for (reference, text) in &self.manifests {
            let tag = if reference.contains(':') { "" } else { reference };
            registry.put_manifest(repository, tag, IMAGE, text.as_bytes());
        }
    }

    fn verify(&self, rules: SignatureRules) -> Result<Vec<VerifiedSignature>, SignatureError> {
        let registry = Registry::open();
        self.put(&registry, "cart");
        verify(&registry, "cart", &self.image, rules)
    }

    /// Changes the one manifest with layers.
    fn change_manifest(&mut self, change: &dyn Fn(&mut Value)) {
        for text in self.manifests.values_mut() {
            let mut document: Value = serde_json::from_str(text).unwrap();
            if document["layers"].as_array().is_some_and(|layers| !layers.is_empty()) {
                change(&mut document);
                *text = document.to_string();
            }
        }
    }
}

fn names() -> Vec<String> {
    read("recorded.json")["cases"].as_object().unwrap().keys().cloned().collect()
}

/// The versions of cosign that were recorded, such as `v2`.
fn versions() -> BTreeSet<String> {
    let all: BTreeSet<String> = names().iter().filter_map(|name| Some(name.split_once('-')?.0.to_owned())).collect();
    assert!(all.contains("v2"), "{all:?}");
    all
}

/// A change of a bundle.
type Change<'a> = &'a dyn Fn(&mut Value);

#[test]
fn signatures_of_cosign_are_verified_with_their_keys() {
    let (mut keys, mut refused) = (0, 0);
    for name in names().iter().filter(|name| !name.ends_with("-attested")) {
        let recorded = Recorded::read(name);
        for pem in &recorded.keys {
            let fingerprint = PublicKey::from_pem(pem).unwrap().fingerprint().to_owned();
            let found = recorded.verify(with_keys(&[pem])).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(found, [VerifiedSignature { signer: Signer::Key(fingerprint), attestation: None }], "{name}");
            keys += 1;
        }
        let others: Vec<String> = names().iter().flat_map(|name| Recorded::read(name).keys).collect();
        for other in others.iter().filter(|other| !recorded.keys.contains(other)) {
            let error = reason(recorded.verify(with_keys(&[other])));
            assert!(error.contains("no valid signature: signed with a key that is not listed"), "{name}: {error}");
            refused += 1;
        }
    }
    assert!(keys >= 7 && refused >= 30, "{keys} {refused}");
}

#[test]
fn an_image_without_a_signature_is_refused() {
    let registry = Registry::open();
    let digest = registry.put_image("cart", "1", &[]);
    let key = Recorded::read("v2-p256").keys.remove(0);
    for listed in [false, true] {
        if listed {
            registry.list_referrers();
        }
        let error = reason(verify(&registry, "cart", &digest, with_keys(&[&key])));
        assert!(error.ends_with("signature not found: the image is not signed"), "{error}");
    }
}

#[test]
fn a_signature_of_another_image_is_refused() {
    for version in versions() {
        let (other, own) = (Recorded::read(&format!("{version}-another")), Recorded::read(&format!("{version}-p256")));
        assert_ne!(other.image, own.image);
        let registry = Registry::open();
        other.put(&registry, "cart");
        // The tags of this image, with the content of the other's.
        for (reference, text) in other.manifests.iter().filter(|(reference, _)| reference.starts_with("sha256-")) {
            let tag = reference.replace(&other.image.replace(':', "-"), &own.image.replace(':', "-"));
            registry.put_manifest("cart", &tag, IMAGE, text.as_bytes());
        }
        let error = reason(verify(&registry, "cart", &own.image, with_keys(&[&own.keys[0]])));
        assert!(error.contains("of another image") && error.contains(&other.image), "{error}");
    }
}

#[test]
fn a_changed_payload_or_signature_is_refused() {
    let mut changed = Recorded::read("v2-p256");
    let payload = changed.blobs.values().find(|blob| blob.starts_with(b"{\"critical\"")).unwrap().clone();
    let text = String::from_utf8(payload).unwrap().replace("\"optional\":null", "\"optional\":{}");
    let key = changed.keys[0].clone();
    let refused = |recorded: &Recorded| reason(recorded.verify(with_keys(&[&key])));

    changed.blobs.insert("x".to_owned(), text.clone().into_bytes());
    let digest = testkit::registry::digest_of(text.as_bytes());
    changed.change_manifest(&|manifest| manifest["layers"][0]["digest"] = json!(digest));
    assert!(refused(&changed).contains("that is not listed, or changed"), "{}", refused(&changed));

    // The signature of another payload, which the same key signed too.
    let mut swapped = Recorded::read("v2-p256");
    let another = Recorded::read("v2-another");
    let (_, of_another) = another.manifests.iter().find(|(reference, _)| reference.ends_with(".sig")).unwrap();
    let of_another: Value = serde_json::from_str(of_another).unwrap();
    swapped.change_manifest(&|manifest| {
        manifest["layers"][0]["annotations"] = of_another["layers"][0]["annotations"].clone();
    });
    assert!(refused(&swapped).contains("that is not listed, or changed"), "{}", refused(&swapped));

    let mut bare = Recorded::read("v2-p256");
    bare.change_manifest(&|manifest| manifest["layers"][0]["annotations"] = json!({}));
    assert!(refused(&bare).contains("missing annotation dev.cosignproject.cosign/signature"), "{}", refused(&bare));

    let mut empty = Recorded::read("v2-p256");
    empty.change_manifest(&|manifest| manifest["layers"][0]["digest"] = json!("sha256:../../etc"));
    assert!(refused(&empty).contains("invalid digest"), "{}", refused(&empty));
}

#[test]
fn a_payload_of_another_type_is_refused() {
    let registry = Registry::open();
    let digest = registry.put_image("cart", "1", &[]);
    for (kind, want) in
        [(json!("something else"), "unsupported payload type \"something else\""), (json!(null), "invalid payload")]
    {
        let payload =
            json!({ "critical": { "image": { "docker-manifest-digest": digest }, "type": kind } }).to_string();
        put_signature(&registry, &digest, &payload, &json!({ "dev.cosignproject.cosign/signature": "AAAA" }));
        let key = Recorded::read("v2-p256").keys.remove(0);
        let error = reason(verify(&registry, "cart", &digest, with_keys(&[&key])));
        assert!(error.contains(want), "{error}");
    }
}

fn put_signature(registry: &Registry, image: &str, payload: &str, annotations: &Value) {
    let digest = registry.put_blob(payload.as_bytes());
    let layer =
        json!({ "mediaType": SIMPLE_SIGNING, "digest": digest, "size": payload.len(), "annotations": annotations });
    let manifest = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": { "mediaType": "x", "digest": digest, "size": 2 }, "layers": [layer] });
    let tag = format!("{}.sig", image.replace(':', "-"));
    registry.put_manifest("cart", &tag, IMAGE, manifest.to_string().as_bytes());
}

#[test]
fn attestations_of_cosign_are_verified() {
    let rule = |builder: Option<&str>, source: Option<&str>| AttestationRule {
        predicate_type: SLSA.to_owned(),
        builder: builder.map(str::to_owned),
        source: source.map(str::to_owned),
    };
    let builder = "https://github.com/actions/runner/github-hosted";
    for version in versions() {
        let recorded = Recorded::read(&format!("{version}-attested"));
        let with = |attestations: Vec<AttestationRule>| {
            recorded.verify(SignatureRules { attestations, ..with_keys(&[&recorded.keys[0]]) })
        };
        let found = with(vec![rule(Some(builder), Some("github.com/acme/cart"))]).unwrap();
        let attestation = found[0].attestation.clone().unwrap();
        assert_eq!(attestation.builder.as_deref(), Some(builder));
        assert_eq!(attestation.source.as_deref(), Some("https://github.com/acme/cart"));
        for (rule, want) in [
            (
                rule(Some("https://evil.example/builder"), None),
                format!("builder {builder}, expected https://evil.example/builder"),
            ),
            (
                rule(None, Some("https://github.com/acme/other")),
                "source https://github.com/acme/cart, expected".to_owned(),
            ),
            (
                AttestationRule { predicate_type: "https://spdx.dev/Document".to_owned(), ..rule(None, None) },
                "not found".to_owned(),
            ),
        ] {
            let error = reason(with(vec![rule]));
            assert!(error.contains(&want), "{version}: {error}");
        }
        // An attestation is not a signature.
        let error = reason(recorded.verify(with_keys(&[&recorded.keys[0]])));
        assert!(error.contains("signature not found"), "{version}: {error}");
        let other = Recorded::read("v2-rsa").keys.remove(0);
        let error =
            reason(recorded.verify(SignatureRules { attestations: vec![rule(None, None)], ..with_keys(&[&other]) }));
        assert!(error.contains("signed with a key that is not listed"), "{version}: {error}");
    }
}

/// A case of `keyless.json` in a registry, and the rules that accept its identity.
fn keyless(name: &str) -> (Registry, String, SignatureRules) {
    let all = read("keyless.json");
    let registry = Registry::open();
    let text = |key: &str| all[key].as_str().unwrap().to_owned();
    let case = &all["cases"][name];
    let image = text("image");
    put_signature(&registry, &image, case["payload"].as_str().unwrap(), &case["annotations"]);
    let trust_root = Arc::new(TrustRoot::parse(&all["trustedRoot"].to_string()).unwrap());
    let rules = SignatureRules { identities: identity(&text("issuer"), &text("subject")), trust_root, ..rules() };
    (registry, image, rules)
}

#[test]
fn an_identity_is_verified_with_its_certificate_and_its_entry_in_the_log() {
    let (registry, image, rules) = keyless("valid");
    let found = verify(&registry, "cart", &image, rules.clone()).unwrap();
    let subject = "https://github.com/acme/cart/.github/workflows/build.yml@refs/heads/main";
    let text = format!("{subject} (issuer https://token.actions.githubusercontent.com)");
    assert_eq!(found[0].signer.to_string(), text);
    // A regular expression is one of the whole text.
    for (pattern, accepted) in [
        ("https://github.com/acme/[^/]+/.github/workflows/build.yml@refs/heads/main", true),
        ("https://github.com/acme/.*", true),
        ("https://github.com/acme/", false),
        ("acme", false),
        ("x|.*", true),
    ] {
        let subject = TextRule::matching(pattern).unwrap();
        let identities = vec![IdentityRule { subject, ..rules.identities[0].clone() }];
        let result = verify(&registry, "cart", &image, SignatureRules { identities, ..rules.clone() });
        assert_eq!(result.is_ok(), accepted, "{pattern}: {result:?}");
    }
    assert!(TextRule::matching("a)|(b").is_err());
}

#[test]
fn an_identity_that_does_not_count_is_refused_with_the_reason() {
    let table = [
        ("another-identity", "no valid signature: signed by https://github.com/evil/cart/.github/workflows/build.yml"),
        ("another-image", "the signature is of another image"),
        ("another-authority", "certificate chain is invalid"),
        ("another-log", "SET"),
        ("not-logged", "inclusion promise"),
        (
            "logged-after-expiry",
            "the certificate had expired at the time of signing (valid until 2026-01-10T12:10:00Z)",
        ),
        ("logged-before-validity", "the certificate was not yet valid at the time of signing"),
        ("entry-of-another-message", "artifact hash mismatch"),
    ];
    for (name, want) in table {
        let (registry, image, rules) = keyless(name);
        let error = reason(verify(&registry, "cart", &image, rules));
        assert!(error.contains(want), "{name}: {error}");
    }
    assert_eq!(table.len() + 1, read("keyless.json")["cases"].as_object().unwrap().len());
    // Another root does not know the authority.
    let (registry, image, own) = keyless("valid");
    let rules = SignatureRules { trust_root: TrustRoot::embedded().unwrap(), ..own };
    let error = reason(verify(&registry, "cart", &image, rules));
    assert!(error.contains("invalid signature, which claims to be of https://github.com/acme/cart/"), "{error}");
    // A listed key does not make up for an identity that is not listed.
    let (registry, image, _) = keyless("valid");
    let key = Recorded::read("v2-p256").keys.remove(0);
    let trust_root = keyless("valid").2.trust_root;
    let error = reason(verify(&registry, "cart", &image, SignatureRules { trust_root, ..with_keys(&[&key]) }));
    assert!(error.contains("signed by https://github.com/acme/cart/"), "{error}");
}

#[test]
fn published_attestations_are_verified_with_the_embedded_root() {
    let npm = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
    let conda = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
    let actions = "https://token.actions.githubusercontent.com";
    let release = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main";
    let conda_type = "https://schemas.conda.org/attestations-publish-1.schema.json";
    let embedded = TrustRoot::embedded().unwrap();
    for (file, digest, kind, (issuer, subject), source, trust_root) in [
        (
            "published-npm.json",
            npm,
            SLSA,
            (actions, release),
            Some("https://github.com/sigstore/sigstore-js"),
            embedded,
        ),
        (
            "published-rekor2.json",
            conda,
            conda_type,
            ("https://github.com/login/oauth", "jku@goto.fi"),
            None,
            staging(),
        ),
    ] {
        for listed in [true, false] {
            let registry = Registry::open();
            if listed {
                registry.list_referrers();
            }
            put_bundle(&registry, digest, &read(file), listed);
            let attestations = |source: Option<&str>| {
                let (builder, source) = (None, source.map(str::to_owned));
                vec![AttestationRule { predicate_type: kind.to_owned(), builder, source }]
            };
            let (identities, trust_root) = (identity(issuer, subject), Arc::clone(&trust_root));
            let rules = SignatureRules { identities, attestations: attestations(source), trust_root, ..rules() };
            let found =
                verify(&registry, "cart", digest, rules.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(found[0].signer, Signer::Identity { subject: subject.to_owned(), issuer: issuer.to_owned() });
            let others = SignatureRules { identities: identity("https://evil.example", subject), ..rules.clone() };
            let error = reason(verify(&registry, "cart", digest, others));
            assert!(error.contains(&format!("signed by {subject} (issuer {issuer})")), "{error}");
            let other = digest.replace("46d4", "0000").replace("5430", "0000");
            put_bundle(&registry, &other, &read(file), listed);
            let error = reason(verify(&registry, "cart", &other, rules));
            assert!(error.contains("of another image"), "{error}");
        }
    }
}

/// A bundle as a referrer of an image; without the endpoint, in the index behind the fallback tag.
fn put_bundle(registry: &Registry, image: &str, bundle: &Value, listed: bool) {
    let layer = registry.put_blob(bundle.to_string().as_bytes());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": IMAGE, "artifactType": BUNDLE,
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": layer, "size": 2 },
        "layers": [{ "mediaType": BUNDLE, "digest": layer, "size": 2 }],
        "subject": { "mediaType": IMAGE, "digest": image, "size": 2 },
    });
    let digest = registry.put_manifest("cart", "", IMAGE, manifest.to_string().as_bytes());
    if !listed {
        let index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": IMAGE, "digest": digest, "size": 2, "artifactType": BUNDLE }] });
        let media = "application/vnd.oci.image.index.v1+json";
        registry.put_manifest("cart", &image.replace(':', "-"), media, index.to_string().as_bytes());
    }
}

#[test]
fn a_changed_bundle_is_refused() {
    let digest = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
    let kind = "https://schemas.conda.org/attestations-publish-1.schema.json";
    let attestations = vec![AttestationRule { predicate_type: kind.to_owned(), builder: None, source: None }];
    let identities = identity("https://github.com/login/oauth", "jku@goto.fi");
    let rules = SignatureRules { identities, attestations, trust_root: staging(), ..rules() };
    let changed = |change: &dyn Fn(&mut Value)| {
        let registry = Registry::open();
        let mut bundle = read("published-rekor2.json");
        change(&mut bundle);
        put_bundle(&registry, digest, &bundle, false);
        verify(&registry, "cart", digest, rules.clone())
    };
    assert!(changed(&|_| {}).is_ok());
    let payload = |bundle: &mut Value| {
        let text = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        let text = String::from_utf8(text).unwrap().replace("my-channel", "other");
        bundle["dsseEnvelope"]["payload"] = json!(STANDARD.encode(text));
    };
    let table: [(Change<'_>, &str); 6] = [
        (&payload, "invalid signature"),
        (&|bundle| bundle["verificationMaterial"]["tlogEntries"] = json!([]), "invalid signature"),
        (&|bundle| bundle["verificationMaterial"]["timestampVerificationData"] = json!({}), "timestamp"),
        (
            &|bundle| {
                bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"] =
                    json!("x");
            },
            "invalid",
        ),
        (&|bundle| bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v9+json"), "invalid bundle"),
        (&|bundle| bundle["dsseEnvelope"]["payloadType"] = json!("text/plain"), "unsupported payload type"),
    ];
    for (change, want) in table {
        let error = reason(changed(change));
        assert!(error.contains(want), "{want}: {error}");
    }
}

#[test]
fn a_key_or_trust_root_that_cannot_be_used_is_named() {
    let p256 = Recorded::read("v2-p256").keys.remove(0);
    for (pem, want) in [
        ("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n".to_owned(), "found a private key"),
        ("x".to_owned(), "expected a PEM block"),
        (format!("{p256}{p256}"), "expected one PEM block, found 2"),
        (p256.replace("PUBLIC KEY", "CERTIFICATE"), "expected PUBLIC KEY PEM block, got CERTIFICATE"),
        // ECDSA with P-521, openssl's.
        (
            "-----BEGIN PUBLIC KEY-----\nMIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END PUBLIC KEY-----\n".to_owned(),
            "unsupported key",
        ),
    ] {
        let error = PublicKey::from_pem(&pem).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
    for (json, want) in [("", "invalid trust root"), ("{}", "invalid trust root"), ("[]", "invalid trust root")] {
        assert!(TrustRoot::parse(json).unwrap_err().to_string().contains(want), "{json}");
    }
    let mut root = read("keyless.json")["trustedRoot"].clone();
    root["tlogs"][0]["publicKey"]["rawBytes"] = json!("AAAA");
    assert!(TrustRoot::parse(&root.to_string()).is_err());
}

#[test]
fn a_registry_that_fails_or_sends_too_much_is_an_error() {
    let recorded = Recorded::read("v2-p256");
    let rules = || with_keys(&[&recorded.keys[0]]);
    for (path, answer, want) in [
        (".sig", faults::unavailable(), "503"),
        (".sig", faults::html(), "invalid manifest"),
        (".sig", faults::huge(true), "larger than 4 MiB"),
        ("/blobs/", faults::huge(false), "larger than"),
        ("/blobs/", Response::new(200, "text/plain", "other"), "does not match its digest"),
        ("/blobs/", Response::empty(404), "404"),
    ] {
        let registry = Registry::open();
        recorded.put(&registry, "cart");
        registry.inject(Fault::always(path, answer));
        let result = verify(&registry, "cart", &recorded.image, rules());
        assert!(matches!(&result, Err(SignatureError::Registry(_))), "{path}: {result:?}");
        let error = result.unwrap_err().to_string();
        assert!(error.contains(want), "{path}: {error}");
    }
    let registry = Registry::open();
    let digest = registry.put_image("cart", "1", &[]);
    registry.list_referrers();
    registry.inject(Fault::always("/referrers/", faults::unavailable()));
    let error = verify(&registry, "cart", &digest, rules()).unwrap_err();
    assert!(error.is_transient(), "{error}");
    // A registry that answers with a page instead of the list has no referrers.
    let registry = Registry::open();
    let digest = registry.put_image("cart", "1", &[]);
    registry.inject(Fault::always("/referrers/", faults::html()));
    let error = reason(verify(&registry, "cart", &digest, rules()));
    assert!(error.contains("signature not found"), "{error}");
}

#[test]
fn the_entry_in_the_log_can_be_required_of_keys() {
    let recorded = Recorded::read("v2-p256");
    let error = reason(recorded.verify(SignatureRules { log: true, ..with_keys(&[&recorded.keys[0]]) }));
    assert!(error.contains("entry in the transparency log: "), "{error}");
}

#[test]
fn signatures_may_be_in_another_repository() {
    let recorded = Recorded::read("v2-p256");
    let registry = Registry::open();
    recorded.put(&registry, "signatures");
    let repository = Some(ImageRef::parse(&format!("{}/signatures", registry.host())).unwrap());
    let rules = with_keys(&[&recorded.keys[0]]);
    assert!(verify(&registry, "cart", &recorded.image, rules.clone()).is_err());
    assert!(verify(&registry, "cart", &recorded.image, SignatureRules { repository, ..rules }).is_ok());
}
