//! Which digest each image reference stands for.

use std::collections::BTreeMap;

use crate::image::{Digest, ImageRef};

/// The digests of a set of image references, kept under what is looked up ([`ImageRef::lookup`]), so that `nginx` and
/// `docker.io/library/nginx:latest` share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    digests: BTreeMap<String, Digest>,
}

impl Pins {
    /// Says which digest a reference stands for; returns the one it had.
    pub fn insert(&mut self, image: &ImageRef, digest: Digest) -> Option<Digest> {
        self.digests.insert(image.lookup(), digest)
    }

    /// The digest that a reference stands for: its own where it has one, otherwise the one found for it.
    pub fn digest(&self, image: &ImageRef) -> Option<Digest> {
        image.digest().or_else(|| self.digests.get(&image.lookup()).cloned())
    }

    /// The reference with its digest, spelled as it was, tag kept; nothing where no digest is known.
    pub fn pinned(&self, image: &ImageRef) -> Option<ImageRef> {
        self.digest(image).map(|digest| image.with_digest(&digest))
    }

    /// What was looked up and the digest found, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.digests.iter().map(|(lookup, digest)| (lookup.as_str(), digest))
    }

    /// How many digests are known.
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether no digest is known.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_image_shares_a_pin() {
        let digest = |digit: &str| Digest::parse(&format!("sha256:{}", digit.repeat(64))).unwrap();
        let image = |text: &str| ImageRef::parse(text).unwrap();
        let mut pins = Pins::default();
        assert_eq!(pins.insert(&image("nginx"), digest("a")), None);
        assert_eq!(pins.digest(&image("docker.io/library/nginx:latest")), Some(digest("a")));
        assert_eq!(pins.digest(&image("nginx:1")), None);
        assert_eq!(pins.pinned(&image("nginx")).unwrap().as_str(), format!("nginx@{}", digest("a")));
        let own = image(&format!("nginx@{}", digest("b")));
        assert_eq!(pins.pinned(&own), Some(own));
    }
}
