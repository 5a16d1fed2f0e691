//! The source repositories and revisions that images name in their labels.

use std::collections::BTreeMap;

use manifest::{Diagnostic, ImageRef};
use registry::Origin;

use super::{Located, wanted};
use crate::error::Failure;
use crate::images::digests::Pinner;
use crate::images::search::Search;

/// The recorded source of every image, and a warning for each that could not be read. An image without a digest is read by
/// the digest that its tag has now.
///
/// # Errors
/// Images that cannot be resolved, and where no registry may be queried.
pub fn origins(
    images: &[Located],
    search: &Search,
    pinner: &mut Pinner<'_>,
) -> Result<(BTreeMap<ImageRef, Origin>, Vec<Diagnostic>), Failure> {
    let pins = pinner.resolve(&wanted(images, search))?;
    let mut by_meant: BTreeMap<ImageRef, Vec<&Located>> = BTreeMap::new();
    for located in images {
        by_meant.entry(search.meant(&located.found.image)).or_default().push(located);
    }
    let digest = |meant: &ImageRef| meant.digest().or_else(|| pins.digest(meant));
    let known: Vec<_> = by_meant.keys().filter_map(|meant| Some((meant.clone(), digest(meant)?))).collect();
    let (mut found, mut warnings) = (BTreeMap::new(), Vec::new());
    for (image, answer) in pinner.origins(&known)? {
        let places = by_meant.get(&image).map_or(&[][..], Vec::as_slice);
        match answer {
            Ok(origin) => found.extend(places.iter().map(|one| (one.found.image.clone(), origin.clone()))),
            Err(error) => {
                let finding = error.diagnostic();
                warnings.push(
                    places.iter().take(1).fold(finding, |finding, one| {
                        finding.in_file(&one.file).at(one.found.at).field(&one.found.field)
                    }),
                );
            }
        }
    }
    Ok((found, warnings))
}
