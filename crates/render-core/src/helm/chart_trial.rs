//! A chart's part in a trial of values.

use std::sync::Arc;

use gotemplate::Map;

use crate::chart_values::{UsedValues, ValueChange, ValueTrial};
use crate::repeatable::ChartCall;
use crate::template_functions::json::{self, Style};

/// One chart in a trial of values.
pub struct ChartTrial {
    pub(super) chart: ChartCall,
    pub(super) trial: Arc<ValueTrial>,
}

impl ChartTrial {
    /// Returns what is set in the chart.
    pub(super) fn changes(&self) -> impl Iterator<Item = &ValueChange> {
        self.trial.changes(&self.chart)
    }

    /// Records the values that the chart is rendered with. Values that JSON cannot express are left out.
    pub(super) fn record(&self, values: &Map) {
        let text = json::encode(&values.clone().into(), Style::RAW).unwrap_or_default();
        if let Ok(values) = serde_json::from_slice(&text) {
            self.trial.record(UsedValues { chart: self.chart.clone(), values });
        }
    }
}
