//! The images that an object runs, old and new.

use super::fields::FieldChange;

/// An image that another took the place of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageChange {
    /// Its field, such as `spec.template.spec.containers[name=main].image`.
    pub path: String,
    /// What ran; absent where the field is new.
    pub old: Option<String>,
    /// What will run; absent where the field goes.
    pub new: Option<String>,
}

/// The image fields among the changes: those whose last key is `image`.
pub(super) fn of(fields: &[FieldChange]) -> Vec<ImageChange> {
    let image = |field: &&FieldChange| field.path == "image" || field.path.ends_with(".image");
    let change =
        |field: &FieldChange| ImageChange { path: field.path.clone(), old: field.old.clone(), new: field.new.clone() };
    fields.iter().filter(image).map(change).collect()
}
