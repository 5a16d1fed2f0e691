//! Printing an object as kustomize does: tree to JSON to go-yaml v2.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Data, Map, Node, Scalar, Style, Tag};

use super::emit::{self, Spot, Wish};
use super::json::{check_depth, no_number};
use super::{Rules, Value, number, order, reread, resolve};

/// Appends the object to `out`; see [`super::write_kustomize`].
pub(super) fn write(object: &Node, out: &mut String) -> Result<(), Diagnostic> {
    let mut printer = Printer { out, depth: 0 };
    match &object.data {
        Data::Map(map) if !map.is_empty() => printer.map(map, 0, true)?,
        Data::Seq(items) if !items.is_empty() => printer.seq(items, 0, true)?,
        _ => printer.flat(object, 2)?,
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    Ok(())
}

struct Printer<'a> {
    out: &'a mut String,
    depth: usize,
}

impl Printer<'_> {
    /// Writes the entries of a mapping, the first one where the last line ends if `inline`.
    fn map(&mut self, map: &Map, indent: usize, inline: bool) -> Result<(), Diagnostic> {
        let root = self.depth == 0;
        let mut entries = Vec::with_capacity(map.len());
        for entry in map.entries() {
            entries.push((key_text(&entry.key, entry.at, root)?, &entry.value));
        }
        order::sort(&mut entries, Rules::V2, |(key, _)| key);
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 || !inline {
                self.line(indent);
            }
            let simple = key.len() <= 128 && !key.contains(super::analyze::is_break);
            if simple {
                self.string(key, Spot { indent: indent + 2, key: true, fold: true });
                self.out.push(':');
                self.value(value, indent)?;
            } else {
                self.out.push_str("? ");
                self.string(key, Spot { indent: indent + 2, key: false, fold: true });
                self.line(indent);
                self.out.push_str(": ");
                self.nested(value, indent + 2)?;
            }
        }
        Ok(())
    }

    /// Writes the items of a sequence, the first one where the last line ends if `inline`.
    fn seq(&mut self, items: &[Node], indent: usize, inline: bool) -> Result<(), Diagnostic> {
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !inline {
                self.line(indent);
            }
            self.out.push_str("- ");
            self.nested(item, indent + 2)?;
        }
        Ok(())
    }

    /// Writes the value behind `key:`.
    fn value(&mut self, node: &Node, indent: usize) -> Result<(), Diagnostic> {
        self.descend(node)?;
        match &node.data {
            Data::Map(map) if !map.is_empty() => self.map(map, indent + 2, false)?,
            Data::Seq(items) if !items.is_empty() => self.seq(items, indent, false)?,
            _ => {
                self.out.push(' ');
                self.flat(node, indent + 2)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes a node behind `- `, `? ` or `: `, on the same line.
    fn nested(&mut self, node: &Node, indent: usize) -> Result<(), Diagnostic> {
        self.descend(node)?;
        match &node.data {
            Data::Map(map) if !map.is_empty() => self.map(map, indent, true)?,
            Data::Seq(items) if !items.is_empty() => self.seq(items, indent, true)?,
            _ => self.flat(node, indent)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn descend(&mut self, node: &Node) -> Result<(), Diagnostic> {
        self.depth += 1;
        check_depth(self.depth, node.at)
    }

    /// Writes a scalar or an empty collection.
    fn flat(&mut self, node: &Node, indent: usize) -> Result<(), Diagnostic> {
        match &node.data {
            Data::Map(_) => self.out.push_str("{}"),
            Data::Seq(_) => self.out.push_str("[]"),
            Data::Scalar(scalar) => self.scalar(scalar, node.at, indent)?,
        }
        Ok(())
    }

    /// Starts a new line.
    fn line(&mut self, indent: usize) {
        if !self.out.is_empty() && !self.out.ends_with(super::analyze::is_break) {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn scalar(&mut self, scalar: &Scalar, at: At, indent: usize) -> Result<(), Diagnostic> {
        let refuse = |message: String| Diagnostic::new(message).at(at);
        if is_empty_in_flow(scalar) {
            self.out.push_str("\"\"");
            return Ok(());
        }
        let number = match resolve::checked(scalar, Rules::V3).map_err(refuse)? {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Uint(value) => value.to_string(),
            Value::Float(value) if value.is_finite() => float(value),
            Value::Float(_) => return Err(no_number(scalar, at)),
            Value::Timestamp(time) => time,
            Value::Str => {
                let text = string(scalar, at)?;
                self.string(&text, Spot { indent, key: false, fold: true });
                return Ok(());
            }
        };
        if number.contains('T') {
            self.string(&number, Spot { indent, key: false, fold: true });
        } else {
            self.out.push_str(&number);
        }
        Ok(())
    }

    /// Writes a string as go-yaml v2's encoder does (`stringv`).
    fn string(&mut self, text: &str, spot: Spot) {
        let wish = if text.contains('\n') {
            Wish::Literal
        } else if super::reads_as_string(text) {
            Wish::Plain
        } else {
            Wish::Double
        };
        emit::scalar(self.out, text, wish, spot);
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

/// A key after its way through JSON. At the root even a number is a key: its text.
fn key_text(key: &Scalar, at: At, root: bool) -> Result<Cow<'_, str>, Diagnostic> {
    let refuse = |message: String| Diagnostic::new(message).at(at);
    if key.text.is_empty() {
        return Ok(Cow::Borrowed(""));
    }
    match resolve::checked(key, Rules::V3).map_err(refuse)? {
        Value::Str => string(key, at),
        Value::Null => {
            Err(Diagnostic::new("a key is null").at(at).hint("Put it in quotes if it is meant as a string."))
        }
        _ if root => Ok(Cow::Borrowed(&key.text)),
        _ => Err(Diagnostic::new(format!("the key `{}` is not a string", key.text)).at(at).hint("Put it in quotes.")),
    }
}
