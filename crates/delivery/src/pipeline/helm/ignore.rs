//! `.helmignore`: the files of a chart's folder that are not part of the chart (helm's `pkg/ignore`).

use manifest::{At, Diagnostic};
use render_core::files::{FileError, Files, join};

use crate::config::glob::Glob;

/// The rules of one chart.
#[derive(Debug, Default)]
pub(super) struct Ignore(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    glob: Glob,
    /// Only folders.
    folder: bool,
    /// Whether the path below the chart is meant; the last part alone otherwise.
    whole: bool,
    /// What does not match is left out. Helm reads a `!` so, and not as an exception.
    inverted: bool,
}

impl Ignore {
    /// Reads the rules of a chart; none where there is no file.
    ///
    /// # Errors
    /// A file that cannot be read, and a pattern that helm refuses, too.
    pub(super) fn read(files: &dyn Files, chart: &str) -> Result<Self, Diagnostic> {
        let path = join(chart, ".helmignore");
        let text = match files.read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(FileError::Missing) => return Ok(Ignore::default()),
            Err(error) => return Err(Diagnostic::new(error.to_string()).in_file(path)),
        };
        let mut rules = Vec::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = At { line: u32::try_from(index + 1).unwrap_or(u32::MAX), column: 1 };
            let bad = |message: String| Diagnostic::new(message).in_file(&path).at(at);
            if line.contains("**") {
                return Err(bad(format!("`{line}`: helm knows no `**`")));
            }
            rules.push(Rule::of(line).map_err(bad)?);
        }
        Ok(Ignore(rules))
    }

    /// Whether a path below the chart is left out.
    pub(super) fn leaves_out(&self, path: &str, is_folder: bool) -> bool {
        self.0.iter().any(|rule| rule.leaves_out(path, is_folder))
    }
}

impl Rule {
    fn of(line: &str) -> Result<Self, String> {
        let (inverted, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (folder, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
        let whole = line.contains('/');
        let glob = Glob::new(line.strip_prefix('/').unwrap_or(line), true)?;
        Ok(Rule { glob, folder, whole, inverted })
    }

    fn leaves_out(&self, path: &str, is_folder: bool) -> bool {
        if self.folder && !is_folder {
            return self.inverted;
        }
        let last = path.rsplit('/').next().unwrap_or(path);
        self.glob.is_match(if self.whole { path } else { last }) != self.inverted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_to_helm() {
        let table = [
            ("*.md", "docs/README.md", false, true),
            ("*.md", "docs/README.txt", false, false),
            ("docs/", "docs", true, true),
            ("docs/", "a/docs", true, true),
            ("docs/", "docs", false, false),
            ("/docs", "docs", true, true),
            ("/docs", "a/docs", true, false),
            ("a/*.txt", "a/b.txt", false, true),
            ("a/*.txt", "a/c/b.txt", false, false),
            ("!*.yaml", "a/b.txt", false, true),
            ("!*.yaml", "a/b.yaml", false, false),
        ];
        for (rule, path, is_folder, want) in table {
            let ignore = Ignore(vec![Rule::of(rule).unwrap()]);
            assert_eq!(ignore.leaves_out(path, is_folder), want, "{rule} {path}");
        }
    }
}
