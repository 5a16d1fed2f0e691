//! Go's `filepath.Glob`: `*`, `?`, `[…]` and `\`, none of which crosses a slash; there is no `**`.

use crate::files::{FileError, FileKind, Files, join};

/// A pattern that does not end: an open bracket or a backslash at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub(super) struct BadPattern;

/// Whether a text has a character that makes it a pattern.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

/// The paths below `folder` (absolute) that match the relative or absolute pattern, in Go's order: names sorted by their
/// bytes within each folder. Unreadable folders are ignored, as in Go.
///
/// # Errors
/// [`BadPattern`]
pub(super) fn glob(files: &dyn Files, folder: &str, pattern: &str) -> Result<Vec<String>, BadPattern> {
    let start = if pattern.starts_with('/') { "/" } else { folder };
    let mut found = vec![start.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        matches(part, "")?;
        let mut next = Vec::new();
        for folder in &found {
            if is_pattern(part) {
                for name in names(files, folder) {
                    if matches(part, &name)? {
                        next.push(join(folder, &name));
                    }
                }
            } else if files.kind(&join(folder, part)).is_ok() {
                next.push(join(folder, part));
            }
        }
        found = next;
    }
    Ok(found)
}

fn names(files: &dyn Files, folder: &str) -> Vec<String> {
    let list = || -> Result<Vec<String>, FileError> {
        match files.kind(folder)? {
            FileKind::Folder => files.list(folder),
            FileKind::File => Ok(Vec::new()),
        }
    };
    list().unwrap_or_default()
}

/// Every file at and below `path`, each folder's names sorted by their bytes.
///
/// # Errors
/// A folder that cannot be listed.
pub(super) fn walk(files: &dyn Files, path: &str) -> Result<Vec<String>, FileError> {
    let mut open = vec![path.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        match files.kind(&path) {
            Ok(FileKind::File) => found.push(path),
            Ok(FileKind::Folder) => open.extend(files.list(&path)?.iter().rev().map(|name| join(&path, name))),
            // A symbolic link that leads nowhere.
            Err(FileError::Missing) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Whether a name matches a pattern without slashes (`filepath.Match`).
///
/// # Errors
/// [`BadPattern`]
pub(super) fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let pattern = parse(pattern)?;
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut to) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        match pattern.get(at) {
            Some(Part::Star) => {
                back = Some((at + 1, to));
                at += 1;
                continue;
            }
            Some(part) if name.get(to).is_some_and(|&c| part.takes(c)) => {
                (at, to) = (at + 1, to + 1);
                continue;
            }
            None if to == name.len() => return Ok(true),
            _ => {}
        }
        match back {
            Some((star, from)) if from < name.len() && name[from] != '/' => {
                back = Some((star, from + 1));
                (at, to) = (star, from + 1);
            }
            _ => return Ok(false),
        }
    }
}

/// Whether the parts of a path match those of a pattern, in which `**` stands for any number of parts, also none, and any
/// other part for one, as `one` says of the two.
pub(super) fn spans(pattern: &[&str], path: &[&str], one: &dyn Fn(&str, &str) -> bool) -> bool {
    // `reached[i]`: the parts so far are matched by the first i parts of the pattern.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    let step_over = |reached: &mut Vec<bool>| {
        for (index, part) in pattern.iter().enumerate() {
            reached[index + 1] |= *part == "**" && reached[index];
        }
    };
    step_over(&mut reached);
    for part in path {
        let mut next = vec![false; pattern.len() + 1];
        for (index, expected) in pattern.iter().enumerate().filter(|(index, _)| reached[*index]) {
            if *expected == "**" {
                next[index] = true;
            } else {
                next[index + 1] |= one(expected, part);
            }
        }
        step_over(&mut next);
        reached = next;
    }
    reached[pattern.len()]
}

enum Part {
    Star,
    Any,
    One(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Part::Star => false,
            Part::Any => c != '/',
            Part::One(one) => *one == c,
            Part::Set { negated, ranges } => ranges.iter().any(|&(low, high)| (low..=high).contains(&c)) != *negated,
        }
    }
}

fn parse(pattern: &str) -> Result<Vec<Part>, BadPattern> {
    let mut rest = pattern.chars().peekable();
    let mut parts = Vec::new();
    while let Some(c) = rest.next() {
        parts.push(match c {
            '*' => Part::Star,
            '?' => Part::Any,
            '\\' => Part::One(rest.next().ok_or(BadPattern)?),
            '[' => {
                let negated = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || rest.peek() != Some(&']') {
                    let low = bound(&mut rest)?;
                    let high = if rest.next_if_eq(&'-').is_some() { bound(&mut rest)? } else { low };
                    ranges.push((low, high));
                }
                rest.next();
                Part::Set { negated, ranges }
            }
            other => Part::One(other),
        });
    }
    Ok(parts)
}

fn bound(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, BadPattern> {
    match rest.next() {
        None | Some('-' | ']') => Err(BadPattern),
        Some('\\') => rest.next().ok_or(BadPattern),
        Some(c) => Ok(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;

    #[test]
    fn names_match_as_in_go() {
        let cases = [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a.yml", false),
            ("a*c", "abcbc", true),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("*", "", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern, name), Ok(expected), "{pattern} {name}");
        }
        for pattern in ["[", "[]", "a\\", "[a-", "[-x]"] {
            assert_eq!(matches(pattern, "a"), Err(BadPattern), "{pattern}");
        }
    }

    #[test]
    fn paths_come_sorted() {
        let mut files = MemoryFiles::default();
        for path in ["/w/k8s/b.yaml", "/w/k8s/a.yaml", "/w/k8s/sub/c.yaml", "/w/other/a.yaml"] {
            files.insert(path, *b"x");
        }
        let found = |pattern| glob(&files, "/w", pattern).unwrap().join(" ");
        assert_eq!(found("k8s/*.yaml"), "/w/k8s/a.yaml /w/k8s/b.yaml");
        assert_eq!(found("*/a.yaml"), "/w/k8s/a.yaml /w/other/a.yaml");
        assert_eq!(found("k8s/**/*.yaml"), "/w/k8s/sub/c.yaml");
        assert_eq!(found("none/*"), "");
        assert_eq!(walk(&files, "/w/k8s").unwrap().join(" "), "/w/k8s/a.yaml /w/k8s/b.yaml /w/k8s/sub/c.yaml");
    }
}
