//! The user's values: files and flags.

use gotemplate::{Map, Value};

use super::chart::values_map;
use super::error::HelmError;
use super::maps::merge;
use super::read_file::ReadFile;
use super::semantics::Semantics;
use super::set_values;
use crate::template_functions::json;

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
    /// `--set-file`, and how its files are read.
    SetFile(String, ReadFile),
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
            ValueSource::SetFile(..) => 4,
            ValueSource::SetLiteral(_) => 5,
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
    pub fn merge(sources: &[ValueSource], semantics: Semantics) -> Result<Values, HelmError> {
        let target = Map::default();
        let mut ordered: Vec<&ValueSource> = sources.iter().collect();
        ordered.sort_by_key(|source| source.rank());
        for source in ordered {
            match source {
                ValueSource::File { name, bytes } => {
                    let values = values_map(bytes, semantics)
                        .map_err(|error| HelmError::new(format!("failed to parse {name}: {error}")))?;
                    merge(&target, &values);
                }
                ValueSource::SetJson(text) => set_values::set_json(&target, text, semantics)?,
                ValueSource::Set(text) => set_values::set(&target, text, semantics)?,
                ValueSource::SetString(text) => set_values::set_string(&target, text, semantics)?,
                ValueSource::SetFile(text, read) => set_values::set_file(&target, text, read, semantics)?,
                ValueSource::SetLiteral(text) => set_values::set_literal(&target, text, semantics)?,
            }
        }
        Ok(Values(target))
    }

    /// Sets the value at a path. What is no mapping on the way is replaced by one.
    ///
    /// # Errors
    /// An empty path, and a value that cannot be one of a chart.
    pub(super) fn set(&self, path: &[String], value: &serde_json::Value) -> Result<(), String> {
        let (last, parents) = path.split_last().ok_or("a value has no name")?;
        let value = json::parse(value.to_string().as_bytes())?;
        let mut target = self.0.clone();
        for key in parents {
            target = match target.get(key.as_bytes()) {
                Some(Value::Map(inner)) => inner,
                _ => {
                    let inner = Map::default();
                    target.insert(key.as_str(), inner.clone().into());
                    inner
                }
            };
        }
        target.insert(last.as_str(), value);
        Ok(())
    }
}
