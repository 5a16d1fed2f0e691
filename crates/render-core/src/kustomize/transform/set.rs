//! Setting a scalar or an entry of a mapping, as kustomize's field setter does.

use manifest::{At, Data, Diagnostic, Map, Node, Scalar, Style, Tag, Text};

use crate::kustomize::object::scalar::is_null;

/// Sets a scalar's text; its style stays. Without a tag, what it is follows from the text unless the style quotes it, now
/// and after later changes: it counts as made by the program, not as read.
///
/// # Errors
/// Returns an error if the node is a mapping or a list.
pub(super) fn set_scalar(node: &mut Node, text: Text, tag: Tag) -> Result<(), Diagnostic> {
    match &mut node.data {
        Data::Scalar(scalar) => {
            if tag == Tag::Implicit {
                node.at = At::default();
            }
            *scalar = keep_style(scalar.style, text, tag);
            Ok(())
        }
        _ => Err(Diagnostic::new("expected a scalar, found a mapping or a list").at(node.at)),
    }
}

/// Sets the string `value` under `key`; where one is there, its style stays. A null node is not changed.
///
/// # Errors
/// Returns an error if the node is neither a mapping nor null.
pub(super) fn set_entry(node: &mut Node, key: &str, value: &str) -> Result<(), Diagnostic> {
    match &mut node.data {
        Data::Map(map) => {
            set_in_map(map, key, value);
            Ok(())
        }
        Data::Scalar(scalar) if is_null(scalar) => Ok(()),
        _ => Err(Diagnostic::new(format!("expected a mapping that contains {key:?}")).at(node.at)),
    }
}

fn set_in_map(map: &mut Map, key: &str, value: &str) {
    match map.get_mut(key) {
        Some(old) => {
            let style = old.as_scalar().map_or(Style::Plain, |scalar| scalar.style);
            old.data = Data::Scalar(keep_style(style, value.into(), Tag::Str));
        }
        None => map.push(Scalar::plain(key), Scalar::string(value).into()),
    }
}

/// A scalar in a quoting style is a string whatever its tag.
fn keep_style(style: Style, text: Text, tag: Tag) -> Scalar {
    Scalar { text, style, tag: if style == Style::Plain { tag } else { Tag::Str } }
}
