//! YAML as Kubernetes tools read and write it: the readers of go-yaml v2 and v3, and the printers of kustomize and Skaffold.
//!
//! The tools that hydrant replaces are written in Go, and their output is compared byte by byte. So this module accepts and refuses
//! what go-yaml does (duplicate keys, aliases, control characters, YAML 1.1's line breaks), and prints what its encoders print
//! (quoting, folding at 80 characters, the natural order of keys). It does no I/O, has no state, and does not panic on any input.
//!
//! ```
//! use manifest::yaml;
//!
//! let text = b"kind: ConfigMap\napiVersion: v1\nmetadata: {name: web}\ndata: {debug: 'yes', port: \"80\"}\n";
//! let objects = yaml::read_objects(text)?;
//! let mut out = String::new();
//! yaml::write_kustomize(&objects[0], &mut out)?;
//! assert_eq!(
//!     out,
//!     "apiVersion: v1\ndata:\n  debug: \"yes\"\n  port: \"80\"\nkind: ConfigMap\nmetadata:\n  name: web\n",
//! );
//!
//! let error = yaml::read_objects(b"a: 1\na: 2\n").unwrap_err();
//! assert_eq!((error.at.line, error.message.as_str()), (2, "mapping key \"a\" already defined at line 1"));
//! # Ok::<(), manifest::Diagnostic>(())
//! ```
//!
//! # Module map
//!
//! | stage | modules |
//! | --- | --- |
//! | bytes → text | `text`: UTF-8 without control characters |
//! | text → tokens | `scan`: scalars, indicators, indentation, simple keys |
//! | tokens → events | `parse`: the grammar of YAML 1.1 as a state machine |
//! | events → trees | `compose`: anchors, aliases, merge keys, duplicate keys; `depth`: the limit of nesting |
//! | streams | `documents`: the readers [`read_objects`], [`read_patches`], [`read_stream`], [`read_configuration`], [`read_first_document`] |
//! | scalar types | `resolve` with `number`, `timestamp`, `base64`: [`resolve()`] |
//! | edits | `spans`: [`scalar_spans`] |
//! | trees → text | `print` (layout) and `emit`, `analyze` (scalars), `order` (keys), with the dialects `kustomize` and `skaffold` |
//! | kustomize's detours | `reread`: what kustomize changes as it writes and reads a tree again |
//! | JSON | `json`: [`to_json`], [`from_json`] |

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
mod types;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Node, Scalar, Style, Text};

pub use spans::{ScalarSpan, Step};
pub use types::{DuplicateKey, MAX_DEPTH, Rules, StreamError, Value};

/// Reads a file of objects as kustomize reads resources and strategic-merge patches (kyaml's `ByteReader`): the text is
/// split at `---` lines first, anchors and merge keys are expanded, empty documents are left out. A `List` stays one
/// object.
///
/// # Errors
/// What go-yaml v3 refuses (syntax, duplicate keys, undefined aliases, too much aliasing), nesting beyond
/// [`MAX_DEPTH`], and a second document that kustomize would drop (after `...`), with position.
pub fn read_objects(bytes: &[u8]) -> Result<Vec<Node>, Diagnostic> {
    documents::objects(bytes)
}

/// Reads a file as [`read_objects`], but of a duplicate key the first value stays, as where kyaml visits a patch. Returns the
/// objects, and each key whose later value was dropped.
///
/// # Errors
/// As [`read_objects`], but for duplicate keys.
pub fn read_patches(bytes: &[u8]) -> Result<(Vec<Node>, Vec<DuplicateKey>), Diagnostic> {
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
/// strict): of a duplicate key the last value stays. Returns the documents, and a diagnostic for each key whose earlier value was
/// dropped.
///
/// # Errors
/// As [`read_stream`], but for duplicate keys.
pub fn read_configuration(bytes: &[u8]) -> Result<(Vec<Node>, Vec<Diagnostic>), Diagnostic> {
    documents::configuration(bytes)
}

/// Reads the first document of a stream as Helm reads YAML (sigs.k8s.io/yaml on go-yaml v2): of a duplicate key the last value
/// stays, and what follows the document is not looked at.
///
/// # Errors
/// As [`read_configuration`], with what go-yaml v2 says of the error's place.
pub fn read_first_document(bytes: &[u8]) -> Result<Node, StreamError> {
    documents::first(bytes)
}

/// Returns every scalar value of a stream with its path and byte range, in the order of the text, for edits that keep comments
/// and quoting. Keys are not values; merge keys are not expanded (a step `<<` stays in the path).
///
/// # Errors
/// Syntax that go-yaml v3 refuses. Duplicate keys and unknown anchors are not checked.
pub fn scalar_spans(bytes: &[u8]) -> Result<Vec<ScalarSpan>, Diagnostic> {
    spans::scalars(bytes)
}

/// Returns the type and value of a scalar. Where the text does not match an explicit tag (`!!int x`), it is a string here; printing
/// refuses it.
pub fn resolve(scalar: &Scalar, rules: Rules) -> Value {
    resolve::checked(scalar, rules).unwrap_or(Value::Str)
}

/// Returns the text of a block scalar after go-yaml v3 has written and read it, as kustomize does wherever it converts a tree to
/// JSON: a folded one gains newlines. The text of any other scalar is unchanged.
///
/// # Errors
/// A text that go-yaml cannot read as it writes it.
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
/// Keys that are not strings, numbers that JSON does not have, explicit tags that do not match, and characters that kustomize
/// itself cannot print.
pub fn write_kustomize(object: &Node, out: &mut String) -> Result<(), Diagnostic> {
    print::object::<kustomize::Kustomize>(object, out)
}

/// Appends the object to `out` as Skaffold prints it (go-yaml v3 of plain values, two spaces, keys sorted), ending with
/// a newline and without a separator.
///
/// # Errors
/// A null key at the root and explicit tags that do not match.
pub fn write_skaffold(object: &Node, out: &mut String) -> Result<(), Diagnostic> {
    print::object::<skaffold::Skaffold>(object, out)
}

/// Returns the object as JSON, keys in the tree's order.
///
/// # Errors
/// As [`write_kustomize`].
pub fn to_json(object: &Node, rules: Rules) -> Result<serde_json::Value, Diagnostic> {
    json::from_node(object, rules, 0)
}

/// Returns a JSON value as a tree.
pub fn from_json(value: &serde_json::Value) -> Node {
    json::to_node(value)
}

#[cfg(test)]
mod tests;
