//! Values: files, flags, and the chart's own.

use gotemplate::{Map, Value};

use super::chart::Chart;
use super::error::HelmError;
use super::maps::{merge, not_a_map};
use super::objects::VALUES;
use super::{set_values, yaml};

/// One source of values. Files come first, whatever the order of flags.
#[derive(Clone, Debug)]
pub enum ValueSource {
    /// A values file: its name and content.
    File {
        /// The path as it was given.
        name: String,
        /// The content.
        bytes: Vec<u8>,
    },
    /// `--set-json`
    SetJson(String),
    /// `--set`
    Set(String),
    /// `--set-string`
    SetString(String),
    /// `--set-literal`
    SetLiteral(String),
}

impl ValueSource {
    fn rank(&self) -> u8 {
        match self {
            ValueSource::File { .. } => 0,
            ValueSource::SetJson(_) => 1,
            ValueSource::Set(_) => 2,
            ValueSource::SetString(_) => 3,
            ValueSource::SetLiteral(_) => 4,
        }
    }
}

/// The user's values. They stay on one thread.
#[derive(Clone, Debug, Default)]
pub struct Values(pub(super) Map);

impl Values {
    /// Merges the values of all sources.
    ///
    /// # Errors
    /// helm's text of a source that cannot be read.
    pub fn merge(sources: &[ValueSource]) -> Result<Values, HelmError> {
        let target = Map::default();
        let mut ordered: Vec<&ValueSource> = sources.iter().collect();
        ordered.sort_by_key(|source| source.rank());
        for source in ordered {
            match source {
                ValueSource::File { name, bytes } => {
                    let failed = |error: String| HelmError::new(format!("failed to parse {name}: {error}"));
                    for document in yaml::read_all(bytes)
                        .map_err(|error| failed(format!("cannot unmarshal yaml document: {error}")))?
                    {
                        match document {
                            Value::Map(map) => merge(&target, &map),
                            Value::Nil => {}
                            other => return Err(failed(not_a_map(&other))),
                        }
                    }
                }
                ValueSource::SetJson(text) => set_values::set_json(&target, text)?,
                ValueSource::Set(text) => set_values::set(&target, text, set_values::Typing::Typed)?,
                ValueSource::SetString(text) => set_values::set(&target, text, set_values::Typing::Strings)?,
                ValueSource::SetLiteral(text) => set_values::set_literal(&target, text)?,
            }
        }
        Ok(Values(target))
    }
}

/// Merges the user's values into the chart's; the user's take precedence.
///
/// # Errors
/// The chart's own values cannot be read.
pub(super) fn coalesced(chart: &Chart, user: &Values, warnings: &mut Vec<String>) -> Result<Map, HelmError> {
    let values = user.0.copy_as(&VALUES);
    let defaults = chart.default_values()?;
    let name = &chart.metadata.name;
    for (key, default) in defaults.entries() {
        match values.get(&key) {
            None => {
                if matches!(default, Value::Nil) {
                    continue;
                }
                drop_nulls(&default);
                values.insert(key, default);
            }
            Some(Value::Nil) => {
                values.remove(&key);
            }
            Some(Value::Map(mine)) => match &default {
                Value::Map(defaults) => {
                    drop_nulls(&default);
                    coalesce_tables(&mine, defaults, &format!("{name}.{key}"), warnings);
                }
                Value::Nil => {}
                _ => warnings.push(format!("warning: skipped value for {name}.{key}: Not a table.")),
            },
            Some(_) => {}
        }
    }
    Ok(values)
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

fn coalesce_tables(mine: &Map, defaults: &Map, path: &str, warnings: &mut Vec<String>) {
    for (key, default) in defaults.entries() {
        let path = format!("{path}.{key}");
        match (mine.get(&key), &default) {
            (None, _) => mine.insert(key, default),
            (Some(Value::Nil), _) => {
                mine.remove(&key);
            }
            (Some(Value::Map(mine)), Value::Map(defaults)) => coalesce_tables(&mine, defaults, &path, warnings),
            (Some(_), Value::Map(_)) => {
                warnings.push(format!("warning: cannot overwrite table with non table for {path} ({default})"));
            }
            (Some(Value::Map(_)), _) => {
                warnings
                    .push(format!("warning: destination for {path} is a table. Ignoring non-table value ({default})"));
            }
            _ => {}
        }
    }
}
