//! Collects the risks of an object.

use manifest::{Node, ObjectId};

use super::model::Risk;
use super::table::find;

/// Collects risks of one object.
pub(crate) struct RiskCollector<'a> {
    pub(crate) object: &'a ObjectId,
    pub(crate) risks: &'a mut Vec<Risk>,
}

impl RiskCollector<'_> {
    /// Adds a risk. `node` is the field in the new object, if it is there.
    ///
    /// # Panics
    /// Never: a test names every id that the code has.
    pub(crate) fn add(&mut self, id: &'static str, field: &str, node: Option<&Node>, change: impl Into<String>) {
        let Some(rule) = find(id) else { return };
        let at = node.map(|node| node.at).unwrap_or_default();
        let (object, field) = (self.object.clone(), field.to_owned());
        self.risks.push(Risk { rule, object, field, change: change.into(), at });
    }
}
