//! Lists that merge by several keys, lists of scalars, and lists in which keys are missing or doubled.
//!
//! Here kustomize's result follows from the exact steps that it takes (`walk.setAssociativeSequenceElements`,
//! `yaml.ElementSetter`), surprising ones among them: an element without its key can drop its neighbours. These are its
//! steps, with places in a store where kustomize has pointers.

use manifest::{Data, Diagnostic, Node, Scalar};

use super::merger::{DIRECTIVE, MergeWith, Merger, Outcome, shape};
use crate::kustomize::object::scalar::is_null;
use crate::kustomize::schema::SchemaAt;

/// One text for each key; empty if an element does not have the key.
type Values = Vec<String>;

struct Lists<'s> {
    merger: Merger<'s>,
    elements: Option<SchemaAt<'s>>,
    store: Vec<Node>,
    dest: Vec<usize>,
    added: Vec<usize>,
    /// The patch's list.
    patch: Vec<Node>,
    /// Whether the list is merged with itself.
    same: bool,
}

impl<'s> Merger<'s> {
    /// Merges two lists as kustomize does step by step.
    ///
    /// # Errors
    /// Returns the errors of merging two elements, and an error if a list mixes mappings with scalars.
    pub(super) fn merge_irregular_lists(
        self,
        dest: Vec<Node>,
        with: MergeWith<'_>,
        keys: &[&str],
        elements: Option<SchemaAt<'s>>,
    ) -> Result<Vec<Node>, Diagnostic> {
        let count = dest.len();
        let patch = if let MergeWith::Patch(items) = with { items.to_vec() } else { Vec::new() };
        let same = matches!(with, MergeWith::Itself);
        let mut lists =
            Lists { merger: self, elements, store: dest, dest: (0..count).collect(), added: Vec::new(), patch, same };
        let primitive = keys.is_empty();
        let keys = if primitive { &[""][..] } else { keys };
        let mut values = lists.values(keys, primitive);
        if values.is_empty() {
            return Ok(lists.store);
        }
        if keys.len() > 1 {
            unify(&mut values);
        }
        let present = present(&values, keys.len());
        let valid_keys = chosen(keys, &present);
        for one in &values {
            let valid_values: Vec<&str> =
                one.iter().zip(&present).filter(|(_, has)| **has).map(|(v, _)| &**v).collect();
            lists.merge_one(one, keys, &valid_keys, &valid_values)?;
        }
        lists.append_rest(&valid_keys)?;
        Ok(lists.added.iter().map(|place| lists.store[*place].clone()).collect())
    }
}

impl Lists<'_> {
    /// The keys' values of all elements without doubles, those of the patch first.
    fn values(&self, keys: &[&str], primitive: bool) -> Vec<Values> {
        let mut seen = rustc_hash::FxHashSet::default();
        let all = self.patch.iter().chain(&self.store).map(|item| {
            if primitive {
                return vec![item.text().unwrap_or_default().to_owned()];
            }
            keys.iter().map(|key| value_of(item, key).to_owned()).collect()
        });
        all.filter(|values: &Values| seen.insert(values.clone())).collect()
    }

    fn merge_one(
        &mut self,
        values: &Values,
        keys: &[&str],
        valid_keys: &[&str],
        valid_values: &[&str],
    ) -> Result<(), Diagnostic> {
        let own = present(std::slice::from_ref(values), keys.len());
        let find_keys = chosen(keys, &own);
        let find_values: Vec<&str> = values.iter().zip(&own).filter(|(_, has)| **has).map(|(v, _)| &**v).collect();
        let ours = self.dest.iter().copied().find(|place| is_element(&self.store[*place], &find_keys, &find_values));
        let Some(place) = self.merged(ours, &find_keys, &find_values)? else {
            return self.set(Side::Dest, None, valid_keys, valid_values);
        };
        for (key, value) in valid_keys.iter().zip(valid_values).filter(|(_, value)| !value.is_empty()) {
            set_key(&mut self.store[place], key, value)?;
        }
        self.set(Side::Added, Some(place), valid_keys, valid_values)
    }

    /// The place of the merged element; `None` if nothing is left of it.
    fn merged(&mut self, ours: Option<usize>, keys: &[&str], values: &[&str]) -> Result<Option<usize>, Diagnostic> {
        let theirs = self.patch.iter_mut().find(|item| is_element(item, keys, values));
        let place = match (ours, theirs) {
            (Some(place), None) if self.same => {
                self.merger.adopt(&mut self.store[place], self.elements)?.then_some(place)
            }
            (None, Some(item)) => {
                let kept = self.merger.adopt(item, self.elements)?;
                self.store.extend(kept.then(|| item.clone()));
                kept.then(|| self.store.len() - 1)
            }
            (ours, theirs) => {
                let dest = ours.map(|place| &mut self.store[place]);
                let outcome = self.merger.walk(dest, theirs.as_deref(), self.elements)?;
                // A directive is used up by its first use, which shows where two keys lead to one element.
                if let Some(map) = theirs.and_then(Node::as_map_mut) {
                    map.remove(DIRECTIVE);
                }
                match outcome {
                    Outcome::Keep => ours,
                    Outcome::Put(node) => {
                        self.store.push(node);
                        Some(self.store.len() - 1)
                    }
                    Outcome::KeepNull | Outcome::Clear => None,
                }
            }
        };
        Ok(place.filter(|place| !is_empty_map(&self.store[*place])))
    }

    /// kustomize's `ElementSetter`: puts `element` in the place of those that have these values, or at the end; takes
    /// them out where it is absent.
    fn set(&mut self, side: Side, element: Option<usize>, keys: &[&str], values: &[&str]) -> Result<(), Diagnostic> {
        let old = std::mem::take(self.side(side));
        let for_maps = keys.first().is_some_and(|key| !key.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
        let mut new = Vec::with_capacity(old.len() + 1);
        let mut found = false;
        for place in old {
            let item = &self.store[place];
            if shape(item).is_none() || is_empty_map(item) {
                continue;
            }
            if item.as_map().is_none() && for_maps {
                new.push(place);
            } else if !matches_setter(item, keys, values)? {
                if !values.is_empty() {
                    new.push(place);
                }
            } else {
                found = true;
                new.extend(element);
            }
        }
        if let Some(place) = element
            && shape(&self.store[place]).is_some()
            && !found
        {
            new.push(place);
        }
        *self.side(side) = new;
        Ok(())
    }

    fn side(&mut self, side: Side) -> &mut Vec<usize> {
        match side {
            Side::Dest => &mut self.dest,
            Side::Added => &mut self.added,
        }
    }

    /// Adds what is left of the object's list (kustomize's `appendListNode`).
    fn append_rest(&mut self, keys: &[&str]) -> Result<(), Diagnostic> {
        for place in self.dest.clone() {
            let item = &self.store[place];
            let mut values: Vec<String> = Vec::with_capacity(keys.len());
            if keys == [""] {
                values.push(item.text().unwrap_or_default().to_owned());
            } else {
                if matches!(shape(item), Some(super::Shape::Seq | super::Shape::Scalar)) {
                    return Err(Diagnostic::new("expected mappings in a list that merges by key").at(item.at));
                }
                for key in keys {
                    match self.store[place].get(key) {
                        Some(value) => values.push(value.text().unwrap_or_default().to_owned()),
                        None => self.added.push(place),
                    }
                }
            }
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            if keys.len() > 1 {
                self.set(Side::Added, None, keys, &values)?;
            }
            self.set(Side::Added, Some(place), keys, &values)?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Side {
    Dest,
    Added,
}

/// The text under a key; empty if there is none.
fn value_of<'a>(item: &'a Node, key: &str) -> &'a str {
    let value = item.get(key).and_then(Node::as_scalar);
    value.filter(|scalar| !is_null(scalar)).map_or("", |scalar| scalar.text.as_str())
}

/// Returns which keys have a non-empty text in any of the values; all of them if none has.
fn present(values: &[Values], count: usize) -> Vec<bool> {
    let has: Vec<bool> = (0..count).map(|index| values.iter().any(|one| !one[index].is_empty())).collect();
    if has.contains(&true) { has } else { vec![true; count] }
}

fn chosen<'k>(keys: &[&'k str], present: &[bool]) -> Vec<&'k str> {
    keys.iter().zip(present).filter(|(_, has)| **has).map(|(key, _)| *key).collect()
}

/// Whether an element is the one that a search for these values finds (kustomize's `ElementMatcher`).
fn is_element(item: &Node, keys: &[&str], values: &[&str]) -> bool {
    if keys == [""] {
        return item.text().unwrap_or_default() == values[0];
    }
    let has = |key: &str, value: &str| item.get(key).is_some_and(|node| node.text().unwrap_or_default() == value);
    item.as_map().is_some() && keys.iter().zip(values).all(|(key, value)| has(key, value))
}

/// Whether `ElementSetter` treats an element as the one to set: an empty value matches any, and a key without a
/// value what the key before it matched.
fn matches_setter(item: &Node, keys: &[&str], values: &[&str]) -> Result<bool, Diagnostic> {
    let mixed = || Diagnostic::new("a list that merges contains both mappings and scalars").at(item.at);
    let mut matched = false;
    for (index, key) in keys.iter().enumerate() {
        if let Some(expected) = values.get(index) {
            matched = if key.is_empty() {
                item.as_scalar().ok_or_else(mixed)?.text == *expected
            } else {
                let map = item.as_map().ok_or_else(mixed)?;
                map.get(key).is_some_and(|node| expected.is_empty() || node.text().unwrap_or_default() == *expected)
            };
        }
        if !matched {
            return Ok(false);
        }
    }
    Ok(matched)
}

fn set_key(item: &mut Node, key: &str, value: &str) -> Result<(), Diagnostic> {
    let at = item.at;
    match &mut item.data {
        Data::Map(map) if !map.contains(key) => {
            map.push(Scalar::plain(key), Scalar::plain(value).into());
            Ok(())
        }
        Data::Map(_) => Ok(()),
        Data::Scalar(_) if key.is_empty() => Ok(()),
        _ => Err(Diagnostic::new("expected mappings in a list that merges by key").at(at)),
    }
}

fn is_empty_map(item: &Node) -> bool {
    item.as_map().is_some_and(manifest::Map::is_empty)
}

/// Makes one of values that differ only where one of them is empty: `8080` and `8080 TCP` are the same port.
fn unify(values: &mut [Values]) {
    for i in 0..values.len() {
        let first = values[i].clone();
        for j in 0..values.len() {
            if let Some(both) = matched(&first, &values[j]) {
                values[i].clone_from(&both);
                values[j] = both;
            }
        }
    }
}

fn matched(a: &Values, b: &Values) -> Option<Values> {
    let mut common = false;
    let mut both = Values::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        if a != b && !a.is_empty() && !b.is_empty() {
            return None;
        }
        common |= a == b;
        both.push(if a.is_empty() { b.clone() } else { a.clone() });
    }
    common.then_some(both)
}
