//! The strict check of a document against one version, which also gives every scalar the type that its field has.
//!
//! Source: Skaffold decodes with go-yaml v3 and `KnownFields`, after a round trip through plain values. What comes out
//! here is the tree that Skaffold would write back: nulls and empty values are gone (Go's `omitempty`), strings are
//! strings, nested keys of a `flat` field are joined.

use std::fmt::Write;

use manifest::node::Entry;
use manifest::yaml::{Rules, Value, resolve};
use manifest::{At, Data, Diagnostic, Errors, Map, Node, Scalar, Style, Tag};

use super::fields::{Fields, Kind};

/// Deeper nesting than any version has; only `customTemplate` can nest in itself.
const DEEPEST: usize = 64;

/// A document in the shape of one version.
#[derive(Debug)]
pub(super) struct Checked {
    /// The typed tree.
    pub tree: Map,
    /// Warnings about ignored fields.
    pub warnings: Vec<Diagnostic>,
}

/// Checks the document `node` against `version` and types its scalars.
///
/// # Errors
/// Every unknown field and every value of a wrong type.
pub(super) fn check(fields: &Fields, version: usize, node: &Node) -> Result<Checked, Errors> {
    let mut check = Check { fields, version, path: String::new(), errors: Vec::new(), warnings: Vec::new() };
    let tree = check.structure("SkaffoldConfig", node, 0);
    Errors::check(check.errors)?;
    Ok(Checked { tree, warnings: check.warnings })
}

/// Types the tree again by the newest version after it was patched: fields that it does not have are dropped with a
/// warning, as Skaffold (which decodes a patched config without the strict check) drops it silently.
///
/// # Errors
/// Values of a wrong type.
pub(super) fn recheck(fields: &Fields, tree: &Map) -> Result<Checked, Errors> {
    let mut check =
        Check { fields, version: fields.newest(), path: String::new(), errors: Vec::new(), warnings: Vec::new() };
    let node = Node::from(tree.clone());
    let tree = check.structure("SkaffoldConfig", &node, 0);
    let (unknown, wrong): (Vec<_>, Vec<_>) = check.errors.into_iter().partition(|one| one.message.starts_with(UNKNOWN));
    Errors::check(wrong)?;
    let ignored = |one: Diagnostic| Diagnostic { message: format!("{}, ignored as in Skaffold", one.message), ..one };
    Ok(Checked { tree, warnings: unknown.into_iter().map(ignored).collect() })
}

const UNKNOWN: &str = "unknown field";

struct Check<'a> {
    fields: &'a Fields,
    version: usize,
    path: String,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Check<'_> {
    fn structure(&mut self, type_name: &'static str, node: &Node, depth: usize) -> Map {
        let mut typed = Map::default();
        if depth > DEEPEST {
            self.wrong(node.at, format!("is nested more than {DEEPEST} levels deep"));
            return typed;
        }
        let Some(map) = node.as_map() else {
            self.mismatch(node, "a mapping");
            return typed;
        };
        for entry in map.entries() {
            let mark = self.path.len();
            self.enter(&entry.key.text);
            match self.fields.get(type_name, &entry.key.text, self.version) {
                Some(field) => {
                    let value = self.value(&field.kind, &entry.value, depth);
                    if let Some(value) = value.filter(|value| field.pointer || !is_empty(value)) {
                        typed.entries_mut().push(Entry { key: entry.key.clone(), at: entry.at, value });
                    }
                }
                None => self.unknown(type_name, entry),
            }
            self.path.truncate(mark);
        }
        typed
    }

    /// The typed value; `None` if it is null or of the wrong type.
    fn value(&mut self, kind: &Kind, node: &Node, depth: usize) -> Option<Node> {
        if is_null(node) {
            return None;
        }
        let data = match kind {
            Kind::String => self.scalar(node, "text").map(|scalar| Data::Scalar(Scalar::string(plain_text(scalar)))),
            Kind::Bool => self.boolean(node),
            Kind::Int => self.integer(node),
            Kind::Any => Some(node.data.clone()),
            Kind::Object => self.mapping(node).map(|map| Data::Map(map.clone())),
            Kind::Flat => self.mapping(node).map(|map| Data::Map(flatten(map))),
            Kind::List(inner) => self.list(inner, node, depth),
            Kind::Map { nulls } => self.texts(node, *nulls),
            Kind::Struct(name) => Some(Data::Map(self.structure(name, node, depth + 1))),
        }?;
        Some(Node { data, at: node.at })
    }

    fn list(&mut self, inner: &Kind, node: &Node, depth: usize) -> Option<Data> {
        let Some(items) = node.as_seq() else {
            self.mismatch(node, "a list");
            return None;
        };
        let mut typed = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let mark = self.path.len();
            let _ = write!(self.path, "[{index}]");
            if is_null(item) {
                self.warn(item.at, "empty entry is omitted, as in Skaffold");
            }
            typed.extend(self.value(inner, item, depth));
            self.path.truncate(mark);
        }
        Some(Data::Seq(typed))
    }

    fn texts(&mut self, node: &Node, nulls: bool) -> Option<Data> {
        let mut typed = Map::default();
        for entry in self.mapping(node)?.entries() {
            let mark = self.path.len();
            self.enter(&entry.key.text);
            let value = match self.value(&Kind::String, &entry.value, 0) {
                None if nulls && is_null(&entry.value) => Some(Scalar::null().into()),
                None if is_null(&entry.value) => Some(Node::string("")),
                other => other,
            };
            if let Some(value) = value {
                let key = Scalar::string(plain_text(&entry.key));
                typed.entries_mut().push(Entry { key, at: entry.at, value });
            }
            self.path.truncate(mark);
        }
        Some(Data::Map(typed))
    }

    fn boolean(&mut self, node: &Node) -> Option<Data> {
        let scalar = self.scalar(node, "true or false")?;
        let value = match resolve(scalar, Rules::V3) {
            Value::Bool(value) => Some(value),
            Value::Str => match scalar.text.as_str() {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if value.is_none() {
            self.mismatch(node, "true or false");
        }
        value.map(|value| Data::Scalar(Scalar::plain(if value { "true" } else { "false" })))
    }

    fn integer(&mut self, node: &Node) -> Option<Data> {
        let scalar = self.scalar(node, "an integer")?;
        let text = match resolve(scalar, Rules::V3) {
            Value::Int(value) => Some(value.to_string()),
            Value::Uint(value) => Some(value.to_string()),
            // go-yaml cuts a fraction off; a number that is whole stays what it is.
            Value::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e18 => Some(format!("{value:.0}")),
            _ => None,
        };
        if text.is_none() {
            self.mismatch(node, "an integer");
        }
        text.map(|text| Data::Scalar(Scalar::plain(text)))
    }

    fn scalar<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n Scalar> {
        if node.as_scalar().is_none() {
            self.mismatch(node, expected);
        }
        node.as_scalar()
    }

    fn mapping<'n>(&mut self, node: &'n Node) -> Option<&'n Map> {
        if node.as_map().is_none() {
            self.mismatch(node, "a mapping");
        }
        node.as_map()
    }

    fn enter(&mut self, key: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
    }

    fn unknown(&mut self, type_name: &str, entry: &Entry) {
        let name = entry.key.text.as_str();
        if self.fields.lenient(type_name, self.version) {
            return self.warn(entry.at, "unknown field is ignored, as in Skaffold");
        }
        let version = self.fields.name(self.version);
        let hint = match self.fields.spans(type_name, name) {
            Some(spans) => format!("`{name}` exists in {spans}: change apiVersion, or remove it"),
            None => self.suggestion(type_name, name),
        };
        let at = if entry.at == At::default() { entry.value.at } else { entry.at };
        self.wrong(at, format!("{UNKNOWN} in skaffold/{version}"));
        if let Some(last) = self.errors.last_mut() {
            last.hints.push(hint);
        }
    }

    fn suggestion(&self, type_name: &str, name: &str) -> String {
        let known: Vec<&str> = self.fields.of(type_name, self.version).map(|field| field.name).collect();
        let near = known.iter().map(|known| (distance(known, name), *known)).min();
        match near {
            Some((distance, near)) if distance <= 2 && distance * 2 < name.len() => {
                format!("use `{near}`")
            }
            _ if known.is_empty() => "remove the field: nothing is allowed here".to_owned(),
            _ => format!("use one of {}", known.join(", ")),
        }
    }

    fn mismatch(&mut self, node: &Node, expected: &str) {
        let found = match &node.data {
            Data::Map(_) => "a mapping".to_owned(),
            Data::Seq(_) => "a list".to_owned(),
            Data::Scalar(scalar) => format!("`{}`", scalar.text.chars().take(40).collect::<String>()),
        };
        self.wrong(node.at, format!("expected {expected}, found {found}"));
    }

    fn wrong(&mut self, at: At, message: impl Into<String>) {
        self.errors.push(Diagnostic::new(message).at(at).field(self.path.clone()));
    }

    fn warn(&mut self, at: At, message: &str) {
        self.warnings.push(Diagnostic::new(message).at(at).field(self.path.clone()));
    }
}

/// Whether the node is null.
pub(super) fn is_null(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| resolve(scalar, Rules::V3) == Value::Null)
}

/// Whether Go's `omitempty` omits a typed value.
fn is_empty(node: &Node) -> bool {
    match &node.data {
        Data::Map(map) => map.is_empty(),
        Data::Seq(items) => items.is_empty(),
        Data::Scalar(scalar) if scalar.tag == Tag::Implicit && scalar.style == Style::Plain => {
            matches!(scalar.text.as_str(), "false" | "0" | "")
        }
        Data::Scalar(scalar) => scalar.text.is_empty(),
    }
}

/// Returns the value of a scalar in a text field: as go-yaml writes it, so `1.10` is `1.1` and `0x10` is `16`.
pub(super) fn plain_text(scalar: &Scalar) -> String {
    match resolve(scalar, Rules::V3) {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Float(value) => float_text(value),
        Value::Timestamp(text) => text,
        Value::Str => scalar.text.to_string(),
    }
}

/// A float as go-yaml writes it: Go's `FormatFloat` with `g` and the shortest precision.
fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+.inf" } else { "-.inf" }.to_owned();
    }
    let spelled = format!("{value:e}");
    let (digits, exponent) = spelled.split_once('e').unwrap_or((&spelled, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Nested keys joined by dots, list indices in brackets, values as text. Source: Skaffold's `FlatMap`.
fn flatten(map: &Map) -> Map {
    let mut flat = Map::default();
    let mut waiting: Vec<(String, &Node)> = named(map, "").rev().collect();
    while let Some((key, node)) = waiting.pop() {
        match &node.data {
            Data::Map(map) => waiting.extend(named(map, &format!("{key}.")).rev()),
            Data::Seq(items) => {
                waiting.extend(items.iter().enumerate().map(|(index, item)| (format!("{key}[{index}]"), item)).rev());
            }
            Data::Scalar(scalar) => {
                let text = flat_text(scalar);
                flat.set(&key, Node { at: node.at, ..Node::string(text) });
            }
        }
    }
    flat
}

/// Returns a value as Go's `%v` prints it: null is `<nil>`, and a time has Go's default layout.
fn flat_text(scalar: &Scalar) -> String {
    match resolve(scalar, Rules::V3) {
        Value::Null => "<nil>".to_owned(),
        Value::Timestamp(text) => {
            let (date, rest) = text.split_once('T').unwrap_or((&text, "00:00:00Z"));
            let (time, zone) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
            let zone = if zone == "Z" { "+0000 UTC".to_owned() } else { [zone.replace(':', "").as_str(); 2].join(" ") };
            format!("{date} {time} {zone}")
        }
        _ => plain_text(scalar),
    }
}

fn named<'n>(map: &'n Map, prefix: &str) -> impl DoubleEndedIterator<Item = (String, &'n Node)> {
    map.entries().iter().map(move |entry| (format!("{prefix}{}", plain_text(&entry.key)), &entry.value))
}

/// Returns the edit distance: the number of letters to add, remove or change to make one name the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, expected) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter != *expected);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
