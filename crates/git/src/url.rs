//! Repository URLs as text: removal of credentials and percent-decoding.

use std::fmt;

use percent_encoding::percent_decode_str;

/// The URL of a repository, or a path. It may have credentials: `Display` and `Debug` print it without them, and only
/// [`RemoteUrl::expose`] returns all of it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteUrl(String);

impl RemoteUrl {
    /// Returns the URL as it is, with its credentials: to connect, and to read its parts.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for RemoteUrl {
    fn from(url: String) -> Self {
        RemoteUrl(url)
    }
}

impl From<&str> for RemoteUrl {
    fn from(url: &str) -> Self {
        RemoteUrl(url.to_owned())
    }
}

impl From<&String> for RemoteUrl {
    fn from(url: &String) -> Self {
        RemoteUrl(url.clone())
    }
}

impl From<std::borrow::Cow<'_, str>> for RemoteUrl {
    fn from(url: std::borrow::Cow<'_, str>) -> Self {
        RemoteUrl(url.into_owned())
    }
}

impl From<&RemoteUrl> for RemoteUrl {
    fn from(url: &RemoteUrl) -> Self {
        url.clone()
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_credentials(&self.0))
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", without_credentials(&self.0))
    }
}

/// Returns `url` without the credentials that it may contain, for messages and records. The user name of an `ssh` URL is kept, as it is no secret.
pub fn without_credentials(url: &str) -> String {
    net::redact::url(url)
}

/// Decodes percent escapes (`%41` → `A`). Invalid escapes stay as they are.
pub(crate) fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Whether two URLs name one repository: scheme, user, the scheme's own port, `.git`, a trailing slash and upper case make no difference, and
/// `host:path` is `ssh://host/path`.
pub fn same_repository(one: &str, other: &str) -> bool {
    repository_key(one) == repository_key(other)
}

/// The host, the port if it is not the scheme's, and the path, in lower case.
fn repository_key(url: &str) -> String {
    let clean = without_credentials(url.trim());
    let rest = match clean.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{}/{path}", without_default_port(scheme, host))
        }
        None => match clean.split_once(':') {
            Some((host, path)) if !host.contains('/') => {
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{host}/{}", path.trim_start_matches('/'))
            }
            _ => clean,
        },
    };
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix(".git").unwrap_or(rest).trim_end_matches('/').to_lowercase()
}

/// A host without the port that the scheme has by default, and without the dot at the end of an absolute name.
fn without_default_port(scheme: &str, host: &str) -> String {
    let port = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        "ssh" | "git+ssh" | "ssh+git" => ":22",
        "git" => ":9418",
        _ => "",
    };
    // `https://host:/path` has no port either.
    let name = if port.is_empty() { host } else { host.strip_suffix(port).unwrap_or(host).trim_end_matches(':') };
    name.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_urls() {
        for url in [
            "https://github.com/acme/shop.git",
            "https://token@github.com/Acme/shop",
            "https://GitHub.com:443/acme/shop/",
            "HTTPS://user:password@github.com:443/acme/shop.git/",
            "http://github.com:80/acme/shop",
            "https://github.com:/acme/shop",
            "https://github.com./acme/shop",
            "git@github.com:acme/shop.git",
            "ssh://git@github.com/acme/shop/",
            "ssh://git@github.com:22/acme/shop.git",
            "git+ssh://github.com:22/acme/shop",
            "git://github.com:9418/acme/shop",
            " https://github.com/acme/shop ",
        ] {
            assert_eq!(repository_key(url), "github.com/acme/shop", "{url}");
        }
        assert_eq!(repository_key("https://[::1]:443/a"), repository_key("https://[::1]/a"));
        assert_eq!(repository_key("file:///srv/a.git"), repository_key("/srv/a"));
    }

    #[test]
    fn other_hosts_ports_and_paths_are_other_repositories() {
        for (one, other) in [
            ("/srv/a", "/srv/b"),
            ("https://h/a", "https://h:8443/a"),
            ("https://h:80/a", "https://h/a"),
            ("http://h:443/a", "https://h/a"),
            ("ssh://h:2222/a", "ssh://h/a"),
            ("https://h1443/a", "https://h1/a"),
            ("https://h/a:443", "https://h/a"),
            ("https://h/a", "https://h/a/b"),
            ("https://h/agit", "https://h/a"),
        ] {
            assert!(!same_repository(one, other), "{one} {other}");
        }
    }
}
