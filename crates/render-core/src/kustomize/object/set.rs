//! Setting a field as kyaml's `FieldSetter` does: what is there keeps its style, what is new is quoted where a YAML 1.1
//! reader would not read a string.

use manifest::yaml::{Rules, Value, resolve};
use manifest::{At, Data, Diagnostic, Map, Node, Scalar, Style, Tag, Text};

/// Sets the text of a scalar. Its style stays, its tag becomes `tag`: with [`Tag::Str`] it is a string from now on, with
/// [`Tag::Implicit`] the new text decides.
///
/// # Errors
/// Returns an error if `node` is a mapping or a list.
pub(crate) fn scalar(node: &mut Node, text: impl Into<Text>, tag: Tag) -> Result<(), Diagnostic> {
    match &mut node.data {
        Data::Scalar(scalar) => {
            scalar.text = text.into();
            if tag == Tag::Implicit {
                node.at = At::default();
            }
            scalar.tag = tag;
            Ok(())
        }
        Data::Map(_) => Err(Diagnostic::new("expected a scalar, found a mapping").at(node.at)),
        Data::Seq(_) => Err(Diagnostic::new("expected a scalar, found a list").at(node.at)),
    }
}

/// Sets a field of a mapping: in place with the style that is there, else at its end.
pub(crate) fn field(map: &mut Map, name: &str, text: impl Into<Text>, tag: Tag) {
    let text = text.into();
    match map.get_mut(name) {
        Some(node) => {
            let style = node.as_scalar().map_or(Style::Plain, |scalar| scalar.style);
            if tag == Tag::Implicit {
                node.at = At::default();
            }
            node.data = Data::Scalar(Scalar { text, style, tag });
        }
        None => map.push(Scalar::plain(name), new_scalar(text, tag).into()),
    }
}

/// A scalar that is not there yet: quoted where YAML 1.1 would read a number, a boolean or null.
pub(crate) fn new_scalar(text: impl Into<Text>, tag: Tag) -> Scalar {
    let plain = Scalar { text: text.into(), style: Style::Plain, tag };
    let is_text = matches!(plain.tag, Tag::Str | Tag::Implicit);
    let bare = Scalar { tag: Tag::Implicit, ..plain.clone() };
    match resolve(&bare, Rules::V2) {
        Value::Str | Value::Timestamp(_) => plain,
        _ if is_text && !plain.text.is_empty() => Scalar { style: Style::Double, ..plain },
        _ => plain,
    }
}

/// Quotes the strings of `metadata` that YAML 1.1 would not read as strings, as a strategic merge does to all it walks
/// over (it sets every field anew): so they stay strings when they are set without a tag afterwards.
pub(crate) fn quote_strings(object: &mut Node) {
    let Some(metadata) = object.get_mut("metadata").and_then(Node::as_map_mut) else { return };
    for entry in metadata.entries_mut() {
        let Data::Scalar(scalar) = &mut entry.value.data else { continue };
        let is_string = resolve(scalar, Rules::V3) == Value::Str;
        if is_string && scalar.style == Style::Plain {
            *scalar = new_scalar(std::mem::take(&mut scalar.text), Tag::Str);
        }
    }
}

/// Sets `metadata.name` as kyaml's `SetName` does.
pub(crate) fn name(object: &mut Node, name: impl Into<Text>) {
    if let Some(metadata) = metadata(object) {
        field(metadata, "name", name, Tag::Implicit);
    }
}

/// Sets `metadata.namespace` as kyaml's `SetNamespace` does: an empty one removes the field.
pub(crate) fn namespace(object: &mut Node, namespace: &str) {
    if let Some(metadata) = metadata(object) {
        if namespace.is_empty() {
            metadata.remove("namespace");
        } else {
            field(metadata, "namespace", namespace, Tag::Implicit);
        }
    }
}

/// `metadata` to change, made where it is missing; `None` if the object or it is not a mapping.
pub(crate) fn metadata(object: &mut Node) -> Option<&mut Map> {
    object.as_map_mut()?.get_or_insert_with("metadata", Node::map).as_map_mut()
}
