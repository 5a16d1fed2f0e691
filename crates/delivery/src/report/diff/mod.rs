//! The comparison of two lists of objects, object by object and field by field, and its output formats.

mod bounded;
mod fields;
mod html;
mod images;
mod json;
mod json_patch;
mod markdown;
mod objects;
mod path;
mod text;
mod unified;

use super::findings::UnitFinding;

pub use fields::FieldChange;
pub use html::html;
pub use images::ImageChange;
pub use json::json;
pub use json_patch::json_patch;
pub use markdown::{COMMENT_LIMIT, SUMMARY_LIMIT, markdown};
pub use objects::{Change, ObjectChange, compare};
pub use path::{Noise, NoiseError};
pub use text::text;
pub use unified::unified;

/// What changes in one unit.
#[derive(Clone, Debug, Default)]
pub struct UnitDiff {
    /// The name of the unit, such as `cart/production`.
    pub name: String,
    /// What it is compared with, such as `branch cart/production at 1a2b3c4`, and what with that.
    pub sides: (String, String),
    /// The objects that differ, in the order of their ids.
    pub objects: Vec<ObjectChange>,
    /// The image assignments of the new side: what runs, and who decided that.
    pub assignments: Vec<String>,
    /// The reason of a hold, for which a delivery would leave the branch as it is.
    pub hold: Option<String>,
    /// The image assignments of the old side that end, with the reason.
    pub ended: Vec<String>,
    /// What checks find in the objects of the new side.
    pub findings: Vec<UnitFinding>,
}

impl UnitDiff {
    /// What is known of the images and the branch, a line each: a hold, assignments, and those that end.
    pub fn notes(&self) -> Vec<String> {
        let hold = self.hold.as_ref().map(|reason| format!("held, so deliveries leave the branch as it is: {reason}"));
        hold.into_iter().chain(self.assignments.iter().cloned()).chain(self.ended.iter().cloned()).collect()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// How many objects were added, changed and removed.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for object in &self.objects {
            match object.change {
                Change::Added { .. } => counts.added += 1,
                Change::Changed { .. } => counts.changed += 1,
                Change::Removed { .. } => counts.removed += 1,
            }
        }
        counts
    }
}

/// How many objects differ, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Only on the new side.
    pub added: usize,
    /// On both sides, not alike.
    pub changed: usize,
    /// Only on the old side.
    pub removed: usize,
}

impl std::fmt::Display for Counts {
    /// `2 added, 1 changed`; `no change` where there is none.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [(self.added, "added"), (self.changed, "changed"), (self.removed, "removed")];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if parts.is_empty() { f.write_str("no change") } else { f.write_str(&parts.join(", ")) }
    }
}
