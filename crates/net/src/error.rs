//! Why a request got no response, or its body could not be read.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::addresses::NotPublic;
use crate::host::host_and_port;
use crate::redact;

/// An error below, shared so that errors can be cloned.
pub type SharedError = Arc<dyn Error + Send + Sync>;

/// A request that failed. Prints as `METHOD URL: WHAT`, the URL redacted.
#[derive(Clone, Debug)]
pub struct HttpError {
    /// The method, such as `GET`.
    pub method: String,
    /// The URL that failed, redacted; after redirects the last one.
    pub url: String,
    /// The URL's `host` or `host:port`.
    pub host: String,
    /// What went wrong.
    pub kind: HttpErrorKind,
}

/// What went wrong with a request. The text says so without method and URL.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HttpErrorKind {
    /// The host may only be asked over https.
    #[error("plain http is not allowed for {0}")]
    PlainHttp(String),
    /// The request has credentials, and plain http would show them to the network.
    #[error("credentials are not sent over plain http to {0}")]
    CredentialsOverHttp(String),
    /// The host is not of the public internet, and the run's input is not trusted.
    #[error("{0} is a private address, which is not connected to with --untrusted")]
    PrivateAddress(String),
    /// The URL or a header has characters that HTTP does not allow.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// The proxy's URL is invalid or of SOCKS. It may hold a password, so it is not shown.
    #[error("invalid proxy URL: {0}")]
    InvalidProxy(&'static str),
    /// A redirect leads to something that is no URL.
    #[error("invalid redirect to {location:?}")]
    InvalidRedirect {
        /// The `Location` header, in one line.
        location: String,
        /// The parser's error.
        source: url::ParseError,
    },
    /// A redirect leads from https to http, or to another scheme.
    #[error("redirected to {0}, which is not https")]
    InsecureRedirect(String),
    /// There were more redirects than the request allows.
    #[error("more than {0} redirects")]
    TooManyRedirects(u32),
    /// The host's name has no address.
    #[error("host not found")]
    HostNotFound,
    /// The host refuses connections on this port.
    #[error("connection refused")]
    ConnectionRefused,
    /// The connection could not be made or broke.
    #[error("connection failed: {0}")]
    Connection(#[source] SharedError),
    /// A time limit passed; says in which phase.
    #[error("timed out while {0}")]
    Timeout(&'static str),
    /// TLS refused the connection, such as for its certificate.
    #[error("TLS error: {0}")]
    Tls(#[source] SharedError),
    /// The response is not HTTP.
    #[error("invalid HTTP response: {0}")]
    Protocol(#[source] SharedError),
    /// The connection broke within the response's body.
    #[error("incomplete response: {0}")]
    Interrupted(#[source] SharedError),
    /// The response's body is longer than the caller allows, in bytes.
    #[error("response is larger than {0} bytes")]
    TooLarge(u64),
    /// The request's body could not be read.
    #[error("cannot read the request body: {0}")]
    RequestBody(#[source] SharedError),
}

impl HttpErrorKind {
    /// Whether the same request may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Connection(_) | Self::Timeout(_) | Self::Interrupted(_))
    }
}

impl HttpError {
    pub(crate) fn new(method: &str, url: &Url, kind: HttpErrorKind) -> Self {
        let (url, host) = (redact::shown_url(url), host_and_port(url));
        HttpError { method: method.to_owned(), url, host, kind }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let host = &self.host;
        Some(match &self.kind {
            HttpErrorKind::PlainHttp(_) | HttpErrorKind::CredentialsOverHttp(_) => "use an https URL".to_owned(),
            HttpErrorKind::InvalidProxy(_) => {
                "check the proxy's URL, such as in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY".to_owned()
            }
            HttpErrorKind::Tls(_) => format!("check the certificate of {host}, or add its certificate authority"),
            HttpErrorKind::HostNotFound | HttpErrorKind::ConnectionRefused | HttpErrorKind::Connection(_) => {
                format!("check the host name, the network and the proxy settings for {host}")
            }
            HttpErrorKind::Timeout(_) | HttpErrorKind::Interrupted(_) => {
                format!("try again later, or check the network to {host}")
            }
            _ => return None,
        })
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.method, self.url, self.kind)
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}

/// The error of ureq that an I/O error of a body carries, or the I/O error itself.
pub(crate) fn of_body(error: std::io::Error) -> HttpErrorKind {
    match error.downcast::<ureq::Error>() {
        Ok(inner @ ureq::Error::Timeout(_)) => of_exchange(inner),
        Ok(inner) => HttpErrorKind::Interrupted(shared(inner)),
        Err(error) => HttpErrorKind::Interrupted(Arc::new(error)),
    }
}

/// What an error of ureq means before there is a response.
pub(crate) fn of_exchange(error: ureq::Error) -> HttpErrorKind {
    match error {
        ureq::Error::Other(ref other) if let Some(refused) = other.downcast_ref::<NotPublic>() => {
            HttpErrorKind::PrivateAddress(refused.host.clone())
        }
        ureq::Error::Timeout(phase) => HttpErrorKind::Timeout(phase_name(phase)),
        ureq::Error::HostNotFound => HttpErrorKind::HostNotFound,
        ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => HttpErrorKind::ConnectionRefused,
        ureq::Error::Io(io) if is_tls(&io) => HttpErrorKind::Tls(Arc::new(io)),
        ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::TimedOut => HttpErrorKind::Timeout("connecting"),
        ureq::Error::Io(io) => HttpErrorKind::Connection(Arc::new(io)),
        ureq::Error::Rustls(tls) => HttpErrorKind::Tls(Arc::new(tls)),
        ureq::Error::Tls(_) | ureq::Error::TlsRequired => HttpErrorKind::Tls(shared(error)),
        ureq::Error::Http(http) => HttpErrorKind::InvalidRequest(http.to_string()),
        ureq::Error::BadUri(uri) => HttpErrorKind::InvalidRequest(redact::text(&uri)),
        ureq::Error::InvalidProxyUrl => HttpErrorKind::InvalidProxy("expected http://HOST:PORT"),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => HttpErrorKind::Protocol(shared(error)),
        other => HttpErrorKind::Connection(shared(other)),
    }
}

/// An error as a shared one, its text in one line without credentials.
fn shared(error: ureq::Error) -> SharedError {
    Arc::new(error)
}

fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

fn phase_name(phase: ureq::Timeout) -> &'static str {
    match phase {
        ureq::Timeout::Resolve => "resolving the host name",
        ureq::Timeout::Connect => "connecting",
        ureq::Timeout::SendRequest | ureq::Timeout::SendBody | ureq::Timeout::PerWrite => "sending the request",
        ureq::Timeout::RecvResponse | ureq::Timeout::RecvBody | ureq::Timeout::PerRead => "waiting for data",
        _ => "waiting for the response",
    }
}
