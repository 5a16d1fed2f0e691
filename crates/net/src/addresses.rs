//! Which addresses a client may connect to, and the check of the addresses that a host's name resolves to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::Url;

use crate::host::is_loopback;

/// Which addresses a client may connect to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addresses {
    /// Every address.
    #[default]
    Any,
    /// Only addresses of the public internet; see [`is_public`]. The addresses that a name resolves to are checked for each connection.
    Public,
}

/// Whether an address belongs to the public internet: neither of this machine, nor of a private or link-local network, nor reserved by
/// one of IANA's special-purpose registries (RFC 6890). Of an IPv6 address that embeds an IPv4 address, the latter counts.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded_v4(address).map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let relay = a == 192 && b == 88 && c == 99;
    let benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 240
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || shared
        || protocol
        || relay
        || benchmark)
}

/// Global unicast is `2000::/3` (RFC 4291); a few blocks within it are reserved.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    let protocol = first == 0x2001 && second < 0x0200;
    let documentation = first == 0x2001 && second == 0x0db8 || first == 0x3fff && second < 0x1000;
    global && !protocol && !documentation
}

/// The IPv4 address in an IPv6 address: mapped (`::ffff:a.b.c.d`), compatible (`::a.b.c.d`), NAT64 (`64:ff9b::a.b.c.d`) or 6to4
/// (`2002:…`).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let two = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(two(high, low)),
        [0x2002, high, low, ..] => Some(two(high, low)),
        _ => None,
    }
}

/// Refuses a connection to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("{host} is a private address")]
pub(crate) struct NotPublic {
    /// The host as the URL names it, and the address where that is a name.
    pub(crate) host: String,
}

/// Resolves names as ureq does, and refuses a name if any of its addresses is not public.
#[derive(Debug, Default)]
pub(crate) struct PublicResolver(DefaultResolver);

impl Resolver for PublicResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let refuse = |refused: NotPublic| ureq::Error::Other(Box::new(refused));
        check(host, std::iter::empty()).map_err(refuse)?;
        let found = self.0.resolve(uri, config, timeout)?;
        check(host, found.iter().map(std::net::SocketAddr::ip)).map_err(refuse)?;
        Ok(found)
    }
}

/// Checks the host of a URL that a proxy will connect to. A name that this machine cannot resolve is the proxy's to decide.
pub(crate) fn check_for_proxy(url: &Url) -> Result<(), NotPublic> {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = (bare, url.port_or_known_default().unwrap_or_default()).to_socket_addrs();
    check(host, found.into_iter().flatten().map(|address| address.ip()))
}

fn check(host: &str, mut addresses: impl Iterator<Item = IpAddr>) -> Result<(), NotPublic> {
    if is_loopback(host) {
        return Err(NotPublic { host: host.to_owned() });
    }
    let private = addresses.find(|address| !is_public(*address));
    private.map_or(Ok(()), |address| {
        let is_literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        Err(NotPublic { host: if is_literal { host.to_owned() } else { format!("{host} ({address})") } })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_found_in_every_form() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "140.82.121.3",
            "172.32.0.1",
            "192.169.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
