//! Values of charts for a trial: what is set in addition to the user's values, and what the charts were rendered with.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::repeatable::ChartCall;

/// A value that is set after those of the user.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueChange {
    /// The chart that is rendered.
    pub chart: ChartCall,
    /// The keys that lead to the value.
    pub path: Vec<String>,
    /// The value.
    pub value: Value,
}

/// The values that a chart was rendered with: those of the user, of the chart, and of its subcharts under their names.
#[derive(Clone, Debug, PartialEq)]
pub struct UsedValues {
    /// The chart.
    pub chart: ChartCall,
    /// The values, a mapping.
    pub values: Value,
}

/// One rendering with other values.
#[derive(Debug, Default)]
pub struct ValueTrial {
    changes: Vec<ValueChange>,
    used: Mutex<Vec<UsedValues>>,
}

impl ValueTrial {
    /// Makes a trial with these changes, in their order.
    #[must_use]
    pub fn new(changes: Vec<ValueChange>) -> ValueTrial {
        ValueTrial { changes, used: Mutex::default() }
    }

    /// Returns the values of the charts that were rendered, sorted by chart.
    pub fn used(&self) -> Vec<UsedValues> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner).clone();
        used.sort_by(|one, other| one.chart.cmp(&other.chart));
        used
    }

    /// Returns what is set in a chart.
    pub(crate) fn changes<'a>(&'a self, chart: &'a ChartCall) -> impl Iterator<Item = &'a ValueChange> {
        self.changes.iter().filter(move |change| change.chart == *chart)
    }

    pub(crate) fn record(&self, used: UsedValues) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }
}
