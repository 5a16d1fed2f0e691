//! The changed images of a delivery, one line each, for the commit message.

use std::collections::{BTreeMap, BTreeSet};

/// A line for each image that was changed, added or removed, sorted by name: `- name: 1.2 → 1.3`. Where the tags are equal, the shortened
/// digests are named. For an image in several versions, the added and removed versions are listed.
/// `origin` says for an image's name who decided the new one.
pub fn lines(before: &[&str], now: &[String], origin: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let (before, now) = (by_name(before.iter().copied()), by_name(now.iter().map(String::as_str)));
    let names: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
    let none = BTreeSet::new();
    let mut lines = Vec::new();
    for name in names {
        let (old, new) = (before.get(name).unwrap_or(&none), now.get(name).unwrap_or(&none));
        let gone: Vec<&str> = old.difference(new).copied().collect();
        let come: Vec<&str> = new.difference(old).copied().collect();
        match (gone.as_slice(), come.as_slice()) {
            ([], []) => {}
            ([old], [new]) => {
                let digests = tag(old) == tag(new);
                let decided = origin(name).map(|origin| format!(", {origin}")).unwrap_or_default();
                lines.push(format!("- {name}: {} → {}{decided}", version(old, digests), version(new, digests)));
            }
            (gone, come) => {
                lines.extend(gone.iter().map(|old| format!("- {name}: {} is gone", version(old, true))));
                let decided = origin(name).map(|origin| format!(", {origin}")).unwrap_or_default();
                lines.extend(come.iter().map(|new| format!("- {name}: {} is new{decided}", version(new, true))));
            }
        }
    }
    lines
}

/// The part of each image after its name, which begins with `:` or `@` or is empty.
fn by_name<'a>(images: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for image in images {
        let tagged = image.split_once('@').map_or(image, |(tagged, _)| tagged);
        let slash = tagged.rfind('/').map_or(0, |at| at + 1);
        let end = tagged[slash..].find(':').map_or(tagged.len(), |at| slash + at);
        found.entry(&image[..end]).or_default().insert(&image[end..]);
    }
    found
}

fn tag(rest: &str) -> &str {
    rest.split_once('@').map_or(rest, |(tag, _)| tag).trim_start_matches(':')
}

/// `1.2`, or `1.2@sha256:0123456789ab`.
fn version(rest: &str, digest: bool) -> String {
    let tag = tag(rest);
    match rest.split_once('@') {
        Some((_, found)) if digest || tag.is_empty() => {
            let short: String = found.chars().take("sha256:".len() + 12).collect();
            format!("{tag}@{short}")
        }
        _ if tag.is_empty() => "no tag".to_owned(),
        _ => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_told_and_nothing_else() {
        let before =
            ["r:5000/a:1@sha256:0123456789abcdef", "same:1", "moved:1@sha256:1111111111111111", "gone:1", "b:1", "b:2"];
        let now = ["r:5000/a:2@sha256:aaaa", "same:1", "moved:1@sha256:2222222222222222", "new", "b:2", "b:3", "b:4"];
        let now: Vec<String> = now.iter().map(|image| (*image).to_owned()).collect();
        assert_eq!(
            lines(&before, &now, &|name| (name == "new").then(|| "set by --image".to_owned())),
            [
                "- b: 1 is gone",
                "- b: 3 is new",
                "- b: 4 is new",
                "- gone: 1 is gone",
                "- moved: 1@sha256:111111111111 → 1@sha256:222222222222",
                "- new: no tag is new, set by --image",
                "- r:5000/a: 1 → 2",
            ]
        );
        assert!(lines(&["a:1"], &["a:1".to_owned()], &|_| None).is_empty());
    }
}
