//! Replacing images in a tree, or in a text whose other bytes stay.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Errors};
use crate::image_search::{Form, Match, Rule, Step, field, find};
use crate::node::{Data, Node, Scalar, Tag};
use crate::yaml;

use super::collect::{check_json, inner};
use super::locate::Source;
use super::plan::{Change, Pin, change_fields, change_whole};

/// A text with replaced images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The number of changes.
    pub changed: usize,
}

/// One replacement in a text.
struct Edit {
    range: Range<usize>,
    text: String,
}

/// Replaces the images of a tree, text within fields as by [`edit`]. Returns the number of changed fields.
///
/// # Errors
/// Every matched value that is not an image; the tree is then unchanged.
pub fn replace(object: &mut Node, rules: &[Rule], pin: Pin<'_>) -> Result<usize, Errors> {
    let mut changes: Vec<(Vec<Step>, Option<String>, String)> = Vec::new();
    let mut errors = Vec::new();
    for found in find(object, rules) {
        match changes_of(&found, pin) {
            Ok(all) => changes.extend(all.into_iter().map(|change| match change {
                Change::Text { path, text, .. } => (path, None, text),
                Change::Add { path, key, text, .. } => (path, Some(key.to_string()), text),
            })),
            Err(found) => errors.extend(found),
        }
    }
    Errors::check(errors)?;
    let count = changes.len();
    for (path, key, text) in changes {
        let Some(node) = at_path(object, &path) else { continue };
        match (key, &mut node.data) {
            (Some(key), Data::Map(map)) => map.set(&key, Node::string(text)),
            (None, Data::Scalar(scalar)) => *scalar = changed(scalar, text),
            _ => {}
        }
    }
    Ok(count)
}

/// Replaces the images of a YAML text and keeps every other byte.
///
/// # Errors
/// Returns errors if the text is not YAML; for every matched value that is not an image; an image that cannot be replaced in place since it is
/// folded over lines or has escapes.
pub fn edit(text: &str, rules: &[Rule], pin: Pin<'_>) -> Result<Edited, Errors> {
    let edits = edits(text, rules, pin)?;
    Ok(Edited { text: applied(text, &edits), changed: edits.len() })
}

/// The scalar with another text in the same style.
fn changed(scalar: &Scalar, text: String) -> Scalar {
    let tag = if matches!(scalar.tag, Tag::Implicit) { Tag::Implicit } else { Tag::Str };
    Scalar { text: text.into(), style: scalar.style, tag }
}

fn at_path<'a>(root: &'a mut Node, path: &[Step]) -> Option<&'a mut Node> {
    path.iter().try_fold(root, |node, step| match step {
        Step::Key(key) => node.get_mut(key),
        Step::Index(index) => node.as_seq_mut()?.get_mut(*index),
    })
}

fn changes_of<'a>(found: &Match<'a>, pin: Pin<'_>) -> Result<Vec<Change<'a>>, Vec<Diagnostic>> {
    match found.form {
        Form::Ignored | Form::Incomplete(_) => Ok(Vec::new()),
        Form::Whole => change_whole(found, pin).map_err(|error| vec![error]),
        Form::Fields(fields) | Form::Parts(fields) => change_fields(found, fields, pin).map_err(|error| vec![error]),
        Form::Yaml(_) | Form::Json(_) => {
            let edits = inner_edits(found, pin)?;
            let text = applied(found.node.text().unwrap_or_default(), &edits);
            let change = Change::Text { path: found.path.clone(), node: found.node, text };
            Ok(if edits.is_empty() { Vec::new() } else { vec![change] })
        }
    }
}

/// The edits of the text within a field.
fn inner_edits(found: &Match<'_>, pin: Pin<'_>) -> Result<Vec<Edit>, Vec<Diagnostic>> {
    let (Form::Yaml(rules) | Form::Json(rules)) = found.form else { return Ok(Vec::new()) };
    let text = found.node.text().unwrap_or_default();
    let prefix = field(&found.path);
    let in_field = |error: Diagnostic| inner(found, &prefix, error);
    check_json(found, text).map_err(|error| vec![in_field(error)])?;
    edits(text, rules, pin).map_err(|errors| errors.into_all().into_iter().map(in_field).collect())
}

/// The edits of a text, in its order and without duplicates (a value that aliases repeat is edited once).
fn edits(text: &str, rules: &[Rule], pin: Pin<'_>) -> Result<Vec<Edit>, Errors> {
    let source = Source::new(text);
    let (mut all, mut errors): (Vec<Edit>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for document in yaml::read_stream(text.as_bytes())? {
        for found in find(&document, rules) {
            match edits_of(&source, &found, pin) {
                Ok(edits) => all.extend(edits),
                Err(found) => errors.extend(found),
            }
        }
    }
    Errors::check(errors)?;
    all.sort_by_key(|edit| (edit.range.start, edit.range.end));
    all.dedup_by(|next, edit| next.range == edit.range && next.text == edit.text);
    Ok(all)
}

fn edits_of(source: &Source<'_>, found: &Match<'_>, pin: Pin<'_>) -> Result<Vec<Edit>, Vec<Diagnostic>> {
    let cannot_edit = |node: &Node| {
        vec![
            Diagnostic::new("cannot change the image in place")
                .at(node.at)
                .field(field(&found.path))
                .hint("write it on one line, without escapes"),
        ]
    };
    if matches!(found.form, Form::Yaml(_) | Form::Json(_)) {
        let edits = inner_edits(found, pin)?;
        if edits.is_empty() {
            return Ok(edits);
        }
        let map = source.follow(found.node).ok_or_else(|| cannot_edit(found.node))?;
        let in_file = |edit: Edit| {
            let one_line = !edit.text.contains('\n');
            let range = map.get(edit.range.start).zip(map.get(edit.range.end)).filter(|_| one_line);
            range.map(|(start, end)| Edit { range: *start..*end, text: edit.text })
        };
        return edits.into_iter().map(in_file).collect::<Option<Vec<_>>>().ok_or_else(|| cannot_edit(found.node));
    }
    let edit = |change: Change<'_>| match change {
        Change::Text { node, text, .. } => {
            let is_empty = node.text().unwrap_or_default().is_empty();
            let range = if is_empty { source.empty(node) } else { source.range(node) };
            range.map(|range| Edit { text: source.spaced(&range, text), range }).ok_or_else(|| cannot_edit(node))
        }
        Change::Add { map, beside, key, text, .. } => {
            let insertion = source.insertion(map, beside, &key, &text);
            insertion.map(|(at, text)| Edit { range: at..at, text }).ok_or_else(|| cannot_edit(beside))
        }
    };
    changes_of(found, pin)?.into_iter().map(edit).collect()
}

fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.len() * 80);
    let mut done = 0;
    for edit in edits {
        out.push_str(&text[done..edit.range.start]);
        out.push_str(&edit.text);
        done = edit.range.end;
    }
    out.push_str(&text[done..]);
    out
}
