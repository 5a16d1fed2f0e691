//! Risks of a unit as findings, with the severity that `policy.risks` gives each.

use ::checks::risks::{self, Action, Risk, UnitFile};
use ::checks::{Finding, Severity};
use git::FileSet;
use manifest::{Node, yaml};

use crate::config::RiskPolicy;
use crate::plan::PlannedChecks;

/// Returns the risks that a unit's objects have whatever its branch holds.
pub(crate) fn of_objects(checks: &PlannedChecks, objects: &[Node]) -> Vec<Finding> {
    findings(checks, risks::of_objects(objects))
}

/// Returns the risks of replacing what the branch holds by the unit's objects.
pub(crate) fn of_change(checks: &PlannedChecks, old: &[Node], new: &[Node]) -> Vec<Finding> {
    findings(checks, risks::of_change(old, new))
}

fn findings(checks: &PlannedChecks, risks: Vec<Risk>) -> Vec<Finding> {
    risks.into_iter().filter_map(|risk| finding(checks, risk)).collect()
}

/// The risk as a finding, with the severity of the policy; none if the policy does not report it.
pub(crate) fn finding(checks: &PlannedChecks, Risk { rule, object, field, change, .. }: Risk) -> Option<Finding> {
    let severity = match checks.risks.get(rule.id) {
        Some(policy) => RiskPolicy::severity(*policy)?,
        None => match rule.default {
            Action::Off => return None,
            Action::Warn => Severity::Warn,
            Action::Ask => Severity::Ask,
            Action::Refuse => Severity::Refuse,
        },
    };
    let message = format!("{change}: {}", rule.reason);
    let found = Finding { field, ..Finding::general(rule.id, message) };
    let found = Finding { object: Some(object).filter(|object| !object.gvk.kind.is_empty()), ..found };
    Some(found.severity(severity).reference(rule.reference))
}

/// Returns the risks of replacing files by others. Files that are not objects, such as those of people, are left out.
pub(crate) fn of_files(checks: &PlannedChecks, old: &FileSet, new: &FileSet) -> Vec<Finding> {
    let mut found = of_change(checks, &objects(old), &objects(new));
    let files: Vec<UnitFile<'_>> = new.iter().map(|(path, file)| UnitFile { path, bytes: &file.bytes }).collect();
    found.extend(findings(checks, risks::of_files(&files)));
    found
}

fn objects(files: &FileSet) -> Vec<Node> {
    files.values().filter_map(|file| yaml::read_objects(&file.bytes).ok()).flatten().collect()
}
