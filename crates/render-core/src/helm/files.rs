//! `.Files`.

use gotemplate::{Element, Function, List, Map, Param, Str, Type, Value, types};

use super::chart_file::ChartFile;
use super::yaml;

const STRING: &[Param] = &[Param::String];

static FILES: Type = Type::map("engine.files", Element::Concrete(&types::BYTES)).with_methods(&METHODS);

static METHODS: [(&str, Function); 6] = [
    ("Get", Function::new(STRING, |args| Ok(Value::String(content(&args[0], &args[1]))))),
    ("GetBytes", Function::new(STRING, |args| Ok(Value::Bytes(content(&args[0], &args[1]))))),
    (
        "Lines",
        Function::new(STRING, |args| {
            let Value::Map(files) = &args[0] else { return Ok(Value::Nil) };
            let Some(Value::Bytes(bytes)) = args[1].as_str().and_then(|name| files.get(name)) else {
                return Ok(Value::List(List::strings::<Str>([])));
            };
            let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            Ok(Value::List(List::strings(text.split(|byte| *byte == b'\n'))))
        }),
    ),
    (
        "Glob",
        Function::new(STRING, |args| {
            let Value::Map(files) = &args[0] else { return Ok(Value::Nil) };
            let pattern = args[1].as_str().map(|text| text.to_text().into_owned()).unwrap_or_default();
            let glob = Glob::parse(&pattern);
            let matches = |name: &Str| glob.as_ref().is_none_or(|glob| glob.matches(&name.to_text()));
            let kept = files.entries().into_iter().filter(|(name, _)| matches(name));
            Ok(Map::new(&FILES, kept.collect()).into())
        }),
    ),
    ("AsConfig", Function::new(&[], |args| Ok(as_map(&args[0], false)?.into()))),
    ("AsSecrets", Function::new(&[], |args| Ok(as_map(&args[0], true)?.into()))),
];

/// Returns `.Files`.
pub(super) fn object(files: &[ChartFile]) -> Value {
    let entries = files.iter().map(|file| (Str::from(file.path.as_str()), Value::Bytes(Str::from(file.bytes.clone()))));
    Map::new(&FILES, entries.collect()).into()
}

fn content(files: &Value, name: &Value) -> Str {
    let found = match (files, name) {
        (Value::Map(files), Value::String(name)) => files.get(name),
        _ => None,
    };
    match found {
        Some(Value::Bytes(bytes)) => bytes,
        _ => Str::default(),
    }
}

/// Returns the files by their base names as YAML, with their texts or as base 64.
fn as_map(files: &Value, encoded: bool) -> Result<String, String> {
    use base64::Engine;
    let Value::Map(files) = files else { return Ok(String::new()) };
    if files.is_empty() {
        return Ok("{}".to_owned());
    }
    let map = Map::default();
    for (name, value) in files.entries() {
        let base = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
        let Value::Bytes(bytes) = value else { continue };
        let text = if encoded {
            Value::from(base64::engine::general_purpose::STANDARD.encode(bytes.as_bytes()))
        } else {
            Value::String(bytes)
        };
        map.insert(base, text);
    }
    yaml::write(&map.into())
}

/// A pattern of gobwas/glob with `/` as separator.
struct Glob {
    parts: Vec<Part>,
}

enum Part {
    Char(char),
    /// `?`
    One,
    /// `*`
    Segment,
    /// `**`
    Any,
    Class(Vec<(char, char)>, bool),
    Choice(Vec<Glob>),
}

impl Glob {
    /// Returns `None` for an invalid pattern, which matches everything.
    fn parse(pattern: &str) -> Option<Glob> {
        let characters: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        let glob = Glob::sequence(&characters, &mut at, 0)?;
        (at == characters.len()).then_some(glob)
    }

    fn sequence(pattern: &[char], at: &mut usize, depth: usize) -> Option<Glob> {
        let mut parts = Vec::new();
        while let Some(&c) = pattern.get(*at) {
            match c {
                ',' | '}' if depth > 0 => break,
                '*' if pattern.get(*at + 1) == Some(&'*') => {
                    *at += 1;
                    parts.push(Part::Any);
                }
                '*' => parts.push(Part::Segment),
                '?' => parts.push(Part::One),
                '\\' => {
                    *at += 1;
                    parts.push(Part::Char(*pattern.get(*at)?));
                }
                '[' => parts.push(class(pattern, at)?),
                '{' if depth < 20 => {
                    let mut choices = Vec::new();
                    loop {
                        *at += 1;
                        choices.push(Glob::sequence(pattern, at, depth + 1)?);
                        match pattern.get(*at)? {
                            ',' => {}
                            _ => break,
                        }
                    }
                    parts.push(Part::Choice(choices));
                }
                '{' => return None,
                c => parts.push(Part::Char(c)),
            }
            *at += 1;
        }
        Some(Glob { parts })
    }

    fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.ends(&text, vec![0]).contains(&text.len())
    }

    /// Returns where matches can end that begin at one of `starts`.
    fn ends(&self, text: &[char], starts: Vec<usize>) -> Vec<usize> {
        let mut places = starts;
        for part in &self.parts {
            let mut next = Vec::new();
            for start in places {
                part.ends(text, start, &mut next);
            }
            next.sort_unstable();
            next.dedup();
            places = next;
        }
        places
    }
}

impl Part {
    fn ends(&self, text: &[char], start: usize, ends: &mut Vec<usize>) {
        let c = text.get(start).copied();
        match self {
            Part::Char(expected) if c == Some(*expected) => ends.push(start + 1),
            Part::One if c.is_some_and(|c| c != '/') => ends.push(start + 1),
            Part::Class(ranges, negated)
                if c.is_some_and(|c| ranges.iter().any(|range| (range.0..=range.1).contains(&c)) != *negated) =>
            {
                ends.push(start + 1);
            }
            Part::Segment => {
                let length = text[start..].iter().take_while(|c| **c != '/').count();
                ends.extend(start..=start + length);
            }
            Part::Any => ends.extend(start..=text.len()),
            Part::Choice(choices) => choices.iter().for_each(|choice| ends.extend(choice.ends(text, vec![start]))),
            _ => {}
        }
    }
}

fn class(pattern: &[char], at: &mut usize) -> Option<Part> {
    *at += 1;
    let negated = pattern.get(*at) == Some(&'!');
    if negated {
        *at += 1;
    }
    let mut ranges = Vec::new();
    loop {
        let low = *pattern.get(*at)?;
        if low == ']' && !ranges.is_empty() {
            return Some(Part::Class(ranges, negated));
        }
        let ranged = pattern.get(*at + 1) == Some(&'-') && pattern.get(*at + 2).is_some_and(|c| *c != ']');
        let high = if ranged { *pattern.get(*at + 2)? } else { low };
        ranges.push((low, high));
        *at += if ranged { 3 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_gobwas_does() {
        let table = [
            ("files/*", "files/a.txt", true),
            ("files/*", "files/b/a.txt", false),
            ("**.txt", "files/b/a.txt", true),
            ("{a,b}/?.[!x]", "b/q.y", true),
            ("./x", "x", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(Glob::parse(pattern).unwrap().matches(text), expected, "{pattern}");
        }
    }
}
