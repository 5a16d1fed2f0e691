//! Hosts: which are this machine, and how they are written.

use url::Url;

/// Whether a host, without port, is this machine: `localhost`, a name below it, or a loopback address.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let named = bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost");
    named || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `host`, or `host:port` where the URL names a port that is not its scheme's own.
pub fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
