//! A field at the top of a kustomization that belongs into an entry of one of its lists.

use manifest::Diagnostic;

use super::entries::{Image, Label, Patch, Replacement, Replica, Var};
use super::generators::{ConfigMapArgs, SecretArgs};
use super::helm::HelmChart;

/// The diagnostic about an unknown field, with the list that has it where one does: it was not indented far enough.
pub(super) fn misplaced(mut diagnostic: Diagnostic, known: &[&str]) -> Diagnostic {
    let lists: [(&str, &[&str]); 9] = [
        ("images", Image::FIELDS),
        ("patches", Patch::FIELDS),
        ("replicas", Replica::FIELDS),
        ("labels", Label::FIELDS),
        ("replacements", Replacement::FIELDS),
        ("configMapGenerator", ConfigMapArgs::FIELDS),
        ("secretGenerator", SecretArgs::FIELDS),
        ("helmCharts", HelmChart::FIELDS),
        ("vars", Var::FIELDS),
    ];
    let Some(name) = diagnostic.field.as_deref().filter(|name| !known.contains(name)) else { return diagnostic };
    let owners = lists.iter().filter(|(_, fields)| fields.contains(&name)).map(|(list, _)| format!("`{list}`"));
    let owners: Vec<String> = owners.collect();
    if !owners.is_empty() {
        diagnostic.hints = vec![format!("indent it like the other fields of an entry of {}", owners.join(", "))];
    }
    diagnostic
}
