//! One registry as all threads use it: its scheme and challenge are found out once, each request is authorized and repeated.

use std::sync::{OnceLock, PoisonError, RwLock};

use net::host::host_and_port;
use net::http::Method;
use net::{Body, BufferedResponse, Request, RetryAfterGate, Url};

use crate::authorization::{Access, Authority, Authorization, AuthorizationCache, obtain, with_credentials_hint};
use crate::challenge::Challenge;
use crate::context::{ERROR_LIMIT, RequestContext};
use crate::endpoint::Endpoint;
use crate::error::{ErrorKind, RequestError};
use crate::refusal::{kind_of, rate_limit_hint, status_and_message};

/// One registry, shared by all threads.
pub(crate) struct Session {
    endpoint: Endpoint,
    access: Access,
    connection: OnceLock<Result<Connection, RequestError>>,
    authorizations: AuthorizationCache,
    gate: RetryAfterGate,
}

/// The URL that answers, and how it wants to be authorized.
struct Connection {
    base: Url,
    challenge: RwLock<Challenge>,
}

/// A request for one repository.
#[derive(Clone)]
pub(crate) struct RegistryRequest<'a> {
    pub(crate) method: Method,
    pub(crate) repository: &'a str,
    /// What follows the repository's name, such as `manifests/latest`.
    pub(crate) path: &'a str,
    pub(crate) accept: Option<&'static str>,
    pub(crate) content: Option<Content<'a>>,
    /// How much of the response's body is read, in bytes.
    pub(crate) limit: usize,
    /// Whether the request is repeated where that may help.
    pub(crate) retry: bool,
}

/// A body and its media type.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    pub(crate) media_type: &'a str,
    pub(crate) bytes: &'a [u8],
}

/// A response of any status, and what it answers.
pub(crate) struct RegistryResponse {
    pub(crate) http: BufferedResponse,
    method: Method,
    url: Url,
    /// Where the credentials of the request are kept.
    credentials_source: Option<String>,
}

impl RegistryResponse {
    pub(crate) fn status(&self) -> u16 {
        self.http.status().as_u16()
    }
}

impl<'a> RegistryRequest<'a> {
    /// A request without a body that is repeated where that may help.
    pub(crate) fn new(method: Method, repository: &'a str, path: &'a str, limit: usize) -> Self {
        RegistryRequest { method, repository, path, accept: None, content: None, limit, retry: true }
    }
}

impl Session {
    pub(crate) fn new(endpoint: Endpoint, access: Access) -> Self {
        let (connection, authorizations, gate) = (OnceLock::new(), AuthorizationCache::default(), Default::default());
        Session { endpoint, access, connection, authorizations, gate }
    }

    /// The host that is accessed.
    pub(crate) fn host(&self) -> String {
        let base = match self.connection.get() {
            Some(Ok(connection)) => &connection.base,
            _ => &self.endpoint.bases[0],
        };
        host_and_port(base)
    }

    /// Sends a request and returns the response of whatever status. One that is refused is sent once more with a new token.
    pub(crate) fn send(
        &self,
        ctx: &RequestContext<'_>,
        request: &RegistryRequest<'_>,
    ) -> Result<RegistryResponse, RequestError> {
        let connection = self.connection(ctx)?;
        let path = format!("v2/{}{}/{}", self.endpoint.prefix, request.repository, request.path);
        let url = self.url(connection, &path)?;
        self.send_authorized(ctx, connection, &url, request)
    }

    /// Sends a request to the `Location` that the registry named, which may be relative or on another host, with `pairs` added
    /// to its query. Another host gets no credentials.
    pub(crate) fn send_to(
        &self,
        ctx: &RequestContext<'_>,
        request: &RegistryRequest<'_>,
        location: &str,
        pairs: &[(&str, &str)],
    ) -> Result<RegistryResponse, RequestError> {
        let connection = self.connection(ctx)?;
        let mut url = self.url(connection, location)?;
        if !ctx.http.options().plain_http.allows_redirect(&connection.base, &url) {
            let origin = url.origin().ascii_serialization();
            return Err(RequestError::protocol(&self.host(), format!("sent to {origin}, which is not https")));
        }
        url.query_pairs_mut().extend_pairs(pairs);
        let mut response = self.send_authorized(ctx, connection, &url, request)?;
        // The query is the registry's own and may be long.
        response.url.set_query(None);
        Ok(response)
    }

    /// The error that a response of an unexpected status means.
    pub(crate) fn refusal(&self, response: &RegistryResponse) -> RequestError {
        let RegistryResponse { http, method, url, credentials_source } = response;
        let message = format!("{method} {}: {}", net::redact::url(url.as_str()), status_and_message(http));
        let kind = kind_of(response.status(), &message);
        let host = host_and_port(url);
        let error = RequestError::new(kind, &host, message);
        match kind {
            ErrorKind::Credentials => {
                with_credentials_hint(error, self.authority(&host, url), credentials_source.as_deref())
            }
            ErrorKind::RateLimit => error.hint(rate_limit_hint(http)),
            _ => error,
        }
    }

    fn authority<'a>(&'a self, host: &'a str, base: &'a Url) -> Authority<'a> {
        Authority { name: &self.endpoint.name, host, base, access: self.access, gate: &self.gate }
    }

    fn url(&self, connection: &Connection, path: &str) -> Result<Url, RequestError> {
        connection.base.join(path).map_err(|error| RequestError::protocol(&self.host(), format!("{path}: {error}")))
    }

    fn connection(&self, ctx: &RequestContext<'_>) -> Result<&Connection, RequestError> {
        self.connection.get_or_init(|| self.connect(ctx)).as_ref().map_err(Clone::clone)
    }

    /// Finds the first base that speaks the protocol.
    fn connect(&self, ctx: &RequestContext<'_>) -> Result<Connection, RequestError> {
        let mut first: Option<RequestError> = None;
        for base in &self.endpoint.bases {
            let error = match self.ping(ctx, base) {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            // The next scheme is tried only where a host responds, but not in this one.
            let other_scheme = matches!(error.kind, ErrorKind::Protocol | ErrorKind::Tls);
            first = Some(first.filter(|first| first.kind == ErrorKind::Tls).unwrap_or(error));
            if !other_scheme {
                break;
            }
        }
        Err(first.unwrap_or_else(|| RequestError::new(ErrorKind::Network, &self.endpoint.name, "no endpoint")))
    }

    /// Requests `/v2/`, which says how the registry wants to be authorized.
    fn ping(&self, ctx: &RequestContext<'_>, base: &Url) -> Result<Connection, RequestError> {
        let host = host_and_port(base);
        let url = base.join("v2/").map_err(|error| RequestError::protocol(&host, error.to_string()))?;
        let http = ctx.http.fetch(Request::get(url.clone()), ERROR_LIMIT, &ctx.retry(&self.gate))?;
        let challenge = match http.status().as_u16() {
            // A few registries do not have the endpoint but answer for manifests.
            200 | 404 => Challenge::Open,
            status @ (401 | 403) => Challenge::of(http.headers()).ok_or_else(|| {
                let message = format!("GET {url}: {status} without a WWW-Authenticate challenge of Basic or Bearer");
                RequestError::protocol(&host, message)
            })?,
            _ => {
                let response = RegistryResponse { http, method: Method::GET, url, credentials_source: None };
                return Err(self.refusal(&response));
            }
        };
        Ok(Connection { base: base.clone(), challenge: RwLock::new(challenge) })
    }

    fn send_authorized(
        &self,
        ctx: &RequestContext<'_>,
        connection: &Connection,
        url: &Url,
        request: &RegistryRequest<'_>,
    ) -> Result<RegistryResponse, RequestError> {
        let repository = format!("{}{}", self.endpoint.prefix, request.repository);
        let own_host = url.origin() == connection.base.origin();
        let mut authorization =
            if own_host { self.authorization(ctx, connection, &repository, None)? } else { Authorization::default() };
        let mut renewed = !own_host;
        loop {
            let http = self.transmit(ctx, url, request, &authorization)?;
            let done = http.status().as_u16() != 401 || renewed;
            let next = if done {
                None
            } else {
                if let Some(challenge) = Challenge::of(http.headers()) {
                    *connection.challenge.write().unwrap_or_else(PoisonError::into_inner) = challenge;
                }
                Some(self.authorization(ctx, connection, &repository, Some(&authorization))?)
            };
            match next.filter(|next| *next != authorization) {
                Some(next) => (authorization, renewed) = (next, true),
                None => {
                    let (method, url, credentials_source) = (request.method.clone(), url.clone(), authorization.source);
                    return Ok(RegistryResponse { http, method, url, credentials_source });
                }
            }
        }
    }

    fn transmit(
        &self,
        ctx: &RequestContext<'_>,
        url: &Url,
        request: &RegistryRequest<'_>,
        authorization: &Authorization,
    ) -> Result<BufferedResponse, RequestError> {
        // An upload that is begun twice costs nothing: a blob counts once its content is complete.
        let mut http = Request::new(request.method.clone(), url.clone()).idempotent(true);
        if let Some(header) = &authorization.header {
            http = http.authorization(header);
        }
        if let Some(accept) = request.accept {
            http = http.header("accept", accept);
        }
        if let Some(content) = request.content {
            http = http.body(content.media_type, Body::Bytes(content.bytes));
        }
        let mut retry = ctx.retry(&self.gate);
        if !request.retry {
            retry.policy.attempts = 1;
        }
        Ok(ctx.http.fetch(http, request.limit, &retry)?)
    }

    fn authorization(
        &self,
        ctx: &RequestContext<'_>,
        connection: &Connection,
        repository: &str,
        stale: Option<&Authorization>,
    ) -> Result<Authorization, RequestError> {
        let challenge = connection.challenge.read().unwrap_or_else(PoisonError::into_inner).clone();
        if challenge == Challenge::Open {
            return Ok(Authorization::default());
        }
        let host = self.host();
        self.authorizations
            .get(repository, stale, || obtain(ctx, self.authority(&host, &connection.base), &challenge, repository))
    }
}
