//! A chart as it takes part in a rendering.

use super::chart::ChartContent;
use super::coalesce::{ChartValues, Defaults};
use super::metadata::Dependency;

/// A chart as it takes part in a rendering.
pub(super) struct ActiveChart<'c> {
    pub(super) content: &'c ChartContent,
    /// The chart's name, or its alias.
    pub(super) name: String,
    /// The names of the chart and its parents, as part of paths: `c/charts/s`.
    pub(super) path: String,
    pub(super) is_root: bool,
    /// The dependencies that are enabled; `None` if none are declared.
    pub(super) dependencies: Option<Vec<Dependency>>,
    pub(super) subcharts: Vec<ActiveChart<'c>>,
    pub(super) defaults: Defaults<'c>,
}

impl<'c> ChartValues for &ActiveChart<'c> {
    fn name(&self) -> &str {
        &self.name
    }

    fn defaults(&self) -> &Defaults<'_> {
        &self.defaults
    }

    fn subcharts(&self) -> Vec<Self> {
        self.subcharts.iter().collect()
    }
}

impl ActiveChart<'_> {
    /// Returns whether templates are executed: those of a library chart are not.
    pub(super) fn is_library(&self) -> bool {
        self.content.metadata.is_library()
    }
}
