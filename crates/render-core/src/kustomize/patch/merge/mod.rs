//! Strategic merge of a patch into an object, as kustomize's `merge2` does it with patch elements first in lists.
//!
//! Only `$patch` is a directive; `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…` are ordinary fields
//! to kustomize. What is not in the patch is walked too: a field that was written with nothing after its colon goes
//! away, and lists that merge lose elements of the same key.

use manifest::yaml::DuplicateKey;
use manifest::{Data, Diagnostic, Entry, Map, Node, Scalar, Style, Tag, Text};
use rustc_hash::FxHashMap;

use crate::kustomize::object::scalar::{is_null, is_string};
use crate::kustomize::schema::{Schema, SchemaAt};

mod irregular;
mod list;
mod merger;

use self::merger::{DIRECTIVE, Directive, MergeWith, Merger, Outcome, Shape, describe, directive_of, shape, within};

/// Above this many fields a mapping is indexed before it is searched.
const INDEX_FROM: usize = 16;

/// Merges `patch` into `object`. Returns false if the patch deletes the object. `repeated` are the duplicate keys
/// of the patch: they are allowed in a mapping that is merged field by field, but not in one that is copied as a whole.
///
/// # Errors
/// Returns an error if a field is a mapping in one and a list or scalar in the other, a directive is unknown, or a mapping with a
/// repeated key is taken over.
pub(crate) fn merge(
    object: &mut Node,
    patch: &Node,
    repeated: &[DuplicateKey],
    schema: &Schema,
) -> Result<bool, Diagnostic> {
    let merger = Merger { schema, repeated };
    match merger.walk(Some(object), Some(patch), None)? {
        // kustomize drops the result of a `$patch: replace` at the root (`ApplyFilter`).
        Outcome::Keep | Outcome::KeepNull | Outcome::Put(_) => Ok(true),
        Outcome::Clear => Ok(false),
    }
}

impl<'s> Merger<'s> {
    fn walk(
        self,
        dest: Option<&mut Node>,
        patch: Option<&Node>,
        at: Option<SchemaAt<'s>>,
    ) -> Result<Outcome, Diagnostic> {
        let at = at.or_else(|| self.embedded(dest.as_deref())).or_else(|| self.embedded(patch));
        let dest_shape = dest.as_deref().and_then(shape);
        let patch_shape = patch.and_then(shape);
        if let (Some(ours), Some(theirs), Some(patch)) = (dest_shape, patch_shape, patch)
            && ours != theirs
        {
            let message = format!("expected {}, found {}", describe(ours), describe(theirs));
            return Err(Diagnostic::new(message)
                .at(patch.at)
                .hint("use the object's type in the patch, or replace the field with a JSON patch"));
        }
        match dest_shape.or(patch_shape) {
            None => Ok(walk_nulls(dest.as_deref(), patch)),
            Some(Shape::Scalar) => self.replace_whole(patch),
            Some(Shape::Map) => self.walk_map(dest, patch, at),
            Some(Shape::Seq) => match at.and_then(SchemaAt::merge_keys) {
                Some(keys) => self.walk_list(dest, patch, at, &keys),
                None => self.replace_whole(patch),
            },
        }
    }

    /// The schema of an object inside an object, known by its own `apiVersion` and `kind`.
    fn embedded(self, node: Option<&Node>) -> Option<SchemaAt<'s>> {
        let map = node?.as_map()?;
        self.schema.of_kind(map.get("apiVersion")?.text()?, map.get("kind")?.text()?)
    }

    fn walk_map(
        self,
        dest: Option<&mut Node>,
        patch: Option<&Node>,
        at: Option<SchemaAt<'s>>,
    ) -> Result<Outcome, Diagnostic> {
        let Some(Data::Map(map)) = dest.map(|node| &mut node.data) else {
            return match patch {
                Some(patch) => self.adopted(patch, at),
                None => Ok(Outcome::Clear),
            };
        };
        let Some(patch) = patch else {
            self.merge_maps(map, None, at)?;
            return Ok(Outcome::Keep);
        };
        let Some(fields) = patch.as_map() else { return Ok(Outcome::Clear) };
        match directive_of(fields)? {
            Some(Directive::Delete) => Ok(Outcome::Clear),
            Some(Directive::Replace) => self.adopted(patch, at),
            Some(Directive::Merge) | None => {
                self.merge_maps(map, Some(fields), at)?;
                Ok(Outcome::Keep)
            }
        }
    }

    fn merge_maps(self, dest: &mut Map, patch: Option<&Map>, at: Option<SchemaAt<'s>>) -> Result<(), Diagnostic> {
        let lookup = Lookup::new(patch.map_or(&[], Map::entries));
        let mut used = vec![false; lookup.entries.len()];
        let mut failed = None;
        dest.entries_mut().retain_mut(|entry| {
            let index = lookup.find(&entry.key.text);
            if let Some(index) = index {
                used[index] = true;
            }
            let value = index.map(|index| &lookup.entries[index].value);
            let field = at.and_then(|at| at.field(&entry.key.text));
            match self.walk(Some(&mut entry.value), value, field) {
                Ok(Outcome::Keep | Outcome::KeepNull) => true,
                Ok(Outcome::Put(node)) => {
                    put(&mut entry.value, node);
                    true
                }
                Ok(Outcome::Clear) => false,
                Err(found) => {
                    failed.get_or_insert_with(|| within(&entry.key.text, found));
                    true
                }
            }
        });
        if let Some(found) = failed {
            return Err(found);
        }
        for (entry, _) in lookup.entries.iter().zip(used).filter(|(entry, used)| !used && entry.key.text != DIRECTIVE) {
            let field = at.and_then(|at| at.field(&entry.key.text));
            let outcome = self.walk(None, Some(&entry.value), field).map_err(|error| within(&entry.key.text, error))?;
            if let Outcome::Put(value) = outcome {
                dest.entries_mut().push(Entry { key: entry.key.clone(), at: entry.at, value });
            }
        }
        Ok(())
    }

    /// Returns a value of the patch for a field that the object does not have: a copy without directives and nulls.
    fn adopted(self, patch: &Node, at: Option<SchemaAt<'s>>) -> Result<Outcome, Diagnostic> {
        self.check_repeated(patch)?;
        let mut node = patch.clone();
        Ok(if self.adopt(&mut node, at)? { Outcome::Put(node) } else { Outcome::Clear })
    }

    /// Merges a value with itself. False where it goes.
    fn adopt(self, node: &mut Node, at: Option<SchemaAt<'s>>) -> Result<bool, Diagnostic> {
        let at = at.or_else(|| self.embedded(Some(node)));
        match &mut node.data {
            Data::Scalar(scalar) => Ok(!is_null(scalar)),
            Data::Map(map) => {
                if let Some(directive) = directive_of(map)? {
                    map.remove(DIRECTIVE);
                    if directive == Directive::Delete {
                        return Ok(false);
                    }
                }
                self.adopt_fields(map, at)?;
                Ok(true)
            }
            Data::Seq(items) => match at.and_then(SchemaAt::merge_keys) {
                None => Ok(true),
                Some(keys) => {
                    let directive = list::take_directive(items)?;
                    if directive == Directive::Delete {
                        return Ok(false);
                    }
                    let elements = at.and_then(SchemaAt::elements);
                    *items = self.merge_lists(std::mem::take(items), MergeWith::Itself, &keys, elements)?;
                    Ok(true)
                }
            },
        }
    }

    fn adopt_fields(self, map: &mut Map, at: Option<SchemaAt<'s>>) -> Result<(), Diagnostic> {
        let mut failed = None;
        map.entries_mut().retain_mut(|entry| {
            let field = at.and_then(|at| at.field(&entry.key.text));
            self.adopt(&mut entry.value, field).unwrap_or_else(|found| {
                failed.get_or_insert_with(|| within(&entry.key.text, found));
                true
            })
        });
        failed.map_or(Ok(()), Err)
    }

    /// Scalars and lists that are not merged: the patch's replaces the object's, a null deletes it.
    fn replace_whole(self, patch: Option<&Node>) -> Result<Outcome, Diagnostic> {
        match patch {
            None => Ok(Outcome::Keep),
            Some(patch) if shape(patch).is_none() => Ok(Outcome::Clear),
            Some(patch) => {
                self.check_repeated(patch)?;
                Ok(Outcome::Put(patch.clone()))
            }
        }
    }

    /// Refuses a value of the patch in which a mapping has a key twice, at any depth.
    fn check_repeated(self, node: &Node) -> Result<(), Diagnostic> {
        if self.repeated.is_empty() {
            return Ok(());
        }
        match &node.data {
            Data::Scalar(_) => Ok(()),
            Data::Seq(items) => items.iter().try_for_each(|item| self.check_repeated(item)),
            Data::Map(map) => match self.repeated.iter().find(|repeated| repeated.mapping == node.at) {
                Some(repeated) => Err(repeated.error.clone()),
                None => map.entries().iter().try_for_each(|entry| self.check_repeated(&entry.value)),
            },
        }
    }

    fn walk_list(
        self,
        dest: Option<&mut Node>,
        patch: Option<&Node>,
        at: Option<SchemaAt<'s>>,
        keys: &[&str],
    ) -> Result<Outcome, Diagnostic> {
        let elements = at.and_then(SchemaAt::elements);
        let merged = |items, with| self.merge_lists(items, with, keys, elements);
        let Some(Data::Seq(items)) = dest.map(|node| &mut node.data) else {
            let Some(patch) = patch else { return Ok(Outcome::Clear) };
            let Data::Seq(patch_items) = &patch.data else { return Ok(Outcome::Clear) };
            self.check_repeated(patch)?;
            return Ok(Outcome::Put(merged(patch_items.clone(), MergeWith::Itself)?.into()));
        };
        let Some(patch) = patch else {
            *items = merged(std::mem::take(items), MergeWith::Nothing)?;
            return Ok(Outcome::Keep);
        };
        let Data::Seq(patch_items) = &patch.data else { return Ok(Outcome::Clear) };
        if list::directive_of(patch_items)?.is_none() {
            *items = merged(std::mem::take(items), MergeWith::Patch(patch_items))?;
            return Ok(Outcome::Keep);
        }
        let mut patch_items = patch_items.clone();
        match list::take_directive(&mut patch_items)? {
            Directive::Delete => Ok(Outcome::Clear),
            Directive::Replace => {
                self.check_repeated(patch)?;
                Ok(Outcome::Put(merged(patch_items, MergeWith::Itself)?.into()))
            }
            Directive::Merge => {
                *items = merged(std::mem::take(items), MergeWith::Patch(&patch_items))?;
                Ok(Outcome::Keep)
            }
        }
    }
}

/// Both are missing or null: a null that was written as one stays unless the patch has one too.
fn walk_nulls(dest: Option<&Node>, patch: Option<&Node>) -> Outcome {
    let written = dest.and_then(Node::text).is_some_and(|text| !text.is_empty());
    if patch.is_none() && written { Outcome::KeepNull } else { Outcome::Clear }
}

/// Puts a value in the place of another. A scalar takes over the style of the one that it replaces, so that `"1"` stays a
/// string where the patch has `2`, and a string in the patch stays one where the object has a number.
fn put(slot: &mut Node, value: Node) {
    let style = slot.as_scalar().map_or(Style::Plain, |old| old.style);
    *slot = value;
    if let Data::Scalar(scalar) = &mut slot.data {
        restyle(scalar, style);
    }
}

fn restyle(scalar: &mut Scalar, style: Style) {
    if style == Style::Plain {
        if scalar.style != Style::Plain && is_string(scalar) {
            scalar.tag = Tag::Str;
        }
    } else if scalar.tag != Tag::Implicit {
        scalar.tag = Tag::Str;
    }
    scalar.style = style;
}

/// The entries of a mapping, indexed by key where they are many.
struct Lookup<'a> {
    entries: &'a [Entry],
    index: Option<FxHashMap<&'a Text, usize>>,
}

impl<'a> Lookup<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        let indexed = || entries.iter().enumerate().map(|(place, entry)| (&entry.key.text, place)).collect();
        Lookup { entries, index: (entries.len() > INDEX_FROM).then(indexed) }
    }

    /// The place of the entry under `key`; the directive counts as none.
    fn find(&self, key: &Text) -> Option<usize> {
        if self.entries.is_empty() || key == DIRECTIVE {
            return None;
        }
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|entry| entry.key.text == *key),
        }
    }
}
