//! YAML in and out, as the tools that hydrant stands in for read and write it.
//!
//! Reading is [`read_objects`] or [`read_stream`]: text → tokens (`scan`) → events (`parse`) → trees (`compose`).
//! What a scalar means is [`resolve`]. Printing is [`write_kustomize`], [`write_skaffold`] and [`to_json`].

mod analyze;
mod base64;
mod compose;
mod depth;
mod documents;
mod emit;
mod json;
mod kustomize;
mod number;
mod order;
mod parse;
mod print;
mod reread;
mod resolve;
mod scan;
mod skaffold;
mod spans;
mod text;
mod timestamp;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Node, Scalar, Style, Text};

pub use spans::{ScalarSpan, Step};

/// How deep block collections may lie in each other, and flow collections: go-yaml's own limit. Where a thread's stack has no
/// room for that, the reader stops earlier, never before 500: whatever it gives can be walked over by recursion.
pub const MAX_DEPTH: usize = 10_000;

/// The type and value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// A larger one that fits 64 bits without sign.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    Str,
    /// A timestamp, as RFC 3339.
    Timestamp(String),
}

/// Which reader's rules say what a plain scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// go-yaml v3: `yes` and `on` are strings. Resources, strategic-merge patches, skaffold.yaml.
    V3,
    /// go-yaml v2 (YAML 1.1): `yes` and `on` are booleans. kustomization.yaml, JSON 6902 patches.
    V2,
}

/// Reads a file of objects as kustomize reads resources and strategic-merge patches (kyaml's `ByteReader`): the text is
/// split at `---` lines first, anchors and merge keys are expanded, empty documents are left out. A `List` stays one
/// object.
///
/// # Errors
/// What go-yaml v3 refuses (syntax, duplicate keys, undefined aliases, too much aliasing), nesting beyond
/// [`MAX_DEPTH`], and a second document that kustomize would drop (behind `...`), with place.
pub fn read_objects(bytes: &[u8]) -> Result<Vec<Node>, Diagnostic> {
    documents::objects(bytes)
}

/// A key that is written again in its mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Where the mapping stands.
    pub mapping: At,
    /// Which key, and where it is written again.
    pub found: Diagnostic,
}

/// Reads a file as [`read_objects`] does, but of a key that is written twice the first value stays, as it does where
/// kyaml walks over a patch. Returns the objects, and each key whose later value was dropped.
///
/// # Errors
/// As [`read_objects`], but for duplicate keys.
pub fn read_patches(bytes: &[u8]) -> Result<(Vec<Node>, Vec<Repeated>), Diagnostic> {
    documents::patches(bytes)
}

/// Reads a YAML stream as go-yaml v3 does, one node a document; a null document is a null node.
///
/// # Errors
/// As [`read_objects`].
pub fn read_stream(bytes: &[u8]) -> Result<Vec<Node>, Diagnostic> {
    documents::stream(bytes)
}

/// Reads a stream as kustomize reads kustomization.yaml and JSON 6902 patches (sigs.k8s.io/yaml on go-yaml v2, not
/// strict): of a key that is written twice the last value stays. Returns the documents, and a finding for each key
/// whose earlier value was dropped, for a caller that wants to say so.
///
/// # Errors
/// As [`read_stream`], but for duplicate keys.
pub fn read_configuration(bytes: &[u8]) -> Result<(Vec<Node>, Vec<Diagnostic>), Diagnostic> {
    documents::configuration(bytes)
}

/// Every scalar value of a stream with its path and its bytes, in the order of the text, for edits that keep comments
/// and quoting. Keys are no values; merge keys are not expanded (a step `<<` stays in the path).
///
/// # Errors
/// What go-yaml v3 refuses as syntax. Duplicate keys and unknown anchors are not looked for.
pub fn scalar_spans(bytes: &[u8]) -> Result<Vec<ScalarSpan>, Diagnostic> {
    spans::scalars(bytes)
}

/// What a scalar is. An explicit tag that the text does not fit (`!!int x`) makes a string here; printing refuses it.
pub fn resolve(scalar: &Scalar, rules: Rules) -> Value {
    resolve::checked(scalar, rules).unwrap_or(Value::Str)
}

/// The text of a block scalar after go-yaml v3 has written it and read it again, as kustomize does wherever it turns a
/// tree into JSON: a folded one gains newlines. Any other scalar's text as it is.
///
/// # Errors
/// A text that go-yaml writes in a way that it cannot read.
pub fn rewritten(scalar: &Scalar, at: At) -> Result<Text, Diagnostic> {
    match scalar.style {
        Style::Folded | Style::Literal => {
            Ok(reread::block_scalar(scalar.text.as_str().into(), scalar.style, at)?.into())
        }
        _ => Ok(scalar.text.clone()),
    }
}

/// Appends the object to `out` as kustomize prints it (YAML to JSON to go-yaml v2), ending with a newline and without
/// a separator.
///
/// # Errors
/// Keys that are no strings, numbers that JSON cannot hold, explicit tags that do not fit, and characters that
/// kustomize itself cannot print.
pub fn write_kustomize(object: &Node, out: &mut String) -> Result<(), Diagnostic> {
    print::object::<kustomize::Kustomize>(object, out)
}

/// Appends the object to `out` as Skaffold prints it (go-yaml v3 of plain values, two spaces, keys sorted), ending with
/// a newline and without a separator.
///
/// # Errors
/// A null key at the root and explicit tags that do not fit.
pub fn write_skaffold(object: &Node, out: &mut String) -> Result<(), Diagnostic> {
    print::object::<skaffold::Skaffold>(object, out)
}

/// The object as JSON, keys in the tree's order.
///
/// # Errors
/// As [`write_kustomize`].
pub fn to_json(object: &Node, rules: Rules) -> Result<serde_json::Value, Diagnostic> {
    json::from_node(object, rules, 0)
}

/// A JSON value as a tree.
pub fn from_json(value: &serde_json::Value) -> Node {
    json::to_node(value)
}

#[cfg(test)]
mod tests;
