//! Which certificate authorities are trusted: the system's, and those the user names.

use std::path::{Path, PathBuf};

use manifest::Diagnostic;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The certificates in PEM files, each file with at least one.
///
/// # Errors
/// Where a file cannot be read or holds no certificate.
pub(crate) fn read_authorities(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
    let mut all = Vec::new();
    for file in files {
        all.extend(read_file(file).map_err(|words| Diagnostic::new(words).in_file(file.display().to_string()))?);
    }
    Ok(all)
}

fn read_file(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("the certificate authority cannot be read: {error}"))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err("holds no certificate in PEM form".to_owned()),
        Err(error) => Err(format!("is no PEM file: {error}")),
    }
}

/// The system's certificate authorities. Ones that cannot be read are left out: a connection that needs one of them
/// fails with its own words.
pub(crate) fn system_authorities() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}
