//! A file behind a URL: over TLS, or in the clear from this machine only; bounded in size and time.

use std::time::Duration;

use manifest::Diagnostic;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// More than any file of manifests has.
const LIMIT: u64 = 100 * 1024 * 1024;

/// From the first byte sent to the last one read.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bytes behind `url`.
///
/// # Errors
/// A URL that is not `https` (or `http` to loopback), a status other than 200, a body that is too long, and the network's failures.
pub(super) fn download(url: &str) -> Result<Vec<u8>, Diagnostic> {
    let failed = |words: String| Diagnostic::new(format!("{}: {words}", shown(url)));
    if !url.starts_with("https://") && !is_loopback(url) {
        return Err(failed("unsupported scheme, expected https".to_owned()).hint("write the URL with https://"));
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .https_only(url.starts_with("https://"))
        .max_redirects(5)
        .tls_config(TlsConfig::builder().root_certs(roots()).build())
        .user_agent(concat!("hydrant/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut answer = agent.get(url).call().map_err(|error| {
        failed(error.to_string()).hint("Check the URL and the network, or copy the file into the repository.")
    })?;
    answer.body_mut().with_config().limit(LIMIT).read_to_vec().map_err(|error| failed(error.to_string()))
}

/// The URL without what it may hold of credentials.
pub(super) fn shown(url: &str) -> String {
    git::without_credentials(url)
}

fn is_loopback(url: &str) -> bool {
    let host = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// The certificates that this machine trusts.
fn roots() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    let found: Vec<_> =
        found.iter().map(|certificate| Certificate::from_der(certificate.as_ref()).to_owned()).collect();
    RootCerts::new_with_certs(&found)
}
