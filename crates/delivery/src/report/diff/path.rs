//! The path of a field in an object, and the fields that a comparison ignores.

use std::fmt::Write as _;

use regex::Regex;

/// One step into an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Into a mapping.
    Key(&'a str),
    /// Into a list whose elements are identified by a field: `[name=main]`.
    Named(&'static str, &'a str),
    /// Into a list by position.
    Index(usize),
}

/// `spec.template.spec.containers[name=main].image`; a key with other characters is quoted: `data["a.b"]`.
pub(super) fn printed(steps: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in steps {
        // A String takes whatever is written to it.
        let _ = match step {
            Step::Key(key) if plain(key) && out.is_empty() => write!(out, "{key}"),
            Step::Key(key) if plain(key) => write!(out, ".{key}"),
            Step::Key(key) => write!(out, "[{key:?}]"),
            Step::Named(field, name) => write!(out, "[{field}={name}]"),
            Step::Index(index) => write!(out, "[{index}]"),
        };
    }
    out
}

fn plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'$'))
}

/// Fields that are left out of a comparison, as regular expressions over their printed paths.
#[derive(Clone, Debug, Default)]
pub struct Noise {
    patterns: Vec<Regex>,
}

/// An invalid regular expression of a noise filter.
#[derive(Debug, thiserror::Error)]
#[error("noise filter {pattern:?}: {source}")]
pub struct NoiseError {
    pattern: String,
    source: regex::Error,
}

impl Noise {
    /// Each pattern has to match a whole path, such as `metadata\.annotations\["checksum/.*"\]`.
    ///
    /// # Errors
    /// An invalid regular expression.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, NoiseError> {
        let compile = |pattern: &str| {
            Regex::new(&format!("^(?:{pattern})$")).map_err(|source| NoiseError { pattern: pattern.to_owned(), source })
        };
        Ok(Noise { patterns: patterns.into_iter().map(compile).collect::<Result<_, _>>()? })
    }

    /// Whether the field at `path` is left out.
    pub(super) fn hides(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(path))
    }
}
