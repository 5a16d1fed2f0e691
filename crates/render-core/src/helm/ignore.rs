//! `.helmignore`.
//!
//! Unlike git's rules, the first rule that matches ignores, and a negated rule ignores everything that it does not match.
//! Source: `helm pkg/ignore`.

use super::error::HelmError;
use super::path_match::PathPattern;

/// The rules of a file, and helm's own one.
pub(super) struct IgnoreRules {
    rules: Vec<Rule>,
}

struct Rule {
    /// Nothing matches an invalid pattern.
    pattern: Option<PathPattern>,
    negated: bool,
    folders_only: bool,
    /// The whole path is matched, not the last part alone.
    whole_path: bool,
}

impl IgnoreRules {
    /// Reads the rules.
    ///
    /// # Errors
    /// A pattern that is not supported or invalid.
    pub(super) fn parse(text: &str) -> Result<IgnoreRules, HelmError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().chain(["templates/.?*"]);
        let rules = lines.filter_map(|line| Rule::parse(line).transpose()).collect::<Result<_, _>>()?;
        Ok(IgnoreRules { rules })
    }

    /// Returns whether a path below the chart is left out.
    pub(super) fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.rules {
            let applies = is_folder || !rule.folders_only;
            if rule.negated {
                if !applies || !rule.matches(path) {
                    return true;
                }
            } else if applies && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Option<Rule>, HelmError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.contains("**") {
            return Err(HelmError::new("double-star (**) syntax is not supported"));
        }
        if PathPattern::parse(line).is_none() {
            return Err(HelmError::new("syntax error in pattern"));
        }
        let (negated, pattern) = line.strip_prefix('!').map_or((false, line), |pattern| (true, pattern));
        let (folders_only, pattern) = pattern.strip_suffix('/').map_or((false, pattern), |pattern| (true, pattern));
        Ok(Some(Rule {
            whole_path: pattern.contains('/'),
            pattern: PathPattern::parse(pattern.strip_prefix('/').unwrap_or(pattern)),
            negated,
            folders_only,
        }))
    }

    fn matches(&self, path: &str) -> bool {
        let text = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or_default() };
        self.pattern.as_ref().is_some_and(|pattern| pattern.matches(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_ignores() {
        let rules = IgnoreRules::parse("# comment\n*.md\nci/\n/root.txt\nd/*\n").ok().unwrap();
        let table = [
            ("a/README.md", false, true),
            ("ci", true, true),
            ("ci", false, false),
            ("root.txt", false, true),
            ("x/root.txt", false, false),
            ("d/x", true, true),
            ("templates/.git", false, true),
            ("values.yaml", false, false),
        ];
        for (path, is_folder, expected) in table {
            assert_eq!(rules.ignores(path, is_folder), expected, "{path}");
        }
        let negated = IgnoreRules::parse("!a.txt").ok().unwrap();
        assert!(negated.ignores("Chart.yaml", false) && !negated.ignores("a.txt", false));
    }
}
