//! Private keys: made, read from PEM, written as PEM, and their signatures. Formats are those of Go's `crypto/x509`.

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Signer as _;
use rsa::BoxedUint;

use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use sha2::Sha256;

use super::super::generator::Generator;
use super::der::{self, Reader};
use super::dsa::DsaKey;
use super::pem;

/// The object identifiers of keys and signatures, encoded.
mod oid {
    pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    pub(super) const RSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    pub(super) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    pub(super) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
    pub(super) const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
    pub(super) const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    pub(super) const ECDSA_WITH_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
    pub(super) const ECDSA_WITH_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
    pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
}

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<rsa::PrivateKey>),
    Dsa(DsaKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// Makes an RSA key of so many bits.
pub(super) fn generate_rsa(generator: &mut Generator, bits: usize) -> Result<PrivateKey, String> {
    let key = rsa::PrivateKey::new(generator, bits).map_err(|error| error.to_string())?;
    Ok(PrivateKey::Rsa(Box::new(key)))
}

/// Makes an ECDSA key on the curve P-256.
pub(super) fn generate_p256(generator: &mut Generator) -> PrivateKey {
    loop {
        // A number outside the curve's order is very rare.
        if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&generator.array::<32>()) {
            return PrivateKey::P256(key);
        }
    }
}

/// Makes an Ed25519 key.
pub(super) fn generate_ed25519(generator: &mut Generator) -> PrivateKey {
    PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&generator.array()))
}

/// Reads a key.
///
/// # Errors
/// Sprig's texts.
pub(super) fn parse(text: &[u8]) -> Result<PrivateKey, String> {
    let Some(block) = pem::decode(text) else { return Err("no PEM data in input".to_owned()) };
    let malformed = "asn1: structure error: malformed key";
    if block.kind == "PRIVATE KEY" {
        return pkcs8(&block.bytes).ok_or_else(|| format!("decoding PEM as PKCS#8: {malformed}"));
    }
    let Some(kind) = block.kind.strip_suffix(" PRIVATE KEY") else {
        return Err(format!("no private key data in PEM block of type {}", block.kind));
    };
    let key = match kind {
        "RSA" => pkcs1(&block.bytes),
        "EC" => sec1(&block.bytes, None),
        "DSA" => DsaKey::parse(&block.bytes).map(PrivateKey::Dsa),
        _ => return Err(format!("invalid private key type {}", block.kind)),
    };
    key.ok_or_else(|| format!("parsing {kind} private key from PEM: {malformed}"))
}

fn pkcs8(bytes: &[u8]) -> Option<PrivateKey> {
    let mut key = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
    key.unsigned()?;
    let mut algorithm = Reader::new(key.expect(der::SEQUENCE)?);
    let inner = key.expect(der::OCTET_STRING)?;
    match algorithm.expect(der::OBJECT_IDENTIFIER)? {
        oid::RSA => pkcs1(inner),
        oid::EC => sec1(inner, algorithm.expect(der::OBJECT_IDENTIFIER)),
        oid::ED25519 => {
            let seed = Reader::new(inner).expect(der::OCTET_STRING)?;
            Some(PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed.try_into().ok()?)))
        }
        _ => None,
    }
}

fn pkcs1(bytes: &[u8]) -> Option<PrivateKey> {
    let mut key = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
    key.unsigned()?;
    let mut number = || key.unsigned().map(BoxedUint::from_be_slice_vartime);
    let (n, e, d, p, q) = (number()?, number()?, number()?, number()?, number()?);
    rsa::PrivateKey::from_components(n, e, d, vec![p, q]).ok().map(|key| PrivateKey::Rsa(Box::new(key)))
}

/// Reads the structure of RFC 5915; the curve may be named outside of it.
fn sec1(bytes: &[u8], curve: Option<&[u8]>) -> Option<PrivateKey> {
    let mut key = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
    key.unsigned()?;
    let secret = key.expect(der::OCTET_STRING)?;
    let named = key.optional(der::explicit(0));
    let curve = match (curve, named) {
        (Some(curve), _) => curve,
        (None, Some(named)) => Reader::new(named.content).expect(der::OBJECT_IDENTIFIER)?,
        (None, None) => return None,
    };
    let padded = |length: usize| {
        let secret = der::trimmed(secret);
        Some([vec![0; length.checked_sub(secret.len())?], secret.to_vec()].concat())
    };
    match curve {
        oid::P256 => p256::ecdsa::SigningKey::from_slice(&padded(32)?).ok().map(PrivateKey::P256),
        oid::P384 => p384::ecdsa::SigningKey::from_slice(&padded(48)?).ok().map(PrivateKey::P384),
        oid::P521 => p521::ecdsa::SigningKey::from_slice(&padded(66)?).ok().map(PrivateKey::P521),
        _ => None,
    }
}

/// An elliptic curve's key in parts.
struct Curve {
    name: &'static [u8],
    secret: Vec<u8>,
    /// The public point, not compressed.
    point: Vec<u8>,
}

impl PrivateKey {
    /// Returns the key as PEM; of PKCS#1, SEC 1, OpenSSL's format for DSA, or PKCS#8, by the kind of the key.
    pub(super) fn to_pem(&self) -> String {
        if let Some(curve) = self.curve() {
            return pem::encode("EC PRIVATE KEY", &curve.encoded());
        }
        match self {
            PrivateKey::Rsa(key) => pem::encode("RSA PRIVATE KEY", &encode_rsa(key)),
            PrivateKey::Dsa(key) => pem::encode("DSA PRIVATE KEY", &key.encoded()),
            PrivateKey::Ed25519(key) => {
                let algorithm = der::constructed(der::SEQUENCE, &[der::identifier(oid::ED25519)]);
                let secret = der::value(der::OCTET_STRING, &der::value(der::OCTET_STRING, key.as_bytes()));
                let encoded = der::constructed(der::SEQUENCE, &[der::unsigned(&[]), algorithm, secret]);
                pem::encode("PRIVATE KEY", &encoded)
            }
            PrivateKey::P256(_) | PrivateKey::P384(_) | PrivateKey::P521(_) => String::new(),
        }
    }

    fn curve(&self) -> Option<Curve> {
        macro_rules! curve {
            ($key:expr, $name:expr) => {
                Some(Curve {
                    name: $name,
                    secret: $key.to_bytes().to_vec(),
                    point: $key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
                })
            };
        }
        match self {
            PrivateKey::P256(key) => curve!(key, oid::P256),
            PrivateKey::P384(key) => curve!(key, oid::P384),
            PrivateKey::P521(key) => curve!(key, oid::P521),
            _ => None,
        }
    }

    /// Returns the public key's algorithm and its bits; `None` for DSA, which certificates do not support.
    pub(super) fn public_key(&self) -> Option<PublicKey> {
        if let Some(curve) = self.curve() {
            let algorithm = der::constructed(der::SEQUENCE, &[der::identifier(oid::EC), der::identifier(curve.name)]);
            return Some(PublicKey { algorithm, bits: curve.point });
        }
        match self {
            PrivateKey::Rsa(key) => {
                let null = der::value(der::NULL, &[]);
                let algorithm = der::constructed(der::SEQUENCE, &[der::identifier(oid::RSA), null]);
                let numbers = [der::unsigned(&key.n_bytes()), der::unsigned(&key.e_bytes())];
                Some(PublicKey { algorithm, bits: der::constructed(der::SEQUENCE, &numbers) })
            }
            PrivateKey::Ed25519(key) => {
                let algorithm = der::constructed(der::SEQUENCE, &[der::identifier(oid::ED25519)]);
                Some(PublicKey { algorithm, bits: key.verifying_key().to_bytes().to_vec() })
            }
            _ => None,
        }
    }

    /// Returns the algorithm of the key's signatures, encoded; `None` for DSA, which Go does not sign with.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        let parts = match self {
            PrivateKey::Rsa(_) => vec![der::identifier(oid::RSA_WITH_SHA256), der::value(der::NULL, &[])],
            PrivateKey::P256(_) => vec![der::identifier(oid::ECDSA_WITH_SHA256)],
            PrivateKey::P384(_) => vec![der::identifier(oid::ECDSA_WITH_SHA384)],
            PrivateKey::P521(_) => vec![der::identifier(oid::ECDSA_WITH_SHA512)],
            PrivateKey::Ed25519(_) => vec![der::identifier(oid::ED25519)],
            PrivateKey::Dsa(_) => return None,
        };
        Some(der::constructed(der::SEQUENCE, &parts))
    }

    /// Signs a message.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(super) fn sign(&self, message: &[u8], generator: &mut Generator) -> Result<Vec<u8>, String> {
        macro_rules! ecdsa {
            ($key:expr, $signature:ty) => {{
                let signature: $signature = $key.try_sign(message).map_err(|error| error.to_string())?;
                let (r, s) = signature.split_bytes();
                Ok(der::constructed(der::SEQUENCE, &[der::unsigned(&r), der::unsigned(&s)]))
            }};
        }
        match self {
            PrivateKey::Rsa(key) => {
                key.pkcs1v15_sign_with_rng::<Sha256, _>(generator, message).map_err(|error| error.to_string())
            }
            PrivateKey::P256(key) => ecdsa!(key, p256::ecdsa::Signature),
            PrivateKey::P384(key) => ecdsa!(key, p384::ecdsa::Signature),
            PrivateKey::P521(key) => ecdsa!(key, p521::ecdsa::Signature),
            PrivateKey::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
            PrivateKey::Dsa(_) => Err("the key is for DSA".to_owned()),
        }
    }
}

/// A public key in the form that certificates contain.
pub(super) struct PublicKey {
    /// The algorithm, encoded.
    pub(super) algorithm: Vec<u8>,
    /// The key itself.
    pub(super) bits: Vec<u8>,
}

impl Curve {
    fn encoded(&self) -> Vec<u8> {
        der::constructed(
            der::SEQUENCE,
            &[
                der::unsigned(&[1]),
                der::value(der::OCTET_STRING, &self.secret),
                der::value(der::explicit(0), &der::identifier(self.name)),
                der::value(der::explicit(1), &der::bits(&self.point, 0)),
            ],
        )
    }
}

fn encode_rsa(key: &rsa::PrivateKey) -> Vec<u8> {
    let bytes = |number: Option<&BoxedUint>| number.map(|number| number.to_be_bytes().to_vec()).unwrap_or_default();
    let mut numbers = vec![Vec::new(), key.n_bytes().to_vec(), key.e_bytes().to_vec(), bytes(Some(key.d()))];
    numbers.extend(key.primes().iter().map(|prime| prime.to_be_bytes().to_vec()));
    numbers.extend([bytes(key.dp()), bytes(key.dq()), bytes(key.crt_coefficient().as_ref())]);
    let numbers: Vec<Vec<u8>> = numbers.iter().map(|number| der::unsigned(number)).collect();
    der::constructed(der::SEQUENCE, &numbers)
}
