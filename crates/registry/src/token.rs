//! Tokens for one repository (distribution spec, "Token Authentication" and "OAuth2 Token Authentication").

use base64::Engine;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::challenge::Bearer;
use crate::credentials::{Credential, Found};
use crate::failure::{Failure, Kind, one_line};
use crate::http::{Body, Call};
use crate::retry::{Quiet, persist};
use crate::session::{Run, host_of, status_and_words};

/// How much of a token server's answer is read.
const LIMIT: usize = 256 * 1024;

/// What a token is wanted for.
pub(crate) struct Wanted<'a> {
    pub(crate) bearer: &'a Bearer,
    pub(crate) repository: &'a str,
    /// What it is for: `pull` or `pull,push`.
    pub(crate) actions: &'a str,
    pub(crate) quiet: &'a Quiet,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

/// A token for the repository: with user and password by GET, with an identity token by the refresh grant,
/// anonymously by GET.
pub(crate) fn fetch(run: &Run<'_>, wanted: &Wanted<'_>, found: Option<&Found>) -> Result<String, Failure> {
    let realm = realm(run, wanted.bearer)?;
    let scope = format!("repository:{}:{}", wanted.repository, wanted.actions);
    let service = wanted.bearer.service.as_deref();
    let (url, form, authorization) = match found.map(|found| &found.credential) {
        Some(Credential::Identity(token)) => {
            let mut form = Serializer::new(String::new());
            form.append_pair("grant_type", "refresh_token").append_pair("client_id", "hydrant");
            form.append_pair("scope", &scope).append_pair("refresh_token", token);
            form.extend_pairs(service.map(|service| ("service", service)));
            (realm, Some(form.finish()), None)
        }
        credential => {
            let mut url = realm;
            let service = service.map(|service| ("service", service));
            url.query_pairs_mut().extend_pairs(service).append_pair("scope", &scope);
            let header = match credential {
                Some(Credential::Password { user, password }) => {
                    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                    Some(format!("Basic {pair}"))
                }
                _ => None,
            };
            (url, None, header)
        }
    };
    let call = Call {
        method: if form.is_some() { "POST" } else { "GET" },
        url: &url,
        authorization: authorization.as_deref(),
        accept: Some("application/json"),
        body: form.as_deref().map(Body::form),
        limit: LIMIT,
        patient: true,
    };
    send(run, wanted, &call)
}

fn send(run: &Run<'_>, wanted: &Wanted<'_>, call: &Call<'_>) -> Result<String, Failure> {
    let host = host_of(call.url);
    let asked = format!("{} {}", call.method, call.url);
    let answer = persist(run.http, call, run.deadline, wanted.quiet)
        .map_err(|trouble| Failure::new(trouble.kind, &host, format!("{asked}: {}", trouble.words)))?;
    let kind = match answer.status {
        200 => {
            let token: Option<Answer> = serde_json::from_slice(&answer.body).ok();
            let token = token.map(|answer| if answer.token.is_empty() { answer.access_token } else { answer.token });
            let fit = |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            return token.filter(fit).ok_or_else(|| {
                // The body may hold a token, so it is not shown.
                let media = one_line(answer.header("content-type").unwrap_or("no content type"));
                let words =
                    format!("{asked}: the token server's answer ({media}, {} bytes) holds no token", answer.body.len());
                Failure::new(Kind::Protocol, &host, words)
            });
        }
        // The refresh grant answers 400 `invalid_grant` to a token that is out of date (RFC 6749, 5.2).
        400 if call.body.is_some() => Kind::Credentials,
        401 | 403 => Kind::Credentials,
        429 => Kind::RateLimit,
        500..=599 => Kind::Server,
        _ => Kind::Protocol,
    };
    Err(Failure::new(kind, &host, format!("{asked}: {}", status_and_words(&answer))))
}

/// The token server's URL, which gets to see credentials: https, or http where that is allowed.
fn realm(run: &Run<'_>, bearer: &Bearer) -> Result<Url, Failure> {
    let text = one_line(&bearer.realm);
    let bad = |words: &str| Failure::new(Kind::Protocol, &text, format!("the token server `{text}` {words}"));
    let url = Url::parse(&bearer.realm).map_err(|_| bad("is no URL"))?;
    if run.http.options().may_ask(&url) { Ok(url) } else { Err(bad("is not https")) }
}
