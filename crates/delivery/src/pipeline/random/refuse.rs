//! `random: refuse`: a result that differs from run to run and reaches the output is an error.

use manifest::{Diagnostic, Errors};
use render_core::repeatable::{CallGroup, CallKind, Derivation, MadeCall, Vary};

use super::values::Values;
use super::{Rendering, UnitRenderings};
use crate::pipeline::object_fields::{Fields, ObjectField};
use crate::pipeline::output::Output;

/// The maximum number of functions and places that are distinguished.
const MOST_GROUPS: usize = 40;

/// The maximum number of fields that a message names.
const MOST_FIELDS: usize = 5;

/// Renders a unit.
///
/// # Errors
/// What is wrong with it, and each function whose result reaches the output.
pub(super) fn render(unit: &UnitRenderings<'_>, label: &str) -> Result<Output, Errors> {
    let first = unit.rendering(unit.source())?;
    if first.is_constant() {
        return Ok(first.output);
    }
    let fields = first.fields();
    let differing = match unit.rendering(Derivation { vary: Vary::Everything, ..unit.source() }) {
        Ok(other) => fields.differences(&other.fields()),
        Err(errors) => return Err(Refusals { unit, label, first: &first, fields: &fields }.failed(errors)),
    };
    if differing.is_empty() {
        return Ok(first.output);
    }
    Errors::check(Refusals { unit, label, first: &first, fields: &fields }.find(&differing))?;
    Ok(first.output)
}

/// Finds out which calls reach the output.
struct Refusals<'a> {
    unit: &'a UnitRenderings<'a>,
    label: &'a str,
    first: &'a Rendering,
    fields: &'a Fields,
}

impl Refusals<'_> {
    /// Returns a finding for each function and place that reaches the output, at least one.
    fn find(&self, differing: &[ObjectField]) -> Vec<Diagnostic> {
        let groups = self.groups();
        let mut values = Values::new(self.unit);
        let mut found = Vec::new();
        for call in groups.iter().take(MOST_GROUPS) {
            let group = &call.key.group;
            let vary = Vary::Group(group.clone());
            let reached = match self.unit.rendering(Derivation { vary, ..self.unit.source() }) {
                Ok(varied) => self.fields.differences(&varied.fields()),
                Err(_) => Vec::new(),
            };
            if !reached.is_empty() {
                let calls = self.calls_of(group);
                found.push(self.finding(call, &reached, &values.avoiding(&calls)));
            }
        }
        if found.is_empty() {
            // Only several calls together change the output.
            found = groups.iter().take(1).map(|call| self.finding(call, differing, &[])).collect();
        }
        found
    }

    /// The errors of a rendering that fails with other results.
    fn failed(&self, errors: Errors) -> Errors {
        let names: Vec<String> = self.groups().iter().map(|call| place_of(call)).collect();
        let label = self.label();
        errors.map(|error| {
            let message = format!(
                "{label}results that differ from run to run ({}) decide whether the unit can be rendered: {}",
                names.join(", "),
                error.message
            );
            Diagnostic { message, ..error }
        })
    }

    /// The first call of each function at each place, in the order in which they were made.
    fn groups(&self) -> Vec<&MadeCall> {
        let mut groups: Vec<&MadeCall> = Vec::new();
        for call in self.first.calls.iter().filter(|call| call.kind != CallKind::Order) {
            if !groups.iter().any(|known| known.key.group == call.key.group) {
                groups.push(call);
            }
        }
        groups
    }

    fn calls_of(&self, group: &CallGroup) -> Vec<&MadeCall> {
        self.first.calls.iter().filter(|call| call.key.group == *group).collect()
    }

    fn label(&self) -> String {
        if self.label.is_empty() { String::new() } else { format!("{}: ", self.label) }
    }

    fn finding(&self, call: &MadeCall, reached: &[ObjectField], values: &[String]) -> Diagnostic {
        let mut fields: Vec<String> = reached.iter().take(MOST_FIELDS).map(ToString::to_string).collect();
        if reached.len() > MOST_FIELDS {
            fields.push(format!("{} more", reached.len() - MOST_FIELDS));
        }
        let message = format!(
            "{}{} has another result in every run, which reaches {}",
            self.label(),
            place_of(call),
            fields.join(", ")
        );
        let found = Diagnostic::new(message);
        let found = match values {
            [] => found,
            values => {
                let names: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                found.hint(format!("set {} in the values of the chart", names.join(" or ")))
            }
        };
        found.hint(
            "set `helm: {random: stable, seed: …}` in hydrant.yaml to derive such values from a secret, or `random: keep` to keep those of the branch",
        )
    }
}

/// A call with its place, and the calls that led to it: `randAlphaNum at web/templates/secret.yaml:7:15`.
pub(super) fn place_of(call: &MadeCall) -> String {
    let name = call.key.group.function;
    let location =
        |site: &render_core::repeatable::ErrorLocation| format!("{}:{}:{}", site.name, site.line, site.column + 1);
    let Some((own, outer)) = call.sites.split_last() else { return name.to_owned() };
    let mut text = format!("{name} at {}", location(&own.location));
    if !outer.is_empty() {
        let chain: Vec<String> = outer
            .iter()
            .rev()
            .map(|site| format!("{} at {}", site.location.context, location(&site.location)))
            .collect();
        text.push_str(&format!(" (called by {})", chain.join(", ")));
    }
    text
}
