//! The stage between rendering and checking: adds digests, resolved once for all units.

use manifest::{Diagnostic, Errors, Pins};

use super::assign::{decided_pins, with_digests};
use super::output::Output;
use super::session::Pipeline;
use super::unit::{PinnedUnit, PrintedUnit, RenderedUnit};
use crate::config::Images;
use crate::error::Failure;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::trailers::IMAGE_SOURCE;
use crate::images::digests::ImageRequest;
use crate::images::objects;
use crate::images::origins::{BranchImages, OriginLookup, UnitImages};
use crate::plan::PlannedUnit;

impl Pipeline<'_> {
    /// Adds digests to every image of the units whose policy requires it.
    ///
    /// # Errors
    /// Invalid image references, images without a digest, and digests that are not those of their tags.
    pub(crate) fn pin(&mut self, units: Vec<RenderedUnit>) -> Result<Vec<PinnedUnit>, Failure> {
        let requests = self.open_images(&units)?;
        let pins = self.pinner.resolve(&requests)?;
        let pin = |RenderedUnit { unit, mut output }| -> Result<PinnedUnit, Errors> {
            if unit.images == Images::Pinned {
                let decided = decided_pins(&output, &unit.image_inputs);
                objects::pin(&mut output.objects, &self.search, &decided)?;
                objects::pin(&mut output.objects, &self.search, &pinned_inputs(&unit))?;
                objects::pin(&mut output.objects, &self.search, &pins)?;
            }
            let images = objects::of(&output.objects, &self.search);
            with_digests(&mut output.assigned.assignments, &images);
            Ok(PinnedUnit { unit, output, images })
        };
        Ok(units.into_iter().map(pin).collect::<Result<_, Errors>>()?)
    }

    /// The images whose digests are resolved or checked.
    fn open_images(&self, units: &[RenderedUnit]) -> Result<Vec<ImageRequest>, Errors> {
        let (mut requests, mut wrong) = (Vec::new(), Vec::new());
        for RenderedUnit { unit, output } in units.iter().filter(|one| one.unit.images == Images::Pinned) {
            let found = objects::find(&unit.label(), &output.objects, &self.search);
            let known = [&decided_pins(output, &unit.image_inputs), &pinned_inputs(unit), &self.built];
            let open = found.requests.into_iter().filter(|one| objects::is_open(&one.image, unit.digests, &known));
            requests.extend(open.map(|request| self.as_given(unit, output, request)));
            wrong.extend(found.invalid);
        }
        Errors::check(wrong).map(|()| requests)
    }

    /// The request with the location where the image was given, if a command gave it.
    fn as_given(&self, unit: &PlannedUnit, output: &Output, request: ImageRequest) -> ImageRequest {
        let mut used = output.assigned.used.iter().filter_map(|&position| self.plan.given_images.get(position));
        match used.find(|given| given.reference.as_ref() == Some(&request.image)) {
            Some(given) => ImageRequest { location: given.location.of_unit(&unit.name()), ..request },
            None => request,
        }
    }

    /// Reads the source repository and revision of every image from its registry, each image once, and of those that they replace on the
    /// units' branches. An image that cannot be read is a warning.
    ///
    /// # Errors
    /// Where no registry may be queried, or a remote cannot be reached.
    pub(crate) fn find_origins(&mut self, units: Vec<PrintedUnit>) -> Result<Vec<PrintedUnit>, Failure> {
        let tips = branches::tips(units, &self.plan.root, self.ctx, Depth::Record)?;
        let units: Vec<(PrintedUnit, UnitImages)> = tips.into_iter().map(with_images).collect();
        let lookup = OriginLookup::read(&mut self.pinner, units.iter().map(|(_, images)| images))?;
        let mut warnings: Vec<Diagnostic> = lookup.warnings.clone();
        let found = units.into_iter().map(|(mut unit, images)| {
            unit.origins = lookup.of(&images);
            unit.warnings.append(&mut warnings);
            unit
        });
        Ok(found.collect())
    }
}

/// The digests of the images that are decided already.
fn pinned_inputs(unit: &PlannedUnit) -> Pins {
    let mut pins = Pins::default();
    for image in unit.pinned_inputs.iter().flat_map(|inputs| &inputs.images) {
        if let Some(digest) = image.digest() {
            pins.insert(image, digest);
        }
    }
    pins
}

fn with_images(WithTip { unit, tip }: WithTip<PrintedUnit>) -> (PrintedUnit, UnitImages) {
    let replaced = tip.as_ref().map(branch_images).unwrap_or_default();
    let images = UnitImages::new(&unit.images, replaced);
    (unit, images)
}

fn branch_images(tip: &BranchTip) -> BranchImages {
    let sources = tip.commit.trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(IMAGE_SOURCE));
    BranchImages { images: branches::images(tip), sources: sources.map(|(_, value)| value.clone()).collect() }
}
