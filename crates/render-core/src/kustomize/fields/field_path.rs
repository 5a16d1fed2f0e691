//! Paths of fields with dots, as `replacements` and `vars` write them, and the walks along them (kyaml: `PathGetter`,
//! `PathMatcher`).

use manifest::{Data, Diagnostic, Map, Node, Scalar, Style, Tag};
use regex::Regex;

use super::field_spec::split_path;
use crate::kustomize::object::scalar::{is_null, is_null_node, is_string};
use crate::kustomize::selector::go_regex;

/// The maximum number of bytes of a list element that a diagnostic shows.
const SHOWN: usize = 60;

/// One part of a path.
#[derive(Clone, Debug)]
pub(crate) enum PathPart {
    /// A key of a mapping.
    Field(String),
    /// An element of a list by its index.
    Index(usize),
    /// The elements of a list whose field (or, for an empty field, whose own value) matches an expression.
    Elements {
        /// The field.
        field: String,
        /// The text of the expression.
        text: String,
        /// The expression, or the reason why it is invalid.
        expression: Result<Regex, Diagnostic>,
    },
    /// Every element of a list.
    Every,
    /// A part in brackets without `=`.
    Malformed(String),
}

/// The type of the node that is created for a missing part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A mapping.
    Map,
    /// A list.
    Seq,
    /// A scalar.
    Scalar,
}

impl Missing {
    /// The same as `value` is.
    pub(crate) fn like(value: &Node) -> Self {
        match &value.data {
            Data::Map(_) => Missing::Map,
            Data::Seq(_) => Missing::Seq,
            Data::Scalar(_) => Missing::Scalar,
        }
    }

    fn node(self) -> Node {
        match self {
            Missing::Map => Node::map(),
            Missing::Seq => Vec::new().into(),
            Missing::Scalar => Scalar::plain("").into(),
        }
    }

    /// Returns the type of the node that holds the part `next`.
    fn before(self, next: Option<&PathPart>) -> Self {
        match next {
            None => self,
            Some(PathPart::Index(_) | PathPart::Elements { .. } | PathPart::Malformed(_)) => Missing::Seq,
            Some(PathPart::Field(_) | PathPart::Every) => Missing::Map,
        }
    }
}

impl PathPart {
    /// Parses one part, as [`split_smart`] gives it.
    pub(crate) fn parse(part: &str) -> Self {
        if let Some(index) = index_of(part) {
            return PathPart::Index(index);
        }
        if part == "*" {
            return PathPart::Every;
        }
        if !(part.starts_with('[') && part.ends_with(']')) {
            return PathPart::Field(part.to_owned());
        }
        match element_of(part) {
            Some((field, text)) => PathPart::Elements {
                field: field.to_owned(),
                text: text.to_owned(),
                expression: go_regex::compile(text),
            },
            None => PathPart::Malformed(part.to_owned()),
        }
    }
}

/// A whole number of 0 or more, as Go's `strconv.Atoi` reads it.
fn index_of(part: &str) -> Option<usize> {
    let digits = part.strip_prefix('+').unwrap_or(part);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Field and value of `[field=value]`.
fn element_of(part: &str) -> Option<(&str, &str)> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    inner.strip_prefix('[').unwrap_or(inner).split_once('=')
}

/// Splits a path at its dots; text in brackets is not split, and brackets without `=` are removed.
pub(crate) fn split_smart(path: &str) -> Vec<String> {
    let parts = split_path(path, '.');
    let mut result = Vec::with_capacity(parts.len());
    let mut rest = parts.into_iter();
    while let Some(part) = rest.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut whole = part;
        for next in rest.by_ref() {
            whole.push('.');
            whole.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        let keep = whole.contains('=');
        result.push(if keep { whole } else { whole.trim_matches(['[', ']']).to_owned() });
    }
    result
}

/// Splits as Go's `strings.Split`.
pub(crate) fn split(text: &str, delimiter: &str) -> Vec<String> {
    text.split(delimiter).map(str::to_owned).collect()
}

/// The value at a path; `None` if a part is missing. `[key=value]` takes the first element that has exactly that
/// value, `-` the last element.
///
/// # Errors
/// Returns an error if a part selects an element of a scalar or mapping, or a field of a list.
pub(crate) fn lookup<'a>(node: &'a Node, path: &str) -> Result<Option<&'a Node>, Diagnostic> {
    let parts = split_smart(path);
    let mut found = node;
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match step(found, part)? {
            Some(next) => found = next,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// The value that one part of a path leads to.
///
/// # Errors
/// As [`lookup`].
pub(crate) fn step<'a>(node: &'a Node, part: &str) -> Result<Option<&'a Node>, Diagnostic> {
    if part == "*" {
        return Err(Diagnostic::new("`*` is not allowed in this path").hint("select one element by [key=value]"));
    }
    let wants_list = |node: &'a Node| match &node.data {
        Data::Seq(items) => Ok(&items[..]),
        Data::Scalar(scalar) if is_null(scalar) => Ok(&[][..]),
        _ => Err(Diagnostic::new(format!("expected a list at {part}")).at(node.at)),
    };
    if let Some(index) = index_of(part) {
        return Ok(wants_list(node)?.get(index));
    }
    if part == "-" {
        return Ok(wants_list(node)?.last());
    }
    if part.starts_with('[') && part.ends_with(']') {
        let Some((field, value)) = element_of(part) else { return Err(malformed(part)) };
        let mut items = wants_list(node)?.iter();
        let text = |node: &Node| node.text().unwrap_or_default().to_owned();
        return Ok(items.find(|item| {
            if field.is_empty() { text(item) == value } else { item.get(field).is_some_and(|node| text(node) == value) }
        }));
    }
    match &node.data {
        Data::Map(map) => Ok(map.get(part)),
        Data::Scalar(scalar) if is_null(scalar) => Ok(None),
        _ => Err(no_mapping(node, part)),
    }
}

fn malformed(part: &str) -> Diagnostic {
    Diagnostic::new(format!("invalid list element {part:?}"))
        .hint("write [key=value], or [=value] for lists of scalars")
}

fn no_mapping(node: &Node, part: &str) -> Diagnostic {
    Diagnostic::new(format!("expected a mapping that contains {part:?}")).at(node.at)
}

/// Calls `set` on every value at a path. With `make`, missing parts are created; the last one has the type `make`.
///
/// # Errors
/// Returns an error if a part does not match the type of its node, an index is out of range, or `set` fails.
pub(crate) fn visit(
    node: &mut Node,
    parts: &[PathPart],
    make: Option<Missing>,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some((part, rest)) = parts.split_first() else { return set(node) };
    match part {
        PathPart::Malformed(part) => Err(malformed(part)),
        PathPart::Every => elements(node, "*")?.iter_mut().try_for_each(|item| visit(item, rest, make, set)),
        PathPart::Index(index) => visit_index(node, *index, rest, make, set),
        PathPart::Field(name) => visit_field(node, name, rest, make, set),
        PathPart::Elements { field, text, expression } => {
            let expression = expression.as_ref().map_err(Clone::clone)?;
            let found = visit_matching(node, field, expression, rest, make, set)?;
            if found || make.is_none() {
                return Ok(());
            }
            append(node, element(field, text))?;
            if visit_matching(node, field, expression, rest, make, set)? {
                return Ok(());
            }
            Err(Diagnostic::new(format!(
                "cannot create an element for {text:?}: the expression does not match its own text"
            )))
        }
    }
}

fn elements<'a>(node: &'a mut Node, part: &str) -> Result<&'a mut [Node], Diagnostic> {
    let at = node.at;
    match &mut node.data {
        Data::Seq(items) => Ok(items),
        Data::Scalar(scalar) if is_null(scalar) => Ok(&mut []),
        _ => Err(Diagnostic::new(format!("expected a list at {part}")).at(at)),
    }
}

fn append(node: &mut Node, element: Node) -> Result<(), Diagnostic> {
    match &mut node.data {
        Data::Seq(items) => {
            items.push(element);
            Ok(())
        }
        _ => Err(Diagnostic::new("expected a list to add an element to").at(node.at)),
    }
}

fn element(field: &str, text: &str) -> Node {
    if field.is_empty() {
        return Scalar::plain(text).into();
    }
    let mut map = Map::default();
    map.push(Scalar::plain(field), Scalar::plain(text).into());
    map.into()
}

fn visit_index(
    node: &mut Node,
    index: usize,
    rest: &[PathPart],
    make: Option<Missing>,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let length = elements(node, &index.to_string())?.len();
    if let Some(make) = make
        && length == index
    {
        append(node, make.before(rest.first()).node())?;
    }
    match elements(node, &index.to_string())?.get_mut(index) {
        Some(item) => visit(item, rest, make, set),
        None => Err(Diagnostic::new(format!("index {index} not found: the list has {length} elements")).at(node.at)),
    }
}

fn visit_field(
    node: &mut Node,
    name: &str,
    rest: &[PathPart],
    make: Option<Missing>,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    if is_null_node(node) {
        return Ok(());
    }
    if node.as_map().is_none() {
        return Err(no_mapping(node, name));
    }
    let Some(map) = node.as_map_mut() else { return Ok(()) };
    let field = match make {
        Some(make) => map.get_or_insert_with(name, || make.before(rest.first()).node()),
        None => match map.get_mut(name) {
            Some(field) => field,
            None => return Ok(()),
        },
    };
    if field.as_scalar().is_some() && !rest.is_empty() {
        return inside_text(field, rest, make, set);
    }
    visit(field, rest, make, set)
}

/// A path that continues after a scalar refers to the YAML or JSON in that scalar. What is found there is not set from
/// here (`replacements` sets it where a plain path leads to the scalar), but it counts as found.
fn inside_text(
    field: &Node,
    rest: &[PathPart],
    make: Option<Missing>,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let text = field.text().unwrap_or_default();
    let mut parsed = manifest::yaml::read_stream(text.as_bytes())?.into_iter().next().unwrap_or_default();
    visit(&mut parsed, rest, make, set)
}

fn visit_matching(
    node: &mut Node,
    field: &str,
    expression: &Regex,
    rest: &[PathPart],
    make: Option<Missing>,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<bool, Diagnostic> {
    let mut found = false;
    for item in elements(node, &format!("[{field}={}]", shown(expression)))? {
        let value = if field.is_empty() { Some(&*item) } else { item.get(field) };
        if !value.is_some_and(|value| expression.is_match(&printed(value))) {
            continue;
        }
        if field.is_empty() {
            set(item)?;
            found = true;
        } else {
            visit(item, rest, make, &mut |node| {
                found = true;
                set(node)
            })?;
        }
    }
    Ok(found)
}

fn shown(expression: &Regex) -> &str {
    let text = expression.as_str();
    text.get(..SHOWN).unwrap_or(text)
}

/// A scalar as YAML prints it, quotes included: that is what expressions are matched with.
fn printed(node: &Node) -> String {
    let Some(scalar) = node.as_scalar() else { return String::new() };
    let text = scalar.text.as_str();
    match scalar.style {
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        Style::Double => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Style::Plain if scalar.tag == Tag::Str && !is_string(&Scalar::plain(text)) => format!("\"{text}\""),
        Style::Plain | Style::Literal | Style::Folded => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_dots_outside_of_brackets() {
        assert_eq!(split_smart("a.b\\.c.[d.e].[f=g.h].i"), ["a", "b.c", "d.e", "[f=g.h]", "i"]);
        assert_eq!(split_smart("metadata.annotations.[a.b/c]"), ["metadata", "annotations", "a.b/c"]);
    }
}
