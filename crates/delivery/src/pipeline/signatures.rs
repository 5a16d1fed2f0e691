//! Checks the signatures of images before anything is written, each image once in a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use committer::ImageSignature;
use manifest::{Diagnostic, Errors, ImageRef};
use registry::signatures::{SignatureCheck, SignatureError, SignatureRules, Signer, VerifiedSignature};

use super::session::Pipeline;
use super::signature_rules::rules;
use super::unit::PinnedUnit;
use crate::config::SignaturePolicy;
use crate::config::glob::Glob;
use crate::error::Failure;

const FIELD: &str = "policy.signatures";

/// What was verified, by the unit's name.
pub(crate) type VerifiedUnits = BTreeMap<String, Vec<ImageSignature>>;

/// The policies of a run and what was verified in it.
#[derive(Default)]
pub(crate) struct Signatures {
    policies: Vec<Policy>,
    checked: Vec<CheckedImage>,
}

/// A policy as it is applied.
struct Policy {
    written: SignaturePolicy,
    globs: Vec<Glob>,
    /// Absent where no signature is needed.
    rules: Option<Arc<SignatureRules>>,
}

/// An image that was checked by a policy.
struct CheckedImage {
    image: RequiredImage,
    result: Result<Vec<VerifiedSignature>, SignatureError>,
}

/// An image that needs a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RequiredImage {
    /// Without its tag, where it has a digest.
    image: ImageRef,
    /// The position of its policy.
    policy: usize,
}

/// The images of a unit that need signatures.
struct RequiredImages<'a> {
    unit: &'a PinnedUnit,
    images: Vec<WrittenImage<'a>>,
}

struct WrittenImage<'a> {
    /// As the unit has it.
    written: &'a str,
    required: RequiredImage,
}

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

impl Signatures {
    /// The images of a unit for which a policy requires a signature.
    fn images<'u>(&self, unit: &'u PinnedUnit) -> Vec<WrittenImage<'u>> {
        let positions: Vec<usize> = unit
            .unit
            .signatures
            .iter()
            .filter_map(|policy| self.policies.iter().position(|known| known.written == *policy))
            .collect();
        let required = |written: &'u String| {
            let image = ImageRef::parse(written).ok()?;
            let name = image.full_name();
            let matches = |position: &usize| self.policies[*position].globs.iter().any(|glob| glob.is_match(&name));
            let policy = *positions.iter().find(|position| matches(position))?;
            self.policies[policy].rules.as_ref()?;
            let untagged = image.digest().and_then(|digest| ImageRef::parse(&format!("{name}@{digest}")).ok());
            Some(WrittenImage { written, required: RequiredImage { image: untagged.unwrap_or(image), policy } })
        };
        unit.images.iter().filter_map(required).collect()
    }

    fn result(&self, image: &RequiredImage) -> Option<&Result<Vec<VerifiedSignature>, SignatureError>> {
        self.checked.iter().find(|checked| checked.image == *image).map(|checked| &checked.result)
    }

    fn checks(&self, images: &[RequiredImage]) -> Vec<SignatureCheck> {
        let check = |image: &RequiredImage| {
            let rules = Arc::clone(self.policies[image.policy].rules.as_ref()?);
            Some(SignatureCheck { image: image.image.clone(), rules })
        };
        images.iter().filter_map(check).collect()
    }

    fn of_units(&self, units: &[RequiredImages<'_>]) -> Result<VerifiedUnits, Failure> {
        let mut verified = VerifiedUnits::new();
        let (mut wrong, mut external) = (Vec::new(), true);
        for RequiredImages { unit, images } in units {
            let name = unit.unit.name();
            for image in images {
                match self.result(&image.required) {
                    Some(Ok(found)) => {
                        let all = found.iter().map(|one| recorded(image.written, one));
                        verified.entry(name.clone()).or_default().extend(all);
                    }
                    Some(Err(error)) => {
                        external &= error.is_transient();
                        wrong.push(finding(&name, error));
                    }
                    None => {}
                }
            }
        }
        verified.values_mut().for_each(|all| all.sort());
        match Errors::check(wrong) {
            Ok(()) => Ok(verified),
            Err(errors) if external => Err(Failure::External(errors)),
            Err(errors) => Err(Failure::Input(errors)),
        }
    }
}

fn finding(unit: &str, error: &SignatureError) -> Diagnostic {
    let finding = Diagnostic::new(format!("{unit}: {error}")).field(FIELD);
    error.hint().into_iter().fold(finding, Diagnostic::hint)
}

/// A signature for the record.
fn recorded(image: &str, found: &VerifiedSignature) -> ImageSignature {
    let (signer, issuer) = match &found.signer {
        Signer::Key(fingerprint) => (format!("sha256:{fingerprint}"), String::new()),
        Signer::Identity { subject, issuer } => (subject.clone(), issuer.clone()),
    };
    let attestation = found.attestation.clone().unwrap_or_default();
    ImageSignature {
        image: image.to_owned(),
        signer,
        issuer,
        attestation: attestation.predicate_type,
        builder: attestation.builder.unwrap_or_default(),
        source: attestation.source.unwrap_or_default(),
    }
}
