//! Go's `filepath.Match` on Unix.

/// A parsed pattern, which matches whole paths.
#[derive(Debug)]
pub(super) struct PathPattern {
    parts: Vec<Part>,
    /// The text that the pattern matches, if it has no wildcards.
    literal: Option<String>,
}

#[derive(Debug)]
enum Part {
    Char(char),
    One,
    Many,
    Class(Vec<(char, char)>, bool),
}

impl Part {
    /// Returns whether the part matches one character.
    fn matches(&self, c: char) -> bool {
        match self {
            Part::Char(expected) => c == *expected,
            Part::One => c != '/',
            Part::Class(ranges, negated) => ranges.iter().any(|range| (range.0..=range.1).contains(&c)) != *negated,
            Part::Many => false,
        }
    }
}

impl PathPattern {
    /// Parses a pattern; `None` if it is invalid.
    pub(super) fn parse(pattern: &str) -> Option<PathPattern> {
        let parts = parse(&pattern.chars().collect::<Vec<_>>())?;
        let characters = parts.iter().map(|part| if let Part::Char(c) = part { Some(*c) } else { None });
        let literal = characters.collect();
        Some(PathPattern { parts, literal })
    }

    /// Returns whether a whole path matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        if let Some(literal) = &self.literal {
            return literal == path;
        }
        let (mut part, mut rest) = (0, path);
        // The last `*`, and what of the path follows the text that it matches. As it matches no `/`, an earlier one need not be tried again.
        let mut star: Option<(usize, &str)> = None;
        loop {
            let mut characters = rest.chars();
            match (self.parts.get(part), characters.next()) {
                (Some(Part::Many), _) => {
                    star = Some((part, rest));
                    part += 1;
                    continue;
                }
                (None, None) => return true,
                (Some(one), Some(c)) if one.matches(c) => {
                    part += 1;
                    rest = characters.as_str();
                    continue;
                }
                _ => {}
            }
            let Some((index, after)) = star else { return false };
            let mut characters = after.chars();
            if characters.next().is_none_or(|c| c == '/') {
                return false;
            }
            (part, rest) = (index + 1, characters.as_str());
            star = Some((index, rest));
        }
    }
}

fn parse(pattern: &[char]) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(pattern.len());
    let mut at = 0;
    while let Some(&c) = pattern.get(at) {
        match c {
            '*' => parts.push(Part::Many),
            '?' => parts.push(Part::One),
            '\\' => {
                at += 1;
                parts.push(Part::Char(*pattern.get(at)?));
            }
            '[' => {
                parts.push(class(pattern, &mut at)?);
                continue;
            }
            c => parts.push(Part::Char(c)),
        }
        at += 1;
    }
    Some(parts)
}

/// Reads `[a-z]` or `[^a-z]` and moves after it.
fn class(pattern: &[char], at: &mut usize) -> Option<Part> {
    *at += 1;
    let negated = pattern.get(*at) == Some(&'^');
    if negated {
        *at += 1;
    }
    let mut ranges = Vec::new();
    loop {
        if pattern.get(*at) == Some(&']') && !ranges.is_empty() {
            *at += 1;
            return Some(Part::Class(ranges, negated));
        }
        let low = class_character(pattern, at)?;
        let mut high = low;
        if pattern.get(*at) == Some(&'-') {
            *at += 1;
            high = class_character(pattern, at)?;
        }
        ranges.push((low, high));
    }
}

fn class_character(pattern: &[char], at: &mut usize) -> Option<char> {
    let mut c = *pattern.get(*at).filter(|c| !matches!(c, '-' | ']'))?;
    if c == '\\' {
        *at += 1;
        c = *pattern.get(*at)?;
    }
    *at += 1;
    // A class does not end the pattern.
    pattern.get(*at)?;
    Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        let table = [
            ("*.yaml", "a.yaml", Some(true)),
            ("*", "a/b", Some(false)),
            ("d/*", "d/x", Some(true)),
            ("*a*b", "xaxaxb", Some(true)),
            ("*a*b", "a/b", Some(false)),
            ("*/a*b/c", "x/aab/c", Some(true)),
            ("*/*.yaml", "a/b.y/c.yaml", Some(false)),
            ("a*", "a", Some(true)),
            ("a", "ab", Some(false)),
            ("[^a-c]?", "xy", Some(true)),
            ("[^a]", "/", Some(true)),
            ("é?", "éü", Some(true)),
            ("\\*", "*", Some(true)),
            ("[a", "a", None),
            ("[]a]", "a", None),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(PathPattern::parse(pattern).map(|pattern| pattern.matches(path)), expected, "{pattern} {path}");
        }
    }
}
