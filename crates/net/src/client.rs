//! The client: connections, redirects, and which headers go where.

use std::io::Read;
use std::sync::OnceLock;
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use ureq::http::header::LOCATION;
use ureq::http::{HeaderMap, Method, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, AsSendBody, SendBody};
use url::Url;

use crate::addresses::{Addresses, PublicResolver, check_for_proxy};
use crate::error::{self, HttpError, HttpErrorKind};
use crate::host::{host_and_port, is_loopback};
use crate::options::ClientOptions;
use crate::proxy::is_socks;
use crate::redact;
use crate::request::{Body, Request};
use crate::response::{BufferedResponse, Response};
use crate::retry::{Attempt, Retry, retry};
use crate::trust::{AuthorityError, read_authorities, roots};

/// An HTTP client. Connections are kept open and shared by every thread.
pub struct Client {
    options: ClientOptions,
    authorities: Vec<CertificateDer<'static>>,
    agents: Agents,
}

/// One agent for each way to a server, made when it is first needed: TLS roots are read for https only.
#[derive(Default)]
struct Agents {
    http: OnceLock<Agent>,
    https: OnceLock<Agent>,
    http_by_proxy: OnceLock<Result<Agent, HttpErrorKind>>,
    https_by_proxy: OnceLock<Result<Agent, HttpErrorKind>>,
}

impl Client {
    /// A client that has not connected to anything yet.
    ///
    /// # Errors
    /// Where the file of a certificate authority cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, AuthorityError> {
        let authorities = read_authorities(&options.authorities)?;
        Ok(Client { options, authorities, agents: Agents::default() })
    }

    /// The settings.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Sends a request, follows its redirects, and returns the response of whatever status.
    ///
    /// # Errors
    /// Where there is no response.
    pub fn send(&self, mut request: Request<'_>) -> Result<Response, HttpError> {
        self.exchange(&mut request, None)
    }

    /// Sends a request until there is a response that will not change; see `retry::retry`.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub fn send_with_retry(&self, mut request: Request<'_>, how: &Retry<'_>) -> Result<Response, HttpError> {
        retry(how, request.idempotent, || self.exchange(&mut request, how.end))
    }

    /// Sends a request as [`Client::send_with_retry`] and reads the body, at most `limit` bytes. A body that breaks off is tried
    /// again, too.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub fn fetch(
        &self,
        mut request: Request<'_>,
        limit: usize,
        how: &Retry<'_>,
    ) -> Result<BufferedResponse, HttpError> {
        retry(how, request.idempotent, || self.exchange(&mut request, how.end)?.buffer(limit))
    }

    fn exchange(&self, request: &mut Request<'_>, limit: Option<Instant>) -> Result<Response, HttpError> {
        let start = Instant::now();
        let own = request.total.or(self.options.timeouts.total).and_then(|total| start.checked_add(total));
        let end = own.into_iter().chain(limit).min();
        let result = self.follow(request, end);
        let (method, ms) = (request.method.as_str(), start.elapsed().as_millis());
        match &result {
            Ok(response) => {
                let url = redact::shown_url(&response.url);
                tracing::debug!(method, url, status = response.status.as_u16(), ms, "request");
            }
            Err(error) => tracing::debug!(method, url = error.url, error = %error.kind, ms, "request failed"),
        }
        result
    }

    /// Sends the request and follows redirects until `end`.
    fn follow(&self, request: &mut Request<'_>, end: Option<Instant>) -> Result<Response, HttpError> {
        let (mut url, mut method) = (request.url.clone(), request.method.clone());
        if let Some(invalid) = &request.invalid {
            let kind = HttpErrorKind::InvalidRequest(format!("invalid {invalid}"));
            return Err(HttpError::new(method.as_str(), &url, kind));
        }
        if !self.options.plain_http.allows(&url) {
            let kind = match url.scheme() {
                "http" => HttpErrorKind::PlainHttp(host_and_port(&url)),
                scheme => HttpErrorKind::InvalidRequest(format!("unsupported scheme {scheme:?}")),
            };
            return Err(HttpError::new(method.as_str(), &url, kind));
        }
        for _ in 0..=request.redirects {
            let response = self.once(request, &method, &url, end)?;
            let status = response.status;
            let Some(location) = redirect_target(&response).filter(|_| request.redirects > 0) else {
                return Ok(response);
            };
            url = self.redirected(&method, &url, location)?;
            // RFC 9110, 15.4.4: a 303 is followed with GET, whatever the method was.
            if status == StatusCode::SEE_OTHER && method != Method::HEAD {
                method = Method::GET;
            }
        }
        Err(HttpError::new(method.as_str(), &url, HttpErrorKind::TooManyRedirects(request.redirects)))
    }

    /// The URL that a redirect leads to, without credentials.
    fn redirected(&self, method: &Method, from: &Url, location: &str) -> Result<Url, HttpError> {
        let error = |kind| HttpError::new(method.as_str(), from, kind);
        let mut to = from.join(location).map_err(|source| {
            error(HttpErrorKind::InvalidRedirect { location: redact::one_line(&redact::text(location)), source })
        })?;
        if !self.options.plain_http.allows_redirect(from, &to) {
            return Err(error(HttpErrorKind::InsecureRedirect(redact::one_line(&to.origin().ascii_serialization()))));
        }
        // Both fail only for URLs that cannot have credentials.
        let _ = to.set_username("");
        let _ = to.set_password(None);
        Ok(to)
    }

    /// One request and its response. Private headers are sent to the origin of the request's own URL only.
    fn once(
        &self,
        request: &mut Request<'_>,
        method: &Method,
        url: &Url,
        end: Option<Instant>,
    ) -> Result<Response, HttpError> {
        let error = |kind| HttpError::new(method.as_str(), url, kind);
        let mut headers = request.headers.clone();
        if url.origin() == request.url.origin() && !request.private_headers.is_empty() {
            if url.scheme() == "http" && !is_loopback(url.host_str().unwrap_or_default()) {
                return Err(error(HttpErrorKind::CredentialsOverHttp(host_and_port(url))));
            }
            append(&mut headers, &request.private_headers);
        }
        let total = end.map(|end| end.saturating_duration_since(Instant::now()));
        if total.is_some_and(|total| total.is_zero()) {
            return Err(error(HttpErrorKind::Timeout("waiting for the response")));
        }
        let keeps_body = *method == request.method;
        let body = if keeps_body { &mut request.body } else { &mut Body::Empty };
        let agent = self.agent(url).map_err(error)?;
        let mut builder = ureq::http::Request::builder().method(method.clone()).uri(url.as_str());
        if let Body::Stream(source) = body
            && let Some(length) = source.length()
        {
            builder = builder.header("content-length", length);
        }
        if let Some(all) = builder.headers_mut() {
            append(all, &headers);
        }
        let sent = match body {
            Body::Empty if needs_length(method) => run(agent, builder, total, &[][..]),
            Body::Empty => run(agent, builder, total, ()),
            Body::Bytes(bytes) => run(agent, builder, total, *bytes),
            Body::Stream(source) => {
                let mut reader =
                    source.reader().map_err(|source| error(HttpErrorKind::RequestBody(source_of(source))))?;
                let reader: &mut dyn Read = &mut *reader;
                run(agent, builder, total, SendBody::from_reader(&mut { reader }))
            }
        };
        let (parts, body) = sent.map_err(|failed| error(error::of_exchange(failed)))?.into_parts();
        Ok(Response { method: method.clone(), url: url.clone(), status: parts.status, headers: parts.headers, body })
    }

    fn agent(&self, url: &Url) -> Result<&Agent, HttpErrorKind> {
        let secure = url.scheme() == "https";
        let Some(proxy) = self.options.proxies.of(url) else {
            let slot = if secure { &self.agents.https } else { &self.agents.http };
            return Ok(slot.get_or_init(|| self.build(secure, None)));
        };
        if self.options.addresses == Addresses::Public {
            check_for_proxy(url).map_err(|refused| HttpErrorKind::PrivateAddress(refused.host))?;
        }
        let slot = if secure { &self.agents.https_by_proxy } else { &self.agents.http_by_proxy };
        let agent = slot.get_or_init(|| {
            if is_socks(proxy) {
                return Err(HttpErrorKind::InvalidProxy("SOCKS is not supported"));
            }
            let parsed = ureq::Proxy::new(proxy).map_err(error::of_exchange)?;
            Ok(self.build(true, Some(parsed)))
        });
        agent.as_ref().map_err(Clone::clone)
    }

    fn build(&self, secure: bool, proxy: Option<ureq::Proxy>) -> Agent {
        let checks_addresses = self.options.addresses == Addresses::Public && proxy.is_none();
        let ClientOptions { user_agent, timeouts, connections, compression, .. } = &self.options;
        let roots = if secure { roots(&self.authorities) } else { RootCerts::WebPki };
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(user_agent)
            .timeout_connect(Some(timeouts.connect))
            .timeout_per_read(Some(timeouts.idle))
            .timeout_per_write(Some(timeouts.idle))
            .max_idle_connections(connections.saturating_mul(4))
            .max_idle_connections_per_host(*connections)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        if !compression {
            config = config.accept_encoding("identity");
        }
        if checks_addresses {
            return Agent::with_parts(config.build(), DefaultConnector::default(), PublicResolver::default());
        }
        Agent::new_with_config(config.build())
    }
}

impl Attempt for Response {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl Attempt for BufferedResponse {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}

fn run(
    agent: &Agent,
    builder: ureq::http::request::Builder,
    total: Option<std::time::Duration>,
    body: impl AsSendBody,
) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
    let request = builder.body(body)?;
    match total {
        Some(total) => agent.run(agent.configure_request(request).timeout_global(Some(total)).build()),
        None => agent.run(request),
    }
}

fn redirect_target(response: &Response) -> Option<&str> {
    let redirects = matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers.get(LOCATION).filter(|_| redirects)?.to_str().ok()
}

/// Whether a request without a body says so (RFC 9110, 8.6), as some servers want.
fn needs_length(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn append(headers: &mut HeaderMap, more: &HeaderMap) {
    for (name, value) in more {
        headers.append(name.clone(), value.clone());
    }
}

fn source_of(error: std::io::Error) -> error::SharedError {
    std::sync::Arc::new(error)
}
