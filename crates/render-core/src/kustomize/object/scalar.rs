//! The type of a scalar in an object.

use manifest::yaml::{Rules, Value, resolve};
use manifest::{At, Node, Scalar, Style, Tag, Text};

/// Whether the scalar is null, as go-yaml v3 sees it.
pub(crate) fn is_null(scalar: &Scalar) -> bool {
    resolve(scalar, Rules::V3) == Value::Null
}

/// Whether the node is a null scalar, as go-yaml v3 sees it.
pub(crate) fn is_null_node(node: &Node) -> bool {
    node.as_scalar().is_some_and(is_null)
}

/// Whether the scalar is a string, as go-yaml v3 sees it.
pub(crate) fn is_string(scalar: &Scalar) -> bool {
    resolve(scalar, Rules::V3) == Value::Str
}

/// The scalar with another text. Its type stays what it was, in kustomize by the tag that the reader gave it: a string
/// stays a string whatever the new text, and a number that gets another text is refused by the printer.
pub(crate) fn retext(scalar: &Scalar, text: impl Into<Text>) -> Scalar {
    let tag = if scalar.tag != Tag::Implicit || scalar.style != Style::Plain {
        scalar.tag.clone()
    } else {
        match resolve(scalar, Rules::V3) {
            Value::Null => Tag::Null,
            Value::Bool(_) => Tag::Bool,
            Value::Int(_) | Value::Uint(_) => Tag::Int,
            Value::Float(_) => Tag::Float,
            Value::Timestamp(_) => Tag::Timestamp,
            Value::Str => Tag::Str,
        }
    };
    Scalar { text: text.into(), style: scalar.style, tag }
}

/// Changes the text of a field's scalar as [`retext`] does; one that was made by a transformer has no tag in kustomize and
/// takes its type from the text.
pub(crate) fn retext_field(scalar: &mut Scalar, at: At, text: &str) {
    let made = at == At::default() && scalar.style == Style::Plain && scalar.tag == Tag::Implicit;
    *scalar = match retext(scalar, text) {
        _ if made => Scalar::plain(text),
        changed if changed.tag == Tag::Null && text.is_empty() => Scalar::null(),
        changed => changed,
    };
}
