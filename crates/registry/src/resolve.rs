//! Image references in, digests out.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Digest, ImageRef, Pins};

use crate::client::{Progress, RegistryClient};
use crate::error::{RegistryError, RegistryErrors, RequestError};
use crate::lookup::Lookup;

/// The digest of one reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedImage {
    /// The digest; where the reference has one of its own, that one.
    pub digest: Digest,
    /// The `host` or `host:port` that answered: the registry or a mirror.
    pub host: String,
}

/// The digests of several references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    images: BTreeMap<ImageRef, ResolvedImage>,
}

impl Resolution {
    /// Returns the digest of a reference.
    pub fn get(&self, image: &ImageRef) -> Option<&ResolvedImage> {
        self.images.get(image)
    }

    /// Every requested reference and its digest, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&ImageRef, &ResolvedImage)> {
        self.images.iter()
    }

    /// Returns the digests of the references that have none of their own.
    pub fn pins(&self) -> Pins {
        let mut pins = Pins::default();
        for (image, resolved) in self.images.iter().filter(|(image, _)| !image.is_pinned()) {
            pins.insert(image, resolved.digest.clone());
        }
        pins
    }
}

impl RegistryClient {
    /// Resolves every reference; several spellings of one image cost one request. A digest that a reference already has is
    /// verified: it must exist, and be what the reference's tag refers to (or one image of that index).
    ///
    /// # Errors
    /// Every reference that cannot be resolved, not only the first.
    pub fn resolve(&self, images: &[ImageRef]) -> Result<Resolution, RegistryErrors> {
        self.resolve_with_progress(images, &|_, _| {})
    }

    /// Resolves as [`RegistryClient::resolve`] and reports progress.
    ///
    /// # Errors
    /// As [`RegistryClient::resolve`].
    pub fn resolve_with_progress(
        &self,
        images: &[ImageRef],
        progress: Progress<'_>,
    ) -> Result<Resolution, RegistryErrors> {
        let (mut resolution, mut errors) = (Resolution::default(), Vec::new());
        let mut reported = BTreeSet::new();
        let mut results = self.resolve_each(images, progress);
        for image in images.iter().filter(|image| reported.insert(*image)) {
            match results.remove(image) {
                Some(Ok(resolved)) => drop(resolution.images.insert(image.clone(), resolved)),
                Some(Err(error)) => errors.push(error),
                None => {}
            }
        }
        RegistryErrors::check(errors).map(|()| resolution)
    }

    /// Resolves as [`RegistryClient::resolve_with_progress`], with a result for each image.
    pub fn resolve_each(
        &self,
        images: &[ImageRef],
        progress: Progress<'_>,
    ) -> BTreeMap<ImageRef, Result<ResolvedImage, RegistryError>> {
        let mut unique: BTreeMap<(String, Option<Digest>), &ImageRef> = BTreeMap::new();
        for image in images {
            unique.entry((image.lookup(), image.digest())).or_insert(image);
        }
        let requested: Vec<&ImageRef> = unique.values().copied().collect();
        let results = self.query_each(&requested, &|lookup| resolve_one(lookup), progress);
        let results: BTreeMap<_, _> = unique.into_keys().zip(results).collect();
        let result = |image: &ImageRef| {
            let result = results[&(image.lookup(), image.digest())].clone();
            (image.clone(), result.map_err(|error| RegistryError::new(image, error)))
        };
        images.iter().map(result).collect()
    }
}

fn resolve_one(lookup: &Lookup<'_>) -> Result<ResolvedImage, RequestError> {
    let digest = lookup.digest()?;
    Ok(ResolvedImage { digest, host: lookup.session.host() })
}
