//! The stage between reading and delivering: which digest each image has, asked once for all units.

use manifest::{Diagnostic, Errors, Pins};

use super::Rendered;
use crate::config::Images;
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth};
use crate::host::trailers::IMAGE_SOURCE;
use crate::images::digests::{Pinner, ResolveContext};
use crate::images::objects;
use crate::images::origins;
use crate::images::origins::Held;
use crate::images::search::Search;
use crate::lock::Lock;
use crate::plan::{Plan, Unit};

/// Where the plan says that digests come from; asks nobody yet. `lock` is what the lock file holds.
pub(super) fn pinner<'a>(plan: &'a Plan, ctx: &'a RunContext, lock: Lock) -> Pinner<'a> {
    let now = ctx.now.map_or(0, |now| now.seconds);
    let progress = ctx.progress.resolving();
    let resolve_ctx = ResolveContext { options: &plan.registries, variables: &ctx.variables, now, progress };
    if plan.recorded_only {
        return Pinner::nowhere(resolve_ctx);
    }
    Pinner::new(plan.digests.clone(), lock, &plan.lock, resolve_ctx)
}

/// Puts digests beside every image of the units whose policy wants all of them pinned. `built` are the digests of what the
/// sources build, which are in their manifests already.
///
/// # Errors
/// What is no image reference, every image that has no digest, and digests that are not what their tags stand for.
pub(super) fn pin(
    pinner: &mut Pinner<'_>,
    plan: &Plan,
    search: &Search,
    built: &Pins,
    mut units: Vec<Rendered>,
) -> Result<Vec<Rendered>, Failure> {
    bring(plan, search, &mut units)?;
    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
    for (unit, rendered) in plan.units.iter().zip(&units).filter(|(unit, _)| unit.images == Images::Pinned) {
        let (found, findings) = objects::wanted(&unit.name(), &rendered.objects, search);
        let own = given(unit);
        wanted.extend(found.into_iter().filter(|one| objects::is_open(&one.image, unit.digests, &[&own, built])));
        wrong.extend(findings);
    }
    Errors::check(wrong)?;
    let pins = pinner.resolve(&wanted)?;
    for (unit, rendered) in plan.units.iter().zip(&mut units).filter(|(unit, _)| unit.images == Images::Pinned) {
        objects::pin(&mut rendered.objects, search, &given(unit))?;
        objects::pin(&mut rendered.objects, search, &pins)?;
    }
    for rendered in &mut units {
        rendered.images = objects::of(&rendered.objects, search);
    }
    Ok(units)
}

/// Puts the images that a unit is promoted with where its own overlay names others of their names, tags and digests included. An image that
/// the other environment does not run stays, which is worth a word.
///
/// # Errors
/// What is no image reference.
fn bring(plan: &Plan, search: &Search, units: &mut [Rendered]) -> Result<(), Failure> {
    for (unit, rendered) in plan.units.iter().zip(units) {
        let Some((given, from)) =
            unit.pinned_inputs.as_ref().and_then(|given| Some((given, given.promoted_from.as_ref()?)))
        else {
            continue;
        };
        for image in objects::bring(&mut rendered.objects, search, &given.images)? {
            let words = format!("{}: {from} does not run {image}, so it is what the overlay says", unit.name());
            rendered.warnings.push(Diagnostic::new(words));
        }
    }
    Ok(())
}

/// The digests of the images that are decided already.
fn given(unit: &Unit) -> Pins {
    let mut pins = Pins::default();
    for image in unit.pinned_inputs.iter().flat_map(|given| &given.images) {
        if let Some(digest) = image.digest() {
            pins.insert(image, digest);
        }
    }
    pins
}

/// Asks where the images of all units come from, each once, and those that they take the place of. What could not be asked is a
/// warning.
///
/// # Errors
/// Where no registry may be asked, or a remote cannot be reached.
pub(super) fn origins(
    pinner: &mut Pinner<'_>,
    plan: &Plan,
    ctx: &RunContext,
    units: &mut [Rendered],
) -> Result<(), Failure> {
    let tips = branches::tips(&plan.units, &plan.root, ctx, Depth::Record)?;
    let held: Vec<Held> = tips.iter().map(|one| one.tip.as_ref().map(held).unwrap_or_default()).collect();
    let images: Vec<&[String]> = units.iter().map(|unit| unit.images.as_slice()).collect();
    let (found, warnings) = origins::ask(pinner, &images, &held)?;
    for (unit, origins) in units.iter_mut().zip(found) {
        unit.origins = origins;
    }
    if let Some(first) = units.first_mut() {
        first.warnings.extend(warnings);
    }
    Ok(())
}

fn held(tip: &BranchTip) -> Held {
    let written = tip.commit.trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(IMAGE_SOURCE));
    Held { images: branches::images(tip), written: written.map(|(_, words)| words.clone()).collect() }
}
