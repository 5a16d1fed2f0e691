//! `hydrant pin` and `hydrant images`: find, resolve and pin images in any YAML, in place.

mod inputs;
mod list;
mod origins;
mod setup;

use manifest::pin::{FoundImage, collect_text, edit, incomplete_images};
use manifest::{Diagnostic, Errors, ImageRef, Pins};

use crate::error::Failure;
use crate::images::digests::{ImageLocation, ImageRequest};
use crate::images::search::Search;

pub use inputs::{Input, read};
pub use list::{Listed, json, list, text};
pub use origins::origins;
pub use setup::{PinFlags, Setup};

/// An image and its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The file as the user named it.
    pub file: String,
    /// The image and where in the file.
    pub found: FoundImage,
}

/// The images of every input, in their order.
///
/// # Errors
/// Every input that is invalid YAML, and every invalid image reference.
pub fn find(inputs: &[Input], search: &Search) -> Result<Vec<Located>, Errors> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for input in inputs {
        let name = &input.name;
        match collect_text(&input.text, search.rules()) {
            Ok((images, findings)) => {
                all.extend(images.into_iter().map(|found| Located { file: name.clone(), found }));
                wrong.extend(findings.into_iter().map(|finding| finding.in_file(name)));
            }
            Err(error) => wrong.push(no_yaml(error.in_file(name), &input.text)),
        }
    }
    Errors::check(wrong).map(|()| all)
}

/// A finding for each image in values whose tag or repository is in another file, so that it is neither listed nor pinned.
pub fn incomplete(inputs: &[Input], search: &Search) -> Vec<Diagnostic> {
    let of = |input: &Input| {
        let found = incomplete_images(&input.text, search.rules()).into_iter();
        found.map(|finding| finding.in_file(&input.name)).collect::<Vec<_>>()
    };
    inputs.iter().flat_map(of).collect()
}

/// Adds a hint to a file that is invalid YAML; most of them are templates.
fn no_yaml(error: Diagnostic, text: &str) -> Diagnostic {
    if text.contains("{{") {
        error.hint("pass rendered files: pipe `helm template` into `hydrant pin -`")
    } else {
        error
    }
}

/// The references to look up for the images, with overrides applied.
pub fn wanted(images: &[Located], search: &Search) -> Vec<ImageRequest> {
    let one = |located: &Located| {
        let Located { file, found } = located;
        let location =
            ImageLocation { file: file.clone(), at: found.at, field: found.field.clone(), object: String::new() };
        ImageRequest { image: search.meant(&found.image), location }
    };
    images.iter().map(one).collect()
}

/// The inputs with every image pinned and no other byte changed, and how many places changed in each.
///
/// # Errors
/// Every image that is written in a way that cannot be changed in place.
pub fn pin(inputs: Vec<Input>, search: &Search, pins: &Pins) -> Result<Vec<(Input, usize)>, Failure> {
    let (mut pinned, mut wrong) = (Vec::with_capacity(inputs.len()), Vec::new());
    let becomes = |image: &ImageRef| pins.pinned(&search.meant(image));
    for input in inputs {
        match edit(&input.text, search.rules(), &becomes) {
            Ok(edited) => pinned.push((Input { text: edited.text, ..input }, edited.changed)),
            Err(errors) => wrong.extend(errors.into_all().into_iter().map(|finding| finding.in_file(&input.name))),
        }
    }
    Ok(Errors::check(wrong).map(|()| pinned)?)
}
