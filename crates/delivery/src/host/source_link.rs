//! URLs of source commits at known git hosts.

/// Which addresses a host's pages have.
#[derive(Clone, Copy, PartialEq)]
enum Host {
    /// github.com and GitHub Enterprise.
    GitHub,
    /// gitlab.com and a GitLab of one's own.
    GitLab,
    /// bitbucket.org.
    Bitbucket,
    /// Gitea and Forgejo, such as codeberg.org.
    Gitea,
}

/// The URL of a commit's page; nothing where the source is not an `https` URL of a known host, or the revision is not a commit id.
pub fn commit(source: &str, revision: &str) -> Option<String> {
    let (host, base) = place(source)?;
    let folder = match host {
        Host::GitHub | Host::Gitea => "commit",
        Host::GitLab => "-/commit",
        Host::Bitbucket => "commits",
    };
    is_commit(revision).then(|| format!("{base}/{folder}/{revision}"))
}

/// The URL of the page with the changes between two commits; nothing as for [`commit`].
pub fn range(source: &str, old: &str, new: &str) -> Option<String> {
    let (host, base) = place(source)?;
    let known = is_commit(old) && is_commit(new);
    known.then(|| match host {
        Host::GitHub | Host::Gitea => format!("{base}/compare/{old}...{new}"),
        Host::GitLab => format!("{base}/-/compare/{old}...{new}"),
        // The reverse comparison: the changes that the first has and the second lacks.
        Host::Bitbucket => format!("{base}/branches/compare/{new}..{old}"),
    })
}

/// The source without a trailing `.git` or slash, for comparison and for appending paths.
pub(crate) fn trimmed(source: &str) -> &str {
    source.trim_end_matches('/').trim_end_matches(".git")
}

fn place(source: &str) -> Option<(Host, &str)> {
    let base = trimmed(source);
    let host = base.strip_prefix("https://")?.split('/').next()?;
    let plain = base.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte));
    let known = match host {
        "bitbucket.org" => Host::Bitbucket,
        _ if host.contains("github") => Host::GitHub,
        _ if host.contains("gitlab") => Host::GitLab,
        "codeberg.org" => Host::Gitea,
        _ if host.contains("gitea") || host.contains("forgejo") => Host::Gitea,
        _ => return None,
    };
    plain.then_some((known, base))
}

fn is_commit(revision: &str) -> bool {
    revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_known_hosts_alone() {
        let (old, new) = ("0123abc", "9876fed");
        let table = [
            ("https://github.com/acme/app.git", new, Some(("commit/9876fed", "compare/0123abc...9876fed"))),
            ("https://gitlab.example/acme/app/", new, Some(("-/commit/9876fed", "-/compare/0123abc...9876fed"))),
            ("https://bitbucket.org/acme/app", new, Some(("commits/9876fed", "branches/compare/9876fed..0123abc"))),
            ("https://codeberg.org/acme/app", new, Some(("commit/9876fed", "compare/0123abc...9876fed"))),
            ("https://github.com/acme/app", "main", None),
            ("https://github.com/acme/app) [x", new, None),
            ("http://github.com/acme/app", new, None),
            ("https://git.example/app", new, None),
            ("https://bitbucket.example/scm/acme/app", new, None),
        ];
        for (source, new, want) in table {
            let base = trimmed(source);
            let full = |path: &str| format!("{base}/{path}");
            assert_eq!(commit(source, new), want.map(|(one, _)| full(one)), "{source}");
            assert_eq!(range(source, old, new), want.map(|(_, two)| full(two)), "{source}");
        }
    }
}
