//! The meaning of responses that are not the expected ones.

use net::http::{Method, StatusCode};
use net::{Response, Url};

use super::channel::Service;
use crate::credentials::CredentialSource;
use crate::error::TransportError;
use crate::protocol::message_lines;

/// The maximum number of bytes of an error page that are read.
const MAX_ERROR_BODY: usize = 2000;

/// The request that a response answers.
pub(super) struct SentRequest<'a> {
    /// The repository's URL without credentials.
    pub repository: &'a str,
    pub method: Method,
    pub url: &'a Url,
    pub service: Service,
    /// The length of its body in bytes.
    pub length: u64,
    pub credentials: CredentialSource,
}

impl SentRequest<'_> {
    /// The error for a response whose status or media type is not the expected one.
    pub(super) fn error(self, response: Response, expected: &str) -> TransportError {
        let (status, url) = (response.status(), self.repository.to_owned());
        let location = response.header("location").map(str::to_owned);
        let media_type = media_type(&response);
        if status == StatusCode::OK {
            let reason = unexpected_body(response, expected, &media_type);
            return TransportError::Protocol { url, reason };
        }
        let text = error_text(response, &media_type);
        let message = if text.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {text}") };
        let credentials = self.credentials.clone();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                TransportError::Denied { url, message, credentials }
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => TransportError::NotFound { url, message, credentials },
            status if is_temporary(status) => TransportError::unreachable(url, message),
            status if status.is_server_error() => TransportError::Server { url, message },
            status if status.is_redirection() => self.redirected(&message, location.as_deref()),
            status => self.refused(status, &message),
        }
    }

    /// `POST https://host/repository.git/git-receive-pack`.
    fn shown(&self) -> String {
        format!("{} {}", self.method, net::redact::shown_url(self.url))
    }

    /// A redirect of a POST, which git does not follow either.
    fn redirected(&self, message: &str, location: Option<&str>) -> TransportError {
        let url = self.repository.to_owned();
        let to = location.and_then(|location| self.url.join(location).ok());
        let Some(to) = to else {
            let message = format!("{message} without a location in response to {}", self.shown());
            return TransportError::Refused { url, message, hint: "check the URL of the repository".to_owned() };
        };
        let shown = net::redact::shown_url(&to);
        let endpoint = format!("/{}", self.service.name());
        let hint = match shown.split('?').next().unwrap_or_default().strip_suffix(&endpoint) {
            Some(repository) => format!("use {repository} as the URL of the repository"),
            None => {
                "check the URL of the repository, and that the server permits pushes with these credentials".to_owned()
            }
        };
        let message = format!("{message}: {} was redirected to {shown}", self.shown());
        TransportError::Refused { url, message, hint }
    }

    fn refused(&self, status: StatusCode, message: &str) -> TransportError {
        let (message, hint) = match status {
            StatusCode::PAYLOAD_TOO_LARGE => (
                format!("{message}: {} with {} bytes is larger than the server accepts", self.shown(), self.length),
                "raise the limit of the server or of the proxy before it (nginx: client_max_body_size), or deliver fewer units at once",
            ),
            StatusCode::METHOD_NOT_ALLOWED => (
                format!("{message}: the server does not accept {}", self.shown()),
                "check that the URL is the repository's, and that the server permits git over HTTP (http.receivepack for pushes)",
            ),
            _ => {
                (format!("{message} in response to {}", self.shown()), "check that the URL points to a git repository")
            }
        };
        TransportError::Refused { url: self.repository.to_owned(), message, hint: hint.to_owned() }
    }
}

/// The media type of a response in lower case, without parameters.
pub(super) fn media_type(response: &Response) -> String {
    let value = response.header("content-type").unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Why a successful response is not git's. A list of refs in plain text is that of git's first HTTP protocol, which has no pushes.
fn unexpected_body(response: Response, expected: &str, media_type: &str) -> String {
    let found = format!("expected content type {expected:?}, found {media_type:?}");
    let start = response.into_reader(u64::MAX);
    let mut bytes = Vec::new();
    let _ = std::io::Read::read_to_end(&mut std::io::Read::take(start, 41), &mut bytes);
    let is_ref_line = bytes.len() == 41 && bytes[40] == b'\t' && bytes[..40].iter().all(u8::is_ascii_hexdigit);
    if is_ref_line {
        format!("the server supports git's dumb HTTP protocol only, without pushes ({found})")
    } else {
        found
    }
}

fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 502 | 503 | 504)
}

/// Returns the text of an error response for a person: plain text, but not an HTML page.
fn error_text(response: Response, media_type: &str) -> String {
    if media_type != "text/plain" {
        return String::new();
    }
    match response.buffer(MAX_ERROR_BODY) {
        Ok(buffered) => message_lines(buffered.body()).join("; "),
        Err(_) => String::new(),
    }
}
