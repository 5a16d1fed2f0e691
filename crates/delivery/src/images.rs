//! The images of objects: where they stand, and which digest each gets.

use manifest::image_search::built_in;
use manifest::pin::{collect, replace};
use manifest::{Diagnostic, Errors, ImageRef, Node, ObjectId, Pins};

/// The images of the objects as they stand there, sorted, each once. What is no image reference is left out.
pub fn of(objects: &[Node]) -> Vec<String> {
    let rules = built_in();
    let found = objects.iter().flat_map(|object| collect(object, &rules).0);
    let mut images: Vec<String> = found.map(|one| one.image.as_str().to_owned()).collect();
    images.sort_unstable();
    images.dedup();
    images
}

/// The references of the objects, each once.
///
/// # Errors
/// What should be an image reference and is none, with its object and field.
pub fn references(objects: &[Node]) -> Result<Vec<ImageRef>, Errors> {
    let rules = built_in();
    let (mut images, mut wrong) = (Vec::<ImageRef>::new(), Vec::new());
    for object in objects {
        let (found, bad) = collect(object, &rules);
        images.extend(found.into_iter().map(|one| one.image));
        wrong.extend(bad.into_iter().map(|finding| Diagnostic {
            message: format!("{}: {}", ObjectId::of(object), finding.message),
            ..finding
        }));
    }
    images.sort_unstable();
    images.dedup();
    Errors::check(wrong).map(|()| images)
}

/// Puts the digests that are known beside the images.
///
/// # Errors
/// What should be an image reference and is none.
pub fn pin(objects: &mut [Node], pins: &Pins) -> Result<(), Errors> {
    let rules = built_in();
    objects.iter_mut().try_for_each(|object| replace(object, &rules, &|image| pins.pinned(image)).map(|_| ()))
}
