//! Whether a setting for a URL (`http.<url>.…`, `credential.<url>.…`) applies to another URL (git-config, `http.<url>.*`).

use url::Url;

/// How specific a match is; greater is more specific: the length of the host, of the path, and whether the user is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    host: usize,
    path: usize,
    user: bool,
}

/// Returns how `pattern` matches `url`, or `None`. Scheme and port must be equal; the host too, where a `*` stands for one label; the pattern's path
/// must be a prefix in whole segments; a user in the pattern must be the URL's. `allow_no_scheme` accepts a pattern without a scheme.
pub(super) fn matches(pattern: &str, url: &str, allow_no_scheme: bool) -> Option<Match> {
    let url = Url::parse(url).ok()?;
    // `*` is not allowed in a parsed host, and the placeholder does not occur in a real one.
    let with_placeholder = pattern.replace('*', WILDCARD);
    let parsed = match Url::parse(&with_placeholder).ok().filter(Url::has_host) {
        Some(parsed) => parsed,
        None if allow_no_scheme && !pattern.contains("://") => {
            Url::parse(&format!("{}://{with_placeholder}", url.scheme())).ok()?
        }
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
    whole.then(|| Match { host: host.replace(WILDCARD, "*").len(), path: path.len() + 1, user: !user.is_empty() })
}

const WILDCARD: &str = "hydrant-any-label";

fn same_host(pattern: &str, host: &str) -> bool {
    let (pattern, host): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    pattern.len() == host.len() && pattern.iter().zip(&host).all(|(label, part)| *label == WILDCARD || label == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_its_host_and_paths_below_it() {
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
