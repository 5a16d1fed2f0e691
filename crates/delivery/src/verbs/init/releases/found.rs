//! A release that is found.

use serde_json::{Map, Value};

/// A release of a chart, as a resource of Flux or Argo CD defines it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRelease {
    /// The file that names it, below the root.
    pub file: String,
    /// The service's name.
    pub service: String,
    /// Its environments, sorted; empty if it is in all of them.
    pub environments: Vec<String>,
    /// The chart.
    pub chart: FoundChart,
    /// The version of a remote chart, or a range.
    pub version: Option<String>,
    /// The release's name, if that is not the service's.
    pub release: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// Files of values, below the root.
    pub values_files: Vec<String>,
    /// Values beside those of files.
    pub values: Map<String, Value>,
    /// Values as helm's `--set` reads them.
    pub set: Vec<String>,
    /// Whether custom resource definitions are left out.
    pub skips_crds: bool,
    /// What is not taken over, each a sentence without a full stop.
    pub notes: Vec<String>,
}

/// Where the chart of a release is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundChart {
    /// In this folder.
    Folder(String),
    /// In a repository or registry, by name.
    Named {
        /// The URL of the repository.
        repository: String,
        /// The chart's name.
        name: String,
    },
    /// At this URL, name included.
    At(String),
}

impl Default for FoundChart {
    fn default() -> Self {
        FoundChart::Folder(String::new())
    }
}

impl FoundRelease {
    /// Whether both are in one environment.
    pub(super) fn overlaps(&self, other: &FoundRelease) -> bool {
        let all = self.environments.is_empty() || other.environments.is_empty();
        all || self.environments.iter().any(|name| other.environments.contains(name))
    }

    /// Notes variables that Flux or a template would replace in values.
    pub(super) fn note_variables(&mut self) {
        let text = Value::Object(self.values.clone()).to_string();
        let is_variable = |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if text.split("${").skip(1).any(is_variable) {
            self.notes.push("variables such as ${NAME} in its values are not replaced".to_owned());
        }
    }
}

/// Merges values into others: mappings by key, everything else is replaced.
pub(super) fn merge(target: &mut Map<String, Value>, later: &Map<String, Value>) {
    for (key, value) in later {
        match (target.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(later)) => merge(inner, later),
            _ => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}
