//! The clone that a command runs in.

use std::path::Path;

use git::source::SourceRepository;

/// The root folder of a clone, and the name of its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneName {
    /// The root folder, absolute.
    pub root: String,
    /// The last part of the URL of its remote (`origin`), without `.git`; absent where it has no remote. The folder's name says nothing: CI
    /// systems choose it.
    pub name: Option<String>,
}

/// The clone that contains a folder; absent outside of one.
pub fn containing(folder: &str) -> Option<CloneName> {
    let source = SourceRepository::discover(Path::new(folder)).ok()?;
    let name = source.origin().and_then(|url| name_of(&url));
    Some(CloneName { root: source.root().display().to_string(), name })
}

fn name_of(url: &str) -> Option<String> {
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next()?;
    let name = last.strip_suffix(".git").unwrap_or(last);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn the_last_part_of_a_url_is_the_name() {
        for url in
            ["https://h/acme/shop.git", "git@h:acme/shop", "ssh://h:22/acme/shop.git/", "h:shop", "/srv/shop.git"]
        {
            assert_eq!(name_of(url).as_deref(), Some("shop"), "{url}");
        }
        assert_eq!(name_of("https://h/.git"), None);
    }
}
