//! `urlParse` and `urlJoin`.

use gotemplate::strconv::quote;
use gotemplate::{Function, FunctionError, Map, Param, Value};

use super::arguments::{map, text};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    (
        "urlParse",
        Function::new(&[Param::String], |args| {
            let written = text(args, 0);
            let url = Url::parse(&written)
                .map_err(|error| format!("unable to parse url: parse {}: {error}", quote(written.as_bytes())))?;
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
    fn parse(written: &str) -> Result<Url, String> {
        if written.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Url::default();
        let (rest, fragment) = written.split_once('#').unwrap_or((written, ""));
        url.fragment = decoded(fragment, Part::Fragment)?;
        let mut rest = url.take_scheme(rest)?;
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
        if let Some(user) = user {
            let (name, password) = match user.split_once(':') {
                Some((name, password)) => (name, Some(password)),
                None => (user, None),
            };
            self.user = encoded(&decoded(name, Part::User)?, Part::User);
            if let Some(password) = password {
                self.user += ":";
                self.user += &encoded(&decoded(password, Part::User)?, Part::User);
            }
        }
        let port = match host.rfind(']') {
            Some(end) => &host[end + 1..],
            None if host.starts_with('[') => return Err("missing ']' in host".to_owned()),
            None => host.find(':').map_or("", |at| &host[at..]),
        };
        let valid = port.is_empty()
            || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if !valid {
            return Err(format!("invalid port {} after host", quote(port.as_bytes())));
        }
        self.host = decoded(host, Part::Host)?;
        Ok(())
    }
}

fn hostname(host: &str) -> String {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next().unwrap_or_default().to_owned();
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Fragment,
}

/// Decodes percent escapes.
fn decoded(text: &str, part: Part) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let Some(byte) = digits else {
                let end = (at + 3).min(text.len());
                let shown = String::from_utf8_lossy(&bytes[at..end]).into_owned();
                return Err(format!("invalid URL escape {}", quote(shown.as_bytes())));
            };
            out.push(byte);
            at += 3;
            continue;
        }
        if part == Part::Host && bytes[at] == b' ' {
            return Err("invalid character \" \" in host name".to_owned());
        }
        out.push(bytes[at]);
        at += 1;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn encoded(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric()
            || b"-_.~$&+=".contains(&byte)
            || match part {
                Part::Path => b",/:@;".contains(&byte),
                Part::User => b",;".contains(&byte),
                Part::Host => b"!'()*,;:[]<>\"".contains(&byte),
                Part::Fragment => b"!()*,/:;?@'".contains(&byte),
            };
        let quote_in_fragment = part == Part::Fragment && byte == b'\'';
        if plain && !quote_in_fragment {
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
    let (scheme, host, path, opaque, user) = (scheme?, host?, path?, opaque?, user?);
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
                let url = Url::parse(&format!("proto://{user}@host"))
                    .map_err(|error| format!("unable to parse userinfo in dict: {error}"))?;
                out += &format!("{}@", url.user);
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
    let query = query?;
    if !query.is_empty() {
        out += &format!("?{query}");
    }
    let fragment = fragment?;
    if !fragment.is_empty() {
        out += &format!("#{}", encoded(&fragment, Part::Fragment));
    }
    Ok(out)
}
