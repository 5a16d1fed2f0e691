//! Images whose digests are requested, and their locations.

use std::collections::BTreeMap;

use manifest::{At, Diagnostic, ImageRef};

/// An image whose digest is requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRequest {
    /// What is looked up.
    pub image: ImageRef,
    /// Its location.
    pub location: ImageLocation,
}

/// The location of an image; unknown parts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageLocation {
    /// The file, as people name it.
    pub file: String,
    /// Where in the file.
    pub at: At,
    /// The field, as a path.
    pub field: String,
    /// The unit and the object, for images in rendered objects.
    pub object: String,
}

/// The images, each once, with its locations.
pub(super) fn by_image(wanted: &[ImageRequest]) -> BTreeMap<&ImageRef, Vec<&ImageLocation>> {
    let mut all: BTreeMap<&ImageRef, Vec<&ImageLocation>> = BTreeMap::new();
    for one in wanted {
        let places = all.entry(&one.image).or_default();
        if !places.contains(&&one.location) {
            places.push(&one.location);
        }
    }
    all
}

/// A finding about an image, with its first location and a hint at the others.
pub(super) fn at_places(finding: Diagnostic, places: &[&ImageLocation]) -> Diagnostic {
    let Some((first, others)) = places.split_first() else { return finding };
    let mut finding = finding.at(first.at);
    if !first.file.is_empty() {
        finding = finding.in_file(&first.file);
    }
    if !first.field.is_empty() {
        finding = finding.field(&first.field);
    }
    if !first.object.is_empty() {
        finding.message = format!("{}: {}", first.object, finding.message);
    }
    match others {
        [] => finding,
        [one] => finding.hint(format!("apply the same fix in {}", one.description())),
        [one, rest @ ..] => {
            finding.hint(format!("apply the same fix in {} and {} more places", one.description(), rest.len()))
        }
    }
}

impl ImageLocation {
    fn description(&self) -> String {
        if self.file.is_empty() {
            format!("{}, {}", self.object, self.field)
        } else {
            format!("{}, line {}", self.file, self.at.line)
        }
    }
}
