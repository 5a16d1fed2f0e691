//! The charts of one rendering as helm's objects: copies of a chart share some of their parts, as the pointers of helm's do.
//!
//! A chart that is used under two aliases is copied, but what lies below it is not, or not entirely. What happens to a shared
//! part under one alias is therefore seen under the other one. Source: `getAliasDependency` in helm's `dependencies.go`.

use super::active_chart::ActiveChart;
use super::chart::ChartContent;
use super::coalesce::{ChartValues, Defaults};
use super::metadata::Dependency;
use super::semantics::Semantics;

/// The index of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChartId(usize);

/// The index of a chart's metadata.
#[derive(Clone, Copy)]
struct MetadataId(usize);

/// The index of a dependency.
#[derive(Clone, Copy)]
pub(super) struct DependencyId(usize);

#[derive(Clone)]
struct ChartObject<'c> {
    content: &'c ChartContent,
    metadata: MetadataId,
    parent: Option<ChartId>,
    subcharts: Vec<ChartId>,
    defaults: Defaults<'c>,
}

/// The part of the metadata that changes.
#[derive(Clone)]
struct MetadataObject {
    name: String,
    dependencies: Option<Vec<DependencyId>>,
}

/// All charts of a rendering.
#[derive(Default)]
pub(super) struct ChartObjects<'c> {
    charts: Vec<ChartObject<'c>>,
    metadata: Vec<MetadataObject>,
    dependencies: Vec<Dependency>,
}

impl<'c> ChartObjects<'c> {
    /// Adds a chart with its subcharts.
    pub(super) fn add(&mut self, content: &'c ChartContent) -> ChartId {
        let declared = content.metadata.dependencies.as_ref();
        let dependencies = declared
            .map(|all| all.iter().flatten().map(|dependency| self.add_dependency(dependency.clone())).collect());
        let metadata = self.add_metadata(MetadataObject { name: content.metadata.name.clone(), dependencies });
        let subcharts = content.subcharts.iter().map(|subchart| self.add(subchart)).collect();
        let defaults = Defaults::Read(&content.values);
        let chart = self.add_chart(ChartObject { content, metadata, parent: None, subcharts: Vec::new(), defaults });
        self.set_subcharts(chart, subcharts);
        chart
    }

    fn add_chart(&mut self, chart: ChartObject<'c>) -> ChartId {
        self.charts.push(chart);
        ChartId(self.charts.len() - 1)
    }

    fn add_metadata(&mut self, metadata: MetadataObject) -> MetadataId {
        self.metadata.push(metadata);
        MetadataId(self.metadata.len() - 1)
    }

    fn add_dependency(&mut self, dependency: Dependency) -> DependencyId {
        self.dependencies.push(dependency);
        DependencyId(self.dependencies.len() - 1)
    }

    /// Returns the name or alias of a chart.
    pub(super) fn name(&self, chart: ChartId) -> &str {
        &self.metadata[self.charts[chart.0].metadata.0].name
    }

    /// Returns the version of a chart.
    pub(super) fn version(&self, chart: ChartId) -> &str {
        &self.charts[chart.0].content.metadata.version
    }

    /// Returns the subcharts of a chart.
    pub(super) fn subcharts(&self, chart: ChartId) -> Vec<ChartId> {
        self.charts[chart.0].subcharts.clone()
    }

    /// Makes charts the subcharts of another one.
    pub(super) fn set_subcharts(&mut self, chart: ChartId, subcharts: Vec<ChartId>) {
        for subchart in &subcharts {
            self.charts[subchart.0].parent = Some(chart);
        }
        self.charts[chart.0].subcharts = subcharts;
    }

    /// Returns the dependencies of a chart; `None` if none are declared.
    pub(super) fn dependencies(&self, chart: ChartId) -> Option<Vec<DependencyId>> {
        self.metadata[self.charts[chart.0].metadata.0].dependencies.clone()
    }

    /// Sets the dependencies of a chart.
    pub(super) fn set_dependencies(&mut self, chart: ChartId, dependencies: Vec<DependencyId>) {
        let metadata = self.charts[chart.0].metadata;
        self.metadata[metadata.0].dependencies = (!dependencies.is_empty()).then_some(dependencies);
    }

    /// Returns a dependency.
    pub(super) fn dependency(&self, dependency: DependencyId) -> &Dependency {
        &self.dependencies[dependency.0]
    }

    /// Returns a dependency to change it.
    pub(super) fn dependency_mut(&mut self, dependency: DependencyId) -> &mut Dependency {
        &mut self.dependencies[dependency.0]
    }

    /// Sets the values that a chart brings.
    pub(super) fn set_defaults(&mut self, chart: ChartId, defaults: Defaults<'c>) {
        self.charts[chart.0].defaults = defaults;
    }

    /// Copies a chart for a dependency, under its alias if it has one.
    pub(super) fn copy_as(&mut self, chart: ChartId, alias: &str, semantics: Semantics) -> ChartId {
        let original = self.charts[chart.0].clone();
        let mut metadata = self.metadata[original.metadata.0].clone();
        if !semantics.is_v3() {
            let copies =
                metadata.dependencies.iter().flatten().map(|dependency| self.dependencies[dependency.0].clone());
            let copies: Vec<Dependency> = copies.collect();
            if metadata.dependencies.is_some() {
                metadata.dependencies = Some(copies.into_iter().map(|copy| self.add_dependency(copy)).collect());
            }
        }
        if !alias.is_empty() {
            alias.clone_into(&mut metadata.name);
        }
        let metadata = self.add_metadata(metadata);
        let subcharts = original.subcharts.clone();
        let copy = self.add_chart(ChartObject { metadata, ..original });
        if !semantics.is_v3() {
            // The copies of the subcharts share their metadata.
            let copies =
                subcharts.into_iter().map(|subchart| self.add_chart(self.charts[subchart.0].clone())).collect();
            self.set_subcharts(copy, copies);
        }
        copy
    }

    /// Returns the chart to read its values.
    pub(super) fn values_of(&self, chart: ChartId) -> ValuesView<'_, 'c> {
        ValuesView { objects: self, chart }
    }

    /// Returns a chart and its subcharts as they are now.
    pub(super) fn active(&self, chart: ChartId) -> ActiveChart<'c> {
        let object = &self.charts[chart.0];
        let dependencies = self.dependencies(chart);
        ActiveChart {
            content: object.content,
            name: self.name(chart).to_owned(),
            path: self.path(chart),
            is_root: object.parent.is_none(),
            dependencies: dependencies
                .map(|all| all.into_iter().map(|dependency| self.dependency(dependency).clone()).collect()),
            subcharts: object.subcharts.iter().map(|subchart| self.active(*subchart)).collect(),
            defaults: object.defaults.clone(),
        }
    }

    /// Returns the names of the chart and its parents, as part of paths.
    fn path(&self, chart: ChartId) -> String {
        match self.charts[chart.0].parent {
            None => self.name(chart).to_owned(),
            Some(parent) => format!("{}/charts/{}", self.path(parent), self.name(chart)),
        }
    }
}

/// A chart with the values of its subcharts.
pub(super) struct ValuesView<'o, 'c> {
    objects: &'o ChartObjects<'c>,
    chart: ChartId,
}

impl ChartValues for ValuesView<'_, '_> {
    fn name(&self) -> &str {
        self.objects.name(self.chart)
    }

    fn defaults(&self) -> &Defaults<'_> {
        &self.objects.charts[self.chart.0].defaults
    }

    fn subcharts(&self) -> Vec<Self> {
        let subcharts = &self.objects.charts[self.chart.0].subcharts;
        subcharts.iter().map(|chart| ValuesView { objects: self.objects, chart: *chart }).collect()
    }
}
