//! Findings about the objects of units: schemas and risks.

use std::collections::BTreeMap;
use std::sync::Arc;

use checks::{CheckedObjects, CustomTypes, Finding, Schemas, Severity};
use manifest::yaml::Rules;
use manifest::{Errors, Gvk, Node};
use rayon::prelude::*;
use render_core::files::Files;

use crate::config::SchemaPolicy;
use crate::host::definitions;
use crate::plan::{PlannedUnit, Source};
use crate::report::findings::{UnitFinding, risks};

/// What is checked of a unit.
pub(crate) struct CheckInput<'a> {
    /// The unit.
    pub(crate) unit: &'a PlannedUnit,
    /// Its objects, images pinned.
    pub(crate) objects: &'a [Node],
    /// The objects that its branch has; absent where they were not read.
    pub(crate) delivered: Option<&'a [Node]>,
}

/// A unit and what its schemas say.
struct SchemaResult<'a> {
    unit: &'a PlannedUnit,
    checked: CheckedObjects,
}

/// Returns what schemas and risks say of the units, in their order.
///
/// # Errors
/// Definitions that the config names and that cannot be read.
pub(crate) fn find(files: &dyn Files, root: &str, inputs: &[CheckInput<'_>]) -> Result<Vec<UnitFinding>, Errors> {
    let mut found = of_schemas(files, root, inputs)?;
    let risks = |input: &CheckInput<'_>| {
        let unit = input.unit.label();
        of_risks(input).into_iter().map(move |finding| UnitFinding { unit: unit.clone(), finding })
    };
    found.par_extend(inputs.par_iter().flat_map_iter(risks));
    Ok(found)
}

fn of_risks(input: &CheckInput<'_>) -> Vec<Finding> {
    let mut found = risks::of_objects(&input.unit.checks, input.objects);
    if let Some(delivered) = input.delivered {
        found.extend(risks::of_change(&input.unit.checks, delivered, input.objects));
    }
    found
}

/// Returns what schemas say of the units, in their order, and once each kind that has no schema. Definitions of custom resources
/// are those of all units, those that the config names, and those of the source, whose folder is `root`.
///
/// # Errors
/// Definitions that the config names and that cannot be read.
fn of_schemas(files: &dyn Files, root: &str, inputs: &[CheckInput<'_>]) -> Result<Vec<UnitFinding>, Errors> {
    let inputs: Vec<&CheckInput<'_>> =
        inputs.iter().filter(|input| input.unit.checks.schemas != SchemaPolicy::Off).collect();
    let Some(first) = inputs.first() else { return Ok(Vec::new()) };
    let mut types = CustomTypes::default();
    inputs.iter().flat_map(|input| input.objects).for_each(|object| types.add(object));
    let mut named: Vec<String> = inputs.iter().flat_map(|input| input.unit.checks.crds.clone()).collect();
    named.sort_unstable();
    named.dedup();
    definitions::read_named(files, &named, &mut types)?;
    let mut types = Arc::new(types);
    let mut results = check_all(&inputs, &types);
    let unknown: Vec<Gvk> = without_schema(&results).into_keys().collect();
    if !unknown.is_empty()
        && let Some(known) = Arc::get_mut(&mut types)
    {
        definitions::read_source(files, root, &unknown, known);
        if unknown.iter().any(|gvk| known.has(gvk)) {
            results = check_all(&inputs, &types);
        }
    }
    let notes = without_schema(&results);
    let mut found: Vec<UnitFinding> = results.into_iter().flat_map(of_unit).collect();
    let unit = first.unit.label();
    found.extend(notes.iter().map(|(gvk, count)| UnitFinding { unit: unit.clone(), finding: no_schema(gvk, *count) }));
    Ok(found)
}

fn of_unit(result: SchemaResult<'_>) -> impl Iterator<Item = UnitFinding> {
    let (unit, file) = (result.unit.label(), only_file(result.unit));
    result.checked.findings.into_iter().map(move |finding| {
        let file = finding.file.clone().or_else(|| file.clone());
        UnitFinding { unit: unit.clone(), finding: Finding { file, ..finding } }
    })
}

fn check_all<'a>(inputs: &[&CheckInput<'a>], types: &Arc<CustomTypes>) -> Vec<SchemaResult<'a>> {
    let check = |input: &&CheckInput<'a>| {
        let checks = &input.unit.checks;
        let severity = if checks.schemas == SchemaPolicy::Refuse { Severity::Refuse } else { Severity::Warn };
        let schemas = Schemas { kubernetes: checks.kubernetes, custom: types.clone(), severity, rules: Rules::V3 };
        SchemaResult { unit: input.unit, checked: schemas.check(input.objects, input.delivered) }
    };
    inputs.par_iter().map(check).collect()
}

/// The types without a schema, with the number of their objects.
fn without_schema(results: &[SchemaResult<'_>]) -> BTreeMap<Gvk, usize> {
    let mut all = BTreeMap::new();
    for (gvk, count) in results.iter().flat_map(|result| &result.checked.without_schema) {
        *all.entry(gvk.clone()).or_default() += count;
    }
    all
}

/// The note that a type has no schema.
pub(crate) fn no_schema(gvk: &Gvk, count: usize) -> Finding {
    let objects = if count == 1 { "object" } else { "objects" };
    let message = format!("no schema for {} of {} ({count} {objects} not checked)", gvk.kind, gvk.api_version());
    let finding = Finding::general("no-schema", message).severity(Severity::Note);
    finding.hint("add the CustomResourceDefinition to the source, or name its file in `policy.crds`")
}

/// The file of a unit that is rendered from one file, whose positions its objects keep.
fn only_file(unit: &PlannedUnit) -> Option<String> {
    match &unit.source {
        Source::Manifests { files } if files.len() == 1 => files.first().cloned(),
        _ => None,
    }
}

/// Refuses the units if a finding does.
///
/// # Errors
/// Every finding that refuses its unit.
pub(super) fn check<'a>(findings: impl Iterator<Item = &'a UnitFinding>) -> Result<(), Errors> {
    Errors::check(findings.filter(|one| one.is_refusal()).map(UnitFinding::diagnostic).collect())
}
