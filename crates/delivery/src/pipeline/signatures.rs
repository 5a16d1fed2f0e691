//! Checks the signatures of images before anything is written.

use manifest::Diagnostic;

use super::session::Pipeline;
use super::signature_rules::rules;
use super::unit::PinnedUnit;
use super::verified_signatures::{CheckedImage, FIELD, Policy, RequiredImage, RequiredImages, VerifiedUnits};
use crate::config::SignaturePolicy;
use crate::config::glob::Glob;
use crate::error::Failure;

impl Pipeline<'_> {
    /// Verifies the signatures of the units' images.
    ///
    /// # Errors
    /// Every image that is not signed as its policy requires, with who signed it instead; a policy that cannot be applied.
    pub(crate) fn verify_signatures(&mut self, units: &[PinnedUnit]) -> Result<VerifiedUnits, Failure> {
        if units.iter().all(|unit| unit.unit.signatures.is_empty()) {
            return Ok(VerifiedUnits::new());
        }
        let _span = tracing::info_span!("signatures", units = units.len()).entered();
        for policy in units.iter().flat_map(|unit| &unit.unit.signatures) {
            self.read_policy(policy)?;
        }
        let required: Vec<RequiredImages<'_>> =
            units.iter().map(|unit| RequiredImages { unit, images: self.signatures.images(unit) }).collect();
        let mut open: Vec<RequiredImage> = Vec::new();
        for image in required.iter().flat_map(|one| &one.images).map(|image| &image.required) {
            if self.signatures.result(image).is_none() && !open.contains(image) {
                open.push(image.clone());
            }
        }
        let found = self.pinner.verify_signatures(&self.signatures.checks(&open))?;
        let found = open.into_iter().zip(found).map(|(image, result)| CheckedImage { image, result });
        self.signatures.checked.extend(found);
        self.signatures.of_units(&required)
    }

    /// Reads the keys and the trust root of a policy, once in a run.
    fn read_policy(&mut self, policy: &SignaturePolicy) -> Result<(), Diagnostic> {
        if self.signatures.policies.iter().any(|known| known.written == *policy) {
            return Ok(());
        }
        let invalid = |reason: String| Diagnostic::new(reason).field(format!("{FIELD}.images"));
        let globs =
            policy.images.0.iter().map(|glob| {
                Glob::new(glob, true).map_err(|reason| invalid(format!("invalid glob \"{glob}\": {reason}")))
            });
        let globs = globs.collect::<Result<_, Diagnostic>>()?;
        let rules = rules(policy, &self.plan.root, self.source.files)?;
        self.signatures.policies.push(Policy { written: policy.clone(), globs, rules });
        Ok(())
    }
}
