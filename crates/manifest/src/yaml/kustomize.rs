//! Printing an object as kustomize does: tree to JSON to go-yaml v2.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Entry, Node, Scalar, Style, Tag};

use super::emit::{self, PreferredStyle, ScalarContext};
use super::json::not_finite;
use super::order::{self, Rank};
use super::print::{Dialect, Key};
use super::types::{Rules, Value};
use super::{number, reread, resolve, timestamp};

/// kustomize's output.
pub(super) struct Kustomize;

impl Dialect for Kustomize {
    const SEQUENCE_INDENT: usize = 0;
    const FOLD: bool = true;

    /// The key after the conversion to JSON. At the root even a number is a key: its text.
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
            _ => return Err(refuse(format!("key \"{}\" is not a string", key.text)).hint("put it in quotes")),
        };
        Ok(Key { text, rank: Rank::String })
    }

    fn sort(entries: &mut Vec<(Key<'_>, &Node)>) {
        order::sort(entries, Rules::V2, |(key, _)| &key.text);
    }

    fn scalar(out: &mut String, scalar: &Scalar, at: At, context: ScalarContext) -> Result<(), Diagnostic> {
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
            Value::Float(_) => return Err(not_finite(scalar, at)),
            Value::Timestamp(time) => Self::string(out, &time, context),
            Value::Str => Self::string(out, &string(scalar, at)?, context),
        }
        Ok(())
    }

    /// go-yaml v2's `stringv`: text that another reader would resolve to another type is in double quotes.
    fn string(out: &mut String, text: &str, context: ScalarContext) {
        let plain = || {
            resolve::implicit(text, Rules::V2) == Value::Str
                && !number::is_base60(text)
                && timestamp::parse(text).is_none()
        };
        let style = match text {
            _ if text.contains('\n') => PreferredStyle::Literal,
            _ if plain() => PreferredStyle::Plain,
            _ => PreferredStyle::Double,
        };
        emit::scalar(out, text, style, context, Rules::V2);
    }
}

/// Whether the scalar is an empty one of a flow collection, which the reader marks.
fn is_empty_in_flow(scalar: &Scalar) -> bool {
    scalar.text.is_empty() && scalar.tag == Tag::Null && scalar.style == Style::Plain
}

/// A float after the conversion to JSON, where a whole number becomes an integer.
fn float(value: f64) -> String {
    let json = number::format_json(value);
    match resolve::implicit(&json, Rules::V2) {
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Float(value) => number::format_g(value),
        _ => json,
    }
}

/// A string after the conversions to YAML and JSON.
fn string(scalar: &Scalar, at: At) -> Result<Cow<'_, str>, Diagnostic> {
    let text = resolve::string(scalar).map_err(|message| Diagnostic::new(message).at(at))?;
    let text = match scalar.style {
        Style::Folded | Style::Literal => reread::block_scalar(text, scalar.style, at)?,
        _ => text,
    };
    reread::json_string(text, at)
}
