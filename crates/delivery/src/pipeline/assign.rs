//! The stage between rendering and pinning: images that were decided elsewhere replace those of the source.

use committer::{AssignedBy, Assignment};
use manifest::{Diagnostic, Errors, ImageRef, Pins};

use super::output::{BuildSource, Output};
use super::session::Pipeline;
use super::unit::RenderedUnit;
use crate::config;
use crate::error::Failure;
use crate::host::ci_run;
use crate::images::assign::{AssignmentOrigin, ImageInputs, UnitAssignment};
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
        let mut wrong = Vec::new();
        for unit in &mut units {
            if let Err(errors) = self.assign_unit(unit, &origin) {
                wrong.extend(errors.map(|finding| self.in_config(finding)).into_all());
            }
        }
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
        let decided = decision.decide(&source)?;
        let builds = &output.build_sources;
        let replacement = |image: &ImageRef| {
            let full = builds.iter().find(|build| build.is(image)).map_or_else(|| image.full_name(), BuildSource::name);
            let assignment = decided
                .assignments
                .iter()
                .find(|one| source.get(&full).is_some_and(|known| known.name == one.image))?;
            let reference = ImageRef::parse(&assignment.reference).ok()?;
            // The digest that was resolved for it before rendering stays.
            let is_there = !reference.is_pinned() && image.without_digest() == reference;
            (!is_there && *image != reference).then_some(reference)
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
    for assignment in assignments {
        let pinned = images.iter().find(|image| image.split('@').next() == Some(assignment.reference.as_str()));
        if let Some(pinned) = pinned {
            assignment.reference.clone_from(pinned);
        }
    }
}
