//! Smart HTTP (gitprotocol-http) over [`net`].
//!
//! Credentials are sent to the host of the remote's URL only. A redirect is followed on the advertisement only, as git does by default, and
//! takes no credentials to another host. Fetches are retried on temporary errors; a push is not, because it may have been accepted: the
//! caller reads the refs again.

use std::io::Read;
use std::time::Instant;

use net::http::StatusCode;
use net::{
    Body, BodySource, Client, ClientOptions, HttpError, HttpErrorKind, PlainHttp, Proxies, Response, Retry, Timeouts,
    Url, basic_auth,
};

use super::channel::{Channel, Request, Service};
use crate::credentials::{CredentialHelpers, Credentials};
use crate::error::TransportError;
use crate::limits::{CONNECT_TIMEOUT, IDLE_TIMEOUT};
use crate::protocol::message_lines;
use crate::remote::Remote;
use crate::url::percent_decode;

/// The maximum number of redirects of an advertisement.
const MAX_REDIRECTS: u32 = 5;
/// The maximum number of bytes of an error page that are read.
const MAX_ERROR_BODY: usize = 2000;

/// A repository behind a web server.
pub(super) struct HttpChannel {
    client: Client,
    /// The repository's URL without credentials and trailing slash. A redirect changes it.
    base: Url,
    /// What is sent to the host of the remote's URL only; emptied by a redirect to another host.
    private: PrivateHeaders,
    /// Asked when the server requires credentials; absent after a redirect to another host.
    helpers: Option<CredentialHelpers>,
    /// The credentials of the helpers, until the helpers are notified whether these were accepted.
    from_helpers: Option<Credentials>,
    url: String,
}

/// Headers for one host.
#[derive(Default)]
struct PrivateHeaders {
    authorization: Option<String>,
    others: Vec<(String, String)>,
}

impl HttpChannel {
    /// A channel that has not connected yet.
    ///
    /// # Errors
    /// An invalid URL, and a file of certificates that cannot be used.
    pub(super) fn new(remote: &Remote) -> Result<Self, TransportError> {
        let url = remote.redacted_url();
        let invalid = |reason: String| TransportError::InvalidUrl { url: url.clone(), reason };
        let mut base = Url::parse(remote.url.trim()).map_err(|error| invalid(error.to_string()))?;
        let trusted = !remote.trust.is_untrusted();
        let authorization = remote.credentials.clone().or_else(|| credentials(&base)).filter(|_| trusted);
        let authorization = authorization.map(|found| basic_auth(&found.username, &found.password));
        let others = remote
            .headers
            .iter()
            .filter(|_| trusted)
            .filter(|(name, _)| authorization.is_none() || !is_authorization(name));
        let private = PrivateHeaders { others: others.cloned().collect(), authorization };
        let helpers = remote.helpers.clone().filter(|_| trusted && private.authorization.is_none());
        remove_credentials(&mut base);
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        base.set_fragment(None);
        let client = Client::new(client_options(remote))?;
        Ok(Self { client, base, private, helpers, from_helpers: None, url })
    }

    fn request_to<'a>(&self, mut request: net::Request<'a>) -> net::Request<'a> {
        for (name, value) in &self.private.others {
            if self.private.authorization.is_none() || !is_authorization(name) {
                request = request.private_header(name, value);
            }
        }
        if let Some(authorization) = &self.private.authorization {
            request = request.authorization(authorization);
        }
        request.header("accept-encoding", "gzip").redirects(0)
    }

    /// Asks the helpers for credentials. `false` if there are none, or they were asked before.
    fn ask_helpers(&mut self) -> Result<bool, TransportError> {
        let Some(helpers) = self.helpers.as_ref().filter(|_| self.from_helpers.is_none()) else { return Ok(false) };
        let failed = |source| TransportError::Credentials { url: self.url.clone(), source };
        let Some(found) = helpers.get().map_err(failed)? else { return Ok(false) };
        self.private.authorization = Some(basic_auth(&found.username, &found.password));
        self.from_helpers = Some(found);
        Ok(true)
    }

    /// Tells the helpers, once, whether their credentials were accepted.
    fn report_to_helpers(&mut self, accepted: bool) {
        if let Some(credentials) = &self.from_helpers
            && let Some(helpers) = self.helpers.take()
        {
            helpers.report(credentials, accepted);
        }
    }

    /// Returns the URL of an endpoint such as `/info/refs?service=…`. A query in the remote's URL is kept.
    fn endpoint(&self, tail: &str) -> Result<Url, TransportError> {
        let base = self.base.as_str();
        let url = match base.split_once('?') {
            Some((path, query)) if tail.contains('?') => format!("{}{tail}&{query}", path.trim_end_matches('/')),
            Some((path, query)) => format!("{}{tail}?{query}", path.trim_end_matches('/')),
            None => format!("{}{tail}", base.trim_end_matches('/')),
        };
        Url::parse(&url)
            .map_err(|error| TransportError::InvalidUrl { url: self.url.clone(), reason: error.to_string() })
    }

    fn error(&self, error: HttpError) -> TransportError {
        let url = self.url.clone();
        match &error.kind {
            HttpErrorKind::InvalidProxy(reason) => {
                TransportError::InvalidSetting { setting: "the URL of the proxy", reason: (*reason).to_owned() }
            }
            kind => TransportError::Unreachable { url, message: kind.to_string(), source: Some(Box::new(error)) },
        }
    }

    /// Returns the body of a response of the expected media type, or the server's error.
    fn accept(&self, response: Response, expected: &str) -> Result<Box<dyn Read>, TransportError> {
        let status = response.status();
        let media_type = response.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        if status == StatusCode::OK && media_type == expected {
            return Ok(Box::new(response.into_reader(u64::MAX)));
        }
        let text = error_text(response, &media_type);
        let message = if text.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {text}") };
        let url = self.url.clone();
        Err(match status {
            StatusCode::OK => {
                let reason = format!("expected content type {expected:?}, found {media_type:?}");
                TransportError::Protocol { url, reason }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => TransportError::Denied { url, message },
            status if is_temporary(status) => TransportError::unreachable(url, message),
            _ => TransportError::Server { url, message },
        })
    }

    /// Follows a redirect of an advertisement: without credentials to another host, and never from https to http.
    fn follow(&mut self, response: &Response, from: &Url, tail: &str) -> Result<(), TransportError> {
        let failed = |message: String| TransportError::Server { url: self.url.clone(), message };
        let location = response.header("location").unwrap_or_default();
        let to = from.join(location).map_err(|error| failed(format!("invalid redirect to {location:?}: {error}")))?;
        let shown = net::redact::url(to.as_str());
        let (endpoint, _) = tail.split_once('?').unwrap_or((tail, ""));
        let Some(path) = to.path().strip_suffix(endpoint) else {
            return Err(failed(format!("redirected to {shown}, which is not a repository")));
        };
        if !matches!(to.scheme(), "http" | "https") || from.scheme() == "https" && to.scheme() != "https" {
            return Err(failed(format!("redirected to {shown}, which is not https")));
        }
        let mut base = to.clone();
        base.set_path(path);
        base.set_query(None);
        remove_credentials(&mut base);
        if base.origin() != self.base.origin() {
            self.private = PrivateHeaders::default();
            self.helpers = None;
        }
        self.base = base;
        Ok(())
    }
}

impl Channel for HttpChannel {
    fn advertisement(&mut self, service: Service, deadline: Instant) -> Result<Box<dyn Read + '_>, TransportError> {
        let tail = format!("/info/refs?service={}", service.name());
        // One more, since credentials are added once.
        for _ in 0..=MAX_REDIRECTS + 1 {
            let url = self.endpoint(&tail)?;
            let request = net::Request::get(url.clone()).header("accept", "*/*").header("git-protocol", "version=2");
            let request = self.request_to(request.header("pragma", "no-cache").header("cache-control", "no-cache"));
            let sent = self.client.send_with_retry(request, &Retry::standard().until(deadline));
            let response = sent.map_err(|error| self.error(error))?;
            if response.status() == StatusCode::UNAUTHORIZED {
                if self.ask_helpers()? {
                    continue;
                }
                self.report_to_helpers(false);
            }
            if !response.status().is_redirection() {
                if response.status().is_success() {
                    self.report_to_helpers(true);
                }
                return self.accept(response, &format!("application/x-{}-advertisement", service.name()));
            }
            self.follow(&response, &url, &tail)?;
        }
        let message = format!("more than {MAX_REDIRECTS} redirects");
        Err(TransportError::Server { url: self.url.clone(), message })
    }

    fn request(
        &mut self,
        service: Service,
        mut request: Request,
        deadline: Instant,
    ) -> Result<Box<dyn Read + '_>, TransportError> {
        let name = service.name();
        let url = self.endpoint(&format!("/{name}"))?;
        let fetches = service == Service::UploadPack;
        let mut post = net::Request::post(url)
            .body(&format!("application/x-{name}-request"), Body::Stream(&mut request))
            .header("accept", &format!("application/x-{name}-result"))
            .idempotent(fetches);
        if fetches {
            post = post.header("git-protocol", "version=2");
        }
        let post = self.request_to(post);
        let retry = if fetches { Retry::standard() } else { Retry::once() };
        let response = self.client.send_with_retry(post, &retry.until(deadline)).map_err(|error| self.error(error))?;
        self.accept(response, &format!("application/x-{name}-result"))
    }

    fn stateless(&self) -> bool {
        true
    }
}

impl BodySource for Request {
    fn length(&self) -> Option<u64> {
        Some(Request::length(self))
    }

    fn reader(&mut self) -> std::io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Request::reader(self)?))
    }
}

fn client_options(remote: &Remote) -> ClientOptions {
    let environment = Proxies::from_variables(|name| std::env::var(name).ok());
    let proxies = match &remote.proxy {
        Some(proxy) => environment.with_proxy(proxy),
        None => environment,
    };
    ClientOptions {
        timeouts: Timeouts { connect: CONNECT_TIMEOUT, idle: IDLE_TIMEOUT, total: None },
        authorities: remote.ca_file.iter().cloned().collect(),
        proxies,
        plain_http: PlainHttp::Allowed,
        addresses: remote.trust.addresses(),
        ..ClientOptions::standard(concat!("git/2.47.0 hydrant/", env!("CARGO_PKG_VERSION")))
    }
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// Returns the credentials in a URL. Hosts accept a token as the user name (`https://TOKEN@host`) or as the password.
fn credentials(url: &Url) -> Option<Credentials> {
    let (username, password) = (percent_decode(url.username()), url.password().map(percent_decode));
    match password {
        Some(password) => Some(Credentials { username, password }),
        None if !username.is_empty() => Some(Credentials { username: username.clone(), password: username }),
        None => None,
    }
}

fn remove_credentials(url: &mut Url) {
    // Both fail only for URLs without a host, which are never http or https.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 502 | 503 | 504)
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
