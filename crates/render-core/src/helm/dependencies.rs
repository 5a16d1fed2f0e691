//! The subcharts of one rendering: which are enabled, under which names, and what is imported from them.
//!
//! Source of the rules: `helm pkg/chart/v2/util/dependencies.go`.

use gotemplate::{Map, Value};

use super::active_chart::ActiveChart;
use super::chart::Chart;
use super::chart_objects::{ChartId, ChartObjects, DependencyId};
use super::coalesce::{Coalescer, Defaults};
use super::log;
use super::metadata::{Dependency, ImportValue, in_range};
use super::semantics::Semantics;
use super::shared_value::deep_copy_map;

/// Returns the values of a chart and its subcharts under the user's.
///
/// # Errors
/// The values of a subchart are not a map.
pub(super) fn coalesce(
    chart: &ActiveChart<'_>,
    user: &Map,
    semantics: Semantics,
    warnings: &mut Vec<String>,
) -> Result<Map, String> {
    Coalescer { semantics, keep_nulls: false, warnings }.values(&chart, user)
}

/// Returns the chart with the subcharts that the user's values enable, and with imported values.
///
/// # Errors
/// The values of a subchart are not a map.
pub(super) fn process<'c>(chart: &'c Chart, user: &Map, warnings: &mut Vec<String>) -> Result<ActiveChart<'c>, String> {
    let mut charts = ChartObjects::default();
    let root = charts.add(&chart.content);
    let mut processor = Processor { semantics: chart.semantics, warnings, charts };
    processor.enable(root, user, "")?;
    processor.import(root)?;
    Ok(processor.charts.active(root))
}

/// The state of processing a chart's dependencies.
struct Processor<'w, 'c> {
    semantics: Semantics,
    warnings: &'w mut Vec<String>,
    charts: ChartObjects<'c>,
}

impl Processor<'_, '_> {
    /// Returns the values of a chart and its subcharts under the user's.
    fn values(&mut self, chart: ChartId, user: &Map, keep_nulls: bool) -> Result<Map, String> {
        let mut coalescer = Coalescer { semantics: self.semantics, keep_nulls, warnings: self.warnings };
        coalescer.values(&self.charts.values_of(chart), user)
    }

    /// Merges `source` into `target`, which takes precedence, and keeps nulls.
    fn merge_tables(&mut self, target: &Map, source: &Map) {
        Coalescer { semantics: self.semantics, keep_nulls: true, warnings: self.warnings }.tables(target, source);
    }

    /// Removes the subcharts that are disabled. `path` leads from the root's values to the chart's.
    fn enable(&mut self, chart: ChartId, values: &Map, path: &str) -> Result<(), String> {
        let Some(dependencies) = self.charts.dependencies(chart) else { return Ok(()) };
        self.arrange(chart, &dependencies);
        for dependency in &dependencies {
            self.charts.dependency_mut(*dependency).enabled = true;
        }
        let coalesced = self.values(chart, values, false)?;
        self.apply_tags(&dependencies, &coalesced);
        self.apply_conditions(&dependencies, &coalesced, path);
        let disabled: Vec<String> = dependencies
            .iter()
            .map(|dependency| self.charts.dependency(*dependency))
            .filter(|dependency| !dependency.enabled)
            .map(|dependency| dependency.name.clone())
            .collect();
        let is_disabled = |name: &str| disabled.iter().any(|disabled| disabled == name);
        let mut subcharts = self.charts.subcharts(chart);
        subcharts.retain(|subchart| !is_disabled(self.charts.name(*subchart)));
        let kept =
            dependencies.into_iter().filter(|dependency| !is_disabled(&self.charts.dependency(*dependency).name));
        let kept: Vec<DependencyId> = kept.collect();
        for subchart in &subcharts {
            let path = format!("{path}{}.", self.charts.name(*subchart));
            self.enable(*subchart, &coalesced, &path)?;
        }
        self.charts.set_dependencies(chart, kept);
        self.charts.set_subcharts(chart, subcharts);
        Ok(())
    }

    /// Puts the subcharts that are not declared first, then a copy for each dependency, named by its alias.
    fn arrange(&mut self, chart: ChartId, dependencies: &[DependencyId]) {
        let loaded = self.charts.subcharts(chart);
        let fits = |charts: &ChartObjects<'_>, subchart: ChartId, dependency: DependencyId| {
            let dependency = charts.dependency(dependency);
            charts.name(subchart) == dependency.name && in_range(&dependency.version, charts.version(subchart))
        };
        let is_declared =
            |subchart: &ChartId| dependencies.iter().any(|dependency| fits(&self.charts, *subchart, *dependency));
        let mut arranged: Vec<ChartId> = loaded.iter().copied().filter(|subchart| !is_declared(subchart)).collect();
        for dependency in dependencies {
            let alias = self.charts.dependency(*dependency).alias.clone();
            if let Some(found) = loaded.iter().find(|subchart| fits(&self.charts, **subchart, *dependency)) {
                arranged.push(self.charts.copy_as(*found, &alias, self.semantics));
            }
            if !alias.is_empty() {
                self.charts.dependency_mut(*dependency).name = alias;
            }
        }
        self.charts.set_subcharts(chart, arranged);
    }

    fn apply_tags(&mut self, dependencies: &[DependencyId], values: &Map) {
        let Some(Value::Map(tags)) = values.get(b"tags") else { return };
        for dependency in dependencies {
            let dependency = self.charts.dependency_mut(*dependency);
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

    fn apply_conditions(&mut self, dependencies: &[DependencyId], values: &Map, path: &str) {
        for dependency in dependencies {
            let dependency = self.charts.dependency_mut(*dependency);
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
    fn import(&mut self, chart: ChartId) -> Result<(), String> {
        for subchart in self.charts.subcharts(chart) {
            self.import(subchart)?;
        }
        let Some(dependencies) = self.charts.dependencies(chart) else { return Ok(()) };
        let values = self.values(chart, &Map::default(), true)?;
        let mut imported = Map::default();
        for id in dependencies {
            let dependency = self.charts.dependency_mut(id);
            // What was imported for another copy of the chart is not imported again.
            if std::mem::replace(&mut dependency.imported, true) {
                dependency.import_values.clear();
            }
            let dependency = dependency.clone();
            for import in &dependency.import_values {
                imported = self.import_one(imported, &dependency, import, &values);
            }
        }
        // The chart's own values take precedence over what it imports.
        let own = deep_copy_map(&values);
        self.merge_tables(&own, &imported);
        self.charts.set_defaults(chart, Defaults::Imported(own));
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
        self.merge_tables(&imported, &nested);
        imported
    }
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
