//! The digests of image references.

use std::collections::BTreeMap;

use crate::image::{Digest, ImageRef};

/// The digests of a set of image references, by [`ImageRef::lookup`], so that `nginx` and
/// `docker.io/library/nginx:latest` share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    digests: BTreeMap<String, Digest>,
}

impl Pins {
    /// Sets the digest of a reference and returns the former one.
    pub fn insert(&mut self, image: &ImageRef, digest: Digest) -> Option<Digest> {
        self.digests.insert(image.lookup(), digest)
    }

    /// Returns the digest of a reference: its own where it has one, otherwise the one that was set.
    pub fn digest(&self, image: &ImageRef) -> Option<Digest> {
        image.digest().or_else(|| self.digests.get(&image.lookup()).cloned())
    }

    /// Returns the reference with its digest, spelling and tag kept; `None` if no digest is known.
    pub fn pinned(&self, image: &ImageRef) -> Option<ImageRef> {
        self.digest(image).map(|digest| image.with_digest(&digest))
    }

    /// The [`ImageRef::lookup`] of each reference and its digest, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.digests.iter().map(|(lookup, digest)| (lookup.as_str(), digest))
    }

    /// The number of digests.
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether there are no digests.
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
