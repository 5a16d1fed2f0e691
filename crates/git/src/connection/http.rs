//! Smart HTTP (gitprotocol-http) over [`net`].
//!
//! Credentials are sent to the host of the remote's URL only. A redirect is followed on the advertisement only, as git does by default, and
//! takes no credentials to another host. Fetches are retried on temporary errors; a push is not, because it may have been accepted: the
//! caller reads the refs again.

use std::io::Read;
use std::time::Instant;

use net::http::{Method, StatusCode};
use net::{
    Body, BodySource, Client, ClientOptions, HttpError, HttpErrorKind, PlainHttp, Proxies, Response, Retry, Timeouts,
    Url,
};

use super::channel::{Channel, Request, Service};
use super::http_access::HostAccess;
use super::http_error::{SentRequest, media_type};
use crate::error::TransportError;
use crate::limits::{CONNECT_TIMEOUT, IDLE_TIMEOUT};
use crate::remote::Remote;

/// The maximum number of redirects of an advertisement.
const MAX_REDIRECTS: u32 = 5;
/// The length in bytes from which on a push is preceded by a request without content if the server may require credentials, as git does
/// (`http.postBuffer`): a server that refuses a long request may close the connection before its answer can be read.
const LONG_PUSH: u64 = 1024 * 1024;

/// A repository behind a web server.
pub(super) struct HttpChannel {
    client: Client,
    /// The repository's URL without credentials and trailing slash. A redirect changes it.
    base: Url,
    /// What is sent to the host of the remote's URL only.
    access: HostAccess,
    url: String,
}

impl HttpChannel {
    /// A channel that has not connected yet.
    ///
    /// # Errors
    /// An invalid URL, and a file of certificates that cannot be used.
    pub(super) fn new(remote: &Remote) -> Result<Self, TransportError> {
        let url = remote.redacted_url();
        let invalid = |reason: String| TransportError::InvalidUrl { url: url.clone(), reason };
        let mut base = Url::parse(remote.url.expose().trim()).map_err(|error| invalid(error.to_string()))?;
        let access = HostAccess::new(remote, &base);
        remove_credentials(&mut base);
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        base.set_fragment(None);
        let client = Client::new(client_options(remote))?;
        Ok(Self { client, base, access, url })
    }

    fn request_to<'a>(&self, request: net::Request<'a>) -> net::Request<'a> {
        self.access.apply(request).header("accept-encoding", "gzip").redirects(0)
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

    /// Sends a request to a service, and again with credentials if the server requires them for this request only.
    fn post(&mut self, service: Service, request: &mut Request, deadline: Instant) -> Result<Response, TransportError> {
        let name = service.name();
        let url = self.endpoint(&format!("/{name}"))?;
        let fetches = service == Service::UploadPack;
        let retry = if fetches { Retry::standard() } else { Retry::once() }.until(deadline);
        loop {
            let mut post = net::Request::post(url.clone())
                .body(&format!("application/x-{name}-request"), Body::Stream(request))
                .header("accept", &format!("application/x-{name}-result"))
                .idempotent(fetches);
            if fetches {
                post = post.header("git-protocol", "version=2");
            }
            let response = self.client.send_with_retry(self.request_to(post), &retry);
            let response = response.map_err(|error| self.error(error))?;
            if !self.is_denied(&response)? {
                return Ok(response);
            }
        }
    }

    /// Notes what a response says about the credentials. Returns whether the request should be sent again with others.
    fn is_denied(&mut self, response: &Response) -> Result<bool, TransportError> {
        if response.status() == StatusCode::UNAUTHORIZED {
            if self.access.ask(&self.url)? {
                return Ok(true);
            }
            self.access.report(false);
        } else if response.status().is_success() {
            self.access.report(true);
        }
        Ok(false)
    }

    /// A request, for the error of its response.
    fn sent<'a>(&'a self, method: Method, url: &'a Url, service: Service, length: u64) -> SentRequest<'a> {
        SentRequest { repository: &self.url, method, url, service, length, credentials: self.access.source() }
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

    /// Follows a redirect of an advertisement: without credentials to another host, and never from https to http.
    fn follow(&mut self, response: &Response, from: &Url, tail: &str) -> Result<(), TransportError> {
        let failed = |message: String| TransportError::Server { url: self.url.clone(), message };
        let location = response.header("location").unwrap_or_default();
        let to = from.join(location).map_err(|error| {
            let location = net::redact::one_line(&net::redact::text(location));
            failed(format!("invalid redirect to {location:?}: {error}"))
        })?;
        let shown = net::redact::shown_url(&to);
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
            self.access = HostAccess::withheld(&base);
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
            if self.is_denied(&response)? {
                continue;
            }
            if !response.status().is_redirection() {
                let expected = format!("application/x-{}-advertisement", service.name());
                if response.status() == StatusCode::OK && media_type(&response) == expected {
                    return Ok(Box::new(response.into_reader(u64::MAX)));
                }
                return Err(self.sent(Method::GET, &url, service, 0).error(response, &expected));
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
        let expected = format!("application/x-{}-result", service.name());
        if request.length() >= LONG_PUSH && self.access.can_ask() {
            // A flush packet alone: no command.
            self.post(service, &mut Request::lines(b"0000".to_vec()), deadline)?;
        }
        let response = self.post(service, &mut request, deadline)?;
        if response.status() == StatusCode::OK && !media_type(&response).starts_with("text/") {
            return Ok(Box::new(response.into_reader(u64::MAX)));
        }
        let url = self.endpoint(&format!("/{}", service.name()))?;
        Err(self.sent(Method::POST, &url, service, request.length()).error(response, &expected))
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

fn remove_credentials(url: &mut Url) {
    // Both fail only for URLs without a host, which are never http or https.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}
