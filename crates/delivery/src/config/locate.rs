//! The position of a field in the text of a `hydrant.yaml`.

use manifest::image_search::{Step, field};
use manifest::yaml::read_stream;
use manifest::{At, Data, Diagnostic, Node};

/// The position of the value of a field, such as `environments`, `production`, `images`; of the last part that exists if the field is
/// inherited. Absent if the text is not YAML or has none of the parts.
pub fn locate(text: &str, field: &[&str]) -> Option<At> {
    let documents = read_stream(text.as_bytes()).ok()?;
    let mut node: &Node = documents.first()?;
    let mut found = None;
    for part in field {
        let Some(next) = node.get(part) else { break };
        node = next;
        found = Some(node.at);
    }
    found
}

/// The position of a field that is written as in messages: `services[0].namespace`, `environments.production.after`. Of the last part that
/// exists, as by [`locate`]. Keys may contain dots.
pub fn locate_field(text: &str, field: &str) -> Option<At> {
    let documents = read_stream(text.as_bytes()).ok()?;
    let mut node: &Node = documents.first()?;
    let (mut rest, mut found) = (field, None);
    while let Some(next) = next_part(node, rest) {
        (node, rest) = (next.node, next.rest);
        found = Some(node.at);
    }
    found
}

/// The value of the first part of a field, and the parts that follow.
struct Part<'a> {
    node: &'a Node,
    rest: &'a str,
}

fn next_part<'a>(node: &'a Node, field: &'a str) -> Option<Part<'a>> {
    if let Some((index, rest)) = field.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Some(Part { node: node.as_seq()?.get(index.parse::<usize>().ok()?)?, rest });
    }
    let field = field.trim_start_matches('.');
    let follows = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
    let fits = |key: &str| !key.is_empty() && field.strip_prefix(key).is_some_and(follows);
    let keys = node.as_map()?.entries().iter().filter(|entry| fits(entry.key.text.as_str()));
    let entry = keys.max_by_key(|entry| entry.key.text.len())?;
    Some(Part { node: &entry.value, rest: &field[entry.key.text.len()..] })
}

/// Adds the field at the position of a finding about a wrong type, and what was found there.
pub(super) fn with_field(text: &str, finding: Diagnostic) -> Diagnostic {
    let expected = match finding.message.strip_prefix("expected ") {
        Some("string scalar") => "a string",
        Some("mapping start") => "a mapping",
        Some("sequence start") => "a list",
        _ => return finding,
    };
    let documents = read_stream(text.as_bytes()).unwrap_or_default();
    let Some(FieldValue { field, kind }) = documents.iter().find_map(|document| value_at(document, finding.at)) else {
        return finding;
    };
    Diagnostic { message: format!("expected {expected}, found {kind}"), ..finding.field(field) }
}

/// A value in the config.
struct FieldValue {
    field: String,
    kind: &'static str,
}

fn value_at(node: &Node, at: At) -> Option<FieldValue> {
    fn search(node: &Node, at: At, path: &mut Vec<Step>) -> bool {
        let is_here = node.at == at && !path.is_empty();
        let items = node.as_seq().into_iter().flatten().enumerate().map(|(index, item)| (Step::Index(index), item));
        let entries = node.as_map().into_iter().flat_map(|map| map.entries());
        let entries = entries.map(|entry| (Step::Key(entry.key.text.clone()), &entry.value));
        is_here
            || items.chain(entries).any(|(step, inner)| {
                path.push(step);
                let is_found = search(inner, at, path);
                if !is_found {
                    path.pop();
                }
                is_found
            })
    }
    let mut path = Vec::new();
    if !search(node, at, &mut path) {
        return None;
    }
    let found = path.iter().try_fold(node, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.as_seq()?.get(*index),
    })?;
    let kind = match &found.data {
        Data::Map(_) => "a mapping",
        Data::Seq(_) => "a list",
        Data::Scalar(_) => "a scalar",
    };
    Some(FieldValue { field: field(&path), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_types_are_named_with_their_field() {
        let finding = |line, column| Diagnostic::new("expected string scalar").at(At { line, column });
        let found = with_field("a: {b: [x, {c: {}}]}\n", finding(1, 16));
        assert_eq!(
            (found.message.as_str(), found.field.as_deref()),
            ("expected a string, found a mapping", Some("a.b[1].c"))
        );
        assert_eq!(with_field("a: 1\n", finding(7, 7)).message, "expected string scalar");
    }

    #[test]
    fn fields_and_their_parents_are_found() {
        let text = "a: 1\nenvironments:\n  production: {images: promoted}\n";
        let at = |field: &[&str]| locate(text, field).map(|at| (at.line, at.column));
        assert_eq!(at(&["environments", "production", "images"]), Some((3, 24)));
        assert_eq!(at(&["environments", "production", "after"]), Some((3, 15)));
        assert_eq!((at(&["b"]), locate("a: [", &["a"])), (None, None));
        let text = "services:\n- path: a\n- path: b\n  helm: {values: x}\nenvironments:\n  v1.2: {after: x}\n";
        let at = |field: &str| locate_field(text, field).map(|at| (at.line, at.column));
        assert_eq!((at("services[1].helm.values"), at("services[1].name")), (Some((4, 18)), Some((3, 3))));
        assert_eq!((at("environments.v1.2.after"), at("environments.v1.2")), (Some((6, 17)), Some((6, 9))));
        assert_eq!((at("services[7]"), at("x"), at("")), (Some((2, 1)), None, None));
    }
}
