//! The stage before delivery: checks policies before anything is written.

use checks::Severity;
use manifest::{Diagnostic, Errors};

use super::committed;
use super::findings::{self, CheckInput};
use super::policy;
use super::secrets;
use super::session::Pipeline;
use super::unit::{CheckedUnit, PinnedUnit};
use crate::error::Failure;
use crate::images;
use crate::images::search::Search;
use crate::plan::PlannedUnit;
use crate::report::findings::UnitFinding;

impl Pipeline<'_> {
    /// Checks every unit by the policy that applies to it, and unless `allow_dirty` that the source is what its commit holds.
    ///
    /// # Errors
    /// Everything that breaks a rule, in every unit; every file that differs from the commit.
    pub(crate) fn check(&mut self, units: Vec<PinnedUnit>, allow_dirty: bool) -> Result<Vec<CheckedUnit>, Failure> {
        let _span = tracing::info_span!("check", units = units.len()).entered();
        self.find(&units)?;
        Errors::check(units.iter().flat_map(|unit| violations(unit, &self.search)).collect())?;
        findings::check(units.iter().flat_map(|unit| self.findings.get(&unit.unit.label())).flatten())?;
        if self.source.revision.is_none() && !allow_dirty {
            committed::check(self.plan, self.source, &units)?;
        }
        let mut signatures = self.verify_signatures(&units)?;
        let outside = self.outside_files(&units)?;
        let checked = |pinned: PinnedUnit| {
            let outside = self.outside_folders(&outside, &pinned)?;
            let PinnedUnit { unit, mut output, images } = pinned;
            let name = unit.name();
            let signatures = signatures.remove(&name).unwrap_or_default();
            let keys = output.objects.iter().flat_map(|object| secrets::private_keys(&name, object));
            let keys: Vec<Diagnostic> = keys.collect();
            output.warnings.extend(keys);
            output.warnings.extend(self.warnings(&unit));
            Ok(CheckedUnit { unit, output, images, outside, signatures })
        };
        units.into_iter().map(checked).collect()
    }

    /// The findings of a unit that are warnings. Notes are in reports only.
    fn warnings(&self, unit: &PlannedUnit) -> Vec<Diagnostic> {
        let findings = self.findings.get(&unit.label()).into_iter().flatten();
        findings.filter(|one| one.finding.severity > Severity::Note).map(UnitFinding::diagnostic).collect()
    }

    /// Keeps what schemas and risks say of the units.
    fn find(&mut self, units: &[PinnedUnit]) -> Result<(), Errors> {
        let inputs: Vec<CheckInput<'_>> = units
            .iter()
            .map(|pinned| CheckInput { unit: &pinned.unit, objects: &pinned.output.objects, delivered: None })
            .collect();
        let mut found = findings::find(self.source.files, &self.plan.root, &inputs)?;
        let complete = self.plan.is_complete && units.len() == self.plan.units.len();
        found.extend(self.cluster_objects.add(units, complete));
        for unit in units {
            self.findings.insert(unit.unit.label(), Vec::new());
        }
        for one in found {
            self.findings.entry(one.unit.clone()).or_default().push(one);
        }
        Ok(())
    }
}

/// Checks one unit by its policy. Further checks of a unit's output belong here.
fn violations(pinned: &PinnedUnit, search: &Search) -> Vec<Diagnostic> {
    let PinnedUnit { unit, output, .. } = pinned;
    let mut wrong = Vec::new();
    if output.objects.is_empty() {
        let message = format!("{}: nothing was rendered", unit.name());
        wrong.push(
            Diagnostic::new(message)
                .hint("check the source: an empty manifest would remove everything from the cluster"),
        );
    }
    let unpinned = images::policy::offenders(&output.objects, search, unit.images, &output.built_images());
    let named = |one: Diagnostic| Diagnostic { message: format!("{}: {}", unit.name(), one.message), ..one };
    wrong.extend(unpinned.into_iter().map(named));
    if let Err(found) = policy::check(unit, output) {
        wrong.extend(found.into_all());
    }
    wrong
}
