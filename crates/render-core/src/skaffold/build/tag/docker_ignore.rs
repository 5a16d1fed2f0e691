//! `.dockerignore`: which paths of the context are left out.
//!
//! Source of the rules: moby's `patternmatcher` (`MatchesOrParentMatches`).

use regex::Regex;

/// The patterns of a file, in order; a later one wins.
#[derive(Debug, Default)]
pub(super) struct DockerIgnore(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    text: String,
    keeps: bool,
    expression: Regex,
}

impl DockerIgnore {
    /// Reads a file's text. `Err` holds a pattern that does not end.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#'));
        let patterns = lines.map(str::trim).filter(|line| !line.is_empty()).map(|line| {
            let (keeps, line) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let text = clean(line);
            let expression = expression(&text).ok_or_else(|| line.to_owned())?;
            Ok(Pattern { text, keeps, expression })
        });
        patterns.collect::<Result<_, String>>().map(DockerIgnore)
    }

    /// Whether the path, relative to the context, or a folder above it is left out.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        let mut out = false;
        for pattern in &self.0 {
            if pattern.keeps != out {
                continue;
            }
            let above = path.match_indices('/').map(|(at, _)| &path[..at]);
            if above.chain([path]).any(|part| pattern.expression.is_match(part)) {
                out = !pattern.keeps;
            }
        }
        out
    }

    /// Whether something below a folder that is left out may be kept by a `!` pattern.
    pub(super) fn may_keep_below(&self, folder: &str) -> bool {
        let below = format!("{folder}/");
        self.0.iter().any(|pattern| pattern.keeps && format!("{}/", pattern.text).starts_with(&below))
    }
}

/// Go's `filepath.Clean`, without a leading slash.
fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

fn expression(pattern: &str) -> Option<Regex> {
    let mut made = String::from("^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => {
                // `**/` stands for any number of folders, also none; `**` at the end for everything.
                let slash = rest.next_if_eq(&'/').is_some();
                made.push_str(if rest.peek().is_none() {
                    ".*"
                } else if slash {
                    "(.*/)?"
                } else {
                    ".*"
                });
            }
            '*' => made.push_str("[^/]*"),
            '?' => made.push_str("[^/]"),
            '\\' => made.push_str(&regex::escape(&rest.next()?.to_string())),
            '[' | ']' => made.push(c),
            c => made.push_str(&regex::escape(&c.to_string())),
        }
    }
    made.push('$');
    Regex::new(&made).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_patterns_win() {
        let ignore =
            DockerIgnore::read("# note\nnode_modules\n/dist\n**/*.log\n!keep.log\n*.md\n!docs/README.md\n").unwrap();
        for path in ["node_modules", "node_modules/a/b.js", "dist/x", "a/b/c.log", "x.log", "a.md"] {
            assert!(ignore.leaves_out(path), "{path}");
        }
        for path in ["src/node_modules", "keep.log", "docs/README.md", "docs/a.md"] {
            assert!(!ignore.leaves_out(path), "{path}");
        }
        assert!(ignore.may_keep_below("docs") && !ignore.may_keep_below("dist"));
    }
}
