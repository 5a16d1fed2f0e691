//! Merges the user's values, a chart's, and its subcharts'.
//!
//! Maps are merged, all else is replaced. Helm's versions differ in what a null does.
//! Source of the rules: `helm pkg/chart/common/util/coalesce.go`.

use gotemplate::{Map, Str, Value};

use super::log::{self, CoalesceLine};
use super::semantics::Semantics;
use super::shared_value::{SharedValue, deep_copy_map};

/// The key of values that subcharts inherit.
const GLOBAL: &[u8] = b"global";

/// The values that a chart brings: as they were read, or with what was imported from its subcharts.
#[derive(Clone)]
pub(super) enum Defaults<'c> {
    Read(&'c SharedValue),
    Imported(Map),
}

impl Defaults<'_> {
    fn copy(&self) -> Map {
        match self {
            Defaults::Read(values) => values.map(),
            Defaults::Imported(values) => deep_copy_map(values),
        }
    }
}

/// A chart as far as values are concerned.
pub(super) trait ChartValues: Sized {
    /// Returns the name or alias.
    fn name(&self) -> &str;
    /// Returns the chart's own values.
    fn defaults(&self) -> &Defaults<'_>;
    /// Returns the subcharts.
    fn subcharts(&self) -> Vec<Self>;
}

/// Merges values; `keep_nulls` is Helm's `MergeValues`, the opposite its `CoalesceValues`.
pub(super) struct Coalescer<'w> {
    pub(super) semantics: Semantics,
    pub(super) keep_nulls: bool,
    pub(super) warnings: &'w mut Vec<String>,
}

impl Coalescer<'_> {
    /// Returns the values of a chart and its subcharts under the user's, in a map of its own.
    ///
    /// # Errors
    /// The values of a subchart are not a map.
    pub(super) fn values(&mut self, chart: &impl ChartValues, user: &Map) -> Result<Map, String> {
        let target = deep_copy_map(user);
        self.chart(chart, &target, "")?;
        Ok(target)
    }

    fn chart(&mut self, chart: &impl ChartValues, target: &Map, prefix: &str) -> Result<(), String> {
        let path = joined(prefix, chart.name());
        self.defaults(chart, target, &path);
        for subchart in &chart.subcharts() {
            let key = subchart.name().as_bytes();
            let table = match target.get(key) {
                None => {
                    let table = Map::default();
                    target.insert(key, table.clone().into());
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => return Err(type_mismatch(subchart.name(), &other)),
            };
            self.globals(&table, target, &path);
            self.chart(subchart, &table, &path)?;
        }
        Ok(())
    }

    /// Adds the chart's own values.
    fn defaults(&mut self, chart: &impl ChartValues, target: &Map, path: &str) {
        let drops_nulls = self.semantics >= Semantics::V4_3;
        for (key, default) in chart.defaults().copy().entries() {
            match target.get(&key) {
                None => {
                    if drops_nulls && !self.keep_nulls {
                        if matches!(default, Value::Nil) {
                            continue;
                        }
                        drop_nulls(&default);
                    }
                    target.insert(key, default);
                }
                Some(Value::Nil) if !self.keep_nulls => {
                    target.remove(&key);
                }
                Some(Value::Map(table)) => match &default {
                    Value::Map(defaults) => {
                        let is_subchart = chart.subcharts().iter().any(|subchart| subchart.name().as_bytes() == &*key);
                        let keep_nulls = self.keep_nulls || is_subchart;
                        if drops_nulls && !keep_nulls {
                            drop_nulls(&default);
                        }
                        self.tables_with(keep_nulls, &table, defaults, &joined(path, &key.to_text()));
                    }
                    Value::Nil => {}
                    _ => self.warn(
                        CoalesceLine::SkippedValue,
                        &format!("warning: skipped value for {path}.{key}: Not a table."),
                    ),
                },
                Some(_) => {}
            }
        }
    }

    /// Copies the parent's globals; they take precedence over the subchart's.
    fn globals(&mut self, target: &Map, parent: &Map, path: &str) {
        let own = match target.get(GLOBAL) {
            None => Map::default(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                let message = "warning: skipping globals because destination global is not a table.";
                return self.warn(CoalesceLine::DestinationGlobals, message);
            }
        };
        let inherited = match parent.get(GLOBAL) {
            None => Map::default(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                let message = "warning: skipping globals because source global is not a table.";
                return self.warn(CoalesceLine::SourceGlobals, message);
            }
        };
        for (key, value) in inherited.entries() {
            self.global(&own, key, value, path);
        }
        target.insert(GLOBAL, own.into());
    }

    fn global(&mut self, own: &Map, key: Str, value: Value, path: &str) {
        let Value::Map(table) = &value else {
            if matches!(own.get(&key), Some(Value::Map(_))) {
                return self.warn(CoalesceLine::GlobalTable, &format!("key {key} is table. Skipping"));
            }
            return own.insert(key, value);
        };
        let copy = table.copy_as(table.type_of());
        match own.get(&key) {
            None => own.insert(key, copy.into()),
            Some(Value::Map(mine)) => {
                self.tables_with(true, &copy, &mine, &joined(path, &key.to_text()));
                own.insert(key, copy.into());
            }
            Some(_) => {
                let message = format!(
                    "Conflict: cannot merge map onto non-map for {}. Skipping.",
                    gotemplate::strconv::quote(&key)
                );
                self.warn(CoalesceLine::GlobalConflict, &message);
            }
        }
    }

    /// Merges `source` into `target`, which takes precedence.
    pub(super) fn tables(&mut self, target: &Map, source: &Map) {
        self.tables_with(self.keep_nulls, target, source, "");
    }

    fn tables_with(&mut self, keep_nulls: bool, target: &Map, source: &Map, path: &str) {
        let mut defaults = source.entries();
        if self.semantics > Semantics::V3_17 {
            // A null of the target is seen by what merges the source again.
            for (key, _) in target.entries().into_iter().filter(|(_, value)| matches!(value, Value::Nil)) {
                source.insert(key, Value::Nil);
            }
        }
        // Maps of the source that are inserted are shared, as in Go.
        for (key, default) in defaults.drain(..) {
            let full = || joined(path, &key.to_text());
            match (target.get(&key), &default) {
                (Some(Value::Nil), Value::Nil) if !keep_nulls && self.semantics == Semantics::V3_17 => {
                    target.remove(&key);
                }
                (Some(Value::Nil), default) if !keep_nulls && !matches!(default, Value::Nil) => {
                    target.remove(&key);
                }
                (None, _) => target.insert(key, default),
                (Some(Value::Nil), _) if self.semantics > Semantics::V3_17 => {}
                (Some(Value::Map(table)), Value::Map(defaults)) => {
                    self.tables_with(keep_nulls, &table, defaults, &full());
                }
                (Some(_), Value::Map(_)) => {
                    let message = format!("warning: cannot overwrite table with non table for {} ({default})", full());
                    self.warn(CoalesceLine::TableOverwrite, &message);
                }
                (Some(Value::Map(_)), default) if !matches!(default, Value::Nil) => {
                    let message =
                        format!("warning: destination for {} is a table. Ignoring non-table value ({default})", full());
                    self.warn(CoalesceLine::TableDestination, &message);
                }
                _ => {}
            }
        }
    }

    fn warn(&mut self, line: CoalesceLine, message: &str) {
        self.warnings.push(log::coalesce(self.semantics, line, message));
    }
}

fn type_mismatch(name: &str, found: &Value) -> String {
    let found = gotemplate::format::sprintf(b"%t", std::slice::from_ref(found), 1 << 16);
    format!("type mismatch on {name}: {}", String::from_utf8_lossy(&found))
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Removes nulls from maps, not from lists.
fn drop_nulls(value: &Value) {
    let Value::Map(map) = value else { return };
    for (key, value) in map.entries() {
        match value {
            Value::Nil => {
                map.remove(&key);
            }
            inner => drop_nulls(&inner),
        }
    }
}
