//! The stage between reading and delivering: which digest each image has, asked once for all units.

use manifest::{Diagnostic, Errors, Pins};

use super::{Rendered, Surroundings};
use crate::config::Images;
use crate::digests::{Pinner, Wanted};
use crate::failure::Failure;
use crate::pin::Search;
use crate::plan::{Plan, Unit};
use crate::{image_origins, images};

/// Where the plan says that digests come from; asks nobody yet.
///
/// # Errors
/// As [`Pinner::new`].
pub(super) fn pinner(plan: &Plan, around: &Surroundings) -> Result<Pinner, Failure> {
    if plan.recorded_only {
        return Ok(Pinner::Nowhere);
    }
    let lock = plan.locked.then_some(plan.lock.as_str());
    Pinner::new(
        &Wanted {
            lock,
            platform: plan.platform.as_deref(),
            insecure: &plan.insecure_registries,
            authorities: &plan.authorities,
            mirrors: &plan.mirrors,
        },
        &around.variables,
    )
}

/// Puts digests beside every image of the units whose policy wants all of them pinned.
///
/// # Errors
/// Rules that cannot be read, what is no image reference, and every image that has no digest.
pub(super) fn pin(pinner: &Pinner, plan: &Plan, mut units: Vec<Rendered>) -> Result<Vec<Rendered>, Failure> {
    let search = Search::read(&plan.rules)?;
    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
    for (unit, rendered) in plan.units.iter().zip(&units).filter(|(unit, _)| unit.images == Images::Pinned) {
        match images::references(&rendered.objects, &search) {
            Ok(found) => {
                let own = given(unit);
                wanted.extend(found.into_iter().filter(|image| !image.is_pinned() && own.digest(image).is_none()));
            }
            Err(errors) => wrong.extend(
                errors
                    .into_all()
                    .into_iter()
                    .map(|finding| Diagnostic { message: format!("{}: {}", unit.name(), finding.message), ..finding }),
            ),
        }
    }
    Errors::check(wrong)?;
    let pins = pinner.resolve(&wanted)?;
    for (unit, rendered) in plan.units.iter().zip(&mut units).filter(|(unit, _)| unit.images == Images::Pinned) {
        images::pin(&mut rendered.objects, &search, &given(unit))?;
        images::pin(&mut rendered.objects, &search, &pins)?;
    }
    for rendered in &mut units {
        rendered.images = images::of(&rendered.objects, &search);
    }
    Ok(units)
}

/// The digests of the images that are decided already.
fn given(unit: &Unit) -> Pins {
    let mut pins = Pins::default();
    for image in unit.given.iter().flat_map(|given| &given.images) {
        if let Some(digest) = image.digest() {
            pins.insert(image, digest);
        }
    }
    pins
}

/// Asks where the images of all units come from, each once. What could not be asked is a warning.
///
/// # Errors
/// Where no registry may be asked.
pub(super) fn origins(pinner: &Pinner, units: &mut [Rendered]) -> Result<(), Failure> {
    let Pinner::Registries(resolver) = pinner else {
        let error = Diagnostic::new("--origins asks registries, which `locked` forbids");
        return Err(error.hint("Leave one of both out.").into());
    };
    let (found, warnings) = image_origins::ask(resolver, units.iter().flat_map(|unit| &unit.images));
    for unit in units.iter_mut() {
        unit.origins = unit.images.iter().filter_map(|image| found.get(image).cloned()).collect();
    }
    if let Some(first) = units.first_mut() {
        first.warnings.extend(warnings);
    }
    Ok(())
}
