//! The settings of a client: limits, trust, proxies, mirrors. All values; nothing is looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use net::{Addresses, ClientOptions, PlainHttp, Proxies, Timeouts};

use crate::platform::Platform;

/// How registries are accessed. [`RegistryOptions::standard`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryOptions {
    /// The platform whose own digest is requested; that of the whole image (the index) where absent.
    pub platform: Option<Platform>,
    /// The maximum of concurrent requests to one registry, at least 1.
    pub concurrency: usize,
    /// How long one request may take, from connecting to the last byte of the body.
    pub timeout: Duration,
    /// How long one call may take; no attempt of a request begins after it.
    pub deadline: Duration,
    /// The maximum of attempts for one request, at least 1.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with each further one, and each is chosen at random below that.
    pub backoff: Duration,
    /// Registries (`host` or `host:port`) that may be accessed over plain http. Loopback always may.
    pub insecure: BTreeSet<String>,
    /// PEM files of certificate authorities to trust besides the system's.
    pub authorities: Vec<PathBuf>,
    /// The mirrors of a registry, asked in order before the registry itself: `docker.io` → `mirror.gcr.io`, `host:port/prefix` or a URL.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// The proxies to use.
    pub proxies: Proxies,
    /// Which addresses may be connected to.
    pub addresses: Addresses,
    /// Whether every manifest is downloaded and hashed, instead of trusting the digest in the response to a HEAD request.
    pub hash_everything: bool,
}

impl RegistryOptions {
    /// 50 concurrent requests, 30 seconds for each, five minutes for all, five attempts with a backoff of half a second; nothing
    /// insecure, no mirrors, no proxies.
    pub fn standard() -> Self {
        RegistryOptions {
            platform: None,
            concurrency: 50,
            timeout: Duration::from_secs(30),
            deadline: Duration::from_secs(300),
            attempts: 5,
            backoff: Duration::from_millis(500),
            insecure: BTreeSet::new(),
            authorities: Vec::new(),
            mirrors: BTreeMap::new(),
            proxies: Proxies::default(),
            addresses: Addresses::Any,
            hash_everything: false,
        }
    }

    /// The settings of the HTTP client.
    pub(crate) fn client_options(&self) -> ClientOptions {
        let (connect, idle) = (self.timeout, self.timeout);
        ClientOptions {
            timeouts: Timeouts { connect, idle, total: Some(self.timeout) },
            authorities: self.authorities.clone(),
            proxies: self.proxies.clone(),
            addresses: self.addresses,
            plain_http: PlainHttp::LoopbackAnd(self.insecure.clone()),
            connections: self.concurrency,
            // Bodies are hashed as they are sent.
            compression: false,
            ..ClientOptions::standard(concat!("hydrant/", env!("CARGO_PKG_VERSION")))
        }
    }
}
