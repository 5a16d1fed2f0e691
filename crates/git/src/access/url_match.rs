//! Whether a setting for a URL (`http.<url>.…`, `credential.<url>.…`) holds for another, as git decides it (git-config, `http.<url>.*`).

use url::Url;

/// How close a pattern is; the larger, the closer: the host's length, the path's, and whether the user was named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    host: usize,
    path: usize,
    user: bool,
}

/// How `pattern` matches `url`; `None` where it does not. Scheme, host and port are the same, or the host's parts match `*`; the path
/// begins with the pattern's, part by part; a user that the pattern names is the URL's. `loose` allows a pattern without a scheme.
pub(super) fn matches(pattern: &str, url: &str, loose: bool) -> Option<Match> {
    let url = Url::parse(url).ok()?;
    // `*` cannot stand in a host that is parsed; this cannot stand in one that is written.
    let starred = pattern.replace('*', STAR);
    let parsed = match Url::parse(&starred).ok().filter(Url::has_host) {
        Some(parsed) => parsed,
        None if loose && !pattern.contains("://") => Url::parse(&format!("{}://{starred}", url.scheme())).ok()?,
        None => return None,
    };
    if parsed.scheme() != url.scheme() || parsed.port_or_known_default() != url.port_or_known_default() {
        return None;
    }
    let user = parsed.username();
    if !user.is_empty() && user != url.username() {
        return None;
    }
    let host = parsed.host_str()?;
    if !same_host(host, url.host_str()?) {
        return None;
    }
    let path = parsed.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(path)?;
    let whole = rest.is_empty() || rest.starts_with('/');
    whole.then(|| Match { host: host.replace(STAR, "*").len(), path: path.len() + 1, user: !user.is_empty() })
}

const STAR: &str = "hydrant-any-part";

fn same_host(pattern: &str, host: &str) -> bool {
    let (pattern, host): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    pattern.len() == host.len() && pattern.iter().zip(&host).all(|(wanted, part)| *wanted == STAR || wanted == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_holds_for_its_host_and_below_its_path() {
        for (pattern, url) in [
            ("https://example.com", "https://example.com/a.git"),
            ("https://EXAMPLE.com:443/", "https://example.com/a.git"),
            ("https://*.example.com/x", "https://git.example.com/x/a.git"),
            ("https://me@example.com", "https://me@example.com/a"),
        ] {
            assert!(matches(pattern, url, false).is_some(), "{pattern} {url}");
        }
        for (pattern, url) in [
            ("https://example.com", "http://example.com/a.git"),
            ("https://example.com", "https://example.com:8443/a.git"),
            ("https://example.com", "https://example.com.evil.example/a.git"),
            ("https://example.com", "https://git.example.com/a.git"),
            ("https://*.example.com", "https://a.b.example.com/a.git"),
            ("https://example.com/team", "https://example.com/teams/a.git"),
            ("https://me@example.com", "https://you@example.com/a"),
            ("example.com", "https://example.com/a"),
        ] {
            assert_eq!(matches(pattern, url, false), None, "{pattern} {url}");
        }
        assert!(matches("example.com", "https://example.com/a", true).is_some());
        assert!(
            matches("https://example.com/a", "https://example.com/a/b", false)
                > matches("https://example.com", "https://example.com/a/b", false)
        );
    }
}
