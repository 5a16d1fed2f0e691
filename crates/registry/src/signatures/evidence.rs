//! Signatures as they were found: bundles of sigstore, and cosign's older form as the same bundle.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifest::Digest;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Digest as _;
use sigstore_verify::types::{Bundle, DerCertificate, DsseEnvelope, SignatureContent};

/// The media type of a payload that `cosign sign` before version 3 signs.
pub(crate) const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The media type of an attestation of `cosign attest` before version 3.
pub(crate) const DSSE: &str = "application/vnd.dsse.envelope.v1+json";
/// How the media types of sigstore's bundles begin.
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// The only payload of an envelope that is a statement.
const IN_TOTO: &str = "application/vnd.in-toto+json";

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const LOG_ENTRY: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// The most certificates of a chain.
const MAX_CHAIN: usize = 16;

/// A signature that was found, not yet verified.
pub(crate) struct Evidence {
    pub(crate) bundle: Bundle,
    pub(crate) subject: Subject,
}

/// What was signed.
pub(crate) enum Subject {
    /// A payload in the "simple signing" form.
    Payload(Vec<u8>),
    /// An in-toto statement, in an envelope.
    Statement(Value),
    /// The image's manifest.
    Manifest,
}

impl Evidence {
    /// Reads a bundle.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of_bundle(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("invalid bundle: {error}"))?;
        let bundle = Bundle::from_json(text).map_err(|error| format!("invalid bundle: {error}"))?;
        let subject = match &bundle.content {
            SignatureContent::DsseEnvelope(envelope) => Subject::Statement(statement(envelope)?),
            SignatureContent::MessageSignature(_) => Subject::Manifest,
            _ => return Err("unsupported content of a bundle".to_owned()),
        };
        Ok(Evidence { bundle, subject })
    }

    /// Reads the signature of a payload, which is in the annotations of its layer.
    ///
    /// # Errors
    /// A missing or invalid annotation.
    pub(crate) fn of_payload(payload: Vec<u8>, annotations: &BTreeMap<String, String>) -> Result<Self, String> {
        let signature = annotations.get(SIGNATURE).ok_or_else(|| format!("missing annotation {SIGNATURE}"))?;
        let digest = STANDARD.encode(sha2::Sha256::digest(&payload));
        let content = json!({ "messageSignature": {
            "messageDigest": { "algorithm": "SHA2_256", "digest": digest }, "signature": signature.trim(),
        }});
        let bundle = bundle(content, annotations)?;
        Ok(Evidence { bundle, subject: Subject::Payload(payload) })
    }

    /// Reads an attestation with the annotations of its layer.
    ///
    /// # Errors
    /// An invalid envelope or annotation.
    pub(crate) fn of_envelope(bytes: &[u8], annotations: &BTreeMap<String, String>) -> Result<Self, String> {
        let envelope: Value = serde_json::from_slice(bytes).map_err(|error| format!("invalid envelope: {error}"))?;
        let bundle = bundle(json!({ "dsseEnvelope": envelope }), annotations)?;
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err("invalid envelope".to_owned());
        };
        let subject = Subject::Statement(statement(envelope)?);
        Ok(Evidence { bundle, subject })
    }

    /// The bytes that were signed; absent where only their digest is known.
    pub(crate) fn message(&self) -> Option<Vec<u8>> {
        match (&self.subject, &self.bundle.content) {
            (Subject::Payload(payload), _) => Some(payload.clone()),
            (Subject::Statement(_), SignatureContent::DsseEnvelope(envelope)) => Some(envelope.pae()),
            _ => None,
        }
    }

    /// Checks that the image of a digest was signed, not another one.
    ///
    /// # Errors
    /// Another image, or another kind of payload.
    pub(crate) fn check_subject(&self, digest: &Digest) -> Result<(), String> {
        match &self.subject {
            Subject::Payload(payload) => check_payload(payload, digest),
            Subject::Statement(statement) => check_statement(statement, digest),
            Subject::Manifest => Ok(()),
        }
    }

    /// The public key in the log's entry, as PEM.
    pub(crate) fn logged_key(&self) -> Option<String> {
        let entry = self.bundle.verification_material.tlog_entries.first()?;
        let body: Value = serde_json::from_slice(entry.canonicalized_body.as_bytes()).ok()?;
        let places = ["/spec/signature/publicKey/content", "/spec/signatures/0/verifier"];
        let encoded = places.iter().find_map(|place| body.pointer(place))?.as_str()?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    }
}

/// The statement of an envelope.
fn statement(envelope: &DsseEnvelope) -> Result<Value, String> {
    if envelope.payload_type != IN_TOTO {
        return Err(format!("unsupported payload type {:?}, expected {IN_TOTO:?}", envelope.payload_type));
    }
    serde_json::from_slice(envelope.payload.as_bytes()).map_err(|error| format!("invalid statement: {error}"))
}

/// The entry of the log as cosign keeps it in an annotation.
#[derive(Deserialize)]
struct LogEntry {
    #[serde(rename = "SignedEntryTimestamp")]
    promise: String,
    #[serde(rename = "Payload")]
    payload: LogPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogPayload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
struct Timestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: String,
}

/// A bundle of version 0.1, which takes a log's promise of inclusion for the proof, as cosign's annotations have it.
fn bundle(content: Value, annotations: &BTreeMap<String, String>) -> Result<Bundle, String> {
    let get = |name: &str| annotations.get(name).filter(|text| !text.trim().is_empty());
    let mut material = match get(CERTIFICATE) {
        Some(leaf) => {
            let chain = get(CHAIN).map(String::as_str).unwrap_or_default();
            json!({ "x509CertificateChain": { "certificates": certificates(leaf, chain)? } })
        }
        None => json!({ "publicKey": { "hint": "" } }),
    };
    material["tlogEntries"] = match get(LOG_ENTRY) {
        Some(text) => json!([log_entry(text)?]),
        None => json!([]),
    };
    if let Some(text) = get(TIMESTAMP) {
        let read: Timestamp =
            serde_json::from_str(text).map_err(|error| format!("invalid annotation {TIMESTAMP}: {error}"))?;
        material["timestampVerificationData"] = json!({ "rfc3161Timestamps": [{ "signedTimestamp": read.token }] });
    }
    let mut bundle = content;
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
    bundle["verificationMaterial"] = material;
    serde_json::from_value(bundle).map_err(|error| format!("invalid annotations: {error}"))
}

fn certificates(leaf: &str, chain: &str) -> Result<Vec<Value>, String> {
    const END: &str = "-----END CERTIFICATE-----";
    let blocks = [leaf, chain].into_iter().flat_map(|text| text.split_inclusive(END));
    let blocks: Vec<&str> = blocks.map(str::trim).filter(|block| block.ends_with(END)).take(MAX_CHAIN + 1).collect();
    if blocks.is_empty() || blocks.len() > MAX_CHAIN {
        return Err(format!("expected 1 to {MAX_CHAIN} certificates in the annotations"));
    }
    let read = |block: &&str| {
        let der = DerCertificate::from_pem(block).map_err(|error| format!("invalid certificate: {error}"))?;
        Ok(json!({ "rawBytes": STANDARD.encode(der.as_bytes()) }))
    };
    blocks.iter().map(read).collect()
}

fn log_entry(text: &str) -> Result<Value, String> {
    let invalid = |reason: String| format!("invalid annotation {LOG_ENTRY}: {reason}");
    let LogEntry { promise, payload } = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
    let body = STANDARD.decode(&payload.body).map_err(|error| invalid(error.to_string()))?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| invalid(error.to_string()))?;
    let id = hex(&payload.log_id).ok_or_else(|| invalid("logID".to_owned()))?;
    Ok(json!({
        "logIndex": payload.log_index.to_string(),
        "logId": { "keyId": STANDARD.encode(id) },
        "kindVersion": { "kind": body["kind"], "version": body["apiVersion"] },
        "integratedTime": payload.integrated_time.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": promise },
        "canonicalizedBody": payload.body,
    }))
}

/// The bytes of hexadecimal digits.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

/// The payload of `cosign sign` before version 3 (containers/image `docs/containers-signature.5.md`, "JSON data format").
#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: PayloadImage,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct PayloadImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

fn check_payload(payload: &[u8], digest: &Digest) -> Result<(), String> {
    let Payload { critical } = serde_json::from_slice(payload).map_err(|error| format!("invalid payload: {error}"))?;
    // cosign writes the first; its library accepts the second from other signers.
    if !["cosign container image signature", super::model::COSIGN_SIGN].contains(&critical.kind.as_str()) {
        return Err(format!("unsupported payload type {:?}", critical.kind));
    }
    if critical.image.digest == digest.as_str() {
        Ok(())
    } else {
        Err(format!("the signature is of another image, {:?}", critical.image.digest))
    }
}

fn check_statement(statement: &Value, digest: &Digest) -> Result<(), String> {
    let kind = statement["_type"].as_str().unwrap_or_default();
    if !["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"].contains(&kind) {
        return Err(format!("unsupported statement type {kind:?}"));
    }
    let (algorithm, hex) = digest.as_str().split_once(':').unwrap_or_default();
    let subjects = statement["subject"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = subjects.iter().map(|subject| subject["digest"][algorithm].as_str().unwrap_or_default());
    if named.clone().any(|named| named == hex) {
        return Ok(());
    }
    let named: Vec<String> = named.take(3).map(|hex| format!("{algorithm}:{hex}")).collect();
    Err(format!("the statement is of another image, {}", named.join(", ")))
}
