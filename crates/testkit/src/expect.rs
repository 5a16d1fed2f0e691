//! Compares results with the files that hold what is expected; `UPDATE_EXPECT=1` rewrites the files instead.

use std::fs;
use std::path::Path;

use crate::about::About;
use crate::peer::{self, PeerResult};

/// Collects the differences of a test, so that one run shows all of them.
#[derive(Debug, Default)]
pub struct Expect {
    failures: Vec<String>,
    compared: usize,
    /// The tool whose output `expected.yaml` is: hydrant's output never replaces it.
    source: Option<String>,
}

impl Expect {
    /// Returns a comparison for a fixture. With `UPDATE_EXPECT=1`, an expectation that comes from another tool is rewritten from
    /// that tool's output first, if the tool is installed.
    ///
    /// # Panics
    /// If the file cannot be written during an update.
    pub fn new(folder: &Path, about: About) -> Self {
        let mut expect = Expect { source: about.source, ..Expect::default() };
        if let Some(source) = expect.source.as_deref().filter(|_| is_update()) {
            match peer::result(folder, source) {
                Ok(Some(PeerResult::Printed(text))) => write(&folder.join("expected.yaml"), &text),
                Ok(Some(PeerResult::Refused(_)) | None) => {}
                Err(message) => expect.failures.push(message),
            }
        }
        expect
    }

    /// Compares `actual` with the file's content; with `UPDATE_EXPECT=1` the file is written.
    ///
    /// # Panics
    /// If the file cannot be written during an update.
    pub fn file(&mut self, path: &Path, actual: &str) {
        self.compared += 1;
        let expected = fs::read_to_string(path).unwrap_or_default();
        if expected == actual && path.exists() {
            return;
        }
        let foreign = self.source.as_deref().filter(|_| path.ends_with("expected.yaml"));
        if is_update() && foreign.is_none() {
            write(path, actual);
            return;
        }
        let diff = similar::TextDiff::from_lines(expected.as_str(), actual);
        let diff = diff.unified_diff().context_radius(3).header("expected", "actual").to_string();
        let source = foreign.map(|source| format!(" (the output of {source})")).unwrap_or_default();
        self.failures.push(format!("{}{source}\n{diff}", path.display()));
    }

    /// Compares a result: text with the file `ok`, an error with the file `failed`; the other file must not exist.
    ///
    /// # Panics
    /// If a file cannot be written or removed during an update.
    pub fn outcome(&mut self, folder: &Path, ok: &str, failed: &str, outcome: Result<&str, &str>) {
        let (name, other, text) = match outcome {
            Ok(text) => (ok, failed, text),
            Err(text) => (failed, ok, text),
        };
        let other = folder.join(other);
        if other.exists() {
            if is_update() && self.source.is_none() {
                fs::remove_file(&other).unwrap_or_else(|error| panic!("{}: {error}", other.display()));
            } else {
                self.failures.push(format!("{}: expected this, got {name}:\n{text}", other.display()));
                return;
            }
        }
        self.file(&folder.join(name), text);
    }

    /// Compares two values; `what` names them in the message.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, actual: &T, expected: &T) {
        self.compared += 1;
        if actual != expected {
            self.failures.push(format!("{what}: expected {expected:#?}, found {actual:#?}"));
        }
    }

    /// Ends the comparison.
    ///
    /// # Panics
    /// With every difference, or if nothing was compared.
    pub fn finish(self) {
        if let Err(message) = self.result() {
            panic!("{message}");
        }
    }

    /// Ends the comparison.
    ///
    /// # Errors
    /// Every difference, or that nothing was compared.
    pub fn result(self) -> Result<(), String> {
        match self.failures.len() {
            0 if self.compared == 0 => Err("nothing was compared".to_owned()),
            0 => Ok(()),
            count => {
                Err(format!("{count} differ (UPDATE_EXPECT=1 accepts the result)\n\n{}", self.failures.join("\n")))
            }
        }
    }
}

fn is_update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
