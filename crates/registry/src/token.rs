//! Tokens for one repository (distribution spec, "Token Authentication" and "OAuth2 Token Authentication").

use net::http::Method;
use net::redact::one_line;
use net::{Body, BufferedResponse, Request, RetryAfterGate, Url, basic_auth};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use crate::challenge::Bearer;
use crate::context::RequestContext;
use crate::credential::Credential;
use crate::error::{ErrorKind, RequestError};
use crate::refusal::status_and_message;

/// How much of a token server's response is read, in bytes.
const LIMIT: usize = 256 * 1024;

/// What a token is for.
pub(crate) struct TokenRequest<'a> {
    pub(crate) bearer: &'a Bearer,
    /// The registry's URL.
    pub(crate) base: &'a Url,
    pub(crate) repository: &'a str,
    /// The actions of the scope: `pull` or `pull,push`.
    pub(crate) actions: &'a str,
    pub(crate) gate: &'a RetryAfterGate,
}

#[derive(Deserialize)]
struct TokenResponse {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

/// Fetches a token for a repository: with user and password by GET, with an identity token by the refresh grant, anonymously by
/// GET.
pub(crate) fn fetch(
    ctx: &RequestContext<'_>,
    token: &TokenRequest<'_>,
    credential: Option<&Credential>,
) -> Result<String, RequestError> {
    let mut url = realm(ctx, token)?;
    let scope = format!("repository:{}:{}", token.repository, token.actions);
    let service = token.bearer.service.as_deref().map(|service| ("service", service));
    let form = if let Some(Credential::Identity(refresh)) = credential {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token").append_pair("client_id", "hydrant");
        form.append_pair("scope", &scope).append_pair("refresh_token", refresh);
        form.extend_pairs(service);
        Some(form.finish())
    } else {
        url.query_pairs_mut().extend_pairs(service).append_pair("scope", &scope);
        None
    };
    let mut request = match &form {
        Some(form) => Request::post(url.clone())
            .body("application/x-www-form-urlencoded", Body::Bytes(form.as_bytes()))
            .idempotent(true),
        None => Request::get(url.clone()),
    };
    if let Some(Credential::Password { user, password }) = credential {
        request = request.authorization(&basic_auth(user, password));
    }
    let method = request.method().clone();
    let response = ctx.http.fetch(request.header("accept", "application/json"), LIMIT, &ctx.retry(token.gate))?;
    parse(&method, &url, &response)
}

fn parse(method: &Method, url: &Url, response: &BufferedResponse) -> Result<String, RequestError> {
    let host = net::host::host_and_port(url);
    let error = |kind, message: String| {
        let url = net::redact::url(url.as_str());
        Err(RequestError::new(kind, &host, format!("{method} {url}: {message}")))
    };
    let kind = match response.status().as_u16() {
        200 => {
            let parsed: Option<TokenResponse> = serde_json::from_slice(response.body()).ok();
            let token = parsed.map(|parsed| if parsed.token.is_empty() { parsed.access_token } else { parsed.token });
            let is_valid = |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            return token.filter(is_valid).map_or_else(
                || {
                    // The body may hold a token, so it is not shown.
                    let media_type = one_line(response.header("content-type").unwrap_or("no content type"));
                    let message = format!("no token in the response ({media_type}, {} bytes)", response.body().len());
                    error(ErrorKind::Protocol, message)
                },
                Ok,
            );
        }
        // The refresh grant answers 400 `invalid_grant` to a token that has expired (RFC 6749, 5.2).
        400 if method == Method::POST => ErrorKind::Credentials,
        401 | 403 => ErrorKind::Credentials,
        429 => ErrorKind::RateLimit,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Protocol,
    };
    error(kind, status_and_message(response))
}

/// The token server's URL, which receives credentials: https, or http where that is allowed. A registry of another machine that is reached
/// over https cannot name one over http, also not on this machine.
fn realm(ctx: &RequestContext<'_>, token: &TokenRequest<'_>) -> Result<Url, RequestError> {
    let bearer = token.bearer;
    let shown = one_line(&net::redact::url(&bearer.realm));
    let error = |message: String| RequestError::protocol(&shown, message);
    let url = Url::parse(&bearer.realm).map_err(|_| error(format!("invalid token server URL {shown:?}")))?;
    let plain_http = &ctx.http.options().plain_http;
    let is_local = net::host::is_loopback(token.base.host_str().unwrap_or_default());
    if plain_http.allows_redirect(token.base, &url) || (is_local && plain_http.allows(&url)) {
        Ok(url)
    } else {
        Err(error(format!("token server URL {shown:?} is not https")))
    }
}
