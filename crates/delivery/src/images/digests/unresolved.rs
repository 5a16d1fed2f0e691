//! Images that could not be resolved, as findings: one for each cause.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, ImageRef};
use registry::{RegistryError, RegistryErrors};

use crate::error::Failure;

/// How many further images a finding names.
const NAMED: usize = 3;

/// The failures as findings. Images that failed for the same reason (an unreachable registry) share a finding; `place` adds the location of
/// an image.
pub(super) fn failure(errors: &RegistryErrors, place: &dyn Fn(Diagnostic, &ImageRef) -> Diagnostic) -> Failure {
    let mut causes: BTreeMap<&str, Vec<&RegistryError>> = BTreeMap::new();
    for error in errors.all() {
        causes.entry(&error.message).or_default().push(error);
    }
    let mut findings: Vec<Diagnostic> = causes
        .into_values()
        .map(|same| {
            let finding = place(same[0].diagnostic(), &same[0].image);
            others(&same[1..]).into_iter().fold(finding, Diagnostic::hint)
        })
        .collect();
    findings.sort_by(|one, other| (&one.file, one.at).cmp(&(&other.file, other.at)));
    match Errors::check(findings) {
        Err(findings) if errors.are_transient() => Failure::External(findings),
        Err(findings) => Failure::Input(findings),
        Ok(()) => Failure::Input(Diagnostic::new(errors.to_string()).into()),
    }
}

fn others(same: &[&RegistryError]) -> Option<String> {
    let mut named: Vec<&str> = same.iter().take(NAMED).map(|error| error.image.as_str()).collect();
    let more = same.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("{more} more"));
    named.extend(more.as_deref());
    (!named.is_empty()).then(|| format!("apply the same fix to {}", named.join(", ")))
}
