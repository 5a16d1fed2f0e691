//! What the resolver is told: limits, trust, proxies, mirrors. All values, nothing looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::platform::Platform;

/// How registries are asked. [`Options::standard`] is what the program starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The platform whose own digest is wanted; the whole image's (the index's) where absent.
    pub platform: Option<Platform>,
    /// Requests under way at one registry at any time, at least 1.
    pub concurrency: usize,
    /// How long one request may take, from connecting to the last byte.
    pub timeout: Duration,
    /// How long everything may take; no retry begins after it.
    pub deadline: Duration,
    /// How often one request is tried, at least 1.
    pub attempts: u32,
    /// The wait before the second try; it doubles with each further one, and each is shortened at random by up to half.
    pub backoff: Duration,
    /// Registries (`host` or `host:port`) that may be spoken to over plain http. Loopback always may.
    pub insecure: BTreeSet<String>,
    /// PEM files with further certificate authorities to trust, beside the system's.
    pub authorities: Vec<PathBuf>,
    /// Which places to ask before a registry itself, in order: `docker.io` → `mirror.gcr.io`, `host:port/prefix` or a URL.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// The proxies to go through.
    pub proxies: Proxies,
    /// Whether every answer is fetched whole and hashed, instead of believing the digest that the registry states.
    pub hash_everything: bool,
}

/// Proxies, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` give them. Loopback is never reached through one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The proxy for `https` URLs.
    pub https: Option<String>,
    /// The proxy for `http` URLs.
    pub http: Option<String>,
    /// Hosts to reach without one: comma-separated host names (subdomains included), `.suffix`, `*.suffix`, addresses,
    /// `host:port`, or `*`.
    pub except: String,
}

impl Options {
    /// 50 requests at a time, 30 seconds for each, five minutes for all, five tries from half a second on; nothing
    /// insecure, no mirrors, no proxies.
    pub fn standard() -> Self {
        Options {
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
            hash_everything: false,
        }
    }

    /// Whether a URL may be asked: https may, http on loopback and on the hosts in `insecure`.
    pub(crate) fn may_ask(&self, url: &url::Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let plain = || is_loopback(host) || self.insecure.contains(&crate::session::host_of(url));
        url.scheme() == "https" || (url.scheme() == "http" && plain())
    }
}

impl Proxies {
    /// The proxies that environment variables name, in capitals or not. `HTTP_PROXY` in capitals is not read where
    /// `REQUEST_METHOD` is set, since a CGI program's caller could choose it.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either =
            |upper: &str, lower: &str| variable(lower).or_else(|| variable(upper)).filter(|text| !text.is_empty());
        let http = if variable("REQUEST_METHOD").is_some() {
            variable("http_proxy")
        } else {
            either("HTTP_PROXY", "http_proxy")
        };
        Proxies {
            https: either("HTTPS_PROXY", "https_proxy"),
            http: http.filter(|text| !text.is_empty()),
            except: either("NO_PROXY", "no_proxy").unwrap_or_default(),
        }
    }

    /// The proxy through which a URL is reached, if any.
    pub fn of(&self, url: &url::Url) -> Option<&str> {
        let proxy = if url.scheme() == "https" { self.https.as_deref()? } else { self.http.as_deref()? };
        let host = url.host_str()?;
        let port = url.port_or_known_default().unwrap_or_default();
        let direct = is_loopback(host) || self.except.split(',').any(|rule| matches_rule(rule.trim(), host, port));
        (!direct).then_some(proxy)
    }
}

/// Whether a host, without port, is this machine: `localhost`, a name below it, or a loopback address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let named = bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost");
    named || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn matches_rule(rule: &str, host: &str, port: u16) -> bool {
    let (name, only) = match rule.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') => (name, digits.parse::<u16>().ok()),
        _ => (rule, None),
    };
    if only.is_some_and(|only| only != port) || name.is_empty() {
        return false;
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if name == "*" {
        return true;
    }
    match name.strip_prefix("*.").or_else(|| name.strip_prefix('.')) {
        Some(suffix) => host.ends_with(&format!(".{suffix}")),
        None => host == name || host.ends_with(&format!(".{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_follow_their_exceptions() {
        let variables = |name: &str| match name {
            "HTTPS_PROXY" => Some("http://proxy:3128".to_owned()),
            "no_proxy" => Some("corp.example, .only.sub,10.0.0.1,ported.example:444".to_owned()),
            _ => None,
        };
        let proxies = Proxies::from_variables(variables);
        let table = [
            ("https://quay.io/v2/", true),
            ("http://quay.io/v2/", false),
            ("https://corp.example/", false),
            ("https://a.corp.example/", false),
            ("https://notcorp.example/", true),
            ("https://only.sub/", true),
            ("https://a.only.sub/", false),
            ("https://10.0.0.1/", false),
            ("https://ported.example/", true),
            ("https://ported.example:444/", false),
            ("https://127.0.0.1:5000/", false),
            ("https://localhost/", false),
        ];
        for (url, through) in table {
            assert_eq!(proxies.of(&url::Url::parse(url).unwrap()).is_some(), through, "{url}");
        }
    }
}
