//! `search-replace`: other values for the fields that a path, a value or an expression finds.

use manifest::yaml::MAX_DEPTH;
use manifest::{Data, Map, Node, Scalar, Tag, Text};
use regex::Regex;

use crate::skaffold::glob::spans;

/// The arguments of `search-replace`: what to match, and the replacement.
#[derive(Clone, Debug)]
pub(super) struct SearchReplace {
    value: Option<String>,
    expression: Option<Regex>,
    path: Option<Vec<String>>,
    put: Option<String>,
}

impl SearchReplace {
    /// Reads the settings.
    ///
    /// `Err` holds what is wrong with them: an unknown one, an expression that does not parse, no condition.
    pub(super) fn new(values: &[(String, String)]) -> Result<Self, String> {
        let mut made = SearchReplace { value: None, expression: None, path: None, put: None };
        for (name, value) in values {
            match name.as_str() {
                "by-value" => made.value = Some(value.clone()),
                "by-value-regex" => {
                    let expression = Regex::new(&format!("^(?:{value})$")).map_err(|error| error.to_string())?;
                    made.expression = Some(expression);
                }
                "by-path" => made.path = Some(value.split('.').map(str::to_owned).collect()),
                "put-value" => made.put = Some(value.clone()),
                "by-file-path" | "put-comment" => {
                    return Err(format!("unsupported setting `{name}`: manifests have no files and comments here"));
                }
                other => return Err(format!("unknown setting `{other}`")),
            }
        }
        if made.value.is_none() && made.expression.is_none() && made.path.is_none() {
            return Err("missing setting: expected `by-value`, `by-value-regex` or `by-path`".to_owned());
        }
        Ok(made)
    }

    /// Changes the fields of one object. A path without wildcards is created if it is missing.
    pub(super) fn apply(&self, object: &mut Node) {
        let Some(put) = &self.put else { return };
        self.walk(object, &mut Vec::new(), put, MAX_DEPTH);
        let plain = |part: &String| !part.is_empty() && !part.contains(['*', '[']);
        if let (Some(path), None, None) = (&self.path, &self.value, &self.expression)
            && path.iter().all(plain)
        {
            make(object, path, put);
        }
    }

    fn walk(&self, node: &mut Node, path: &mut Vec<String>, put: &str, depth: usize) {
        match &mut node.data {
            Data::Scalar(scalar) => self.replace(scalar, path, put),
            _ if depth == 0 => {}
            Data::Map(map) => {
                for entry in map.entries_mut() {
                    path.push(entry.key.text.to_string());
                    self.walk(&mut entry.value, path, put, depth - 1);
                    path.pop();
                }
            }
            Data::Seq(items) => {
                let Some(name) = path.pop() else { return };
                for (index, item) in items.iter_mut().enumerate() {
                    path.push(format!("{name}[{index}]"));
                    self.walk(item, path, put, depth - 1);
                    path.pop();
                }
                path.push(name);
            }
        }
    }

    fn replace(&self, scalar: &mut Scalar, path: &[String], put: &str) {
        let by_path = self.path.as_ref().is_none_or(|pattern| path_matches(pattern, path));
        let by_value = self.value.as_ref().is_none_or(|value| *value == scalar.text);
        if !by_path || !by_value {
            return;
        }
        let text = match &self.expression {
            Some(expression) if !expression.is_match(&scalar.text) => return,
            Some(expression) => expression.replace(&scalar.text, put).into_owned(),
            None => put.to_owned(),
        };
        scalar.text = Text::from(text);
        scalar.tag = Tag::Implicit;
    }
}

/// Sets the field at a path of names, and creates missing maps.
fn make(object: &mut Node, path: &[String], put: &str) {
    let Some((last, folders)) = path.split_last() else { return };
    let mut here = object;
    for name in folders {
        let Some(map) = here.as_map_mut() else { return };
        here = map.get_or_insert_with(name, || Map::default().into());
    }
    if let Some(map) = here.as_map_mut() {
        map.get_or_insert_with(last, || Scalar::plain(put).into());
    }
}

/// `*` stands for one part of a path, `**` for any number.
fn path_matches(pattern: &[String], path: &[String]) -> bool {
    let pattern: Vec<&str> = pattern.iter().map(String::as_str).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    spans(&pattern, &path, &|expected, part| expected == "*" || part_matches(expected, part))
}

/// `a`, `a[0]`, `a[*]`, `*[0]` and `*[*]`.
fn part_matches(expected: &str, part: &str) -> bool {
    if expected == part {
        return true;
    }
    let (Some((name, index)), Some((expected_name, expected_index))) = (part.split_once('['), expected.split_once('['))
    else {
        return false;
    };
    (expected_name == "*" || expected_name == name) && (expected_index == "*]" || expected_index == index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_with_stars() {
        let split = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let cases = [
            ("a.b.c", "a.b.c", true),
            ("a.*.c", "a.b1.c", true),
            ("a.**.c", "a.b.b.c", true),
            ("a.**.c", "a.c", true),
            ("a.b[*].c", "a.b[1].c", true),
            ("a.b[0].c", "a.b[1].c", false),
            ("spec.**.port", "spec.x.ports", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(path_matches(&split(pattern), &split(path)), expected, "{pattern} {path}");
        }
    }
}
