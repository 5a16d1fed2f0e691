//! Kubernetes' function libraries: URLs, quantities, IP addresses, CIDRs, semantic versions, named formats.
//! (`k8s.io/apiserver/pkg/cel/library`)

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

use super::times::parse_timestamp;
use super::url::{Url, parse_url};
use super::value::{MapEntry, Value};
use super::version::{Version, parse_version};
use crate::quantity;

/// An address in the form that Kubernetes takes: no zone, no IPv4 address in IPv6.
fn parse_ip(text: &str) -> Option<IpAddr> {
    match text.parse().ok()? {
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => None,
        ip => Some(ip),
    }
}

fn parse_cidr(text: &str) -> Option<Value<'static>> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, bits) = (parse_ip(ip)?, bits.parse::<u8>().ok()?);
    let most = if ip.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some(Value::Cidr(ip, bits))
}

/// Functions without a target; absent if there is none.
pub(super) fn global<'a>(name: &str, arguments: &[Value<'a>]) -> Option<Result<Value<'a>, String>> {
    if let Some(format) = name.strip_prefix("format.") {
        return Some(named_format(format, arguments));
    }
    let first = arguments.first()?;
    if name == "ip.isCanonical" {
        let text = first.as_text()?;
        return Some(
            parse_ip(text)
                .map(|ip| Value::Bool(ip.to_string() == text))
                .ok_or_else(|| format!("invalid IP address {text:?}")),
        );
    }
    if let ("string", Value::Ip(ip)) = (name, first) {
        return Some(Ok(Value::text(ip.to_string())));
    }
    let text = first.as_text()?;
    let is_normalized = matches!(arguments.get(1), Some(Value::Bool(true)));
    let url = || parse_url(text).map(|url| Value::Url(Rc::new(url)));
    let version = || parse_version(text, is_normalized).map(|version| Value::Semver(Rc::new(version)));
    let parsed = |value: Option<Value<'a>>, what: &str| value.ok_or_else(|| format!("invalid {what} {text:?}"));
    Some(match name {
        "isURL" => Ok(Value::Bool(url().is_some())),
        "url" => parsed(url(), "URL"),
        "isQuantity" => Ok(Value::Bool(quantity::parse(text).is_some())),
        "quantity" => parsed(quantity::parse(text).map(Value::Quantity), "quantity"),
        "isIP" => Ok(Value::Bool(parse_ip(text).is_some())),
        "ip" => parsed(parse_ip(text).map(Value::Ip), "IP address"),
        "isCIDR" => Ok(Value::Bool(parse_cidr(text).is_some())),
        "cidr" => parsed(parse_cidr(text), "CIDR"),
        "isSemver" => Ok(Value::Bool(version().is_some())),
        "semver" => parsed(version(), "semantic version"),
        _ => return None,
    })
}

/// Functions of a target; absent if there is none.
pub(super) fn member<'a>(name: &str, target: &Value<'a>, arguments: &[Value<'a>]) -> Option<Result<Value<'a>, String>> {
    match target {
        Value::Url(url) => of_url(name, url),
        Value::Quantity(value) => of_quantity(name, *value, arguments),
        Value::Ip(ip) => of_ip(name, *ip),
        Value::Cidr(ip, bits) => of_cidr(name, Network { ip: *ip, bits: *bits }, arguments),
        Value::Semver(version) => of_version(name, version, arguments),
        Value::Format(format) if name == "validate" => {
            let text = arguments.first()?.as_text()?;
            let problem = format_problem(format, text);
            let errors = problem.map(|problem| Rc::new(Value::list(vec![Value::text(problem)])));
            Some(Ok(Value::Optional(errors)))
        }
        _ => None,
    }
}

/// The parameters of the query, each with the list of its values.
fn query_of<'a>(url: &Url) -> Value<'a> {
    let mut entries: Vec<MapEntry<'a>> = Vec::new();
    for part in url.query.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = Value::text(value);
        match entries.iter_mut().find(|entry| entry.key.as_text() == Some(key)) {
            Some(MapEntry { value: Value::List(values), .. }) => Rc::make_mut(values).push(value),
            _ => entries.push(MapEntry { key: Value::text(key), value: Value::list(vec![value]) }),
        }
    }
    Value::Map(Rc::new(entries))
}

fn of_url<'a>(name: &str, url: &Url) -> Option<Result<Value<'a>, String>> {
    Some(Ok(match name {
        "getScheme" => Value::text(url.scheme.as_str()),
        "getHost" => Value::text(url.host.as_str()),
        "getHostname" => Value::text(url.host_name()),
        "getPort" => Value::text(url.port()),
        "getEscapedPath" => Value::text(url.path.as_str()),
        "getQuery" => query_of(url),
        _ => return None,
    }))
}

fn of_quantity<'a>(name: &str, value: f64, arguments: &[Value<'a>]) -> Option<Result<Value<'a>, String>> {
    let other = match arguments.first() {
        Some(Value::Quantity(other)) => Some(*other),
        Some(Value::Int(other)) => Some(*other as f64),
        _ => None,
    };
    let is_whole = value.fract() == 0.0 && value.abs() < 9.2e18;
    let order = |order: Ordering| {
        Value::Int(match order {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        })
    };
    Some(Ok(match name {
        "sign" => order(value.partial_cmp(&0.0)?),
        "isInteger" => Value::Bool(is_whole),
        "asInteger" if is_whole => Value::Int(value as i64),
        "asInteger" => return Some(Err("cannot convert the quantity to an integer".to_owned())),
        "asApproximateFloat" => Value::Double(value),
        "isGreaterThan" => Value::Bool(value > other?),
        "isLessThan" => Value::Bool(value < other?),
        "compareTo" => order(value.partial_cmp(&other?)?),
        "add" => Value::Quantity(value + other?),
        "sub" => Value::Quantity(value - other?),
        _ => return None,
    }))
}

fn of_ip<'a>(name: &str, ip: IpAddr) -> Option<Result<Value<'a>, String>> {
    let is_link_local = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xffc0) == 0xfe80,
    };
    let is_local_multicast = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets()[..3] == [224, 0, 0],
        IpAddr::V6(ip) => ip.segments()[0] & 0xff0f == 0xff02,
    };
    let is_broadcast = |ip: IpAddr| matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    Some(Ok(match name {
        "family" => Value::Int(if ip.is_ipv4() { 4 } else { 6 }),
        "isUnspecified" => Value::Bool(ip.is_unspecified()),
        "isLoopback" => Value::Bool(ip.is_loopback()),
        "isLinkLocalMulticast" => Value::Bool(is_local_multicast(ip)),
        "isLinkLocalUnicast" => Value::Bool(is_link_local(ip)),
        "isGlobalUnicast" => {
            let is_special =
                ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || is_link_local(ip) || is_broadcast(ip);
            Value::Bool(!is_special)
        }
        _ => return None,
    }))
}

#[derive(Clone, Copy)]
struct Network {
    ip: IpAddr,
    bits: u8,
}

impl Network {
    /// The address with the bits of the host cleared.
    fn masked(self) -> IpAddr {
        match self.ip {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V4((u32::from(ip) & mask).into())
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from(u128::from(ip) & mask))
            }
        }
    }

    fn has(self, other: Network) -> bool {
        self.ip.is_ipv4() == other.ip.is_ipv4()
            && other.bits >= self.bits
            && Network { ip: other.ip, bits: self.bits }.masked() == self.masked()
    }
}

fn of_cidr<'a>(name: &str, network: Network, arguments: &[Value<'a>]) -> Option<Result<Value<'a>, String>> {
    let inner = |value: &Value<'a>| match value {
        Value::Ip(ip) => Some(Network { ip: *ip, bits: if ip.is_ipv4() { 32 } else { 128 } }),
        Value::Cidr(ip, bits) => Some(Network { ip: *ip, bits: *bits }),
        Value::Text(text) => match (parse_ip(text), parse_cidr(text)) {
            (Some(ip), _) => Some(Network { ip, bits: if ip.is_ipv4() { 32 } else { 128 } }),
            (None, Some(Value::Cidr(ip, bits))) => Some(Network { ip, bits }),
            _ => None,
        },
        _ => None,
    };
    Some(Ok(match name {
        "containsIP" | "containsCIDR" => match inner(arguments.first()?) {
            Some(other) => Value::Bool(network.has(other)),
            None => return Some(Err(format!("invalid argument of {name}"))),
        },
        "ip" => Value::Ip(network.ip),
        "masked" => Value::Cidr(network.masked(), network.bits),
        "prefixLength" => Value::Int(i64::from(network.bits)),
        _ => return None,
    }))
}

fn of_version<'a>(name: &str, version: &Version, arguments: &[Value<'a>]) -> Option<Result<Value<'a>, String>> {
    let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let order = || match arguments.first() {
        Some(Value::Semver(other)) => Some(version.cmp(other)),
        _ => None,
    };
    Some(Ok(match name {
        "major" => number(version.numbers[0]),
        "minor" => number(version.numbers[1]),
        "patch" => number(version.numbers[2]),
        "isGreaterThan" => Value::Bool(order()?.is_gt()),
        "isLessThan" => Value::Bool(order()?.is_lt()),
        "compareTo" => Value::Int(match order()? {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }),
        _ => return None,
    }))
}

const FORMATS: [&str; 14] = [
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
    "json",
];

fn named_format<'a>(name: &str, arguments: &[Value<'a>]) -> Result<Value<'a>, String> {
    let find = |name: &str| FORMATS.iter().find(|format| **format == name).map(|format| Value::Format(format));
    match (name, arguments) {
        ("named", [Value::Text(name)]) => Ok(Value::Optional(find(name).map(Rc::new))),
        (name, []) => find(name).ok_or_else(|| format!("unknown format {name}")),
        _ => Err(format!("unknown format {name}")),
    }
}

/// What a named format does not allow, by the rules of `k8s.io/apimachinery/pkg/util/validation`.
fn format_problem(format: &str, text: &str) -> Option<String> {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |text: &str, starts_with_letter: bool| {
        let bytes = text.as_bytes();
        !bytes.is_empty()
            && bytes.len() <= 63
            && bytes.iter().all(|byte| lower(*byte) || *byte == b'-')
            && bytes
                .first()
                .is_some_and(|byte| if starts_with_letter { byte.is_ascii_lowercase() } else { lower(*byte) })
            && bytes.last().is_some_and(|byte| lower(*byte))
    };
    let subdomain = |text: &str| {
        text.len() <= 253
            && text.split('.').all(|part| label(part, false) || part.len() > 63 && label(&part[..63], false))
    };
    let name = |text: &str| {
        let bytes = text.as_bytes();
        let is_edge = |byte: &u8| byte.is_ascii_alphanumeric();
        bytes.len() <= 63
            && bytes.first().is_some_and(is_edge)
            && bytes.last().is_some_and(is_edge)
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    let prefix = text.strip_suffix('-').unwrap_or(text);
    let is_valid = match format {
        "dns1123Label" => label(text, false),
        "dns1123LabelPrefix" => label(prefix, false),
        "dns1035Label" => label(text, true),
        "dns1035LabelPrefix" => label(prefix, true),
        "dns1123Subdomain" => text.is_ascii() && subdomain(text),
        "dns1123SubdomainPrefix" => text.is_ascii() && subdomain(prefix),
        "qualifiedName" => match text.split_once('/') {
            Some((domain, rest)) => domain.is_ascii() && subdomain(domain) && name(rest),
            None => name(text),
        },
        "labelValue" => text.is_empty() || name(text),
        "uri" => parse_url(text).is_some(),
        "uuid" => {
            text.len() == 36
                && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
                && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        }
        "datetime" => parse_timestamp(text).is_some(),
        "date" => parse_timestamp(&format!("{text}T00:00:00Z")).is_some(),
        "byte" => {
            text.len().is_multiple_of(4)
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        }
        _ => true,
    };
    (!is_valid).then(|| format!("invalid {format}"))
}
