//! How much a command prints on stderr.

use std::str::FromStr;
use std::sync::OnceLock;

/// How much is printed on stderr, from least to most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only.
    Errors,
    /// Errors, warnings, notes and progress.
    #[default]
    Normal,
    /// Stages with their durations, and the causes of errors, too.
    Verbose,
    /// Requests, too.
    Debug,
}

/// The verbosity of this process; set once, at the start.
static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

impl Verbosity {
    /// The verbosity of this process; normal until [`Verbosity::set`] is called.
    pub(crate) fn get() -> Self {
        VERBOSITY.get().copied().unwrap_or_default()
    }

    /// Sets the verbosity of this process. Only the first call has an effect.
    pub(crate) fn set(self) {
        VERBOSITY.get_or_init(|| self);
    }
}

/// One occurrence of `-v` on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// `-v` is one step, `-vv` two.
    Steps(u8),
    /// A log level by its name, as Skaffold's `--verbosity` takes it.
    Named(Verbosity),
}

impl FromStr for Level {
    type Err = String;

    /// Parses what follows `-v`: nothing, more of the letter, or the name of a level.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.bytes().all(|byte| byte == b'v') {
            return Ok(Level::Steps(u8::try_from(text.len()).unwrap_or(u8::MAX).saturating_add(1)));
        }
        match text.to_ascii_lowercase().as_str() {
            "panic" | "fatal" | "error" => Ok(Level::Named(Verbosity::Errors)),
            "warn" | "warning" => Ok(Level::Named(Verbosity::Normal)),
            "info" => Ok(Level::Named(Verbosity::Verbose)),
            "debug" | "trace" => Ok(Level::Named(Verbosity::Debug)),
            _ => Err("expected panic, fatal, error, warn, info, debug or trace".to_owned()),
        }
    }
}

/// The verbosity that all occurrences of `-v` ask for: the last level that is named, or else their number.
pub(crate) fn of(levels: &[Level]) -> Verbosity {
    let steps = |sum: u8, level: &Level| match level {
        Level::Steps(steps) => sum.saturating_add(*steps),
        Level::Named(_) => sum,
    };
    let named = levels.iter().rev().find_map(|level| match level {
        Level::Named(verbosity) => Some(*verbosity),
        Level::Steps(_) => None,
    });
    named.unwrap_or_else(|| match levels.iter().fold(0, steps) {
        0 => Verbosity::Normal,
        1 => Verbosity::Verbose,
        _ => Verbosity::Debug,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occurrences_are_counted_unless_a_level_is_named() {
        let of = |texts: &[&str]| of(&texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>());
        assert_eq!(of(&[]), Verbosity::Normal);
        assert_eq!(of(&[""]), Verbosity::Verbose);
        assert_eq!(of(&["", ""]), Verbosity::Debug);
        assert_eq!(of(&["v"]), Verbosity::Debug);
        assert_eq!(of(&["vvv"]), Verbosity::Debug);
        assert_eq!(of(&["error"]), Verbosity::Errors);
        assert_eq!(of(&["", "", "Warning"]), Verbosity::Normal);
        assert_eq!(of(&["debug", "info"]), Verbosity::Verbose);
        assert!("loud".parse::<Level>().is_err());
    }
}
