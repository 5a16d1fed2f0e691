//! A certificate authority of the test's own, and a certificate for loopback from it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SigningKey};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server's certificate and the authority that signed it.
pub struct Identity {
    authority: String,
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    pem: (String, String),
}

impl Identity {
    /// Makes an authority and a certificate for `localhost`, `127.0.0.1` and `registry.test`.
    ///
    /// # Panics
    /// Where the random source fails.
    pub fn generate() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).expect("no name is a bad name");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(rcgen::DnType::CommonName, "hydrant's test authority");
        let authority_key = KeyPair::generate().expect("the random source works");
        let certificate = authority.self_signed(&authority_key).expect("the parameters are complete");
        let issuer = Issuer::new(authority, authority_key);
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "registry.test".to_owned()];
        let own = CertificateParams::new(names).expect("they are names");
        let key = KeyPair::generate().expect("the random source works");
        let signed = own.signed_by(&key, &issuer).expect("the parameters are complete");
        Identity {
            authority: certificate.pem(),
            root: certificate.der().clone(),
            chain: vec![signed.der().clone()],
            pem: (signed.pem(), key.serialize_pem()),
            key: key.into(),
        }
    }

    /// The authority's certificate, PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The server's certificate and its key, PEM: for servers that are programs of their own.
    pub fn certificate_and_key(&self) -> (&str, &str) {
        (&self.pem.0, &self.pem.1)
    }

    pub(crate) fn client(&self) -> rustls::ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.root.clone()).expect("the authority's certificate is one");
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    pub(crate) fn server(&self) -> Arc<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .expect("the key belongs to the certificate");
        Arc::new(config)
    }
}

/// A key that signs tokens, and its certificate.
#[derive(Clone)]
pub struct Signer {
    key: Arc<KeyPair>,
    certificate: String,
    der: Vec<u8>,
}

impl Signer {
    /// Makes an ECDSA key on P-256 and a certificate that it signs itself.
    ///
    /// # Panics
    /// Where the random source fails.
    pub fn generate() -> Self {
        let key = KeyPair::generate().expect("the random source works");
        let mut own = CertificateParams::new(Vec::new()).expect("no name is a bad name");
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = own.self_signed(&key).expect("the parameters are complete");
        Signer { certificate: certificate.pem(), der: certificate.der().to_vec(), key: Arc::new(key) }
    }

    /// The certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A JWT (ES256, RFC 7518 3.4) with the certificate in its header (`x5c`).
    ///
    /// # Panics
    /// Where the random source fails.
    pub fn sign(&self, claims: &serde_json::Value) -> String {
        let header = serde_json::json!({ "typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(&self.der)] });
        let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let signature = self.key.sign(text.as_bytes()).expect("the random source works");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(plain_signature(&signature)))
    }
}

/// The two numbers of an ECDSA signature in DER, 32 bytes each, as JWT requires them.
fn plain_signature(der: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(64), &der[2..]);
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = &number[length.saturating_sub(32)..];
        out.extend(std::iter::repeat_n(0, 32 - number.len()));
        out.extend(number);
        rest = &rest[2 + length..];
    }
    out
}
