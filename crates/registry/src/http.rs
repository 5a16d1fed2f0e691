//! One HTTP request and its answer: proxies, certificates, redirects, bounded bodies. No retries, no registry's rules.

use std::io::Read;
use std::sync::OnceLock;

use manifest::Diagnostic;
use rustls::pki_types::CertificateDer;
use ureq::Agent;
use ureq::http::HeaderMap;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

use crate::failure::{Kind, one_line};
use crate::options::Options;
use crate::trust::{read_authorities, system_authorities};

const REDIRECTS: usize = 5;

/// The connections of one run. Connections are kept open and shared by every thread.
pub(crate) struct Http {
    options: Options,
    own: Vec<CertificateDer<'static>>,
    plain: OnceLock<Agent>,
    direct: OnceLock<Agent>,
    proxied: [OnceLock<Result<Agent, String>>; 2],
}

/// A request.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    /// Sent on to another host only where the method and URL are the caller's own; never after a redirect.
    pub(crate) authorization: Option<&'a str>,
    pub(crate) accept: Option<&'a str>,
    /// What is sent along.
    pub(crate) body: Option<Body<'a>>,
    /// How many bytes of the answer's body are wanted at most.
    pub(crate) limit: usize,
    /// Whether to try again where that may help.
    pub(crate) patient: bool,
}

/// What a request carries.
#[derive(Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) media: &'a str,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Body<'a> {
    /// A form to post.
    pub(crate) fn form(text: &'a str) -> Self {
        Body { media: "application/x-www-form-urlencoded", bytes: text.as_bytes() }
    }
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body was longer than the limit; it is then cut.
    pub(crate) cut: bool,
}

impl Answer {
    /// A header's value, if it is there and text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Why there was no answer.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) kind: Kind,
    pub(crate) words: String,
    /// Whether the same request may fare better in a moment.
    pub(crate) again: bool,
}

impl Trouble {
    fn lasting(kind: Kind, words: impl Into<String>) -> Self {
        Trouble { kind, words: words.into(), again: false }
    }
}

impl Http {
    /// # Errors
    /// Where a certificate authority's file is no good.
    pub(crate) fn new(options: Options) -> Result<Self, Diagnostic> {
        let own = read_authorities(&options.authorities)?;
        let proxied = [OnceLock::new(), OnceLock::new()];
        Ok(Http { options, own, plain: OnceLock::new(), direct: OnceLock::new(), proxied })
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Sends the request and follows its redirects.
    pub(crate) fn call(&self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let authorization = call.authorization.filter(|_| url.origin() == call.url.origin());
            let answer = self.once(call, &url, authorization)?;
            let redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            let Some(target) = answer.header("location").filter(|_| redirect) else { return Ok(answer) };
            url = self.follow(&url, target)?;
        }
        Err(Trouble::lasting(Kind::Protocol, format!("more than {REDIRECTS} redirects")))
    }

    /// Where a redirect leads: https, or http where that is allowed.
    fn follow(&self, from: &Url, target: &str) -> Result<Url, Trouble> {
        let bad = |words: String| Trouble::lasting(Kind::Protocol, words);
        let to = from.join(target).map_err(|error| bad(format!("redirected to `{}`: {error}", one_line(target))))?;
        if self.options.may_ask(&to) {
            Ok(to)
        } else {
            let place = to.origin().ascii_serialization();
            Err(bad(format!("redirected to {place}, which is not https")))
        }
    }

    fn once(&self, call: &Call<'_>, url: &Url, authorization: Option<&str>) -> Result<Answer, Trouble> {
        let mut request = ureq::http::Request::builder().method(call.method).uri(url.as_str());
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        if let Some(value) = call.accept {
            request = request.header("accept", value);
        }
        let agent = self.agent(url)?;
        let sent = match call.body {
            Some(body) => request
                .header("content-type", body.media)
                .body(body.bytes)
                .map_err(ureq::Error::from)
                .and_then(|request| agent.run(request)),
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| agent.run(request)),
        };
        let (parts, body) = sent.map_err(|error| trouble(&error))?.into_parts();
        let mut answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body: Vec::new(), cut: false };
        if call.method != "HEAD" {
            read_bounded(body, call.limit, &mut answer)?;
        }
        Ok(answer)
    }

    fn agent(&self, url: &Url) -> Result<&Agent, Trouble> {
        let Some(proxy) = self.options.proxies.of(url) else {
            let secure = url.scheme() == "https";
            let slot = if secure { &self.direct } else { &self.plain };
            return Ok(slot.get_or_init(|| self.build(secure, None)));
        };
        let slot = &self.proxied[usize::from(url.scheme() == "https")];
        let agent = slot.get_or_init(|| match ureq::Proxy::new(proxy) {
            Ok(parsed) => Ok(self.build(true, Some(parsed))),
            // The URL may hold a password, so it is not repeated.
            Err(error) => Err(format!("the proxy's URL is no good: {error}")),
        });
        agent.as_ref().map_err(|words| Trouble::lasting(Kind::Network, words))
    }

    fn build(&self, secure: bool, proxy: Option<ureq::Proxy>) -> Agent {
        let system = if secure { system_authorities() } else { Vec::new() };
        let roots = system.iter().chain(&self.own).map(|one| Certificate::from_der(one.as_ref()).to_owned());
        let limit = Some(self.options.timeout);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("hydrant/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_connect(limit)
            .timeout_per_call(limit)
            .timeout_recv_body(limit)
            .max_idle_connections(self.options.concurrency * 4)
            .max_idle_connections_per_host(self.options.concurrency)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::from(roots.collect::<Vec<_>>())).build());
        Agent::new_with_config(config.build())
    }
}

fn read_bounded(mut body: ureq::Body, limit: usize, answer: &mut Answer) -> Result<(), Trouble> {
    let announced = body.content_length().unwrap_or(0);
    if announced > limit as u64 {
        answer.cut = true;
        return Ok(());
    }
    // One byte more than wanted, to see that there is more.
    let mut reader = body.as_reader().take(limit as u64 + 1);
    match reader.read_to_end(&mut answer.body) {
        Ok(_) => {
            answer.cut = answer.body.len() > limit;
            answer.body.truncate(limit);
            Ok(())
        }
        Err(error) => {
            Err(Trouble { kind: Kind::Network, words: format!("the answer broke off: {error}"), again: true })
        }
    }
}

fn trouble(error: &ureq::Error) -> Trouble {
    let kind = match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::TlsRequired => Kind::Tls,
        ureq::Error::Io(io) if is_tls(io) => Kind::Tls,
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::BadUri(_) => Kind::Protocol,
        ureq::Error::LargeResponseHeader(..) => Kind::Protocol,
        _ => Kind::Network,
    };
    let again = kind == Kind::Network && !is_final(error);
    Trouble { kind, words: one_line(&error.to_string()), again }
}

/// Nobody listens there, or nobody is called that: a moment later it will be the same.
fn is_final(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(io) => io.kind() == std::io::ErrorKind::ConnectionRefused,
        ureq::Error::HostNotFound | ureq::Error::InvalidProxyUrl => true,
        _ => false,
    }
}

fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}
