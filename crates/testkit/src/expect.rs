//! Compares what came with what a file says should come; `UPDATE_EXPECT=1` rewrites the file instead.

use std::fs;
use std::path::Path;

/// Collects differences over many cases, so that one run shows all of them.
#[derive(Debug, Default)]
pub struct Expect {
    failures: Vec<String>,
    compared: usize,
}

impl Expect {
    /// Compares `actual` with the file's content; with `UPDATE_EXPECT=1` the file is written.
    ///
    /// # Panics
    /// Where the file cannot be written during an update.
    pub fn file(&mut self, path: &Path, actual: &str) {
        self.compared += 1;
        let expected = fs::read_to_string(path).unwrap_or_default();
        if expected == actual && path.exists() {
            return;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(path, actual).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            return;
        }
        let diff = similar::TextDiff::from_lines(expected.as_str(), actual);
        let diff = diff.unified_diff().context_radius(3).header("expected", "actual").to_string();
        self.failures.push(format!("{}\n{diff}", path.display()));
    }

    /// A case's outcome: text to compare with `ok`, or an error to compare with `failed`; the other file must not be there.
    ///
    /// # Panics
    /// Where a file cannot be written or removed during an update.
    pub fn outcome(&mut self, folder: &Path, ok: &str, failed: &str, outcome: Result<&str, &str>) {
        let (name, other, text) = match outcome {
            Ok(text) => (ok, failed, text),
            Err(text) => (failed, ok, text),
        };
        let other = folder.join(other);
        if other.exists() {
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                fs::remove_file(&other).unwrap_or_else(|error| panic!("{}: {error}", other.display()));
            } else {
                self.failures.push(format!("{}: expected this, got {name}:\n{text}", other.display()));
                return;
            }
        }
        self.file(&folder.join(name), text);
    }

    /// Ends the comparison.
    ///
    /// # Panics
    /// With every difference, or where nothing was compared.
    pub fn finish(self) {
        assert!(self.compared > 0, "nothing was compared");
        assert!(
            self.failures.is_empty(),
            "{} of {} differ (UPDATE_EXPECT=1 accepts what came)\n\n{}",
            self.failures.len(),
            self.compared,
            self.failures.join("\n")
        );
    }
}
