//! The policies of signatures of a run, and what was verified by them, each image once.

use std::collections::BTreeMap;
use std::sync::Arc;

use committer::ImageSignature;
use manifest::{Diagnostic, Errors, ImageRef};
use registry::signatures::{SignatureCheck, SignatureError, SignatureRules, Signer, VerifiedSignature};

use super::unit::PinnedUnit;
use crate::config::SignaturePolicy;
use crate::config::glob::Glob;
use crate::error::Failure;

/// The field of the config.
pub(super) const FIELD: &str = "policy.signatures";

/// What was verified, by the unit's name.
pub(crate) type VerifiedUnits = BTreeMap<String, Vec<ImageSignature>>;

/// The policies of a run and what was verified in it.
#[derive(Default)]
pub(crate) struct Signatures {
    pub(super) policies: Vec<Policy>,
    pub(super) checked: Vec<CheckedImage>,
}

/// A policy as it is applied.
pub(super) struct Policy {
    pub(super) written: SignaturePolicy,
    pub(super) globs: Vec<Glob>,
    /// Absent where no signature is needed.
    pub(super) rules: Option<Arc<SignatureRules>>,
}

/// An image that was checked by a policy.
pub(super) struct CheckedImage {
    pub(super) image: RequiredImage,
    pub(super) result: Result<Vec<VerifiedSignature>, SignatureError>,
}

/// An image that needs a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequiredImage {
    /// Without its tag, where it has a digest.
    image: ImageRef,
    /// The position of its policy.
    policy: usize,
}

/// The images of a unit that need signatures.
pub(super) struct RequiredImages<'a> {
    pub(super) unit: &'a PinnedUnit,
    pub(super) images: Vec<WrittenImage<'a>>,
}

/// An image of a unit that needs a signature.
pub(super) struct WrittenImage<'a> {
    /// As the unit has it.
    written: &'a str,
    pub(super) required: RequiredImage,
}

impl Signatures {
    /// The images of a unit for which a policy requires a signature.
    pub(super) fn images<'u>(&self, unit: &'u PinnedUnit) -> Vec<WrittenImage<'u>> {
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

    /// The result of an image, if it was checked.
    pub(super) fn result(&self, image: &RequiredImage) -> Option<&Result<Vec<VerifiedSignature>, SignatureError>> {
        self.checked.iter().find(|checked| checked.image == *image).map(|checked| &checked.result)
    }

    /// The checks of images.
    pub(super) fn checks(&self, images: &[RequiredImage]) -> Vec<SignatureCheck> {
        let check = |image: &RequiredImage| {
            let rules = Arc::clone(self.policies[image.policy].rules.as_ref()?);
            Some(SignatureCheck { image: image.image.clone(), rules })
        };
        images.iter().filter_map(check).collect()
    }

    /// What was verified of units.
    ///
    /// # Errors
    /// Every image that is not signed as its policy requires.
    pub(super) fn of_units(&self, units: &[RequiredImages<'_>]) -> Result<VerifiedUnits, Failure> {
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
