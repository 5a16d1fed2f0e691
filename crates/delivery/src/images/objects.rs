//! Finds and replaces the images of objects.

use manifest::pin::{collect, replace};
use manifest::{Diagnostic, Errors, ImageRef, Node, ObjectId, Pins};

use crate::config::GivenDigests;
use crate::images::digests::{ImageLocation, ImageRequest};
use crate::images::search::Search;

/// The images of the objects as they are written, sorted, each once. Values that are not image references are omitted.
pub fn of(objects: &[Node], search: &Search) -> Vec<String> {
    let found = objects.iter().flat_map(|object| collect(object, search.rules()).0);
    let mut images: Vec<String> = found.map(|one| one.image.as_str().to_owned()).collect();
    images.sort_unstable();
    images.dedup();
    images
}

/// Whether an image needs a query: for its digest, or to check the digest that it has. What is `known` already,
/// because this run found it or was given it, is decided.
pub(crate) fn is_open(image: &ImageRef, given: GivenDigests, known: &[&Pins]) -> bool {
    match image.digest() {
        None => known.iter().all(|pins| pins.digest(image).is_none()),
        Some(digest) => {
            let same = |pins: &&Pins| pins.digest(&image.without_digest()).is_some_and(|known| known == digest);
            given == GivenDigests::Checked && !known.iter().any(same)
        }
    }
}

/// The images of a unit's objects.
pub(crate) struct FoundImages {
    /// The references to resolve, with overrides applied.
    pub(crate) requests: Vec<ImageRequest>,
    /// A finding for each invalid image reference.
    pub(crate) invalid: Vec<Diagnostic>,
}

/// Finds the images of a unit's objects; each with its object and field. Messages begin with `label` where it is not empty.
pub(crate) fn find(label: &str, objects: &[Node], search: &Search) -> FoundImages {
    let mut all = FoundImages { requests: Vec::new(), invalid: Vec::new() };
    let lead = if label.is_empty() { String::new() } else { format!("{label}: ") };
    for object in objects {
        let (found, invalid) = collect(object, search.rules());
        all.requests.extend(found.into_iter().map(|one| ImageRequest {
            image: search.meant(&one.image),
            location: ImageLocation {
                object: format!("{lead}{}", one.object),
                field: one.field,
                ..ImageLocation::default()
            },
        }));
        all.invalid.extend(invalid.into_iter().map(|finding| Diagnostic {
            message: format!("{lead}{}: {}", ObjectId::of(object), finding.message),
            ..finding
        }));
    }
    all
}

/// Adds the known digests to the images.
///
/// # Errors
/// An invalid image reference.
pub fn pin(objects: &mut [Node], search: &Search, pins: &Pins) -> Result<(), Errors> {
    let becomes = |image: &ImageRef| pins.pinned(&search.meant(image));
    objects.iter_mut().try_for_each(|object| replace(object, search.rules(), &becomes).map(|_| ()))
}
