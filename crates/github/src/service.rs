//! The tower service by which octocrab sends its requests through [`net`], so that GitHub uses the same proxies, authorities, time
//! limits, retries and redaction as every other server.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use net::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use net::retry::Attempt;
use net::{Body, BufferedResponse, Client, HttpError, Retry, RetryAfterGate};
use octocrab::OctoBody;
use tower::Service;

use crate::request::Endpoints;

/// The maximum size of a response in bytes; the largest are recursive trees, which GitHub truncates at 7 MB.
const MAX_RESPONSE: usize = 16 << 20;
/// The wait after a secondary rate limit that names none (GitHub: "wait for at least one minute").
const SECONDARY_RATE_LIMIT: Duration = Duration::from_secs(60);

/// A request without a response.
#[derive(Clone, Debug)]
pub(crate) struct SendError(pub(crate) HttpError);

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SendError {}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send>>;

/// Sends requests one at a time; the future blocks its thread until the response is complete.
pub(crate) struct HttpService {
    http: Arc<Client>,
    endpoints: Endpoints,
    gate: Arc<RetryAfterGate>,
}

/// A service for one connection.
pub(crate) fn new(http: Arc<Client>, endpoints: Endpoints) -> HttpService {
    HttpService { http, endpoints, gate: Arc::default() }
}

impl Service<Request<OctoBody>> for HttpService {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let (http, endpoints, gate) = (Arc::clone(&self.http), self.endpoints.clone(), Arc::clone(&self.gate));
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let url = endpoints.url(path)?;
            let send = || {
                // Every request may be repeated: objects have the same id, and refs are compared.
                let mut request = net::Request::new(parts.method.clone(), url.clone()).idempotent(true);
                for (name, value) in &parts.headers {
                    let Ok(value) = value.to_str() else { continue };
                    request = if name == "authorization" {
                        request.authorization(value)
                    } else {
                        request.header(name.as_str(), value)
                    };
                }
                request = request.header("accept", "application/vnd.github.v3+json");
                if !body.is_empty() {
                    request = request.body("application/json", Body::Bytes(&body));
                }
                http.fetch(request, MAX_RESPONSE, &Retry::once()).map(ApiResponse::new)
            };
            let retry = Retry { gate: Some(&gate), ..Retry::standard() };
            let response = net::retry::retry(&retry, true, send).map_err(SendError)?;
            Ok(response.into_http())
        })
    }
}

/// A response whose headers name a wait for GitHub's secondary rate limit.
struct ApiResponse {
    response: BufferedResponse,
    headers: HeaderMap,
}

impl ApiResponse {
    fn new(response: BufferedResponse) -> Self {
        let mut headers = response.headers().clone();
        let limited = response.status() == StatusCode::FORBIDDEN
            && net::retry::retry_after(&headers).is_none()
            && String::from_utf8_lossy(response.body()).to_lowercase().contains("rate limit");
        if limited {
            headers.insert("retry-after", HeaderValue::from(SECONDARY_RATE_LIMIT.as_secs()));
        }
        Self { response, headers }
    }

    fn into_http(self) -> Response<Full<Bytes>> {
        let status = self.response.status();
        let mut response = Response::new(Full::new(Bytes::from(self.response.into_body())));
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl Attempt for ApiResponse {
    fn status(&self) -> StatusCode {
        self.response.status()
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}
