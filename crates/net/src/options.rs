//! The settings of a client. All values; nothing is looked up.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::addresses::Addresses;
use crate::host::{host_and_port, is_loopback};
use crate::proxy::Proxies;

/// The settings of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How long requests may take.
    pub timeouts: Timeouts,
    /// PEM files of certificate authorities to trust besides the system's.
    pub authorities: Vec<PathBuf>,
    /// The proxies to use.
    pub proxies: Proxies,
    /// Which hosts may be asked without TLS.
    pub plain_http: PlainHttp,
    /// Which addresses may be connected to.
    pub addresses: Addresses,
    /// How many idle connections are kept for each host.
    pub connections: usize,
    /// Whether the client offers gzip. A response is decompressed while it is read; size limits count decompressed bytes.
    pub compression: bool,
}

/// Time limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the name lookup to the end of the TLS handshake, proxies included.
    pub connect: Duration,
    /// Between two pieces of data, sent or received.
    pub idle: Duration,
    /// From the start of the request to the last byte of the body; none where absent.
    pub total: Option<Duration>,
}

/// Which hosts may be asked over http.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// Loopback, and these hosts (`host` or `host:port`).
    LoopbackAnd(BTreeSet<String>),
    /// Every host whose URL says so. Redirects from https to http are still refused.
    Allowed,
}

impl ClientOptions {
    /// No further authorities, no proxies, https except to loopback, every address, 30 seconds to connect, 60 seconds without data, no total limit.
    pub fn standard(user_agent: impl Into<String>) -> Self {
        ClientOptions {
            user_agent: user_agent.into(),
            timeouts: Timeouts { connect: Duration::from_secs(30), idle: Duration::from_secs(60), total: None },
            authorities: Vec::new(),
            proxies: Proxies::default(),
            plain_http: PlainHttp::LoopbackAnd(BTreeSet::new()),
            addresses: Addresses::Any,
            connections: 8,
            compression: true,
        }
    }
}

impl PlainHttp {
    /// Whether a URL may be asked: https always, http where this allows it, no other scheme.
    pub fn allows(&self, url: &Url) -> bool {
        match (url.scheme(), self) {
            ("https", _) | ("http", PlainHttp::Allowed) => true,
            ("http", PlainHttp::LoopbackAnd(hosts)) => {
                is_loopback(url.host_str().unwrap_or_default()) || hosts.contains(&host_and_port(url))
            }
            _ => false,
        }
    }

    /// Whether a redirect from one URL to another may be followed: as [`PlainHttp::allows`], and from https to http only where
    /// the host is listed.
    pub fn allows_redirect(&self, from: &Url, to: &Url) -> bool {
        let listed = matches!(self, PlainHttp::LoopbackAnd(hosts) if hosts.contains(&host_and_port(to)));
        self.allows(to) && (to.scheme() == "https" || from.scheme() == "http" || listed)
    }
}
