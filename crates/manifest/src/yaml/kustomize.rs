//! Printing an object as kustomize does: tree to JSON to go-yaml v2.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Entry, Node, Scalar, Style, Tag};

use super::emit::{self, Spot, Wish};
use super::json::no_number;
use super::order::{self, Rank};
use super::print::{Dialect, Key};
use super::{Rules, Value, number, reread, resolve, timestamp};

/// kustomize's output.
pub(super) struct Kustomize;

impl Dialect for Kustomize {
    const SEQUENCE_INDENT: usize = 0;
    const FOLD: bool = true;

    /// The key after its way through JSON. At the root even a number is a key: its text.
    fn key(entry: &Entry, root: bool) -> Result<Key<'_>, Diagnostic> {
        let refuse = |message: String| Diagnostic::new(message).at(entry.at);
        let key = &entry.key;
        let text = match resolve::checked(key, Rules::V3).map_err(refuse)? {
            // go-yaml v3 writes an empty key in quotes and reads it back as a string.
            _ if key.text.is_empty() => Cow::Borrowed(""),
            Value::Str if root || !matches!(key.tag, Tag::Other(_) | Tag::Binary) => string(key, entry.at)?,
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) | Value::Timestamp(_) if root => {
                Cow::Borrowed(key.text.as_str())
            }
            _ => return Err(refuse(format!("the key `{}` is not a string", key.text)).hint("Put it in quotes.")),
        };
        Ok(Key { text, rank: Rank::String })
    }

    fn sort(entries: &mut Vec<(Key<'_>, &Node)>) {
        order::sort(entries, Rules::V2, |(key, _)| &key.text);
    }

    fn scalar(out: &mut String, scalar: &Scalar, at: At, spot: Spot) -> Result<(), Diagnostic> {
        let refuse = |message: String| Diagnostic::new(message).at(at);
        if is_empty_in_flow(scalar) {
            out.push_str("\"\"");
            return Ok(());
        }
        match resolve::checked(scalar, Rules::V3).map_err(refuse)? {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Value::Int(value) => out.push_str(&value.to_string()),
            Value::Uint(value) => out.push_str(&value.to_string()),
            Value::Float(value) if value.is_finite() => out.push_str(&float(value)),
            Value::Float(_) => return Err(no_number(scalar, at)),
            Value::Timestamp(time) => Self::string(out, &time, spot),
            Value::Str => Self::string(out, &string(scalar, at)?, spot),
        }
        Ok(())
    }

    /// go-yaml v2's `stringv`: in double quotes what another reader would take for something else.
    fn string(out: &mut String, text: &str, spot: Spot) {
        let plain = || {
            resolve::implicit(text, Rules::V2) == Value::Str
                && !number::is_base60(text)
                && timestamp::parse(text).is_none()
        };
        let wish = match text {
            _ if text.contains('\n') => Wish::Literal,
            _ if plain() => Wish::Plain,
            _ => Wish::Double,
        };
        emit::scalar(out, text, wish, spot, Rules::V2);
    }
}

/// Whether the reader marked the scalar as an empty one in a flow collection.
fn is_empty_in_flow(scalar: &Scalar) -> bool {
    scalar.text.is_empty() && scalar.tag == Tag::Null && scalar.style == Style::Plain
}

/// A float after its way through JSON, where a whole number becomes an integer.
fn float(value: f64) -> String {
    let json = number::format_json(value);
    match resolve::implicit(&json, Rules::V2) {
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Float(value) => number::format_g(value),
        _ => json,
    }
}

/// A string after its way through YAML and JSON.
fn string(scalar: &Scalar, at: At) -> Result<Cow<'_, str>, Diagnostic> {
    let text = resolve::string(scalar).map_err(|message| Diagnostic::new(message).at(at))?;
    let text = match scalar.style {
        Style::Folded | Style::Literal => reread::block_scalar(text, scalar.style, at)?,
        _ => text,
    };
    reread::json_string(text, at)
}
