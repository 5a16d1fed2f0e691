//! Which certificate authorities are trusted: the system's, and those of given PEM files.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts};

/// A file of certificate authorities that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The file cannot be read.
    #[error("cannot read certificate authority {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not PEM.
    #[error("invalid certificate authority {}: {source}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The parser's error.
        source: rustls::pki_types::pem::Error,
    },
    /// The file has no certificate.
    #[error("invalid certificate authority {}: no PEM certificate", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
}

impl AuthorityError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            AuthorityError::Unreadable { .. } => "check the file's name and permissions".to_owned(),
            AuthorityError::Invalid { .. } | AuthorityError::Empty { .. } => {
                "give a file with certificates in PEM form (`-----BEGIN CERTIFICATE-----`)".to_owned()
            }
        })
    }

    /// Returns the file.
    pub fn file(&self) -> &Path {
        match self {
            AuthorityError::Unreadable { file, .. }
            | AuthorityError::Invalid { file, .. }
            | AuthorityError::Empty { file } => file,
        }
    }
}

/// Returns the certificates in PEM files, at least one for each file.
///
/// # Errors
/// Where a file cannot be read or has no certificate.
pub(crate) fn read_authorities(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
    let mut all = Vec::new();
    for file in files {
        let name = || file.clone();
        let bytes =
            crate::bounded::read_file(file).map_err(|source| AuthorityError::Unreadable { file: name(), source })?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let certificates = certificates.map_err(|source| AuthorityError::Invalid { file: name(), source })?;
        if certificates.is_empty() {
            return Err(AuthorityError::Empty { file: name() });
        }
        all.extend(certificates);
    }
    Ok(all)
}

/// Returns the system's authorities and these; where the system has none, as in an empty container, Mozilla's.
pub(crate) fn roots(further: &[CertificateDer<'static>]) -> RootCerts {
    let system = system_authorities();
    if system.is_empty() && further.is_empty() {
        return RootCerts::WebPki;
    }
    let all = system.iter().chain(further).map(|one| Certificate::from_der(one.as_ref()).to_owned());
    RootCerts::from(all.collect::<Vec<_>>())
}

/// The system's authorities, read once. One that cannot be read is left out: a connection that needs it fails with a TLS error.
fn system_authorities() -> &'static [CertificateDer<'static>] {
    static SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    SYSTEM.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}
