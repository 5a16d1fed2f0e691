//! The stage between rendering and pinning: images that were decided elsewhere replace those of the source.

use std::collections::{BTreeMap, BTreeSet};

use committer::{AppliedTo, AssignedBy, Assignment};
use manifest::{Diagnostic, Errors, ImageRef, Pins};

use rayon::prelude::*;

use super::chart_images::ImageWish;
use super::output::{BuildSource, Output};
use super::session::Pipeline;
use super::unit::RenderedUnit;
use crate::config;
use crate::error::Failure;
use crate::host::ci_run;
use crate::images::assign::{AssignedImages, AssignmentOrigin, ImageInputs, UnitAssignment};
use crate::images::search::Search;
use crate::images::source::SourceImages;
use crate::report::format::rfc3339;

impl Pipeline<'_> {
    /// Replaces the images that an assignment or a promotion decides. What the promoted environment does not run is a warning.
    ///
    /// # Errors
    /// An invalid image reference, a given name that fits several images, two given for one image, and a unit without any image to run.
    pub(crate) fn assign(&self, mut units: Vec<RenderedUnit>) -> Result<Vec<RenderedUnit>, Failure> {
        let origin = AssignmentOrigin {
            // The delivery knows the commit.
            commit: String::new(),
            run: ci_run::url(&self.ctx.variables).unwrap_or_default(),
            at: self.ctx.now.map(rfc3339).unwrap_or_default(),
        };
        let assigned: Vec<Result<(), Errors>> =
            units.par_iter_mut().map(|unit| self.assign_unit(unit, &origin)).collect();
        let errors = assigned.into_iter().filter_map(Result::err);
        let wrong = errors.flat_map(|errors| errors.map(|finding| self.in_config(finding)).into_all()).collect();
        Ok(Errors::check(wrong).map(|()| units)?)
    }

    /// A finding about a field of the config, with the config's path and the field's line.
    pub(super) fn in_config(&self, finding: Diagnostic) -> Diagnostic {
        let field = finding.field.clone().filter(|field| finding.file.is_none() && field.starts_with("environments."));
        let (Some(field), Some(file)) = (field, &self.plan.config) else { return finding };
        let text = self.source.files.read(file).ok();
        let at = text.and_then(|text| config::locate_field(&String::from_utf8_lossy(&text), &field));
        at.into_iter().fold(finding.in_file(file), Diagnostic::at)
    }

    fn assign_unit(&self, rendered: &mut RenderedUnit, origin: &AssignmentOrigin) -> Result<(), Errors> {
        let RenderedUnit { unit, output } = rendered;
        let inputs = &unit.image_inputs;
        if *inputs == ImageInputs::default() && self.plan.given_images.is_empty() {
            return Ok(());
        }
        let source = source_images(output, &self.search);
        let name = unit.name();
        let decision = UnitAssignment { unit: &name, inputs, given: &self.plan.given_images, origin };
        let mut decided = decision.decide(&source)?;
        for assignment in decided.assignments.iter_mut().filter(|_| !inputs.exact) {
            (assignment.applied, assignment.values) = (None, Vec::new());
        }
        for applied in self.assign_values(unit, output, &wishes(output, &self.search, &source, &decided, inputs))? {
            let assignment = &mut decided.assignments[applied.assignment];
            (assignment.applied, assignment.values) = (applied.applied, applied.values);
        }
        let builds = &output.build_sources;
        let replacement = |image: &ImageRef| {
            let found = assigned(image, builds, &source, &decided)?;
            let is_in_values = decided.assignments[found.assignment].applied.is_some_and(AppliedTo::has_values);
            // The templates spell it their way.
            let is_same = is_in_values && is_same_image(image, &found.reference);
            let reference = match found.reference.digest() {
                Some(digest) if is_same => image.with_digest(&digest),
                _ if is_same => return None,
                _ => found.reference,
            };
            (*image != reference).then_some(reference)
        };
        for object in &mut output.objects {
            manifest::pin::replace(object, self.search.rules(), &replacement)?;
        }
        if let Some(promoted) = &inputs.promoted {
            let kept = decided.not_promoted.iter();
            output.warnings.extend(kept.map(|image| {
                let from = &promoted.from;
                Diagnostic::new(format!("{name}: {from} does not run {image}, so the overlay's image is kept"))
            }));
        }
        output.assigned = decided;
        Ok(())
    }
}

/// An assignment that an image of the output is to be replaced for.
struct Assigned {
    /// The position of the assignment.
    assignment: usize,
    reference: ImageRef,
}

/// What replaces an image of the output; absent where nothing does.
fn assigned(
    image: &ImageRef,
    builds: &[BuildSource],
    source: &SourceImages,
    decided: &AssignedImages,
) -> Option<Assigned> {
    let full = builds.iter().find(|build| build.is(image)).map_or_else(|| image.full_name(), BuildSource::name);
    let is_its = |one: &Assignment| source.get(&full).is_some_and(|known| known.name == one.image);
    let assignment = decided.assignments.iter().position(is_its)?;
    let reference = ImageRef::parse(&decided.assignments[assignment].reference).ok()?;
    // The digest that was resolved for it before rendering stays.
    let is_there = !reference.is_pinned() && image.without_digest() == reference;
    (!is_there && *image != reference).then_some(Assigned { assignment, reference })
}

/// What the output is to become, by assignment.
fn wishes(
    output: &Output,
    search: &Search,
    source: &SourceImages,
    decided: &AssignedImages,
    inputs: &ImageInputs,
) -> Vec<ImageWish> {
    let mut wishes: BTreeMap<usize, ImageWish> = BTreeMap::new();
    for found in output.objects.iter().flat_map(|object| manifest::pin::collect(object, search.rules()).0) {
        let Some(one) = assigned(&found.image, &output.build_sources, source, decided) else { continue };
        let recorded = &decided.assignments[one.assignment];
        // A recorded delivery is rendered again as it was.
        let only = inputs.exact.then(|| recorded.values.clone());
        let wish = wishes.entry(one.assignment).or_insert_with(|| ImageWish {
            assignment: one.assignment,
            from: BTreeSet::new(),
            to: one.reference,
            only,
        });
        wish.from.insert(found.image);
    }
    wishes.into_values().filter(|wish| wish.only.as_ref().is_none_or(|only| !only.is_empty())).collect()
}

/// Whether two references are one image, however they are spelled. A digest that only one of them has does not matter.
fn is_same_image(one: &ImageRef, other: &ImageRef) -> bool {
    let digests = [one.digest(), other.digest()];
    let is_same_digest = digests.iter().any(Option::is_none) || digests[0] == digests[1];
    one.full_name() == other.full_name() && one.tag() == other.tag() && is_same_digest
}

/// The images of the objects as the source has them.
fn source_images(output: &Output, search: &Search) -> SourceImages {
    let mut images = SourceImages::new();
    for object in &output.objects {
        for found in manifest::pin::collect(object, search.rules()).0 {
            let build = output.build_sources.iter().find(|build| build.is(&found.image));
            let source = build.map_or(&found.image, |build| &build.source);
            let image = images.entry(source.full_name()).or_default();
            source.name().clone_into(&mut image.name);
            if build.is_none_or(|build| build.has_tag) {
                image.references.insert(source.to_string());
            }
            if let Some(build) = build {
                image.promoted_name.clone_from(&build.promoted_name);
                image.aliases.insert(build.artifact.clone());
            }
        }
    }
    images
}

/// The digests of assigned images that were decided earlier: they are not resolved or checked again.
pub(super) fn decided_pins(output: &Output, inputs: &ImageInputs) -> Pins {
    let mut pins = Pins::default();
    let is_decided = |one: &&Assignment| {
        one.by != AssignedBy::Image || inputs.recorded.assignments.iter().any(|old| old.reference == one.reference)
    };
    for assignment in output.assigned.assignments.iter().filter(is_decided) {
        if let Ok(image) = ImageRef::parse(&assignment.reference)
            && let Some(digest) = image.digest()
        {
            pins.insert(&image.without_digest(), digest);
        }
    }
    pins
}

/// The assignments with the digests that were resolved: `images` are those of the objects.
pub(super) fn with_digests(assignments: &mut [Assignment], images: &[String]) {
    let images: Vec<ImageRef> = images.iter().filter_map(|image| ImageRef::parse(image).ok()).collect();
    for assignment in assignments {
        let Ok(reference) = ImageRef::parse(&assignment.reference) else { continue };
        if reference.is_pinned() {
            continue;
        }
        let exact = images.iter().find(|image| image.without_digest() == reference);
        // Templates may spell it their way.
        let same = || images.iter().find(|image| is_same_image(image, &reference));
        if let Some(digest) = exact.or_else(same).and_then(ImageRef::digest) {
            assignment.reference = reference.with_digest(&digest).to_string();
        }
    }
}
