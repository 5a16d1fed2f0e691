//! Risks that several units have together, and the check of a change that the committer calls once the branch was read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use checks::risks::{self, ObjectOwners, UnitObjects, UnitRisk};
use checks::{Finding, Severity};
use committer::{ChangeCheck, ChangeVerdict, TargetContent};
use git::FileSet;
use manifest::Node;

use super::unit::PinnedUnit;
use crate::plan::PlannedUnit;
use crate::report::findings::UnitFinding;
use crate::report::findings::risks::{finding, of_files};

/// What the units of a run deliver to each cluster.
#[derive(Default)]
pub(crate) struct ClusterObjects {
    owners: ObjectOwners,
    /// Namespaces that are missing, once all units are known.
    namespaces: Vec<UnitRisk>,
}

impl ClusterObjects {
    /// Adds units. `complete` says that they are all units of the config.
    pub(super) fn add(&mut self, units: &[PinnedUnit], complete: bool) -> Vec<UnitFinding> {
        let objects: Vec<UnitObjects> =
            units.iter().map(|pinned| objects_of(&pinned.unit, &pinned.output.objects)).collect();
        objects.iter().for_each(|unit| self.owners.insert(unit));
        if complete {
            self.namespaces = risks::missing_namespaces(&objects);
        }
        let mut found = Vec::new();
        for (pinned, own) in units.iter().zip(&objects) {
            let missing = self.namespaces.iter().filter(|one| one.unit == own.unit).cloned();
            let risks = self.owners.shared(own).into_iter().chain(missing).map(|one| one.risk);
            let label = pinned.unit.label();
            let finding =
                |risk| Some(UnitFinding { unit: label.clone(), finding: finding(&pinned.unit.checks, risk)? });
            found.extend(risks.filter_map(finding));
        }
        found
    }
}

/// Units of one environment are of one cluster, unless the config names others.
fn objects_of(unit: &PlannedUnit, objects: &[Node]) -> UnitObjects {
    let cluster = unit.cluster.server.as_ref().or(unit.cluster.name.as_ref()).unwrap_or(&unit.environment);
    // Without a namespace, it is not known whether objects of two units meet: Argo CD and Flux may set one for each.
    let namespace = unit.cluster.namespace.as_deref();
    let mut all = risks::identities(objects, namespace.unwrap_or(&format!("\u{0}{}", unit.name())));
    all.iter_mut().filter(|id| id.namespace.starts_with('\u{0}')).for_each(|id| id.namespace = unit.name().into());
    UnitObjects { unit: unit.name(), cluster: cluster.clone(), objects: all }
}

/// The risks of changes, which are known once the branches were read.
#[derive(Clone, Default)]
pub(crate) struct ChangeRisks(Arc<Mutex<BTreeMap<String, Vec<UnitFinding>>>>);

impl ChangeRisks {
    /// The check of a unit's change for the committer.
    pub(crate) fn check(&self, unit: &PlannedUnit, files: &FileSet) -> ChangeCheck {
        let (all, unit, files) = (self.clone(), unit.clone(), files.clone());
        ChangeCheck(Arc::new(move |before: &TargetContent| all.judge(&unit, &files, before)))
    }

    fn judge(&self, unit: &PlannedUnit, files: &FileSet, before: &TargetContent) -> ChangeVerdict {
        let label = unit.label();
        let found: Vec<UnitFinding> = of_files(&unit.checks, &before.files, files)
            .into_iter()
            .map(|finding| UnitFinding { unit: label.clone(), finding })
            .collect();
        let reasons = |severity| {
            let all = found.iter().map(|one| &one.finding).filter(|finding| finding.severity == severity);
            all.map(reason).collect::<Vec<_>>().join("; ")
        };
        let (refused, asked) = (reasons(Severity::Refuse), reasons(Severity::Ask));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(label, found);
        match (refused.is_empty(), asked.is_empty()) {
            (false, _) => ChangeVerdict::Refuse(refused),
            (true, false) => ChangeVerdict::Review(asked),
            (true, true) => ChangeVerdict::Accept,
        }
    }

    /// The risks of each unit, by its label.
    pub(super) fn all(&self) -> BTreeMap<String, Vec<UnitFinding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A finding of a unit that is known from the context.
fn reason(finding: &Finding) -> String {
    let object = finding.object.as_ref().map(|object| format!("{object}: ")).unwrap_or_default();
    format!("{object}{} [{}]", finding.message, finding.id)
}
