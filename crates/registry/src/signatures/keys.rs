//! Public keys of cosign key pairs, and keys that a KMS exports.

use std::fmt;

use sha2::Digest as _;
use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, verify_signature, verify_signature_prehashed};
use sigstore_verify::types::{DerPublicKey, SignatureBytes};

use super::provider;

/// A public key: ECDSA with P-256 or P-384, RSA of 2048 to 8192 bits, or Ed25519.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    der: DerPublicKey,
    algorithm: KeyAlgorithm,
    fingerprint: String,
}

/// Why a text is not a public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A private key.
    #[error("expected a public key, found a private key")]
    Private,
    /// No PEM block with a public key.
    #[error("expected a PEM block \"PUBLIC KEY\": {0}")]
    Pem(String),
    /// More than one PEM block.
    #[error("expected one PEM block, found {0}")]
    Several(usize),
    /// An algorithm that is not supported.
    #[error("unsupported key, expected ECDSA P-256 or P-384, RSA of 2048 to 8192 bits, or Ed25519: {0}")]
    Algorithm(String),
}

impl PublicKey {
    /// Parses a PEM block `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 5280), as `cosign public-key` and the key services print it.
    ///
    /// # Errors
    /// Another kind of PEM block, several blocks, an algorithm that is not supported.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        provider::install();
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        match text.matches("-----BEGIN ").count() {
            0 | 1 => {}
            count => return Err(KeyError::Several(count)),
        }
        let der = DerPublicKey::from_pem(text).map_err(|error| KeyError::Pem(error.to_string()))?;
        Self::from_der(der)
    }

    pub(crate) fn from_der(der: DerPublicKey) -> Result<Self, KeyError> {
        let algorithm = KeyAlgorithm::from_spki(&der).map_err(|error| KeyError::Algorithm(error.to_string()))?;
        let schemes = schemes(algorithm);
        if schemes.is_empty() {
            return Err(KeyError::Algorithm(format!("{algorithm:?}")));
        }
        let digest = sha2::Sha256::digest(der.as_bytes());
        let fingerprint = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(PublicKey { der, algorithm, fingerprint })
    }

    /// The SHA-256 of the key (SubjectPublicKeyInfo in DER), in hex.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(crate) fn der(&self) -> &DerPublicKey {
        &self.der
    }

    /// Whether the signature over the message is this key's, with any hash that cosign and the key services use for its algorithm.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &SignatureBytes) -> bool {
        let pure = |scheme: &SigningScheme| verify_signature(&self.der, message, signature, *scheme).is_ok();
        schemes(self.algorithm).iter().any(pure) || self.has_signed_hash(message, signature)
    }

    fn has_signed_hash(&self, message: &[u8], signature: &SignatureBytes) -> bool {
        // The point is the end of the key (RFC 8410).
        let point = self.der.as_bytes().last_chunk::<32>().filter(|_| self.algorithm == KeyAlgorithm::Ed25519);
        point.is_some_and(|point| provider::verify_ed25519ph(point, message, signature.as_bytes()))
    }

    /// Whether the signature over the message of this digest is this key's.
    pub(crate) fn has_signed_digest(&self, digest: &[u8], signature: &SignatureBytes) -> bool {
        let fits =
            |scheme: &&SigningScheme| scheme.hash_algorithm().is_some_and(|hash| hash.digest_size() == digest.len());
        let verify = |scheme: &SigningScheme| verify_signature_prehashed(&self.der, digest, signature, *scheme).is_ok();
        schemes(self.algorithm).iter().filter(fits).any(verify)
    }
}

/// How messages are signed with a key. cosign 2 hashes with SHA-256 for every key, cosign 3 by the size of the curve; the key services
/// offer RSA-PSS too.
fn schemes(algorithm: KeyAlgorithm) -> &'static [SigningScheme] {
    match algorithm {
        KeyAlgorithm::EcdsaP256 => &[SigningScheme::EcdsaP256Sha256],
        KeyAlgorithm::EcdsaP384 => &[SigningScheme::EcdsaP384Sha384, SigningScheme::EcdsaP384Sha256],
        KeyAlgorithm::Ed25519 => &[SigningScheme::Ed25519],
        KeyAlgorithm::Rsa => &[
            SigningScheme::RsaPkcs1Sha256,
            SigningScheme::RsaPssSha256,
            SigningScheme::RsaPkcs1Sha512,
            SigningScheme::RsaPssSha512,
            SigningScheme::RsaPkcs1Sha384,
            SigningScheme::RsaPssSha384,
        ],
        _ => &[],
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.algorithm, self.fingerprint)
    }
}
