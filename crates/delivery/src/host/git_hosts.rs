//! Git hosts by the name in a repository's URL.

use crate::config::Host;

/// The hosts that are known by their names.
const KNOWN: &[(&str, Host)] = &[
    ("github.com", Host::Github),
    ("gitlab.com", Host::Gitlab),
    ("gitea.com", Host::Gitea),
    ("codeberg.org", Host::Gitea),
];

/// The host's name in a URL, without user and port.
pub(crate) fn host_name(repository: &str) -> Option<&str> {
    let rest = match repository.split_once("://") {
        // As the URL Standard reads it: a backslash is a slash.
        Some((_, rest)) => rest.split(['/', '\\', '?', '#']).next()?,
        None => repository.split_once(':').map(|(host, _)| host).filter(|host| !host.contains('/'))?,
    };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    Some(host.split_once(':').map_or(host, |(host, _)| host)).filter(|host| !host.is_empty())
}

/// What the git host of a repository is, by its name.
pub(crate) fn known(repository: &str) -> Option<Host> {
    let name = host_name(repository)?;
    KNOWN.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, host)| *host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_known_by_their_whole_names() {
        let table = [
            ("https://github.com/acme/m.git", Some(Host::Github)),
            ("git@GitHub.com:acme/m.git", Some(Host::Github)),
            ("ssh://git@gitlab.com:22/acme/m", Some(Host::Gitlab)),
            ("https://token@codeberg.org/acme/m", Some(Host::Gitea)),
            ("https://github.com.example/acme/m", None),
            ("https://git.example/github.com/m", None),
            ("/srv/github.com/m.git", None),
            ("file:///srv/m.git", None),
        ];
        for (url, host) in table {
            assert_eq!(known(url), host, "{url}");
        }
    }
}
