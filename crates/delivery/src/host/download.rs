//! Downloads of remote files: over https, or http from loopback only; limited in size and time.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use manifest::Diagnostic;
use net::{Client, ClientOptions, InputTrust, Proxies, Request, Retry, RetryPolicy, Url};

use crate::error::IntoDiagnostic;

/// The maximum size of a downloaded file, in bytes.
const LIMIT: usize = 100 << 20;

/// How long all attempts together may take, to the last byte.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Returns the content behind `url`.
///
/// # Errors
/// A URL that is not `https` (or `http` to loopback), a status other than 200, a body beyond the limit, and network errors.
pub(super) fn download(url: &str, trust: InputTrust) -> Result<Vec<u8>, Diagnostic> {
    let error = |message: String| Diagnostic::new(format!("{}: {message}", shown(url)));
    let mut parsed = Url::parse(url).map_err(|source| error(format!("invalid URL: {source}")).caused_by(source))?;
    if trust.is_untrusted() {
        // Both fail only for URLs that cannot have credentials.
        let _ = parsed.set_username("");
        let _ = parsed.set_password(None);
    }
    let retry = Retry { policy: RetryPolicy { attempts: 3, ..RetryPolicy::standard() }, ..Retry::standard() }
        .until(Instant::now() + TIMEOUT);
    let response =
        client(trust)?.fetch(Request::get(parsed), LIMIT, &retry).map_err(IntoDiagnostic::into_diagnostic)?;
    if response.status() != net::http::StatusCode::OK {
        let hint = "check the URL, or copy the file into the repository";
        return Err(error(format!("HTTP status {}", response.status())).hint(hint));
    }
    if response.is_truncated() {
        return Err(error(format!("larger than {LIMIT} bytes")));
    }
    Ok(response.into_body())
}

/// The client of all downloads of this process, whose input is trusted or not as a whole.
fn client(trust: InputTrust) -> Result<&'static Client, Diagnostic> {
    static CLIENT: OnceLock<Result<Client, Diagnostic>> = OnceLock::new();
    let made = CLIENT.get_or_init(|| {
        let options = ClientOptions {
            proxies: Proxies::from_variables(|name| std::env::var(name).ok()),
            addresses: trust.addresses(),
            ..ClientOptions::standard(concat!("hydrant/", env!("CARGO_PKG_VERSION")))
        };
        Client::new(options).map_err(|error| Diagnostic::new(error.to_string()).caused_by(error))
    });
    made.as_ref().map_err(Clone::clone)
}

/// Returns the URL without credentials.
pub(super) fn shown(url: &str) -> String {
    net::redact::url(url)
}
