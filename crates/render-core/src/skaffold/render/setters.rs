//! `--set` and `--set-value-file`: values for the fields that a comment `# from-param: ${name}` marks.
//!
//! Source of the rules: Skaffold's `render/applysetters`, which follows kpt's `apply-setters` (comment `# kpt-set: …`).

use std::collections::BTreeMap;

use manifest::yaml::{MAX_DEPTH, read_stream};
use manifest::{Data, Diagnostic, Entry, Map, Node, Scalar, Style, Tag, Text};
use regex::Regex;

/// The comments of one text that mark fields: what follows the marker, by line.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(BTreeMap<u32, String>);

/// The comment that marks a field for Skaffold.
pub(super) const FROM_PARAM: &str = "# from-param: ";

impl Marks {
    /// The marks of a file's text.
    pub(super) fn read(text: &[u8], marker: &str) -> Self {
        let mut found = BTreeMap::new();
        let text = String::from_utf8_lossy(text);
        if text.contains(marker) {
            for (number, line) in (1..).zip(text.lines()) {
                let comment = line.find(marker).filter(|&at| at == 0 || line[..at].ends_with([' ', '\t']));
                if let Some(at) = comment {
                    found.insert(number, line[at + marker.len()..].trim().to_owned());
                }
            }
        }
        Marks(found)
    }

    /// Whether it is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Sets the marked fields of an object read from the marked text. Fields none of whose names has a value stay.
///
/// # Errors
/// A pattern of several names of which some have no value and none can be determined from the present one, and a list whose
/// value is not a list.
pub(super) fn apply(object: &mut Node, marks: &Marks, values: &[(String, String)]) -> Result<(), Diagnostic> {
    if marks.is_empty() || values.is_empty() { Ok(()) } else { walk(object, marks, values, MAX_DEPTH) }
}

fn walk(node: &mut Node, marks: &Marks, values: &[(String, String)], depth: usize) -> Result<(), Diagnostic> {
    let at = node.at;
    match &mut node.data {
        Data::Scalar(scalar) => {
            let Some(pattern) = marks.0.get(&at.line) else { return Ok(()) };
            set_scalar(scalar, pattern, values).map_err(|error| error.at(at))
        }
        _ if depth == 0 => Ok(()),
        Data::Seq(items) => items.iter_mut().try_for_each(|item| walk(item, marks, values, depth - 1)),
        Data::Map(map) => walk_map(map, marks, values, depth - 1),
    }
}

fn walk_map(map: &mut Map, marks: &Marks, values: &[(String, String)], depth: usize) -> Result<(), Diagnostic> {
    for entry in map.entries_mut() {
        let listed = entry.value.as_seq().is_some() && marks.0.contains_key(&entry.at.line);
        if listed {
            set_list(entry, &marks.0[&entry.at.line], values).map_err(|error| error.at(entry.at))?;
        } else {
            walk(&mut entry.value, marks, values, depth)?;
        }
    }
    Ok(())
}

fn set_scalar(scalar: &mut Scalar, pattern: &str, values: &[(String, String)]) -> Result<(), Diagnostic> {
    if !has_setter(pattern, values) {
        return Ok(());
    }
    let mut text = pattern.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    for (name, value) in present_values(pattern, &scalar.text) {
        text = text.replace(&name, &value);
    }
    let open = names(&text);
    if !open.is_empty() {
        return Err(Diagnostic::new(format!("values for setters {} must be provided", open.join(" ")))
            .hint("set each with --set NAME=VALUE or in the file of --set-value-file"));
    }
    scalar.style = if text.is_empty() { Style::Double } else { scalar.style };
    scalar.tag = Tag::Implicit;
    scalar.text = Text::from(text);
    Ok(())
}

fn set_list(entry: &mut Entry, pattern: &str, values: &[(String, String)]) -> Result<(), Diagnostic> {
    if !has_setter(pattern, values) {
        return Ok(());
    }
    if names(pattern).len() != 1 || !pattern.starts_with("${") || !pattern.ends_with('}') {
        return Err(Diagnostic::new(format!("invalid setter pattern for a list: {pattern:?}"))
            .hint("use one setter for a list: `# from-param: ${name}`"));
    }
    let name = &pattern[2..pattern.len() - 1];
    let value = values.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.as_str());
    let items = if value.is_empty() { Some(Vec::new()) } else { read_list(value) };
    let items = items.ok_or_else(|| {
        Diagnostic::new(format!("expected a list as the value of setter {name}, found {value:?}"))
            .hint("write it as `[a, b]`")
    })?;
    entry.value.data = Data::Seq(items);
    Ok(())
}

fn read_list(value: &str) -> Option<Vec<Node>> {
    let mut documents = read_stream(value.as_bytes()).ok()?;
    let Some(Data::Seq(items)) = documents.pop().map(|node| node.data) else { return None };
    Some(items)
}

fn has_setter(pattern: &str, values: &[(String, String)]) -> bool {
    values.iter().any(|(name, _)| pattern.contains(&format!("${{{name}}}")))
}

/// Each `${…}` of a pattern, with its dollar and braces.
fn names(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = pattern;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}') else { break };
        found.push(rest[start..=start + end].to_owned());
        rest = &rest[start + end + 1..];
    }
    found
}

/// Returns the values of a pattern's names in a value that it matches; empty if they cannot be determined.
fn present_values(pattern: &str, value: &str) -> Vec<(String, String)> {
    let names = names(pattern);
    let mut expression = regex::escape(pattern);
    for name in &names {
        expression = expression.replace(&regex::escape(name), "(.*)");
    }
    let Some(found) = Regex::new(&expression).ok().and_then(|expression| expression.captures(value)) else {
        return Vec::new();
    };
    let parts: Vec<&str> = found.iter().skip(1).flatten().map(|part| part.as_str()).collect();
    if parts.len() != names.len() || parts.iter().any(|part| part.is_empty()) {
        return Vec::new();
    }
    names.into_iter().zip(parts.into_iter().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, pattern: &str, values: &[(&str, &str)]) -> Result<String, String> {
        let values: Vec<_> = values.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut scalar = Scalar::plain(text);
        set_scalar(&mut scalar, pattern, &values).map_err(|error| error.message)?;
        Ok(scalar.text.to_string())
    }

    #[test]
    fn names_without_a_value_keep_their_part() {
        assert_eq!(set("nginx:1.0", "${image}:${tag}", &[("tag", "2.0")]), Ok("nginx:2.0".to_owned()));
        assert_eq!(set("nginx", "${other}", &[("tag", "2.0")]), Ok("nginx".to_owned()));
        assert_eq!(
            set("x", "${image}:${tag}", &[("tag", "2")]),
            Err("values for setters ${image} must be provided".to_owned())
        );
    }

    #[test]
    fn marks_are_comments_behind_a_blank() {
        let marks = Marks::read(b"a: b # from-param: ${a}\nc: 'x# from-param: y'\n", FROM_PARAM);
        assert_eq!(marks.0.into_iter().collect::<Vec<_>>(), [(1, "${a}".to_owned())]);
    }
}
