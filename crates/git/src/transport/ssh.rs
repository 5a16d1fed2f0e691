//! URLs that lead through `ssh`: `ssh://[user@]host[:port]/path` and `[user@]host:path`.

use super::TransportError;

/// Where `ssh` is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// `host` or `user@host`.
    pub host: String,
    /// The port, where one is given.
    pub port: Option<u16>,
    /// The repository on the other side.
    pub path: String,
}

impl Target {
    /// `None` for what is no way through `ssh`; an error for what is one and cannot be.
    pub(super) fn parse(url: &str) -> Option<Result<Self, TransportError>> {
        let wrong =
            |words: &str| TransportError::Url { url: crate::source::without_credentials(url), words: words.to_owned() };
        let target = match url.split_once("://") {
            Some(("ssh" | "git+ssh" | "ssh+git", rest)) => Self::from_rest(rest),
            Some(_) => return None,
            None => Self::short(url)?,
        };
        let Some(target) = target else {
            return Some(Err(wrong("a host and a path are wanted: ssh://user@host/path")));
        };
        // A host or path that begins with a dash would be an option of ssh, or of the program on the other side.
        if target.host.starts_with('-') || target.host.contains("@-") || target.path.starts_with('-') {
            return Some(Err(wrong("a host or path may not begin with a dash")));
        }
        Some(Ok(target))
    }

    fn from_rest(rest: &str) -> Option<Self> {
        let (authority, path) = rest.split_once('/')?;
        let (user, place) = authority.rsplit_once('@').map_or(("", authority), |(user, place)| (user, place));
        let user = user.split(':').next().unwrap_or_default();
        let bracket = place.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (name, port) = match bracket {
            Some((name, tail)) => (name, tail.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(name, port)| (name, Some(port))),
        };
        let port = match port {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        let decoded = percent_decoded(path);
        let path = if decoded.starts_with('~') { decoded } else { format!("/{decoded}") };
        let host = if user.is_empty() { name.to_owned() } else { format!("{}@{name}", percent_decoded(user)) };
        (!name.is_empty() && path != "/").then_some(Self { host, port, path })
    }

    /// `host:path`: a colon before the first slash, and not a drive's letter.
    fn short(url: &str) -> Option<Option<Self>> {
        let (host, path) = url.split_once(':')?;
        if host.contains(['/', '\\']) || host.len() == 1 {
            return None;
        }
        let good = !host.is_empty() && !path.is_empty() && !host.ends_with('@');
        Some(good.then(|| Self { host: host.to_owned(), port: None, path: path.to_owned() }))
    }
}

/// `%41` → `A`; what is no such escape stays.
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(code) => {
                out.push(u8::from_str_radix(code, 16).unwrap_or(b'%'));
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let target = |url: &str| Target::parse(url).map(|target| target.ok());
        let full = |host: &str, port: Option<u16>, path: &str| {
            Some(Some(Target { host: host.to_owned(), port, path: path.to_owned() }))
        };
        assert_eq!(target("git@github.com:acme/a.git"), full("git@github.com", None, "acme/a.git"));
        assert_eq!(target("ssh://git@host:2222/srv/a%20b.git"), full("git@host", Some(2222), "/srv/a b.git"));
        assert_eq!(target("ssh://git:secret@host/~me/a"), full("git@host", None, "~me/a"));
        assert_eq!(target("ssh://[::1]:22/a"), full("::1", Some(22), "/a"));
        assert_eq!(target("/srv/a:b.git"), None);
        assert_eq!(target("./a:b"), None);
        assert_eq!(target("https://host/a"), None);
        for bad in [
            "ssh://host",
            "ssh:///path",
            "ssh://host:port/path",
            "-oProxyCommand=x:path",
            "ssh://-host/path",
            "host:-path",
            "git@:a",
        ] {
            assert_eq!(target(bad), Some(None), "{bad}");
        }
    }
}
