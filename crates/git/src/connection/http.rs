//! Smart HTTP (gitprotocol-http) by ureq.
//!
//! Credentials go to the host of the remote's URL alone; a redirect is followed on the first request only, as git does by default, and
//! takes no credentials to another host. Reads are tried again on what passes by itself (429, 502, 503, 504, a lost connection); a push never is,
//! because it may have been taken: the delivery reads the branches again and decides anew.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy, RequestBuilder, SendBody};
use url::Url;

use super::channel::{Channel, Request, Service};
use crate::credentials::{CredentialHelpers, Credentials};
use crate::error::TransportError;
use crate::protocol::message_lines;
use crate::remote::Remote;
use crate::url::{percent_decode, without_credentials};

const TRIES: u32 = 4;
const REDIRECTS: u32 = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const SHOWN_BODY: u64 = 2000;

/// A repository behind a web server.
pub(super) struct HttpChannel {
    agent: Agent,
    /// The repository's URL without credentials and without a slash at the end; moves with a redirect.
    base: Url,
    /// The `Authorization` header, while `base` is on the host it was given for.
    authorization: Option<String>,
    /// Further headers, under the same condition.
    headers: Vec<(String, String)>,
    /// Who is asked when the server wants credentials, under the same condition.
    helpers: Option<CredentialHelpers>,
    /// What they said, until the server has said whether it is right.
    asked: Option<Credentials>,
    shown: String,
}

impl HttpChannel {
    pub(super) fn new(remote: &Remote) -> Result<Self, TransportError> {
        let shown = remote.redacted_url();
        let wrong = |words: String| TransportError::InvalidUrl { url: remote.redacted_url(), reason: words };
        let mut base = Url::parse(remote.url.trim()).map_err(|error| wrong(error.to_string()))?;
        let inside = credentials(&base);
        let authorization = remote.credentials.as_ref().or(inside.as_ref()).map(basic);
        let given = authorization.is_some();
        let headers = remote.headers.iter().filter(|(name, _)| !(given && is_authorization(name))).cloned().collect();
        let helpers = remote.helpers.clone().filter(|_| !given);
        // Both fail only for URLs without a host, which `parse` refuses for http and https.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        base.set_fragment(None);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(300)))
            .proxy(proxy(remote)?)
            .user_agent(concat!("git/2.47.0 hydrant/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots(remote)?).build())
            .build();
        Ok(Self { agent: config.new_agent(), base, authorization, headers, helpers, asked: None, shown })
    }

    /// What belongs to the host: credentials and the headers that are configured for it.
    fn with_headers<Any>(&self, mut request: RequestBuilder<Any>) -> RequestBuilder<Any> {
        for (name, value) in
            self.headers.iter().filter(|(name, _)| self.authorization.is_none() || !is_authorization(name))
        {
            request = request.header(name, value);
        }
        match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        }
    }

    /// Whether there are credentials to try after the server wanted some.
    fn ask(&mut self) -> Result<bool, TransportError> {
        let Some(helpers) = self.helpers.as_ref().filter(|_| self.asked.is_none()) else { return Ok(false) };
        let failed = |source| TransportError::Credentials { url: self.shown.clone(), source };
        let Some(found) = helpers.get().map_err(failed)? else { return Ok(false) };
        self.authorization = Some(basic(&found));
        self.asked = Some(found);
        Ok(true)
    }

    /// Tells the helpers, once, whether what they said was right.
    fn tell(&mut self, right: bool) {
        if let Some(asked) = &self.asked
            && let Some(helpers) = self.helpers.take()
        {
            helpers.report(asked, right);
        }
    }

    fn address(&self, tail: &str) -> String {
        let base = self.base.as_str();
        match base.split_once('?') {
            Some((path, query)) if tail.contains('?') => format!("{}{tail}&{query}", path.trim_end_matches('/')),
            Some((path, query)) => format!("{}{tail}?{query}", path.trim_end_matches('/')),
            None => format!("{}{tail}", base.trim_end_matches('/')),
        }
    }

    fn get(&self, address: &str) -> Result<Response<ureq::Body>, ureq::Error> {
        let request = self.agent.get(address).header("Accept", "*/*").header("Git-Protocol", "version=2");
        self.with_headers(request.header("Pragma", "no-cache").header("Cache-Control", "no-cache")).call()
    }

    fn post(&self, service: Service, body: &mut Request) -> Result<Response<ureq::Body>, ureq::Error> {
        let name = service.name();
        let mut request = self
            .agent
            .post(self.address(&format!("/{name}")))
            .header("Content-Type", format!("application/x-{name}-request"))
            .header("Content-Length", body.length().to_string())
            .header("Accept", format!("application/x-{name}-result"));
        if service == Service::UploadPack {
            request = request.header("Git-Protocol", "version=2");
        }
        self.with_headers(request).send(SendBody::from_reader(&mut body.reader().map_err(ureq::Error::Io)?))
    }

    /// Tries again what passes by itself; gives the last answer.
    fn patiently(
        &self,
        mut send: impl FnMut() -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Response<ureq::Body>, TransportError> {
        let mut attempt = 1;
        loop {
            let answer = send();
            let wait = match &answer {
                Ok(response) if passing(response.status()) => retry_after(response).unwrap_or(pause(attempt)),
                Err(error) if lost(error) => pause(attempt),
                _ => return answer.map_err(|error| self.unreachable(&error)),
            };
            if attempt >= TRIES || wait > LONGEST_WAIT {
                return answer.map_err(|error| self.unreachable(&error));
            }
            std::thread::sleep(wait);
            attempt += 1;
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> TransportError {
        TransportError::Unreachable { url: self.shown.clone(), message: error.to_string() }
    }

    fn accepted(
        &self,
        response: Response<ureq::Body>,
        wanted: &str,
    ) -> Result<Box<dyn Read + 'static>, TransportError> {
        let status = response.status();
        let kind = response.headers().get("Content-Type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        if status == StatusCode::OK && kind == wanted {
            return Ok(Box::new(response.into_body().into_with_config().limit(u64::MAX).reader()));
        }
        let said = words_of(response.into_body(), &kind);
        let url = self.shown.clone();
        let words = if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {said}") };
        Err(match status {
            StatusCode::OK => {
                TransportError::Protocol { url, reason: format!("expected content type {wanted:?}, found {kind:?}") }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => TransportError::Denied { url, message: words },
            status if passing(status) => TransportError::Unreachable { url, message: words },
            _ => TransportError::Server { url, message: words },
        })
    }

    /// Goes where the server sends us, without credentials to another host and never from https to http.
    fn follow(&mut self, response: &Response<ureq::Body>, tail: &str) -> Result<(), TransportError> {
        let wrong = |words: String| TransportError::Server { url: self.shown.clone(), message: words };
        let location = response.headers().get("Location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let from = Url::parse(&self.address(tail)).map_err(|error| wrong(error.to_string()))?;
        let to = from.join(location).map_err(|error| wrong(format!("a redirect to {location:?}: {error}")))?;
        let mut base = to.clone();
        let (path, _) = tail.split_once('?').unwrap_or((tail, ""));
        let Some(kept) = to.path().strip_suffix(path) else {
            return Err(wrong(format!("a redirect to {}, which is no repository", without_query(&to))));
        };
        let kept = kept.to_owned();
        base.set_path(&kept);
        base.set_query(None);
        let _ = base.set_username("");
        let _ = base.set_password(None);
        if !matches!(to.scheme(), "http" | "https") || from.scheme() == "https" && to.scheme() != "https" {
            return Err(wrong(format!("a redirect to {}, which is not safe", without_query(&to))));
        }
        if base.origin() != self.base.origin() {
            self.authorization = None;
            self.headers.clear();
            self.helpers = None;
        }
        self.base = base;
        Ok(())
    }
}

impl Channel for HttpChannel {
    fn advertisement(&mut self, service: Service) -> Result<Box<dyn Read + '_>, TransportError> {
        let tail = format!("/info/refs?service={}", service.name());
        // One more, for the answer to a question for credentials.
        for _ in 0..=REDIRECTS + 1 {
            let address = self.address(&tail);
            let response = self.patiently(|| self.get(&address))?;
            if response.status() == StatusCode::UNAUTHORIZED {
                if self.ask()? {
                    continue;
                }
                self.tell(false);
            }
            if !response.status().is_redirection() {
                if response.status().is_success() {
                    self.tell(true);
                }
                return self.accepted(response, &format!("application/x-{}-advertisement", service.name()));
            }
            self.follow(&response, &tail)?;
        }
        Err(TransportError::Server { url: self.shown.clone(), message: format!("more than {REDIRECTS} redirects") })
    }

    fn request(&mut self, service: Service, mut request: Request) -> Result<Box<dyn Read + '_>, TransportError> {
        let response = if service == Service::UploadPack {
            self.patiently(|| self.post(service, &mut request))?
        } else {
            self.post(service, &mut request).map_err(|error| self.unreachable(&error))?
        };
        self.accepted(response, &format!("application/x-{}-result", service.name()))
    }

    fn stateless(&self) -> bool {
        true
    }
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// The proxy that git's configuration names, or the environment's (`HTTPS_PROXY`, `NO_PROXY`, …).
fn proxy(remote: &Remote) -> Result<Option<Proxy>, TransportError> {
    let Some(text) = &remote.proxy else { return Ok(Proxy::try_from_env()) };
    let shown = without_credentials(text);
    Proxy::new(text).map(Some).map_err(|error| TransportError::InvalidSetting {
        setting: "http.proxy",
        value: shown,
        reason: error.to_string(),
    })
}

fn credentials(url: &Url) -> Option<Credentials> {
    let decoded = |text: &str| percent_decode(text);
    let (username, password) = (decoded(url.username()), url.password().map(decoded));
    match password {
        Some(password) => Some(Credentials { username, password }),
        // `https://TOKEN@host`: hosts take the token as either of the two.
        None if !username.is_empty() => Some(Credentials { username: username.clone(), password: username }),
        None => None,
    }
}

fn basic(credentials: &Credentials) -> String {
    let pair = format!("{}:{}", credentials.username, credentials.password);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    without_credentials(url.as_str())
}

fn passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// Whether the connection broke or was refused. What TLS refuses (`InvalidData`) it will refuse again.
fn lost(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
        ureq::Error::Protocol(_) | ureq::Error::ConnectionFailed => true,
        _ => false,
    }
}

fn retry_after(response: &Response<ureq::Body>) -> Option<Duration> {
    let value = response.headers().get("Retry-After")?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

fn pause(attempt: u32) -> Duration {
    Duration::from_millis(100 << attempt.min(6))
}

/// What a person can read in the body of an error: plain text, not a page of HTML.
fn words_of(mut body: ureq::Body, kind: &str) -> String {
    if kind != "text/plain" {
        return String::new();
    }
    let mut bytes = Vec::new();
    let _ = body.as_reader().take(SHOWN_BODY).read_to_end(&mut bytes);
    let mut text = String::new();
    let _ = Cursor::new(String::from_utf8_lossy(&bytes).trim().as_bytes()).read_to_string(&mut text);
    message_lines(text.as_bytes()).join("; ")
}

fn roots(remote: &Remote) -> Result<RootCerts, TransportError> {
    if !remote.url.starts_with("https://") && remote.ca_file.is_none() {
        return Ok(RootCerts::WebPki);
    }
    let system = rustls_native_certs::load_native_certs().certs;
    let mut certificates: Vec<Certificate<'static>> =
        system.iter().map(|found| Certificate::from_der(found).to_owned()).collect();
    if let Some(path) = &remote.ca_file {
        let wrong = |words: String| TransportError::InvalidSetting {
            setting: "http.sslCAInfo",
            value: path.display().to_string(),
            reason: words,
        };
        let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let before = certificates.len();
        for item in parse_pem(&bytes) {
            if let PemItem::Certificate(found) = item.map_err(|error| wrong(error.to_string()))? {
                certificates.push(found);
            }
        }
        if certificates.len() == before {
            return Err(wrong("holds no PEM certificate".to_owned()));
        }
    }
    if certificates.is_empty() { Ok(RootCerts::WebPki) } else { Ok(RootCerts::Specific(Arc::new(certificates))) }
}
