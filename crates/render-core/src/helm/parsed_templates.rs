//! Templates that were parsed once, for all renderings of a chart.

use std::sync::{Arc, Mutex, PoisonError};

use gotemplate::Templates;
use rustc_hash::FxHashMap;

/// The parsed templates of a set of charts.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) templates: Templates,
    /// The paths of the files that are executed, in their order.
    pub(super) order: Vec<String>,
}

/// A chart that takes part in a rendering: its path in the rendering, and the address of its content.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Participant {
    pub(super) path: String,
    pub(super) content: usize,
}

/// Parsed templates by the charts that took part.
#[derive(Debug, Default)]
pub(super) struct ParsedTemplates(Mutex<FxHashMap<Vec<Participant>, Arc<Parsed>>>);

impl ParsedTemplates {
    /// Returns the templates of these charts.
    pub(super) fn get(&self, charts: &[Participant]) -> Option<Arc<Parsed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(charts).cloned()
    }

    /// Keeps the templates of these charts.
    pub(super) fn insert(&self, charts: Vec<Participant>, parsed: Arc<Parsed>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(charts, parsed);
    }
}
