//! Printing an object as Skaffold does: go-yaml v3 of plain values.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Entry, Node, Scalar};

use super::emit::{self, PreferredStyle, ScalarContext};
use super::order::{self, Rank};
use super::print::{Dialect, Key};
use super::types::{Rules, Value};
use super::{base64, number, resolve};

/// Skaffold's output.
pub(super) struct Skaffold;

impl Dialect for Skaffold {
    const SEQUENCE_INDENT: usize = 2;
    const FOLD: bool = false;

    /// At the root every key is a string; below, other types are kept.
    fn key(entry: &Entry, root: bool) -> Result<Key<'_>, Diagnostic> {
        let refuse = |message: String| Diagnostic::new(message).at(entry.at);
        let key = &entry.key;
        let value = resolve::checked(key, Rules::V3).map_err(refuse)?;
        if value == Value::Null && root {
            return Err(refuse("null is not allowed as a key".to_owned()).hint("put it in quotes if it is a string"));
        }
        let string = root && value != Value::Str;
        let (text, rank) = match value {
            _ if string => (Cow::Borrowed(key.text.as_str()), Rank::String),
            Value::Str => (resolve::string(key).map_err(refuse)?, Rank::String),
            Value::Null => (Cow::Borrowed("null"), Rank::Null),
            Value::Bool(value) => (value.to_string().into(), Rank::Number(f64::from(u8::from(value)))),
            Value::Int(value) => (value.to_string().into(), Rank::Number(value as f64)),
            Value::Uint(value) => (value.to_string().into(), Rank::Number(value as f64)),
            Value::Float(value) => (float(value).into(), Rank::Number(value)),
            Value::Timestamp(time) => (time.into(), Rank::Timestamp),
        };
        Ok(Key { text, rank })
    }

    fn sort(entries: &mut Vec<(Key<'_>, &Node)>) {
        order::sort(entries, Rules::V3, |(key, _)| &key.text);
        if entries.iter().any(|(key, _)| !key.rank.is_string()) {
            entries.sort_by(|(a, _), (b, _)| a.rank.compare(&b.rank));
        }
    }

    fn scalar(out: &mut String, scalar: &Scalar, at: At, context: ScalarContext) -> Result<(), Diagnostic> {
        let refuse = |message: String| Diagnostic::new(message).at(at);
        match resolve::checked(scalar, Rules::V3).map_err(refuse)? {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Value::Int(value) => out.push_str(&value.to_string()),
            Value::Uint(value) => out.push_str(&value.to_string()),
            Value::Float(value) => out.push_str(&float(value)),
            Value::Timestamp(time) => out.push_str(&time),
            Value::Str => match resolve::bytes(scalar).map_err(refuse)? {
                Some(bytes) if std::str::from_utf8(&bytes).is_err() => binary(out, &bytes, context),
                _ => Self::string(out, &resolve::string(scalar).map_err(refuse)?, context),
            },
        }
        Ok(())
    }

    /// go-yaml v3's `stringv`: text that another reader would resolve to another type is in double quotes.
    fn string(out: &mut String, text: &str, context: ScalarContext) {
        let plain = || {
            resolve::implicit(text, Rules::V3) == Value::Str
                && !number::is_base60(text)
                && !matches!(resolve::implicit(text, Rules::V2), Value::Bool(_))
        };
        let style = match text {
            _ if text.contains('\n') => PreferredStyle::Literal,
            _ if plain() => PreferredStyle::Plain,
            _ => PreferredStyle::Double,
        };
        emit::scalar(out, text, style, context, Rules::V3);
    }
}

fn float(value: f64) -> String {
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() }
    } else {
        number::format_g(value)
    }
}

/// Bytes that are not text: base64 under the tag `!!binary`, in lines of 70.
fn binary(out: &mut String, bytes: &[u8], context: ScalarContext) {
    let code = base64::encode(bytes);
    out.push_str("!!binary ");
    if code.len() < 70 {
        emit::scalar(out, &code, PreferredStyle::Plain, context, Rules::V3);
        return;
    }
    let mut lines = String::with_capacity(code.len() + code.len() / 70 + 1);
    for (index, character) in code.char_indices() {
        if index > 0 && index % 70 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines.push('\n');
    emit::scalar(out, &lines, PreferredStyle::Literal, context, Rules::V3);
}
