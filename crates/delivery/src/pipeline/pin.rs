//! The stage between reading and delivering: which digest each image has, asked once for all units.

use std::collections::BTreeSet;
use std::path::Path;

use manifest::{Diagnostic, Errors, ImageRef, Pins};
use registry::{Credentials, Lock, Options, Platform, Proxies, ResolveErrors, Resolver};

use super::{Rendered, Surroundings};
use crate::config::Images;
use crate::failure::Failure;
use crate::images;
use crate::plan::Plan;

/// Where digests come from.
pub(super) enum Pinner {
    /// The lock file alone: no socket is opened.
    Locked {
        /// The file's name, for messages.
        file: String,
        /// What it holds for the platform that is pinned.
        pins: Pins,
    },
    /// Registries. One resolver for the whole run, so that no token is fetched twice.
    Registries(Box<Resolver>),
}

impl Pinner {
    /// Decides where digests come from; asks nobody yet.
    ///
    /// # Errors
    /// A lock file that is missing or cannot be read, a platform that is none, credentials that cannot be read.
    pub(super) fn new(plan: &Plan, around: &Surroundings) -> Result<Self, Failure> {
        let platform = plan.platform.as_ref().map(|text| text.parse::<Platform>()).transpose();
        let platform = platform.map_err(|error| Diagnostic::new(error.to_string()).field("registry.platform"))?;
        if plan.locked {
            let file = plan.lock.clone();
            let text = std::fs::read_to_string(Path::new(&file)).map_err(|error| {
                Diagnostic::new(format!("the lock file cannot be read: {error}"))
                    .in_file(&file)
                    .hint("`hydrant pin --lock` writes it; without `locked: true` the registries are asked instead.")
            })?;
            return Ok(Pinner::Locked { pins: Lock::parse(&file, &text)?.pins(platform.as_ref()), file });
        }
        let variable = |name: &str| around.variables.get(name).filter(|text| !text.is_empty()).cloned();
        let options = Options {
            platform,
            insecure: plan.insecure_registries.iter().cloned().collect(),
            proxies: Proxies::from_variables(variable),
            ..Options::standard()
        };
        Ok(Pinner::Registries(Box::new(Resolver::new(options, Credentials::from_variables(variable)?)?)))
    }

    /// The digest of each reference.
    ///
    /// # Errors
    /// Every reference that has none, not only the first.
    pub(super) fn resolve(&self, wanted: &[ImageRef]) -> Result<Pins, Failure> {
        let wanted: Vec<ImageRef> = wanted.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        match self {
            Pinner::Locked { file, pins } => {
                let missing = wanted.iter().filter(|image| pins.digest(image).is_none());
                Errors::check(missing.map(|image| not_locked(image, file)).collect())?;
                Ok(pins.clone())
            }
            Pinner::Registries(_) if wanted.is_empty() => Ok(Pins::default()),
            Pinner::Registries(resolver) => Ok(resolver.resolve(&wanted).map_err(|errors| unresolved(&errors))?.pins()),
        }
    }

    /// Puts digests beside every image of the units whose policy wants all of them pinned.
    ///
    /// # Errors
    /// What is no image reference, and every image that has no digest.
    pub(super) fn pin(&self, plan: &Plan, mut units: Vec<Rendered>) -> Result<Vec<Rendered>, Failure> {
        let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
        for (unit, rendered) in plan.units.iter().zip(&units).filter(|(unit, _)| unit.images == Images::Pinned) {
            match images::references(&rendered.objects) {
                Ok(found) => wanted.extend(found.into_iter().filter(|image| !image.is_pinned())),
                Err(errors) => {
                    wrong.extend(errors.into_all().into_iter().map(|finding| Diagnostic {
                        message: format!("{}: {}", unit.name(), finding.message),
                        ..finding
                    }))
                }
            }
        }
        Errors::check(wrong)?;
        let pins = self.resolve(&wanted)?;
        for (_, rendered) in plan.units.iter().zip(&mut units).filter(|(unit, _)| unit.images == Images::Pinned) {
            images::pin(&mut rendered.objects, &pins)?;
        }
        Ok(units)
    }
}

fn not_locked(image: &ImageRef, file: &str) -> Diagnostic {
    Diagnostic::new(format!("{image} is not in the lock file")).in_file(file).hint(
        "`hydrant pin --lock` asks the registry and adds it; a tag that is made of the source changes with the source.",
    )
}

fn unresolved(errors: &ResolveErrors) -> Failure {
    let findings = Errors::check(errors.all().iter().map(registry::ResolveError::diagnostic).collect());
    match findings {
        Err(findings) if errors.are_transient() => Failure::Outside(findings),
        Err(findings) => Failure::Input(findings),
        Ok(()) => Failure::Input(Diagnostic::new(errors.to_string()).into()),
    }
}
