//! A request and its body.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use base64::Engine as _;
use percent_encoding::percent_decode_str;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

/// How many redirects are followed unless a request says otherwise.
const REDIRECTS: u32 = 5;

/// A request. Credentials in its URL become an `Authorization` header and leave the URL.
pub struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// Headers for the URL's own origin only, which a redirect elsewhere does not take along.
    pub(crate) private_headers: HeaderMap,
    pub(crate) body: Body<'a>,
    pub(crate) redirects: u32,
    pub(crate) idempotent: bool,
    pub(crate) total: Option<Duration>,
    /// The first header that is not valid.
    pub(crate) invalid: Option<String>,
}

/// The body of a request.
#[derive(Default)]
pub enum Body<'a> {
    /// No body.
    #[default]
    Empty,
    /// These bytes.
    Bytes(&'a [u8]),
    /// A body that is read while it is sent.
    Stream(&'a mut dyn BodySource),
}

/// A body that can be read from its start, once for each attempt.
pub trait BodySource {
    /// The length in bytes; the body is sent in chunks where it is not known.
    fn length(&self) -> Option<u64>;

    /// Returns the body from its start.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn reader(&mut self) -> io::Result<Box<dyn Read + '_>>;
}

impl<'a> Request<'a> {
    /// A request with a method. GET, HEAD, PUT, DELETE and OPTIONS may be repeated; see [`Request::idempotent`] for others.
    pub fn new(method: Method, mut url: Url) -> Self {
        let idempotent = method.is_idempotent();
        let mut private_headers = HeaderMap::new();
        if let Some(value) = take_credentials(&mut url) {
            private_headers.insert("authorization", value);
        }
        Request {
            method,
            url,
            headers: HeaderMap::new(),
            private_headers,
            body: Body::Empty,
            redirects: REDIRECTS,
            idempotent,
            total: None,
            invalid: None,
        }
    }

    /// A GET request.
    pub fn get(url: Url) -> Self {
        Request::new(Method::GET, url)
    }

    /// A POST request.
    pub fn post(url: Url) -> Self {
        Request::new(Method::POST, url)
    }

    /// Sets a header, in place of earlier ones of its name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Some((name, value)) = self.checked(name, value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Adds a header that belongs to the host, such as a credential: it is sent to the URL's own origin only. `Authorization`
    /// replaces an earlier one; others stay beside it.
    #[must_use]
    pub fn private_header(mut self, name: &str, value: &str) -> Self {
        if let Some((name, mut value)) = self.checked(name, value) {
            value.set_sensitive(true);
            if name == "authorization" {
                self.private_headers.insert(name, value);
            } else {
                self.private_headers.append(name, value);
            }
        }
        self
    }

    /// Sets the `Authorization` header, for the URL's own origin only.
    #[must_use]
    pub fn authorization(self, value: &str) -> Self {
        self.private_header("authorization", value)
    }

    /// Sets the body and its media type.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: Body<'a>) -> Self {
        self.body = body;
        self.header("content-type", media_type)
    }

    /// Sets how many redirects are followed; with none the redirect itself is the response.
    #[must_use]
    pub fn redirects(mut self, redirects: u32) -> Self {
        self.redirects = redirects;
        self
    }

    /// Says whether the request may be sent again after it may have reached the server.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Sets how long the request may take to the last byte of its body, instead of the client's limit.
    #[must_use]
    pub fn timeout(mut self, total: Duration) -> Self {
        self.total = Some(total);
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URL, without credentials.
    pub fn url(&self) -> &Url {
        &self.url
    }

    fn checked(&mut self, name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => Some((name, value)),
            _ => {
                self.invalid.get_or_insert_with(|| format!("header {name:?}"));
                None
            }
        }
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, crate::redact::shown_url(&self.url))
    }
}

/// The value of an `Authorization` header for user and password (RFC 7617).
pub fn basic_auth(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// Takes user and password out of a URL and returns them as an `Authorization` header.
pub(crate) fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (decode(url.username()), url.password().map(decode));
    // Both fail only for URLs that cannot have credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if user.is_empty() && password.is_none() {
        return None;
    }
    let mut value = HeaderValue::from_str(&basic_auth(&user, &password.unwrap_or_default())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
