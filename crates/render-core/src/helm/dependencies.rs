//! The subcharts of one rendering: which are enabled, under which names, and what is imported from them.
//!
//! Source of the rules: `helm pkg/chart/v2/util/dependencies.go`.

use gotemplate::{Map, Value};
use rustc_hash::FxHashSet;

use super::chart::{Chart, ChartContent};
use super::coalesce::{ChartValues, Coalescer, Defaults};
use super::log;
use super::metadata::{Dependency, ImportValue, in_range};
use super::semantics::Semantics;
use super::shared_value::deep_copy_map;

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
    defaults: Defaults<'c>,
}

impl ChartValues for ActiveChart<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn defaults(&self) -> &Defaults<'_> {
        &self.defaults
    }

    fn subcharts(&self) -> &[Self] {
        &self.subcharts
    }
}

impl<'c> ActiveChart<'c> {
    /// Makes the chart with all its subcharts, before dependencies are processed.
    fn new(content: &'c ChartContent) -> ActiveChart<'c> {
        ActiveChart {
            content,
            name: content.metadata.name.clone(),
            path: String::new(),
            is_root: false,
            dependencies: content.metadata.dependencies.as_ref().map(|all| all.iter().flatten().cloned().collect()),
            subcharts: content.subcharts.iter().map(ActiveChart::new).collect(),
            defaults: Defaults::Read(&content.values),
        }
    }

    /// Returns whether templates are executed: those of a library chart are not.
    pub(super) fn is_library(&self) -> bool {
        self.content.metadata.is_library()
    }

    /// Sets the paths of the chart and its subcharts.
    fn set_paths(&mut self, path: String, semantics: Semantics) {
        // Helm 3 does not tell the subcharts of an aliased chart about the alias, unless that chart declares dependencies.
        let keeps_name = semantics.is_v3() && self.content.metadata.dependencies.is_none() && !self.is_root;
        let base = match path.rsplit_once('/') {
            Some((parents, _)) if keeps_name => format!("{parents}/{}", self.content.metadata.name),
            _ => path.clone(),
        };
        for subchart in &mut self.subcharts {
            subchart.set_paths(format!("{base}/charts/{}", subchart.name), semantics);
        }
        self.path = path;
    }
}

/// The state of processing a chart's dependencies.
pub(super) struct Processor<'w> {
    semantics: Semantics,
    warnings: &'w mut Vec<String>,
    /// The charts whose dependencies were processed under another alias.
    enabled: FxHashSet<*const ChartContent>,
    imported: FxHashSet<*const ChartContent>,
}

impl<'w> Processor<'w> {
    pub(super) fn new(semantics: Semantics, warnings: &'w mut Vec<String>) -> Processor<'w> {
        Processor { semantics, warnings, enabled: FxHashSet::default(), imported: FxHashSet::default() }
    }

    /// Returns the chart with the subcharts that the user's values enable, and with imported values.
    ///
    /// # Errors
    /// The values of a subchart are not a map.
    pub(super) fn process<'c>(&mut self, chart: &'c Chart, user: &Map) -> Result<ActiveChart<'c>, String> {
        let mut root = ActiveChart::new(&chart.content);
        root.is_root = true;
        self.enable(&mut root, user, "")?;
        self.import(&mut root)?;
        let name = root.name.clone();
        root.set_paths(name, self.semantics);
        Ok(root)
    }

    /// Returns the values of a chart and its subcharts under the user's.
    ///
    /// # Errors
    /// The values of a subchart are not a map.
    pub(super) fn coalesce(&mut self, chart: &ActiveChart<'_>, user: &Map) -> Result<Map, String> {
        self.coalescer(false).values(chart, user)
    }

    fn coalescer(&mut self, keep_nulls: bool) -> Coalescer<'_> {
        Coalescer { semantics: self.semantics, keep_nulls, warnings: self.warnings }
    }

    /// Removes the subcharts that are disabled. `path` leads from the root's values to the chart's.
    fn enable(&mut self, chart: &mut ActiveChart<'_>, values: &Map, path: &str) -> Result<(), String> {
        let Some(mut dependencies) = chart.dependencies.take() else { return Ok(()) };
        let loaded = std::mem::take(&mut chart.subcharts);
        // In helm 3 the aliases of a chart share its dependencies, which the first one has renamed.
        if !self.enabled.insert(std::ptr::from_ref(chart.content)) && self.semantics.is_v3() {
            dependencies.iter_mut().for_each(|dependency| dependency.name = dependency.effective_name().to_owned());
        }
        chart.subcharts = arranged(loaded, &dependencies);
        for dependency in &mut dependencies {
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
            dependency.enabled = true;
        }
        let coalesced = self.coalesce(chart, values)?;
        self.apply_tags(&mut dependencies, &coalesced);
        self.apply_conditions(&mut dependencies, &coalesced, path);
        let disabled: Vec<String> = dependencies
            .iter()
            .filter(|dependency| !dependency.enabled)
            .map(|dependency| dependency.name.clone())
            .collect();
        chart.subcharts.retain(|subchart| !disabled.contains(&subchart.name));
        dependencies.retain(|dependency| !disabled.contains(&dependency.name));
        for subchart in &mut chart.subcharts {
            let path = format!("{path}{}.", subchart.name);
            self.enable(subchart, &coalesced, &path)?;
        }
        chart.dependencies = (!dependencies.is_empty()).then_some(dependencies);
        Ok(())
    }

    fn apply_tags(&mut self, dependencies: &mut [Dependency], values: &Map) {
        let Some(Value::Map(tags)) = values.get(b"tags") else { return };
        for dependency in dependencies {
            let (mut on, mut off) = (false, false);
            for tag in &dependency.tags {
                match tags.get(tag.as_bytes()) {
                    None => {}
                    Some(Value::Bool(true)) => on = true,
                    Some(Value::Bool(false)) => off = true,
                    Some(_) => self.warnings.push(log::tag_not_bool(self.semantics, tag, &dependency.name)),
                }
            }
            dependency.enabled = on || !off;
        }
    }

    fn apply_conditions(&mut self, dependencies: &mut [Dependency], values: &Map, path: &str) {
        for dependency in dependencies {
            let condition = dependency.condition.clone();
            for part in condition.trim().split(',').filter(|part| !part.is_empty()) {
                match value_at(values, &format!("{path}{part}")) {
                    None => {}
                    Some(Value::Bool(value)) => {
                        dependency.enabled = value;
                        break;
                    }
                    Some(_) => {
                        self.warnings.push(log::condition_not_bool(self.semantics, part, &dependency.name));
                    }
                }
            }
        }
    }

    /// Merges what charts import from their subcharts, deepest first.
    fn import(&mut self, chart: &mut ActiveChart<'_>) -> Result<(), String> {
        for subchart in &mut chart.subcharts {
            self.import(subchart)?;
        }
        let Some(mut dependencies) = chart.dependencies.take() else { return Ok(()) };
        // In helm 3 the aliases of a chart share its dependencies, from which the first one has taken the imports.
        if !self.imported.insert(std::ptr::from_ref(chart.content)) && self.semantics.is_v3() {
            dependencies.iter_mut().for_each(|dependency| dependency.import_values.clear());
        }
        let values = self.coalescer(true).values(chart, &Map::default())?;
        let mut imported = Map::default();
        for dependency in &dependencies {
            for import in &dependency.import_values {
                imported = self.import_one(imported, dependency, import, &values);
            }
        }
        // The chart's own values take precedence over what it imports.
        let own = deep_copy_map(&values);
        self.coalescer(true).tables(&own, &imported);
        chart.defaults = Defaults::Imported(own);
        chart.dependencies = Some(dependencies);
        Ok(())
    }

    fn import_one(&mut self, imported: Map, dependency: &Dependency, import: &ImportValue, values: &Map) -> Map {
        let (path, parent) = match import {
            ImportValue::Export(name) => (format!("{}.exports.{name}", dependency.name), "."),
            ImportValue::Table { child, parent } => (format!("{}.{child}", dependency.name), parent.as_str()),
        };
        let table = match table_at(values, &path) {
            Ok(table) => table,
            Err(missing) => {
                let error = format!("{} is not a table", gotemplate::strconv::quote(missing.as_bytes()));
                self.warnings.push(match import {
                    ImportValue::Export(_) => log::missing_export(self.semantics, &error),
                    ImportValue::Table { .. } => log::missing_import(self.semantics, &dependency.name, &error),
                });
                return imported;
            }
        };
        let table = if table.is_empty() { Map::default() } else { table };
        let nested = match parent {
            "." => table,
            path => path.rsplit('.').fold(table, |inner, name| [(name, Value::Map(inner))].into_iter().collect()),
        };
        self.coalescer(true).tables(&imported, &nested);
        imported
    }
}

/// Returns the subcharts that are not declared, then the declared ones in the order of `Chart.yaml`, named by their aliases.
fn arranged<'c>(loaded: Vec<ActiveChart<'c>>, dependencies: &[Dependency]) -> Vec<ActiveChart<'c>> {
    let fits = |chart: &ActiveChart<'_>, dependency: &Dependency| {
        chart.name == dependency.name && in_range(&dependency.version, &chart.content.metadata.version)
    };
    let mut arranged = Vec::new();
    for dependency in dependencies {
        if let Some(found) = loaded.iter().find(|chart| fits(chart, dependency)) {
            let mut copy = ActiveChart::new(found.content);
            if !dependency.alias.is_empty() {
                copy.name.clone_from(&dependency.alias);
            }
            arranged.push(copy);
        }
    }
    let undeclared: Vec<ActiveChart<'c>> =
        loaded.into_iter().filter(|chart| !dependencies.iter().any(|dependency| fits(chart, dependency))).collect();
    undeclared.into_iter().chain(arranged).collect()
}

/// Returns the map at a path of keys; the key that is not a map otherwise.
fn table_at<'p>(values: &Map, path: &'p str) -> Result<Map, &'p str> {
    path.split('.').try_fold(values.clone(), |table, key| match table.get(key.as_bytes()) {
        Some(Value::Map(inner)) => Ok(inner),
        _ => Err(key),
    })
}

/// Returns the value at a path of keys, if it is not a map.
fn value_at(values: &Map, path: &str) -> Option<Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((parents, key)) => (table_at(values, parents).ok()?, key),
        None => (values.clone(), path),
    };
    table.get(key.as_bytes()).filter(|value| !matches!(value, Value::Map(_)))
}
