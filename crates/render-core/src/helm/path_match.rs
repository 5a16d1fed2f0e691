//! Go's `filepath.Match` on Unix.

/// Returns whether a whole path matches; `None` for an invalid pattern.
pub(super) fn matches(pattern: &str, path: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    let parts = parse(&pattern)?;
    let mut places = vec![0];
    for part in &parts {
        let mut next = Vec::new();
        for start in places {
            part.ends(&path, start, &mut next);
        }
        next.sort_unstable();
        next.dedup();
        places = next;
    }
    Some(places.contains(&path.len()))
}

enum Part {
    Char(char),
    One,
    Many,
    Class(Vec<(char, char)>, bool),
}

impl Part {
    fn ends(&self, path: &[char], start: usize, ends: &mut Vec<usize>) {
        let c = path.get(start).copied();
        let one = match self {
            Part::Char(expected) => c == Some(*expected),
            Part::One => c.is_some_and(|c| c != '/'),
            Part::Class(ranges, negated) => {
                c.is_some_and(|c| ranges.iter().any(|range| (range.0..=range.1).contains(&c)) != *negated)
            }
            Part::Many => {
                let length = path[start..].iter().take_while(|c| **c != '/').count();
                ends.extend(start..=start + length);
                false
            }
        };
        if one {
            ends.push(start + 1);
        }
    }
}

fn parse(pattern: &[char]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
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
            ("[^a-c]?", "xy", Some(true)),
            ("\\*", "*", Some(true)),
            ("[a", "a", None),
            ("[]a]", "a", None),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(matches(pattern, path), expected, "{pattern}");
        }
    }
}
