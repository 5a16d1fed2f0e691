//! The order of deliveries: a branch never goes back to the output of an older source commit.

use git::source::Ancestry;

use crate::metadata::Record;
use crate::notes::Note;
use crate::options::Ancestors;
use crate::refusal::Refusal;
use crate::unit::Unit;

/// Returns why the unit must not replace what `record` and `note` describe: it comes from another source repository, or its
/// source commit is not newer. `None` if it may.
pub(crate) fn violation(
    unit: &Unit,
    record: Option<&Record>,
    note: &Note,
    ancestors: Ancestors<'_>,
) -> Option<Refusal> {
    let record = &record?.source;
    let known = !record.repo_url.trim().is_empty() && !unit.source.repo_url.trim().is_empty();
    if known && !same_repository(&record.repo_url, &unit.source.repo_url) {
        let refusal = Refusal::OtherSource { recorded: record.repo_url.clone(), ours: unit.source.repo_url.clone() };
        return (!unit.adopt).then_some(refusal);
    }
    let recorded = note.sha(&unit.folder).unwrap_or(&record.dry_sha).to_owned();
    let ours = unit.source.dry_sha.clone();
    if recorded.is_empty() || recorded == ours || unit.allow_older {
        return None;
    }
    match ancestors(&recorded, &ours) {
        Ancestry::Ancestor => None,
        Ancestry::NotAncestor => Some(Refusal::Older { recorded, ours }),
        Ancestry::Unknown(reason) => Some(Refusal::UnknownAncestry { recorded, ours, reason }),
    }
}

/// Whether two URLs name one repository.
pub(crate) fn same_repository(one: &str, other: &str) -> bool {
    repository_key(one) == repository_key(other)
}

/// A repository's URL without scheme, user, `.git` and a trailing slash, in lower case. `host:path` and `ssh://host/path` have the same key.
fn repository_key(url: &str) -> String {
    let clean = git::without_credentials(url.trim());
    let rest = match clean.split_once("://") {
        Some((_, rest)) => rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).to_owned(),
        None => match clean.split_once(':') {
            Some((host, path)) if !host.contains('/') => {
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{host}/{}", path.trim_start_matches('/'))
            }
            _ => clean,
        },
    };
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix(".git").unwrap_or(rest).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_urls() {
        for url in [
            "https://github.com/acme/shop.git",
            "https://token@github.com/Acme/shop",
            "git@github.com:acme/shop.git",
            "ssh://git@github.com/acme/shop/",
        ] {
            assert_eq!(repository_key(url), "github.com/acme/shop", "{url}");
        }
        assert!(!same_repository("/srv/a", "/srv/b"));
    }
}
