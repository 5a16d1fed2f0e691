//! The values of scalars, and what two values have in common.

use std::borrow::Cow;

use manifest::yaml::{self, Rules, Value};
use manifest::{Data, Node, Scalar};

/// The value of a scalar, as JSON has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Typed<'a> {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(&'a str),
}

impl<'a> Typed<'a> {
    /// The value of a scalar. A timestamp is a text.
    pub(super) fn of(scalar: &'a Scalar, rules: Rules) -> Self {
        match yaml::resolve(scalar, rules) {
            Value::Null => Typed::Null,
            Value::Bool(value) => Typed::Bool(value),
            Value::Int(value) => Typed::Int(i128::from(value)),
            Value::Uint(value) => Typed::Int(i128::from(value)),
            Value::Float(value) => Typed::Float(value),
            Value::Str | Value::Timestamp(_) => Typed::Text(scalar.text.as_str()),
        }
    }

    /// The number, whatever its type.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Typed::Int(value) => Some(*value as f64),
            Typed::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The value as messages show it: a type with its article and the value, if it is short.
    pub(super) fn shown(&self) -> String {
        match self {
            Typed::Null => "null".to_owned(),
            Typed::Bool(value) => format!("the boolean {value}"),
            Typed::Int(value) => format!("the integer {value}"),
            Typed::Float(value) => format!("the number {value}"),
            Typed::Text(text) => format!("the string {}", quoted(text)),
        }
    }
}

/// A text in quotes, shortened if it is long.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

/// Whether a node is null.
pub(super) fn is_null(node: &Node, rules: Rules) -> bool {
    matches!(&node.data, Data::Scalar(scalar) if Typed::of(scalar, rules) == Typed::Null)
}

/// What a node is, for messages.
pub(super) fn shown(node: &Node, rules: Rules) -> String {
    match &node.data {
        Data::Map(_) => "a mapping".to_owned(),
        Data::Seq(_) => "a list".to_owned(),
        Data::Scalar(scalar) => Typed::of(scalar, rules).shown(),
    }
}

/// A text that two nodes have in common if and only if they are equal as JSON, whatever the order of fields.
pub(super) fn canonical(node: &Node, rules: Rules) -> String {
    let mut out = String::new();
    write_canonical(node, rules, &mut out);
    out
}

fn write_canonical(node: &Node, rules: Rules, out: &mut String) {
    match &node.data {
        Data::Map(map) => {
            let mut entries: Vec<_> = map.entries().iter().collect();
            entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
            out.push('{');
            for entry in entries {
                out.push_str(&format!("{:?}:", entry.key.text));
                write_canonical(&entry.value, rules, out);
                out.push(',');
            }
            out.push('}');
        }
        Data::Seq(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, rules, out);
                out.push(',');
            }
            out.push(']');
        }
        Data::Scalar(scalar) => out.push_str(&scalar_text(&Typed::of(scalar, rules))),
    }
}

fn scalar_text(value: &Typed<'_>) -> Cow<'static, str> {
    match value {
        Typed::Null => Cow::Borrowed("null"),
        Typed::Bool(value) => Cow::Owned(value.to_string()),
        Typed::Int(value) => Cow::Owned(value.to_string()),
        Typed::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => Cow::Owned(format!("{value:.0}")),
        Typed::Float(value) => Cow::Owned(value.to_string()),
        Typed::Text(text) => Cow::Owned(format!("{text:?}")),
    }
}
