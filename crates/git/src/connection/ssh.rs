//! URLs for `ssh`: `ssh://[user@]host[:port]/path` and `[user@]host:path`.

use crate::error::TransportError;
use crate::url::{percent_decode, without_credentials};

/// The host and path of an `ssh` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// `host` or `user@host`.
    pub host: String,
    /// The port, if the URL has one.
    pub port: Option<u16>,
    /// The path on the host.
    pub path: String,
}

impl Endpoint {
    /// Parses a URL. `None` for other kinds of URLs.
    ///
    /// # Errors
    /// An `ssh` URL without a host or path, or one that could be read as an option.
    pub(super) fn parse(url: &str) -> Option<Result<Self, TransportError>> {
        let invalid =
            |reason: &str| TransportError::InvalidUrl { url: without_credentials(url), reason: reason.to_owned() };
        let endpoint = match url.split_once("://") {
            Some(("ssh" | "git+ssh" | "ssh+git", rest)) => Self::from_rest(rest),
            Some(_) => return None,
            None => Self::short(url)?,
        };
        let Some(endpoint) = endpoint else {
            return Some(Err(invalid("expected ssh://user@host/path")));
        };
        // ssh, or the program on the host, would read it as an option.
        if endpoint.host.starts_with('-') || endpoint.host.contains("@-") || endpoint.path.starts_with('-') {
            return Some(Err(invalid("the host or path starts with a dash")));
        }
        Some(Ok(endpoint))
    }

    fn from_rest(rest: &str) -> Option<Self> {
        let (authority, path) = rest.split_once('/')?;
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let user = user.split(':').next().unwrap_or_default();
        let bracket = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (name, port) = match bracket {
            Some((name, tail)) => (name, tail.strip_prefix(':')),
            None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
        };
        let port = match port {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        let decoded = percent_decode(path);
        let path = if decoded.starts_with('~') { decoded } else { format!("/{decoded}") };
        let host = if user.is_empty() { name.to_owned() } else { format!("{}@{name}", percent_decode(user)) };
        (!name.is_empty() && path != "/").then_some(Self { host, port, path })
    }

    /// Parses `host:path`: a colon before the first slash that is not after a drive letter.
    fn short(url: &str) -> Option<Option<Self>> {
        let (host, path) = url.split_once(':')?;
        if host.contains(['/', '\\']) || host.len() == 1 {
            return None;
        }
        // `user:password@host:path`: ssh takes no password, and an argument must not have one.
        let first = path.split('/').next().unwrap_or_default();
        // Nor `https:/user:password@host`, a URL with a missing slash.
        let has_password =
            first.split_once('@').is_some_and(|(_, host)| host.contains(':')) || net::redact::text(path) != path;
        // `ext::command` and the like: git runs a program for them.
        let is_helper = path.starts_with(':');
        let valid = !is_helper && !host.is_empty() && !path.is_empty() && !host.ends_with('@') && !has_password;
        Some(valid.then(|| Self { host: host.to_owned(), port: None, path: path.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let endpoint = |url: &str| Endpoint::parse(url).map(|endpoint| endpoint.ok());
        let full = |host: &str, port: Option<u16>, path: &str| {
            Some(Some(Endpoint { host: host.to_owned(), port, path: path.to_owned() }))
        };
        assert_eq!(endpoint("git@github.com:acme/a.git"), full("git@github.com", None, "acme/a.git"));
        assert_eq!(endpoint("ssh://git@host:2222/srv/a%20b.git"), full("git@host", Some(2222), "/srv/a b.git"));
        assert_eq!(endpoint("ssh://git:secret@host/~me/a"), full("git@host", None, "~me/a"));
        assert_eq!(endpoint("ssh://[::1]:22/a"), full("::1", Some(22), "/a"));
        assert_eq!(endpoint("/srv/a:b.git"), None);
        assert_eq!(endpoint("./a:b"), None);
        assert_eq!(endpoint("https://host/a"), None);
        for bad in [
            "ssh://host",
            "ssh:///path",
            "ssh://host:port/path",
            "-oProxyCommand=x:path",
            "ssh://-host/path",
            "host:-path",
            "git@:a",
            "git:secret@host:a/b.git",
            "ext::sh -c id",
            "https:/user:secret@host/a",
            "https:user:secret@host/a",
        ] {
            assert_eq!(endpoint(bad), Some(None), "{bad}");
        }
    }
}
