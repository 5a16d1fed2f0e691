//! Printing an object as Skaffold does: go-yaml v3 of plain values.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Entry, Node, Scalar};

use super::emit::{self, Spot, Wish};
use super::order::{self, Rank};
use super::print::{Dialect, Key};
use super::{Rules, Value, base64, number, resolve};

/// Skaffold's output.
pub(super) struct Skaffold;

impl Dialect for Skaffold {
    const SEQUENCE_INDENT: usize = 2;
    const FOLD: bool = false;

    /// At the root every key is a string; further in, other types stay what they are.
    fn key(entry: &Entry, root: bool) -> Result<Key<'_>, Diagnostic> {
        let refuse = |message: String| Diagnostic::new(message).at(entry.at);
        let key = &entry.key;
        let value = resolve::checked(key, Rules::V3).map_err(refuse)?;
        if value == Value::Null && root {
            return Err(refuse("a key is null".to_owned()).hint("Put it in quotes if it is meant as a string."));
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

    fn scalar(out: &mut String, scalar: &Scalar, at: At, spot: Spot) -> Result<(), Diagnostic> {
        let refuse = |message: String| Diagnostic::new(message).at(at);
        match resolve::checked(scalar, Rules::V3).map_err(refuse)? {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Value::Int(value) => out.push_str(&value.to_string()),
            Value::Uint(value) => out.push_str(&value.to_string()),
            Value::Float(value) => out.push_str(&float(value)),
            Value::Timestamp(time) => out.push_str(&time),
            Value::Str => match resolve::bytes(scalar).map_err(refuse)? {
                Some(bytes) if std::str::from_utf8(&bytes).is_err() => binary(out, &bytes, spot),
                _ => Self::string(out, &resolve::string(scalar).map_err(refuse)?, spot),
            },
        }
        Ok(())
    }

    /// go-yaml v3's `stringv`: in double quotes what another reader would take for something else.
    fn string(out: &mut String, text: &str, spot: Spot) {
        let plain = || {
            resolve::implicit(text, Rules::V3) == Value::Str
                && !number::is_base60(text)
                && !matches!(resolve::implicit(text, Rules::V2), Value::Bool(_))
        };
        let wish = match text {
            _ if text.contains('\n') => Wish::Literal,
            _ if plain() => Wish::Plain,
            _ => Wish::Double,
        };
        emit::scalar(out, text, wish, spot, Rules::V3);
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

/// Bytes that are no text: base64 under the tag `!!binary`, in lines of 70.
fn binary(out: &mut String, bytes: &[u8], spot: Spot) {
    let code = base64::encode(bytes);
    out.push_str("!!binary ");
    if code.len() < 70 {
        emit::scalar(out, &code, Wish::Plain, spot, Rules::V3);
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
    emit::scalar(out, &lines, Wish::Literal, spot, Rules::V3);
}
