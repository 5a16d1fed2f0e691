//! From a YAML tree to a typed value, with the rules by which kustomize reads its own files.
//!
//! kustomize turns YAML 1.1 into JSON and decodes that with Go's `encoding/json`: field names match without regard to
//! case, `null` leaves a field as it was, and a number is not a string. kustomization.yaml refuses fields it does not
//! know; the configurations of plugins ignore them and take a number or boolean where a string is expected
//! (`sigs.k8s.io/yaml`).

use std::collections::BTreeMap;

use manifest::yaml::{Rules, Value, resolve};
use manifest::{At, Data, Diagnostic, Node, Scalar};

use crate::kustomize::nearest::nearest;

/// How strictly a file is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Unknown fields are refused, a number is not a string: kustomization.yaml.
    Strict,
    /// Unknown fields are ignored, numbers and booleans become strings: plugin configurations.
    Lenient,
    /// Unknown fields are refused, numbers and booleans become strings: the files that `configurations` names.
    StrictFields,
}

/// A value that can be decoded from a tree.
pub(super) trait Decode: Default {
    /// Decodes `node`; `null` gives the default.
    ///
    /// # Errors
    /// A value of another type, or an unknown field where that is refused, with its place and field.
    fn decode(node: &Node, strictness: Strictness) -> Result<Self, Diagnostic>;
}

/// Puts `name` before the field that `found` already names.
pub(super) fn in_field(name: &str, mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.field = Some(match diagnostic.field.take() {
        Some(inner) if inner.starts_with('[') => format!("{name}{inner}"),
        Some(inner) => format!("{name}.{inner}"),
        None => name.to_owned(),
    });
    diagnostic
}

/// The description of a node's type for a message.
fn describe(node: &Node) -> &'static str {
    match &node.data {
        Data::Map(_) => "a mapping",
        Data::Seq(_) => "a list",
        Data::Scalar(scalar) => match resolve(scalar, Rules::V2) {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "a number",
            Value::Str | Value::Timestamp(_) => "a string",
        },
    }
}

/// Returns the error for a node of another type than expected.
pub(super) fn mismatch(node: &Node, expected: &str) -> Diagnostic {
    let found = describe(node);
    let diagnostic = Diagnostic::new(format!("expected {expected}, found {found}")).at(node.at);
    match (expected, found) {
        ("a string", "a number" | "a boolean") => diagnostic.hint("put the value in quotes"),
        ("a list", _) => diagnostic.hint("write each entry on its own line after `- `"),
        ("a mapping", _) => diagnostic.hint("write its fields as `key: value`, one per line"),
        ("a whole number" | "true or false", "a string") => diagnostic.hint("write the value without quotes"),
        _ => diagnostic,
    }
}

/// Whether the node is a null by the rules of YAML 1.1.
pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar(scalar) if resolve(scalar, Rules::V2) == Value::Null)
}

/// A mapping's key as JSON has it: numbers and booleans become their JSON text.
pub(super) fn key_text(key: &Scalar) -> String {
    match resolve(key, Rules::V2) {
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Null => "null".to_owned(),
        Value::Float(_) | Value::Str | Value::Timestamp(_) => key.text.to_string(),
    }
}

/// The entries of a mapping; none where the node is null.
///
/// # Errors
/// Returns an error if the node is neither.
pub(super) fn entries(node: &Node) -> Result<&[manifest::Entry], Diagnostic> {
    match &node.data {
        Data::Map(map) => Ok(map.entries()),
        _ if is_null(node) => Ok(&[]),
        _ => Err(mismatch(node, "a mapping")),
    }
}

/// The error that a field is not one of `known`.
pub(super) fn unknown_field(entry: &manifest::Entry, known: &[&str]) -> Diagnostic {
    let name = key_text(&entry.key);
    let diagnostic = Diagnostic::new("unknown field").at(entry.at).field(name.clone());
    match nearest(&name, known.iter().copied()) {
        Some(near) => diagnostic.hint(format!("use `{near}`")),
        None => diagnostic.hint("remove the field"),
    }
}

impl Decode for String {
    fn decode(node: &Node, strictness: Strictness) -> Result<Self, Diagnostic> {
        let Data::Scalar(scalar) = &node.data else { return Err(mismatch(node, "a string")) };
        match resolve(scalar, Rules::V2) {
            Value::Null => Ok(String::new()),
            Value::Str | Value::Timestamp(_) => Ok(scalar.text.to_string()),
            _ if strictness == Strictness::Strict => Err(mismatch(node, "a string")),
            Value::Bool(yes) => Ok(yes.to_string()),
            Value::Int(number) => Ok(number.to_string()),
            Value::Uint(number) => Ok(number.to_string()),
            Value::Float(number) => Ok(number.to_string()),
        }
    }
}

impl Decode for bool {
    fn decode(node: &Node, _: Strictness) -> Result<Self, Diagnostic> {
        match node.as_scalar().map(|scalar| resolve(scalar, Rules::V2)) {
            Some(Value::Null) => Ok(false),
            Some(Value::Bool(yes)) => Ok(yes),
            _ => Err(mismatch(node, "true or false")),
        }
    }
}

impl Decode for i64 {
    fn decode(node: &Node, _: Strictness) -> Result<Self, Diagnostic> {
        match node.as_scalar().map(|scalar| resolve(scalar, Rules::V2)) {
            Some(Value::Null) => Ok(0),
            Some(Value::Int(number)) => Ok(number),
            #[expect(clippy::cast_possible_truncation, reason = "whole and far below 2^63")]
            Some(Value::Float(number)) if number.fract() == 0.0 && number.abs() < 1e15 => Ok(number as i64),
            _ => Err(mismatch(node, "a whole number")),
        }
    }
}

impl Decode for Node {
    fn decode(node: &Node, _: Strictness) -> Result<Self, Diagnostic> {
        Ok(node.clone())
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, strictness: Strictness) -> Result<Self, Diagnostic> {
        if is_null(node) { Ok(None) } else { T::decode(node, strictness).map(Some) }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, strictness: Strictness) -> Result<Self, Diagnostic> {
        if is_null(node) {
            return Ok(Vec::new());
        }
        let items = node.as_seq().ok_or_else(|| mismatch(node, "a list"))?;
        let decode = |(index, item)| T::decode(item, strictness).map_err(|e| in_field(&format!("[{index}]"), e));
        items.iter().enumerate().map(decode).collect()
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(node: &Node, strictness: Strictness) -> Result<Self, Diagnostic> {
        let mut map = BTreeMap::new();
        for entry in entries(node)? {
            let key = key_text(&entry.key);
            let value = T::decode(&entry.value, strictness).map_err(|e| in_field(&key, e))?;
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// A string and its position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocatedText {
    /// The string.
    pub text: String,
    /// The position.
    pub at: At,
}

impl Decode for LocatedText {
    fn decode(node: &Node, strictness: Strictness) -> Result<Self, Diagnostic> {
        Ok(LocatedText { text: String::decode(node, strictness)?, at: node.at })
    }
}

/// A part of an id: group, version, kind, name or namespace. kustomize embeds these structs, so a number is not accepted as
/// a string there, while it is in the other fields of plugin configurations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdPart(pub String);

impl Decode for IdPart {
    fn decode(node: &Node, _: Strictness) -> Result<Self, Diagnostic> {
        String::decode(node, Strictness::Strict).map(IdPart)
    }
}

impl std::ops::Deref for IdPart {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl std::fmt::Display for IdPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Declares a struct whose fields are decoded by their names in the file, with its place in `at` and the list of names
/// in `FIELDS`.
macro_rules! decoded {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $( $(#[$field_meta:meta])* $key:literal => $field:ident : $type:ty, )* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        $vis struct $name {
            $( $(#[$field_meta])* $vis $field: $type, )*
            /// Its position in the file.
            #[allow(dead_code, reason = "not every structure is named in messages")]
            $vis at: manifest::At,
        }

        impl $name {
            /// The names of the fields, as they are written.
            $vis const FIELDS: &'static [&'static str] = &[$($key),*];
        }

        impl $crate::kustomize::decode::Decode for $name {
            fn decode(
                node: &manifest::Node,
                strictness: $crate::kustomize::decode::Strictness,
            ) -> Result<Self, manifest::Diagnostic> {
                use $crate::kustomize::decode::{Decode, Strictness, entries, in_field, is_null, unknown_field};
                let mut decoded = $name { at: node.at, ..$name::default() };
                for entry in entries(node)? {
                    $(
                        if entry.key.text.eq_ignore_ascii_case($key) {
                            if !is_null(&entry.value) {
                                decoded.$field = Decode::decode(&entry.value, strictness)
                                    .map_err(|error| in_field($key, error))?;
                            }
                            continue;
                        }
                    )*
                    if strictness != Strictness::Lenient {
                        return Err(unknown_field(entry, Self::FIELDS));
                    }
                }
                Ok(decoded)
            }
        }
    };
}
pub(crate) use decoded;
