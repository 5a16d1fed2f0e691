//! A field at the top of a kustomization that belongs into an entry of one of its lists.

use manifest::Diagnostic;

use super::{ConfigMapArgs, HelmChart, Image, Kustomization, Label, Patch, Replacement, Replica, SecretArgs, Var};

/// The finding about an unknown field, with the list that has it where one does: it was not indented far enough.
pub(super) fn misplaced(mut found: Diagnostic) -> Diagnostic {
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
    let Some(name) = found.field.as_deref().filter(|name| !Kustomization::FIELDS.contains(name)) else { return found };
    let known = lists.iter().filter(|(_, fields)| fields.contains(&name)).map(|(list, _)| format!("`{list}`"));
    let known: Vec<String> = known.collect();
    if !known.is_empty() {
        found.hints =
            vec![format!("Entries of {} have it: indent it as far as the entry's other fields.", known.join(", "))];
    }
    found
}
