//! Setting a value inside YAML or JSON that a field holds as text.

use manifest::yaml::{Rules, read_stream, to_json};
use manifest::{Data, Diagnostic, Node};

use crate::kustomize::fields::field_path;
use crate::kustomize::fields::field_path::{Missing, PathPart};
use crate::kustomize::object::scalar::{retext, retext_field};

mod reprint;

/// Sets the value if a path leads to a scalar and continues after it. Returns false where it does not, or where what the
/// scalar holds has no such field; then the path is walked as any other (kustomize: `setValueInStructuredData`).
pub(super) fn set(
    object: &mut Node,
    value: &Node,
    names: &[String],
    parts: &[PathPart],
    make: Option<Missing>,
) -> bool {
    let Some((field, depth)) = scalar_before_end(object, names) else { return false };
    let Some(Data::Scalar(scalar)) = Some(&field.data) else { return false };
    let text = scalar.text.to_string();
    let Ok(documents) = read_stream(text.as_bytes()) else { return false };
    let Some(mut document) = documents.into_iter().next() else { return false };
    let mut found = 0_usize;
    let set = &mut |node: &mut Node| {
        found += 1;
        match &mut node.data {
            Data::Scalar(scalar) => retext_field(scalar, node.at, value.text().unwrap_or_default()),
            _ => node.data = value.data.clone(),
        }
        Ok(())
    };
    if field_path::visit(&mut document, &parts[depth..], make, set).is_err() || found == 0 {
        return false;
    }
    let Ok(printed) = print(&document, &text) else { return false };
    if let Data::Scalar(scalar) = &mut field.data {
        *scalar = retext(scalar, printed);
    }
    true
}

/// Returns the first scalar before the end of the path, and the number of parts that lead to it.
fn scalar_before_end<'a>(object: &'a mut Node, names: &[String]) -> Option<(&'a mut Node, usize)> {
    let mut depth = 0;
    let mut found = &*object;
    for name in names.iter().take(names.len().saturating_sub(1)) {
        found = field_path::step(found, name.trim()).ok()??;
        depth += 1;
        if found.as_scalar().is_some() {
            return Some((reach(object, &names[..depth])?, depth));
        }
    }
    None
}

/// The node that [`field_path::step`] finds along `names`, to change.
fn reach<'a>(object: &'a mut Node, names: &[String]) -> Option<&'a mut Node> {
    let Some((name, rest)) = names.split_first() else { return Some(object) };
    let name = name.trim();
    let target: *const Node = field_path::step(object, name).ok()??;
    let child = match &mut object.data {
        Data::Map(map) => map.get_mut(name),
        Data::Seq(items) => items.iter_mut().find(|item| std::ptr::eq(&**item, target)),
        Data::Scalar(_) => None,
    }?;
    reach(child, rest)
}

/// The document as text: JSON, in the manner of what stood there, where that began with a bracket; else YAML.
fn print(document: &Node, old: &str) -> Result<String, Diagnostic> {
    if !old.trim_start().starts_with(['{', '[']) {
        return Ok(reprint::yaml(document, old));
    }
    let json = to_json(document, Rules::V3)?;
    let pretty = old.contains('\n') && old.contains("  ");
    let mut out = String::new();
    write_json(&json, pretty.then_some(0), &mut out);
    Ok(out)
}

/// Appends JSON as Go's `encoding/json` writes it: keys sorted, `<`, `>` and `&` escaped. With an indent, pretty.
fn write_json(value: &serde_json::Value, indent: Option<usize>, out: &mut String) {
    match value {
        serde_json::Value::Object(map) if !map.is_empty() => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let items = entries.into_iter().map(|(key, value)| (Some(key.as_str()), value));
            write_items(items, ('{', '}'), indent, out);
        }
        serde_json::Value::Array(items) if !items.is_empty() => {
            write_items(items.iter().map(|item| (None, item)), ('[', ']'), indent, out);
        }
        serde_json::Value::String(text) => write_string(text, out),
        serde_json::Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(value) => write_float(value, out),
            None => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

/// Appends a float as Go does: without a fraction where it is whole, with an exponent below 1e-6 and from 1e21.
fn write_float(value: f64, out: &mut String) {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let scientific = format!("{value:e}");
        out.push_str(&if size >= 1e21 { scientific.replace('e', "e+") } else { scientific });
    } else {
        out.push_str(&value.to_string());
    }
}

fn write_items<'a>(
    items: impl Iterator<Item = (Option<&'a str>, &'a serde_json::Value)>,
    brackets: (char, char),
    indent: Option<usize>,
    out: &mut String,
) {
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    out.push(brackets.0);
    for (index, (key, value)) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(depth) = indent {
            line(depth + 1, out);
        }
        if let Some(key) = key {
            write_string(key, out);
            out.push_str(if indent.is_some() { ": " } else { ":" });
        }
        write_json(value, indent.map(|depth| depth + 1), out);
    }
    if let Some(depth) = indent {
        line(depth, out);
    }
    out.push(brackets.1);
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{0}'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
