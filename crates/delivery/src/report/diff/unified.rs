//! A comparison as a unified diff, a file an object.

use similar::TextDiff;

use super::{Change, ObjectChange, UnitDiff};

/// What `diff -u` would say of the objects, each as a file of its own.
pub fn unified(units: &[UnitDiff]) -> String {
    units.iter().flat_map(|unit| unit.objects.iter().map(move |object| one(&unit.name, object))).collect()
}

fn one(unit: &str, object: &ObjectChange) -> String {
    let (old, new) = match &object.change {
        Change::Added { text } => ("", text.as_str()),
        Change::Removed { text } => (text.as_str(), ""),
        Change::Changed { texts, .. } => (texts.0.as_str(), texts.1.as_str()),
    };
    let name = format!("{unit}/{}", object.id.to_string().replace(' ', "_"));
    let header =
        |side: &str, text: &str| if text.is_empty() { "/dev/null".to_owned() } else { format!("{side}/{name}") };
    if old == new {
        return format!("# {name}: values differ that are not shown\n");
    }
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header(&header("a", old), &header("b", new))
        .to_string()
}
