//! Where images come from, by their own words.

use std::collections::BTreeMap;

use manifest::{Diagnostic, ImageRef};
use registry::{Credentials, Lock, Origin, Resolver};

use super::{Digests, Located, Search, World, at_places, by_image, digests};
use crate::failure::Failure;

/// What every image says of its source, and a warning for each that could not be asked. An image without a digest is asked by
/// the digest that its tag has now.
///
/// # Errors
/// Images that cannot be resolved.
pub fn origins(
    images: &[Located],
    search: &Search,
    world: &World<'_>,
) -> Result<(BTreeMap<ImageRef, Origin>, Vec<Diagnostic>), Failure> {
    let answers = digests(images, search, &Digests::Registries, &mut Lock::default(), world)?;
    let wanted = by_image(images, search);
    let pinned = wanted.keys().filter_map(|image| Some((image.clone(), answers.pinned(image)?.digest()?)));
    let pinned: Vec<_> = pinned.collect();
    let credentials = Credentials::from_variables(|name| world.variables.get(name).cloned())?;
    let answers = Resolver::new(world.options.clone(), credentials)?.origins(&pinned);
    let (mut found, mut warnings) = (BTreeMap::new(), Vec::new());
    for (image, answer) in answers {
        let places = wanted.get(&image).map_or(&[][..], Vec::as_slice);
        match answer {
            Ok(origin) => found.extend(places.iter().map(|one| (one.found.image.clone(), origin.clone()))),
            Err(error) => warnings.push(at_places(error.diagnostic(), places)),
        }
    }
    Ok((found, warnings))
}
