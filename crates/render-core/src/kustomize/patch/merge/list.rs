//! Lists that merge by the keys of their elements.

use manifest::{Diagnostic, Node};
use rustc_hash::{FxHashMap, FxHashSet};

use super::merger::{DIRECTIVE, Directive, MergeWith, Merger, Outcome, parse_directive, shape, within};
use crate::kustomize::schema::SchemaAt;

/// The directive for the whole list: an element with `$patch` alone. The first element that has `$patch` decides.
pub(super) fn directive_of(items: &[Node]) -> Result<Option<Directive>, Diagnostic> {
    let first = items.iter().filter_map(Node::as_map).find(|map| map.contains(DIRECTIVE));
    first.filter(|map| map.len() == 1).and_then(|map| map.get(DIRECTIVE)).map(parse_directive).transpose()
}

/// Takes the directive for the whole list out of it, and with it every element that has the same `$patch` and every
/// null or empty element.
pub(super) fn take_directive(items: &mut Vec<Node>) -> Result<Directive, Diagnostic> {
    let Some(directive) = directive_of(items)? else { return Ok(Directive::Merge) };
    let written = match directive {
        Directive::Merge => "merge",
        Directive::Replace => "replace",
        Directive::Delete => "delete",
    };
    items.retain(|item| match item.as_map() {
        Some(map) => !map.is_empty() && map.get(DIRECTIVE).and_then(Node::text) != Some(written),
        None => shape(item).is_some(),
    });
    Ok(directive)
}

impl<'s> Merger<'s> {
    /// Merges two lists: the patch's elements come first, in its order. `keys` are the list's merge keys.
    ///
    /// # Errors
    /// The errors of merging two elements.
    pub(super) fn merge_lists(
        self,
        dest: Vec<Node>,
        with: MergeWith<'_>,
        keys: &[&str],
        elements: Option<SchemaAt<'s>>,
    ) -> Result<Vec<Node>, Diagnostic> {
        if let [key] = keys
            && is_regular(&dest, key)
        {
            match with {
                MergeWith::Patch(patch) if is_regular(patch, key) => return by_key(self, dest, patch, key, elements),
                MergeWith::Patch(_) => {}
                MergeWith::Nothing | MergeWith::Itself => return alone(self, dest, with, elements),
            }
        }
        self.merge_irregular_lists(dest, with, keys, elements)
    }
}

/// Whether every element is a mapping with a text of its own under `key`.
fn is_regular(items: &[Node], key: &str) -> bool {
    let mut seen = FxHashSet::default();
    items.iter().all(|item| key_of(item, key).is_some_and(|text| seen.insert(text)))
}

fn key_of<'a>(item: &'a Node, key: &str) -> Option<&'a str> {
    let value = item.get(key)?;
    shape(value)?;
    value.text().filter(|text| !text.is_empty())
}

fn alone<'s>(
    merger: Merger<'s>,
    mut dest: Vec<Node>,
    with: MergeWith<'_>,
    elements: Option<SchemaAt<'s>>,
) -> Result<Vec<Node>, Diagnostic> {
    let mut failed = None;
    dest.retain_mut(|item| {
        let kept = match with {
            MergeWith::Itself => merger.adopt(item, elements),
            _ => merger.walk(Some(item), None, elements).map(|outcome| matches!(outcome, Outcome::Keep)),
        };
        kept.unwrap_or_else(|found| {
            failed.get_or_insert(found);
            true
        })
    });
    failed.map_or(Ok(dest), Err)
}

fn by_key<'s>(
    merger: Merger<'s>,
    dest: Vec<Node>,
    patch: &[Node],
    key: &str,
    elements: Option<SchemaAt<'s>>,
) -> Result<Vec<Node>, Diagnostic> {
    let places: FxHashMap<String, usize> =
        dest.iter().enumerate().filter_map(|(place, item)| Some((key_of(item, key)?.to_owned(), place))).collect();
    let mut dest: Vec<Option<Node>> = dest.into_iter().map(Some).collect();
    let mut result = Vec::with_capacity(dest.len() + patch.len());
    for item in patch {
        let slot = key_of(item, key).and_then(|text| places.get(text)).and_then(|place| dest.get_mut(*place));
        let mut ours = slot.and_then(Option::take);
        let outcome = merger.walk(ours.as_mut(), Some(item), elements);
        match (outcome.map_err(|error| named(key, item, error))?, ours) {
            // An element that the patch replaces stays as it was: kustomize puts the old one back.
            (Outcome::Keep | Outcome::KeepNull | Outcome::Put(_), Some(ours)) => result.push(ours),
            (Outcome::Put(node), None) => result.push(node),
            (Outcome::Clear | Outcome::Keep | Outcome::KeepNull, _) => {}
        }
    }
    for mut item in dest.into_iter().flatten() {
        merger.walk(Some(&mut item), None, elements)?;
        result.push(item);
    }
    Ok(result)
}

fn named(key: &str, item: &Node, diagnostic: Diagnostic) -> Diagnostic {
    within(&format!("[{key}={}]", key_of(item, key).unwrap_or_default()), diagnostic)
}
