//! A certificate authority of the test's own, and a certificate for loopback from it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server's certificate and the authority that signed it.
pub struct Identity {
    authority: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    pem: (String, String),
}

impl Identity {
    /// Makes an authority and a certificate for `localhost` and `127.0.0.1`.
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
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own = CertificateParams::new(names).expect("both are names");
        let key = KeyPair::generate().expect("the random source works");
        let signed = own.signed_by(&key, &issuer).expect("the parameters are complete");
        Identity {
            authority: certificate.pem(),
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
