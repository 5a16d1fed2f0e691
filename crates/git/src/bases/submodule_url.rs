//! Which URL a submodule of a foreign repository may have.

use crate::url::percent_decode;

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Location<'a> {
    Http(&'a str),
    Https(&'a str),
    /// `ssh://[user@]host[:port]/path` or `[user@]host:path`.
    Ssh {
        /// User, host and port.
        authority: &'a str,
    },
    /// A path on this machine.
    Local(String),
    Unknown,
}

/// Returns the URL to fetch a submodule from. `base` is the URL of the repository that has the submodule, `url` is what `.gitmodules` says.
///
/// A relative URL is resolved as git does and stays on the base's host; next to the base if that is on this machine. Another URL must be `https`,
/// or `http` below `http`, or `ssh` to the same host below `ssh`. So no repository of this machine is read because a foreign one says so.
///
/// # Errors
/// The reason why the URL is refused.
pub(super) fn resolve(base: &str, url: &str) -> Result<String, &'static str> {
    if url.is_empty() {
        return Err("the URL is empty");
    }
    if url.starts_with('-') || url.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("the URL has characters that no URL has");
    }
    if url == "." || url == ".." || url.starts_with("./") || url.starts_with("../") {
        return relative(base, url);
    }
    match (location(base), location(url)) {
        (_, Location::Https(_)) | (Location::Http(_), Location::Http(_)) => Ok(url.to_owned()),
        (Location::Ssh { authority: ours }, Location::Ssh { authority }) if authority == ours => Ok(url.to_owned()),
        (_, Location::Http(_)) => Err("http is allowed below a base over http only"),
        (_, Location::Ssh { .. }) => Err("ssh is allowed to the host of the base only"),
        (_, Location::Local(_)) => Err("it names a repository on this machine"),
        (_, Location::Unknown) => Err("the scheme is not supported"),
    }
}

fn location(url: &str) -> Location<'_> {
    let Some((scheme, rest)) = url.split_once("://") else {
        let colon = url.find(':').filter(|colon| url.find('/').is_none_or(|slash| *colon < slash));
        return match colon {
            Some(0) => Location::Unknown,
            Some(colon) if url[colon..].starts_with("::") => Location::Unknown,
            Some(colon) => Location::Ssh { authority: &url[..colon] },
            None => Location::Local(url.to_owned()),
        };
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = !authority.rsplit('@').next().unwrap_or_default().is_empty();
    match scheme {
        "http" if host => Location::Http(authority),
        "https" if host => Location::Https(authority),
        "ssh" if host => Location::Ssh { authority },
        "file" => Location::Local(percent_decode(rest)),
        _ => Location::Unknown,
    }
}

/// Resolves a relative URL.
fn relative(base: &str, url: &str) -> Result<String, &'static str> {
    let base = base.trim_end_matches('/');
    let root = root_length(base);
    let (root, path) = base.split_at(root);
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut rest = url.split('/').peekable();
    while let Some(part) = rest.next_if(|part| matches!(*part, "." | "..")) {
        if part == ".." && parts.pop().is_none() {
            return Err("it leads out of the base's host");
        }
    }
    let kept = parts.len();
    parts.extend(rest.filter(|part| !part.is_empty()));
    if parts[kept..].iter().any(|part| leads_elsewhere(part)) || parts.len() == kept {
        return Err("it leads to no repository");
    }
    let own = path.split('/').filter(|part| !part.is_empty()).count();
    if matches!(location(base), Location::Local(_)) && kept + 1 < own {
        return Err("it names a repository on this machine that is not next to the base");
    }
    Ok(format!("{root}{}", parts.join("/")))
}

/// Whether a part of a path leads up, also when it is decoded, or is more than one part then.
fn leads_elsewhere(part: &str) -> bool {
    let decoded = percent_decode(part);
    matches!(decoded.as_str(), "." | "..") || decoded.contains(['/', '\\', '\0'])
}

/// The length of what comes before the path: scheme and host with the slash or colon behind them, or the slash of an absolute path.
fn root_length(base: &str) -> usize {
    match location(base) {
        Location::Ssh { authority } if !base.contains("://") => authority.len() + 1,
        Location::Local(_) if !base.contains("://") => usize::from(base.starts_with('/')),
        _ => {
            let start = base.find("://").map_or(0, |index| index + 3);
            base[start..].find('/').map_or(base.len(), |slash| start + slash + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_urls_stay_on_the_host() {
        let resolved = |base: &str, url: &str, expected: &str| {
            assert_eq!(resolve(base, url).as_deref(), Ok(expected), "{base} {url}");
        };
        resolved("https://h/org/base.git", "../lib.git", "https://h/org/lib.git");
        resolved("https://h/org/base.git/", "../../other/lib", "https://h/other/lib");
        resolved("https://h:8080/base", "./lib", "https://h:8080/base/lib");
        resolved("ssh://git@h:22/org/base", "../lib", "ssh://git@h:22/org/lib");
        resolved("git@h:org/base.git", "../lib.git", "git@h:org/lib.git");
        resolved("git@h:org/base.git", "../../lib.git", "git@h:lib.git");
        resolved("/srv/git/base.git", "../lib.git", "/srv/git/lib.git");
        resolved("file:///srv/git/base.git", "../lib.git", "file:///srv/git/lib.git");
        for (base, url) in [
            ("https://h/org/base.git", "../../../lib"),
            ("https://h/base.git", "../.."),
            ("https://h/base.git", ".."),
            ("https://h/org/base.git", "../a/../../../b"),
            ("https://h/org/base.git", "../%2e%2e/%2E%2E/b"),
            ("https://h/org/base.git", "../a%2f..%2f.."),
            ("git@h:base.git", "../../x"),
            ("/srv/git/base.git", "../../secret.git"),
            ("file:///srv/git/base.git", "../../secret.git"),
            ("file:///srv/git/base.git", "../%2e%2e/secret.git"),
            ("file:///srv/git/base.git", "../../../../../etc"),
        ] {
            assert!(resolve(base, url).is_err(), "{base} {url} {:?}", resolve(base, url));
        }
    }

    #[test]
    fn absolute_urls_name_no_repository_of_this_machine() {
        for (base, url) in [
            ("http://h/base", "https://other/lib"),
            ("http://h/base", "http://other/lib"),
            ("https://h/base", "https://h/lib"),
            ("git@h:base", "git@h:lib"),
            ("ssh://git@h/base", "ssh://git@h/lib"),
            ("/srv/base", "https://h/lib"),
        ] {
            assert_eq!(resolve(base, url).as_deref(), Ok(url), "{base}");
        }
        for url in [
            "",
            "file:///srv/secret",
            "FILE:///srv/secret",
            "/srv/secret",
            "srv/secret",
            "git@h:lib",
            "h:lib",
            "ssh://h/lib",
            "http://h/lib",
            "ext::sh -c id",
            "ext::id",
            "fd::7",
            "git://h/lib",
            "-u",
            "--upload-pack=id",
            "https://",
            "https:///x",
            "https://h/a\nb",
            "https://h/a\\b",
            "~/x",
            ":x",
            "file://localhost/srv/secret",
            "https://user@/x",
        ] {
            assert!(resolve("https://h/base", url).is_err(), "{url:?} {:?}", resolve("https://h/base", url));
        }
        assert!(resolve("git@h:base", "git@other:lib").is_err());
        assert!(resolve("/srv/base", "/srv/lib").is_err());
    }
}
