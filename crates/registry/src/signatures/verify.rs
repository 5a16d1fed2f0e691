//! One signature against the rules of its image.

use manifest::Digest;
use net::redact::one_line;
use sigstore_verify::crypto::parse_certificate_info;
use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, HashAlgorithm, SignatureContent};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationResult};

use super::evidence::{Evidence, Subject};
use super::keys::PublicKey;
use super::model::{COSIGN_SIGN, SignatureRules, Signer};

/// Who made a valid signature.
pub(crate) struct Signed {
    pub(crate) signer: Signer,
    /// The source repository that the certificate names.
    pub(crate) source: Option<String>,
}

impl Evidence {
    /// Whether this is a signature, not another attestation.
    pub(crate) fn is_signature(&self) -> bool {
        match &self.subject {
            Subject::Payload(_) | Subject::Manifest => true,
            Subject::Statement(statement) => statement["predicateType"] == COSIGN_SIGN,
        }
    }

    /// Returns who signed, where that is one of those who may.
    ///
    /// # Errors
    /// Why the signature does not count; where it is valid, who signed it.
    pub(crate) fn verify(&self, digest: &Digest, rules: &SignatureRules) -> Result<Signed, String> {
        self.check_subject(digest)?;
        if let Some(key) = rules.keys.iter().find(|key| self.is_signed_with(key, digest)) {
            if rules.log {
                self.check_log(key, digest, rules)?;
            }
            return Ok(Signed { signer: Signer::Key(key.fingerprint().to_owned()), source: None });
        }
        if self.bundle.signing_certificate().is_none() {
            return Err(self.other_key(digest));
        }
        let verified = self.verify_certificate(digest, rules)?;
        let subject = verified.identity().map(|name| name.as_str().to_owned()).unwrap_or_default();
        let issuer = verified.issuer().unwrap_or_default().to_owned();
        let accepted =
            rules.identities.iter().any(|rule| rule.issuer.accepts(&issuer) && rule.subject.accepts(&subject));
        let signer = Signer::Identity { subject, issuer };
        if !accepted {
            return Err(one_line(&format!("signed by {signer}")));
        }
        let source = verified.certificate().and_then(|info| info.ci_claims.source_repository_uri.clone());
        Ok(Signed { signer, source })
    }

    fn is_signed_with(&self, key: &PublicKey, digest: &Digest) -> bool {
        let signature = match &self.bundle.content {
            SignatureContent::MessageSignature(message) => &message.signature,
            SignatureContent::DsseEnvelope(envelope) => &envelope.signature.sig,
            _ => return false,
        };
        match self.message() {
            Some(message) => key.has_signed(&message, signature),
            // Only the digest of the manifest is known.
            None => key.has_signed_digest(&digest_bytes(digest), signature),
        }
    }

    /// Checks the log's entry of a signature with a key.
    fn check_log(&self, key: &PublicKey, digest: &Digest, rules: &SignatureRules) -> Result<(), String> {
        if !rules.trust_root.has_logs() {
            return Err("the trust root has no transparency log".to_owned());
        }
        let policy = PublicKeyVerificationPolicy::new(key.der().clone());
        let bundle = without_certificate(&self.bundle);
        let checked = rules.trust_root.verifier().verify(self.artifact(digest)?, &bundle, &policy);
        checked.map(drop).map_err(|error| format!("entry in the transparency log: {}", one_line(&error.to_string())))
    }

    fn verify_certificate(&self, digest: &Digest, rules: &SignatureRules) -> Result<VerificationResult, String> {
        let verified =
            rules.trust_root.verifier().verify(self.artifact(digest)?, &self.bundle, &rules.trust_root.policy());
        verified.map_err(|error| one_line(&self.invalid_certificate(&error.to_string())))
    }

    /// Why a certificate or what is beside it does not count. Names in the certificate are given as claims, since they are not verified.
    fn invalid_certificate(&self, reason: &str) -> String {
        let info = self.bundle.signing_certificate().and_then(|leaf| parse_certificate_info(leaf).ok());
        let Some(info) = info else { return format!("invalid signature: {reason}") };
        let claimed = info.identity.map(|name| format!(", which claims to be of {name}")).unwrap_or_default();
        let reason = if reason.contains("CertExpired") {
            format!("the certificate had expired at the time of signing (valid until {})", info.not_after)
        } else if reason.contains("CertNotValidYet") {
            format!("the certificate was not yet valid at the time of signing (valid from {})", info.not_before)
        } else {
            reason.to_owned()
        };
        format!("invalid signature{claimed}: {reason}")
    }

    fn artifact(&self, digest: &Digest) -> Result<Artifact<'_>, String> {
        if let Subject::Payload(payload) = &self.subject {
            return Ok(Artifact::from_blob(payload));
        }
        let algorithm = match digest.algorithm() {
            "sha384" => HashAlgorithm::Sha2384,
            "sha512" => HashAlgorithm::Sha2512,
            _ => HashAlgorithm::Sha2256,
        };
        let digest = ArtifactDigest::new(algorithm, digest_bytes(digest)).map_err(|error| error.to_string())?;
        Ok(Artifact::from_digest(digest))
    }

    /// Why a signature without a certificate does not count: another key, with its fingerprint if the log has it.
    fn other_key(&self, digest: &Digest) -> String {
        let logged = self.logged_key().and_then(|pem| PublicKey::from_pem(&pem).ok());
        match logged.filter(|key| self.is_signed_with(key, digest)) {
            Some(key) => format!("signed with {}", Signer::Key(key.fingerprint().to_owned())),
            None => "signed with a key that is not listed, or changed".to_owned(),
        }
    }
}

fn digest_bytes(digest: &Digest) -> Vec<u8> {
    let (_, hex) = digest.as_str().split_once(':').unwrap_or_default();
    super::evidence::hex(hex).unwrap_or_default()
}

/// The bundle of a signature with a key, also where a certificate of that key is beside it.
fn without_certificate(bundle: &Bundle) -> Bundle {
    use sigstore_verify::types::bundle::{PublicKeyIdentifier, VerificationMaterialContent};
    let mut bundle = bundle.clone();
    bundle.verification_material.content = VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new(""));
    bundle
}
