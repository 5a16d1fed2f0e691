//! Paths with captures: `apps/{service}/overlays/{environment}`.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::template::is_placeholder;

/// A path below the config's folder, in which `{name}` captures (a part of) a name, `*` and `?` match within a name, and `**` matches any
/// number of folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    parts: Vec<String>,
    captures: Vec<String>,
}

/// One name of a path, to compare with the names of a folder.
#[derive(Clone, Debug)]
pub enum NameMatcher {
    /// This very name.
    Literal(String),
    /// Any number of folders.
    Folders,
    /// Names that match, with captures.
    Pattern(NamePattern),
}

/// A compiled pattern of names.
#[derive(Clone, Debug)]
pub struct NamePattern {
    regex: Regex,
    hidden: bool,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Unbalanced braces, an invalid or doubled capture in one name, two captures without text between them, a path that leads out.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<String> =
            text.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
        if text.starts_with('/') || parts.iter().any(|part| part == "..") {
            return Err(format!("invalid pattern \"{text}\": it leads out of the folder of hydrant.yaml"));
        }
        let mut captures: Vec<String> = Vec::new();
        for part in &parts {
            let names = captures_of(part).map_err(|why| format!("invalid pattern \"{text}\": {why}"))?;
            for name in names {
                if !captures.contains(&name) {
                    captures.push(name);
                }
            }
        }
        Ok(PathPattern { parts, captures })
    }

    /// The captures, in the order of the path, each once.
    pub fn captures(&self) -> &[String] {
        &self.captures
    }

    /// The names of the path, from its root.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }
}

/// How to match one part of a pattern. A capture that has a value already matches that value alone.
///
/// # Errors
/// A pattern that cannot be compiled.
pub fn name_matcher(part: &str, captured: &BTreeMap<String, String>) -> Result<NameMatcher, String> {
    if part == "**" {
        return Ok(NameMatcher::Folders);
    }
    if !part.contains(['*', '?', '[', '{']) {
        return Ok(NameMatcher::Literal(part.to_owned()));
    }
    let mut expression = String::from("^");
    let mut letters = part.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' => {
                let class: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                expression.push_str(&format!("[{}]", regex_class(&class)));
            }
            '{' => {
                let name: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
                match captured.get(&name) {
                    Some(value) => expression.push_str(&regex::escape(value)),
                    None => expression.push_str(&format!("(?P<{}>.+)", group(&name))),
                }
            }
            other => expression.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push('$');
    let regex = Regex::new(&expression).map_err(|error| format!("invalid pattern \"{part}\": {error}"))?;
    Ok(NameMatcher::Pattern(NamePattern { regex, hidden: part.starts_with('.') }))
}

impl NamePattern {
    /// The captures of a name that matches. Hidden names match only a pattern that begins with a dot.
    pub fn captures(&self, name: &str) -> Option<BTreeMap<String, String>> {
        if name.starts_with('.') && !self.hidden {
            return None;
        }
        let found = self.regex.captures(name)?;
        let names = self.regex.capture_names().flatten();
        Some(names.filter_map(|group| Some((capture(group), found.name(group)?.as_str().to_owned()))).collect())
    }
}

/// A capture's name as the name of a group, which takes no `-`.
fn group(name: &str) -> String {
    name.replace('-', ".")
}

fn capture(group: &str) -> String {
    group.replace('.', "-")
}

fn regex_class(class: &str) -> String {
    let (negated, rest) = match class.strip_prefix('!').or_else(|| class.strip_prefix('^')) {
        Some(rest) => ("^", rest),
        None => ("", class),
    };
    format!("{negated}{}", rest.replace('\\', "\\\\").replace('[', "\\[").replace("&&", "&\\&"))
}

/// The captures of one part, in its order.
fn captures_of(part: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = part;
    let mut after_capture = false;
    while let Some((before, after)) = rest.split_once('{') {
        if before.contains('}') {
            return Err("unmatched `}`".to_owned());
        }
        let (name, tail) = after.split_once('}').ok_or_else(|| "unmatched `{`".to_owned())?;
        if !is_placeholder(name) {
            return Err(format!("invalid capture {{{name}}}: expected a name such as {{service}}"));
        }
        if names.iter().any(|known| known == name) {
            return Err(format!("{{{name}}} is twice in one name"));
        }
        if after_capture && before.is_empty() {
            return Err(format!("no text before {{{name}}} separates it from the capture before it"));
        }
        names.push(name.to_owned());
        (rest, after_capture) = (tail, true);
    }
    if rest.contains('}') {
        return Err("unmatched `}`".to_owned());
    }
    let distinct: BTreeSet<&String> = names.iter().collect();
    debug_assert_eq!(distinct.len(), names.len(), "doubled captures are refused above");
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(part: &str, name: &str, before: &[(&str, &str)]) -> Option<Vec<String>> {
        let before = before.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        match name_matcher(part, &before).unwrap() {
            NameMatcher::Pattern(pattern) => {
                let found = pattern.captures(name)?;
                Some(found.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
            }
            NameMatcher::Literal(literal) => (literal == name).then(Vec::new),
            NameMatcher::Folders => None,
        }
    }

    #[test]
    fn names_are_captured() {
        let some = |list: &[&str]| Some(list.iter().map(|one| (*one).to_owned()).collect());
        assert_eq!(captured("{service}", "cart", &[]), some(&["service=cart"]));
        assert_eq!(captured("values-{environment}.yaml", "values-eu-1.yaml", &[]), some(&["environment=eu-1"]));
        assert_eq!(captured("values-{environment}.yaml", "values.yaml", &[]), None);
        assert_eq!(captured("{service}", ".git", &[]), None);
        assert_eq!(captured("{service}-{service-kind}", "a-b-c", &[]), some(&["service=a-b", "service-kind=c"]));
        assert_eq!(captured("{service}", "web", &[("service", "cart")]), None);
        assert_eq!(captured("{service}", "c.rt", &[("service", "c.rt")]), some(&[]));
        assert_eq!(captured("[a-c]*", "cart", &[]), some(&[]));
        assert_eq!(captured("[!a-c]*", "cart", &[]), None);
        assert_eq!(captured("?art", "cart", &[]), some(&[]));
    }

    #[test]
    fn patterns_that_cannot_match_well_are_refused() {
        for text in ["a/{b", "a}/b", "{a}{b}", "{a}-{a}", "../{a}", "/{a}", "{a,b}", "{}"] {
            assert!(PathPattern::parse(text).is_err(), "{text}");
        }
        let pattern = PathPattern::parse("./{region}//x/{cluster}-{region}").unwrap();
        assert_eq!(pattern.captures(), ["region", "cluster"]);
        assert_eq!(pattern.parts(), ["{region}", "x", "{cluster}-{region}"]);
    }
}
