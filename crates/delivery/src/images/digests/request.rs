//! Images whose digests are wanted, and where they stand.

use std::collections::BTreeMap;

use manifest::{At, Diagnostic, ImageRef};

/// An image whose digest is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRequest {
    /// What is looked up.
    pub image: ImageRef,
    /// Where it stands.
    pub location: ImageLocation,
}

/// Where an image stands; what is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageLocation {
    /// The file, as people name it.
    pub file: String,
    /// Where in the file.
    pub at: At,
    /// The field, as a path.
    pub field: String,
    /// The unit and the object, for images that stand in what was rendered.
    pub object: String,
}

/// The images, each once, with the places it stands in.
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

/// A finding about an image, with the first place it stands in and a word of the others.
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
        [one] => finding.hint(format!("It also stands in {}.", one.words())),
        [one, rest @ ..] => finding.hint(format!("It also stands in {}, and {} more places.", one.words(), rest.len())),
    }
}

impl ImageLocation {
    fn words(&self) -> String {
        if self.file.is_empty() {
            format!("{}, {}", self.object, self.field)
        } else {
            format!("{}, line {}", self.file, self.at.line)
        }
    }
}
