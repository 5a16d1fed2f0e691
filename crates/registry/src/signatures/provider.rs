//! The cryptography that the sigstore crates call: ring for messages, RustCrypto for digests of messages, which ring does not take.
//! It verifies only; nothing is signed.

use std::sync::Once;

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ring::signature as ring_signature;
use rsa::{BoxedUint, Pkcs1v15Sign};
use sha2::Digest as _;
use sigstore_verify::crypto::{self, CryptoProvider, HashContext, SigningScheme};
use sigstore_verify::types::HashAlgorithm;

/// Verifies with ring and RustCrypto.
#[derive(Debug)]
struct Provider;

/// Makes the sigstore crates use this provider. Calling it again has no effect.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    // Another provider that was installed before stays; it verifies the same algorithms.
    ONCE.call_once(|| {
        let _ = crypto::install_default_provider(&Provider);
    });
}

/// A hash of sha2 in progress.
struct Hash<D>(D);

impl<D: sha2::Digest + Send> HashContext for Hash<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl CryptoProvider for Provider {
    fn hash(&self, algorithm: HashAlgorithm) -> crypto::Result<Box<dyn HashContext>> {
        match algorithm {
            HashAlgorithm::Sha2256 => Ok(Box::new(Hash(sha2::Sha256::new()))),
            HashAlgorithm::Sha2384 => Ok(Box::new(Hash(sha2::Sha384::new()))),
            HashAlgorithm::Sha2512 => Ok(Box::new(Hash(sha2::Sha512::new()))),
            other => Err(crypto::Error::UnsupportedAlgorithm(other.to_string())),
        }
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> crypto::Result<()> {
        let algorithm = algorithm(scheme)?;
        let verified = ring_signature::UnparsedPublicKey::new(algorithm, key).verify(data, signature);
        verified.map_err(|_| invalid(scheme))
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> crypto::Result<()> {
        let verified = match scheme {
            SigningScheme::EcdsaP256Sha256 | SigningScheme::EcdsaP256Sha384 => p256(key, digest, signature),
            SigningScheme::EcdsaP384Sha256 | SigningScheme::EcdsaP384Sha384 => p384(key, digest, signature),
            SigningScheme::RsaPkcs1Sha256 => rsa_pkcs1(key, digest, signature, 1),
            SigningScheme::RsaPkcs1Sha384 => rsa_pkcs1(key, digest, signature, 2),
            SigningScheme::RsaPkcs1Sha512 => rsa_pkcs1(key, digest, signature, 3),
            other => return Err(crypto::Error::UnsupportedAlgorithm(other.name().to_owned())),
        };
        verified.ok_or_else(|| invalid(scheme))
    }
}

fn invalid(scheme: SigningScheme) -> crypto::Error {
    crypto::Error::Verification(format!("{} signature invalid", scheme.name()))
}

fn algorithm(scheme: SigningScheme) -> crypto::Result<&'static dyn ring_signature::VerificationAlgorithm> {
    Ok(match scheme {
        SigningScheme::EcdsaP256Sha256 => &ring_signature::ECDSA_P256_SHA256_ASN1,
        SigningScheme::EcdsaP256Sha384 => &ring_signature::ECDSA_P256_SHA384_ASN1,
        SigningScheme::EcdsaP384Sha256 => &ring_signature::ECDSA_P384_SHA256_ASN1,
        SigningScheme::EcdsaP384Sha384 => &ring_signature::ECDSA_P384_SHA384_ASN1,
        SigningScheme::Ed25519 => &ring_signature::ED25519,
        SigningScheme::RsaPssSha256 => &ring_signature::RSA_PSS_2048_8192_SHA256,
        SigningScheme::RsaPssSha384 => &ring_signature::RSA_PSS_2048_8192_SHA384,
        SigningScheme::RsaPssSha512 => &ring_signature::RSA_PSS_2048_8192_SHA512,
        SigningScheme::RsaPkcs1Sha256 => &ring_signature::RSA_PKCS1_2048_8192_SHA256,
        SigningScheme::RsaPkcs1Sha384 => &ring_signature::RSA_PKCS1_2048_8192_SHA384,
        SigningScheme::RsaPkcs1Sha512 => &ring_signature::RSA_PKCS1_2048_8192_SHA512,
        other => return Err(crypto::Error::UnsupportedAlgorithm(other.name().to_owned())),
    })
}

fn p256(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let (r, s) = two_integers(signature)?;
    let signature = p256::ecdsa::Signature::from_scalars(padded::<32>(r)?, padded::<32>(s)?).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn p384(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    use p384::ecdsa::signature::hazmat::PrehashVerifier as _;
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let (r, s) = two_integers(signature)?;
    let signature = p384::ecdsa::Signature::from_scalars(padded::<48>(r)?, padded::<48>(s)?).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

/// `arc` is the last number of the hash's object identifier, 2.16.840.1.101.3.4.2 (RFC 8017, appendix B.1).
fn rsa_pkcs1(key: &[u8], digest: &[u8], signature: &[u8], arc: u8) -> Option<()> {
    let (modulus, exponent) = two_integers(key)?;
    let bits = u32::try_from(modulus.len()).ok()?.checked_mul(8)?;
    let modulus = BoxedUint::from_be_slice(modulus, bits).ok()?;
    let exponent = BoxedUint::from_be_slice(exponent, 64).ok()?;
    let key = rsa::PublicKey::new(modulus, exponent).ok()?;
    let length = u8::try_from(digest.len()).ok()?;
    let mut prefix = vec![0x30, 17 + length, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
    prefix.extend([arc, 0x05, 0x00, 0x04, length]);
    let scheme = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into_boxed_slice() };
    key.verify(scheme, digest, signature).ok()
}

/// Verifies Ed25519ph with an empty context (RFC 8032, 5.1), with which cosign signs payloads by Ed25519 keys; ring and the sigstore crates
/// have pure Ed25519 alone. `key` is the point, 32 bytes.
pub(crate) fn verify_ed25519ph(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verified_ed25519ph(key, message, signature).is_some()
}

fn verified_ed25519ph(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let (key, signature): ([u8; 32], [u8; 64]) = (key.try_into().ok()?, signature.try_into().ok()?);
    let (point, scalar) = signature.split_at(32);
    let scalar = Option::<Scalar>::from(Scalar::from_canonical_bytes(scalar.try_into().ok()?))?;
    let public = CompressedEdwardsY(key).decompress()?;
    if public.is_small_order() {
        return None;
    }
    let mut hash = sha2::Sha512::new();
    hash.update(b"SigEd25519 no Ed25519 collisions\x01\x00");
    for part in [point, &key, &sha2::Sha512::digest(message)] {
        hash.update(part);
    }
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-public, &scalar);
    (expected.compress().as_bytes() == point).then_some(())
}

/// The big-endian bytes of the two integers of a DER sequence, without leading zeros: a signature of ECDSA (RFC 3279) or a public key
/// of RSA (RFC 8017).
fn two_integers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, rest) = element(0x30, der)?;
    let (first, content) = element(0x02, content)?;
    let (second, content) = element(0x02, content)?;
    let stripped = |bytes: &'_ [u8]| bytes.iter().position(|byte| *byte != 0);
    let done = rest.is_empty() && content.is_empty();
    done.then_some((&first[stripped(first)?..], &second[stripped(second)?..]))
}

/// The content of the DER element of a tag, and what follows it.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}

fn padded<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut all = [0; N];
    all.get_mut(N.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(all)
}
