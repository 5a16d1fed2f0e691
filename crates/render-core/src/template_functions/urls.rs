//! `urlParse` and `urlJoin`.

use std::net::IpAddr;

use gotemplate::strconv::quote;
use gotemplate::{Function, FunctionError, Map, Param, Value};

use super::arguments::{map, text};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    (
        "urlParse",
        Function::new(&[Param::String], |args| {
            let written = text(args, 0);
            let url = Url::parse(&written).map_err(|error| format!("unable to parse url: {error}"))?;
            let entries = [
                ("scheme", url.scheme),
                ("host", url.host.clone()),
                ("hostname", hostname(&url.host)),
                ("path", url.path),
                ("query", url.query),
                ("opaque", url.opaque),
                ("fragment", url.fragment),
                ("userinfo", url.user),
            ];
            Ok(entries.map(|(name, value)| (name, Value::from(value))).into_iter().collect::<Map>().into())
        }),
    ),
    ("urlJoin", Function::new(&[Param::Map], |args| Ok(joined(&map(args, 0))?.into()))),
];

/// The parts of a URL, decoded where Go decodes them.
#[derive(Default)]
struct Url {
    scheme: String,
    user: String,
    host: String,
    path: String,
    query: String,
    opaque: String,
    fragment: String,
}

impl Url {
    /// Parses a URL (`Parse` of Go's `net/url`).
    ///
    /// # Errors
    /// Go's text, `parse "…": …`.
    fn parse(written: &str) -> Result<Url, String> {
        let (before, fragment) = written.split_once('#').unwrap_or((written, ""));
        let failed = |of: &str, error: String| format!("parse {}: {error}", quote(of.as_bytes()));
        let mut url = Url::without_fragment(before).map_err(|error| failed(before, error))?;
        url.fragment = decoded(fragment, Part::Fragment).map_err(|error| failed(written, error))?;
        Ok(url)
    }

    fn without_fragment(written: &str) -> Result<Url, String> {
        if written.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Url::default();
        let mut rest = url.take_scheme(written)?;
        if let Some((before, query)) = rest.split_once('?') {
            url.query = query.to_owned();
            rest = before;
        }
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|first| first.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if let Some(authority) = rest.strip_prefix("//").filter(|_| !url.scheme.is_empty() || !rest.starts_with("///"))
        {
            let end = authority.find('/').unwrap_or(authority.len());
            url.take_authority(&authority[..end])?;
            rest = &authority[end..];
        }
        url.path = decoded(rest, Part::Path)?;
        Ok(url)
    }

    fn take_scheme<'t>(&mut self, text: &'t str) -> Result<&'t str, String> {
        for (index, c) in text.char_indices() {
            match c {
                'a'..='z' | 'A'..='Z' => {}
                '0'..='9' | '+' | '-' | '.' if index > 0 => {}
                ':' if index == 0 => return Err("missing protocol scheme".to_owned()),
                ':' => {
                    self.scheme = text[..index].to_ascii_lowercase();
                    return Ok(&text[index + 1..]);
                }
                _ => break,
            }
        }
        Ok(text)
    }

    fn take_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = self.host_of(host)?;
        let Some(user) = user else { return Ok(()) };
        if !user.chars().all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c)) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, Some(password)),
            None => (user, None),
        };
        self.user = encoded(&decoded(name, Part::User)?, Part::User);
        if let Some(password) = password {
            self.user += ":";
            self.user += &encoded(&decoded(password, Part::User)?, Part::User);
        }
        Ok(())
    }

    fn host_of(&self, host: &str) -> Result<String, String> {
        match host.rfind('[') {
            Some(0) => return address_of(host),
            Some(_) => return Err("invalid IP-literal".to_owned()),
            None => {}
        }
        // Only http and https are strict about colons.
        let colon = if matches!(self.scheme.as_str(), "http" | "https") { host.find(':') } else { host.rfind(':') };
        check_port(colon.map_or("", |at| &host[at..]))?;
        decoded(host, Part::Host)
    }
}

/// Reads an IPv6 address in brackets, with a port.
fn address_of(host: &str) -> Result<String, String> {
    let Some(end) = host.rfind(']') else { return Err("missing ']' in host".to_owned()) };
    let port = &host[end + 1..];
    check_port(port)?;
    let inner = &host[1..end];
    let (address, zone) = inner.find("%25").map_or((inner, ""), |at| inner.split_at(at));
    let zone = decoded(zone, Part::Zone)?;
    let address = decoded(address, Part::Host)? + &zone;
    let without_zone = address.split('%').next().unwrap_or_default();
    let shown = quote(address.as_bytes());
    match without_zone.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => Ok(format!("[{address}]{port}")),
        Ok(IpAddr::V4(_)) => Err("invalid IP-literal".to_owned()),
        Err(_) => Err(format!("invalid host: ParseAddr({shown}): unable to parse IP")),
    }
}

fn check_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':').unwrap_or(port);
    let valid = port.is_empty() || (port.starts_with(':') && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if valid { Ok(()) } else { Err(format!("invalid port {} after host", quote(port.as_bytes()))) }
}

fn hostname(host: &str) -> String {
    if let Some(inner) = host.strip_prefix('[')
        && let Some(end) = inner.find(']')
    {
        return inner[..end].to_owned();
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Zone,
    Fragment,
}

/// Decodes percent escapes.
fn decoded(text: &str, part: Part) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte.is_ascii() && !is_plain(byte, Part::Host) {
                return Err(format!("invalid character {} in host name", quote(&[byte])));
            }
            out.push(byte);
            at += 1;
            continue;
        }
        let escape = &bytes[at..bytes.len().min(at + 3)];
        let digits = escape.get(1..3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        // In a host only what is not ASCII is escaped, in a zone only what a host may have.
        let allowed = value.filter(|value| match part {
            Part::Host => !value.is_ascii() || escape == b"%25",
            Part::Zone => *value == b' ' || escape == b"%25" || is_plain(*value, Part::Host),
            _ => true,
        });
        let Some(value) = allowed else { return Err(format!("invalid URL escape {}", quote(escape))) };
        out.push(value);
        at += 3;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Returns whether a byte needs no escape.
fn is_plain(byte: u8, part: Part) -> bool {
    byte.is_ascii_alphanumeric()
        || b"-_.~$&+=".contains(&byte)
        || match part {
            Part::Path => b",/:@;".contains(&byte),
            Part::User => b",;".contains(&byte),
            Part::Host | Part::Zone => b"!'()*,;:[]<>\"".contains(&byte),
            Part::Fragment => b"!()*,/:;?@".contains(&byte),
        }
}

fn encoded(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte, part) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn part_of(parts: &Map, name: &str) -> Result<String, FunctionError> {
    match parts.get(name.as_bytes()) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.to_string()),
        Some(Value::Nil) => Err(super::arguments::NIL_POINTER.into()),
        Some(other) => {
            let kind = other.kind().name();
            Err(format!("unable to parse {name} key, must be of type string, but {kind} found").into())
        }
    }
}

fn joined(parts: &Map) -> Result<String, FunctionError> {
    let [scheme, host, path, query, opaque, fragment, user] =
        ["scheme", "host", "path", "query", "opaque", "fragment", "userinfo"].map(|name| part_of(parts, name));
    let (scheme, host, path, query, opaque) = (scheme?, host?, path?, query?, opaque?);
    let (fragment, user) = (fragment?, user?);
    let user = match user.is_empty() {
        true => user,
        false => {
            let url = Url::parse(&format!("proto://{user}@host"));
            url.map_err(|error| format!("unable to parse userinfo in dict: {error}"))?.user
        }
    };
    let mut out = String::new();
    if !scheme.is_empty() {
        out += &format!("{scheme}:");
    }
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !user.is_empty() {
            if !host.is_empty() || !path.is_empty() || !user.is_empty() {
                out += "//";
            }
            if !user.is_empty() {
                out += &format!("{user}@");
            }
            out += &encoded(&host, Part::Host);
        }
        let path = encoded(&path, Part::Path);
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            out.push('/');
        }
        if out.is_empty() && path.split('/').next().is_some_and(|first| first.contains(':')) {
            out += "./";
        }
        out += &path;
    } else {
        out += &opaque;
    }
    if !query.is_empty() {
        out += &format!("?{query}");
    }
    if !fragment.is_empty() {
        out += &format!("#{}", encoded(&fragment, Part::Fragment));
    }
    Ok(out)
}
