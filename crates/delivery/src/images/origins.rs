//! The source repositories and revisions that images name in their labels, and the changes between an image and the one that it
//! takes: for the commit, the report and the pull request.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Diagnostic, ImageRef};
use registry::Origin;

use crate::error::Failure;
use crate::host::source_link;
use crate::images::digests::Pinner;

/// An image that says where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageOrigin {
    /// The image as it is delivered.
    pub image: String,
    /// Its source and revision, at least one of them set.
    pub origin: Origin,
    /// The image that it replaces, if the branch has another one of its name.
    pub before: Option<ReplacedImage>,
}

/// The image that the branch holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedImage {
    /// The image as it was delivered.
    pub image: String,
    /// Its recorded source; empty if it has none or can no longer be read.
    pub origin: Origin,
}

/// What a unit's branch holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct BranchImages {
    /// Its images, by its commit's trailers.
    pub(crate) images: Vec<ImageRef>,
    /// Their recorded sources: [`ImageOrigin::trailer_value`].
    pub(crate) sources: Vec<String>,
}

impl ImageOrigin {
    /// `NAME:TAG SOURCE REVISION`, without unknown parts: the value of a trailer.
    pub fn trailer_value(&self) -> String {
        let parts = [Some(self.name()), self.origin.source.as_deref(), self.origin.revision.as_deref()];
        // Labels may have line breaks; a trailer is one line.
        let all = parts.into_iter().flatten().flat_map(str::split_whitespace);
        all.collect::<Vec<_>>().join(" ")
    }

    /// The page of the source commit, where the source is a repository of a host that is known by its name.
    pub fn link(&self) -> Option<String> {
        source_link::commit(self.origin.source.as_deref()?, self.origin.revision.as_deref()?)
    }

    /// The page of the changes between the source commits of the image on the branch and of this one; nothing where
    /// either is unknown, both are the same, or the host is not known.
    pub fn changes_link(&self) -> Option<String> {
        let (old, new) = self.revisions()?;
        let source = self.origin.source.as_deref()?;
        let same =
            |before: &ReplacedImage| before.origin.source.as_deref().is_none_or(|old| trimmed(old) == trimmed(source));
        self.before.as_ref().filter(|before| same(before))?;
        source_link::range(source, old, new)
    }

    /// `NAME:TAG LINK`, or `NAME:TAG OLD -> NEW` where no page is known: the value of a trailer, and a line for people. Nothing
    /// where the source commit did not change.
    pub fn changes(&self) -> Option<String> {
        let (old, new) = self.revisions()?;
        let what = self.changes_link().unwrap_or_else(|| format!("{old} -> {new}"));
        let line = format!("{} {what}", self.name());
        Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Its links for a Markdown page: `[source](LINK), [changes](LINK)`, and the commits themselves where no page of theirs is known.
    pub fn markdown(&self) -> Option<String> {
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
        let changes = match (self.changes_link(), self.revisions()) {
            (Some(link), _) => Some(format!("[changes]({link})")),
            (None, Some((old, new))) if plain(old) && plain(new) => Some(format!("`{old}` → `{new}`")),
            _ => None,
        };
        let source = self.link().map(|link| format!("[source]({link})"));
        let parts: Vec<String> = source.into_iter().chain(changes).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Both source commits, where they are known and differ.
    fn revisions(&self) -> Option<(&str, &str)> {
        let old = self.before.as_ref()?.origin.revision.as_deref()?;
        let new = self.origin.revision.as_deref()?;
        (old != new).then_some((old, new))
    }

    fn name(&self) -> &str {
        self.image.split('@').next().unwrap_or_default()
    }
}

fn trimmed(source: &str) -> &str {
    source_link::trimmed(source)
}

impl BranchImages {
    /// The image that a new one replaces: the one of its name, and of several, the one with its tag.
    fn before(&self, new: &ImageRef) -> Option<&ImageRef> {
        let same: Vec<&ImageRef> = self.images.iter().filter(|old| old.full_name() == new.full_name()).collect();
        match same.as_slice() {
            _ if same.iter().any(|old| old.digest() == new.digest()) => None,
            [one] => Some(one),
            several => several.iter().find(|old| old.tag() == new.tag()).copied(),
        }
    }

    /// The recorded source of an image.
    fn origin(&self, image: &ImageRef) -> Option<Origin> {
        let name = image.without_digest().to_string();
        self.sources.iter().find_map(|value| {
            let mut parts = value.split_whitespace();
            let rest: Vec<&str> = if parts.next()? == name { parts.collect() } else { return None };
            let some = |text: &str| Some(text.to_owned());
            match rest.as_slice() {
                [source, revision] => Some(Origin { source: some(source), revision: some(revision) }),
                [source] if source.contains("://") => Some(Origin { source: some(source), revision: None }),
                [revision] => Some(Origin { source: None, revision: some(revision) }),
                _ => None,
            }
        })
    }
}

/// The images of a unit that is to be delivered, and those that its branch holds.
pub(crate) struct UnitImages {
    images: Vec<ImageRef>,
    replaced: BranchImages,
}

impl UnitImages {
    /// The images as they are in the objects; values that are not image references are omitted.
    pub(crate) fn new(images: &[String], replaced: BranchImages) -> Self {
        UnitImages { images: images.iter().filter_map(|text| ImageRef::parse(text).ok()).collect(), replaced }
    }

    /// The images on the branch that others replace and whose source was not recorded.
    fn unrecorded(&self) -> impl Iterator<Item = &ImageRef> {
        let old = self.images.iter().filter_map(|image| self.replaced.before(image));
        old.filter(|old| self.replaced.origin(old).is_none())
    }
}

/// What images say of their sources.
pub(crate) struct OriginLookup {
    found: BTreeMap<ImageRef, Origin>,
    /// A warning for each image that could not be read.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl OriginLookup {
    /// Reads the sources of all units' images from their registries, each image once. Images without a digest are left out. An image on a
    /// branch is read only where its source was not recorded.
    ///
    /// # Errors
    /// Where no registry may be asked.
    pub(crate) fn read<'u>(
        pinner: &mut Pinner<'_>,
        units: impl Iterator<Item = &'u UnitImages> + Clone,
    ) -> Result<Self, Failure> {
        let new: BTreeSet<&ImageRef> = units.clone().flat_map(|unit| &unit.images).collect();
        let all: BTreeSet<&ImageRef> = new.iter().copied().chain(units.flat_map(UnitImages::unrecorded)).collect();
        let all: Vec<_> = all.into_iter().filter_map(|image| Some((image.clone(), image.digest()?))).collect();
        let mut lookup = OriginLookup { found: BTreeMap::new(), warnings: Vec::new() };
        for (image, answer) in pinner.origins(&all)? {
            match answer {
                Ok(origin) => drop(lookup.found.insert(image, origin)),
                // An old image may no longer exist, and nothing depends on it.
                Err(_) if !new.contains(&image) => {}
                Err(error) => {
                    let warning = error.diagnostic().hint("the image is delivered; only its source is unknown");
                    lookup.warnings.push(warning);
                }
            }
        }
        Ok(lookup)
    }

    /// The origins of a unit's images, without images that do not name their source.
    pub(crate) fn of(&self, unit: &UnitImages) -> Vec<ImageOrigin> {
        let origin = |image: &ImageRef| {
            let origin = self.found.get(image).filter(|origin| **origin != Origin::default())?.clone();
            let replaced = &unit.replaced;
            let before = replaced.before(image).map(|old| ReplacedImage {
                image: old.to_string(),
                origin: replaced.origin(old).or_else(|| self.found.get(old).cloned()).unwrap_or_default(),
            });
            Some(ImageOrigin { image: image.to_string(), origin, before })
        };
        unit.images.iter().filter_map(origin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(source: &str, revision: &str) -> Origin {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Origin { source: some(source), revision: some(revision) }
    }

    #[test]
    fn changes_are_told_where_both_commits_are_known() {
        let changes = |before: Option<Origin>, now: Origin| {
            let before = before.map(|origin| ReplacedImage { image: "a:0".to_owned(), origin });
            ImageOrigin { image: "a:1@sha256:0".to_owned(), origin: now, before }.changes()
        };
        let (app, other) = ("https://github.com/acme/app", "https://git.example/app");
        let link = "a:1 https://github.com/acme/app/compare/0000000...1111111";
        let table = [
            (Some(origin(app, "0000000")), origin(app, "1111111"), Some(link)),
            (Some(origin(&format!("{app}.git"), "0000000")), origin(app, "1111111"), Some(link)),
            (Some(origin("", "0000000")), origin(app, "1111111"), Some(link)),
            (Some(origin(other, "0000000")), origin(other, "1111111"), Some("a:1 0000000 -> 1111111")),
            (Some(origin(other, "0000000")), origin(app, "1111111"), Some("a:1 0000000 -> 1111111")),
            (Some(origin(app, "1111111")), origin(app, "1111111"), None),
            (Some(origin(app, "")), origin(app, "1111111"), None),
            (None, origin(app, "1111111"), None),
        ];
        for (before, now, want) in table {
            assert_eq!(changes(before.clone(), now.clone()).as_deref(), want, "{before:?} {now:?}");
        }
    }

    #[test]
    fn an_image_takes_the_place_of_the_one_of_its_name() {
        let image = |text: &str, digit: &str| ImageRef::parse(&format!("{text}@sha256:{}", digit.repeat(64))).unwrap();
        let held = BranchImages {
            images: vec![image("a:1", "1"), image("b:1", "1"), image("b:2", "2")],
            sources: vec!["a:1 https://git.example/a 0000000".to_owned(), "b:2 0000000".to_owned()],
        };
        let before = |text: &str, digit: &str| held.before(&image(text, digit)).map(ToString::to_string);
        assert_eq!(before("a:2", "2"), Some(image("a:1", "1").to_string()));
        assert_eq!(before("a:2", "1"), None, "the same digest is the same image");
        assert_eq!(before("b:2", "3"), Some(image("b:2", "2").to_string()));
        assert_eq!(before("b:3", "3"), None, "one of two");
        assert_eq!(before("c:1", "3"), None);
        assert_eq!(held.origin(&held.images[0]), Some(origin("https://git.example/a", "0000000")));
        assert_eq!(held.origin(&held.images[1]), None);
        assert_eq!(held.origin(&held.images[2]), Some(origin("", "0000000")));
    }
}
