//! What evaluations may cost.

/// The cost that one expression may have: that of the API server.
const EXPRESSION_COST: u64 = 1_000_000;
/// The cost that all expressions for one object may have.
const OBJECT_COST: u64 = 10_000_000;
/// What evaluations may still cost. A unit is a step, or 16 bytes of a text that is made or read.
#[derive(Debug)]
pub(crate) struct Budget {
    expression: u64,
    object: u64,
    /// How deep evaluations are nested at the moment.
    pub(super) depth: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { expression: EXPRESSION_COST, object: OBJECT_COST, depth: 0 }
    }
}

/// Why an evaluation ends; the budget says it.
const EXCEEDED: &str = "the cost limit is exceeded";

impl Budget {
    pub(super) fn start_expression(&mut self) {
        self.expression = EXPRESSION_COST;
        self.depth = 0;
    }

    /// Counts a cost.
    ///
    /// # Errors
    /// Nothing is left.
    pub(super) fn charge(&mut self, cost: usize) -> Result<(), String> {
        let cost = cost as u64;
        self.expression = self.expression.saturating_sub(cost);
        self.object = self.object.saturating_sub(cost);
        if self.expression == 0 || self.object == 0 { Err(EXCEEDED.to_owned()) } else { Ok(()) }
    }

    pub(super) fn exceeded(&self) -> Option<String> {
        if self.expression == 0 {
            return Some(format!("the rule costs more than {EXPRESSION_COST} steps"));
        }
        (self.object == 0).then(|| format!("the rules for this object cost more than {OBJECT_COST} steps"))
    }
}
