//! Finds the entries of `images` that match a reference without trying each one.

use manifest::{Diagnostic, Text};
use regex::Regex;
use rustc_hash::FxHashMap;

use super::{expression, is_tail};
use crate::kustomize::kustomization::Image;

/// The entries of `images`, indexed by name.
///
/// A name is a regular expression in kustomize. Nearly all are plain text in which a dot stands for any character:
/// those are found by their length, the places of their dots and the rest of their text. The others are tried in turn.
#[derive(Debug)]
pub(super) struct Matcher<'a> {
    images: &'a [Image],
    plain: Vec<(Shape, FxHashMap<String, Vec<usize>>)>,
    expressions: Vec<(usize, Regex)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Shape {
    length: usize,
    dots: Vec<usize>,
}

impl<'a> Matcher<'a> {
    /// # Errors
    /// Where a name is no regular expression.
    pub(super) fn new(images: &'a [Image]) -> Result<Self, Diagnostic> {
        let mut matcher = Matcher { images, plain: Vec::new(), expressions: Vec::new() };
        for (index, image) in images.iter().enumerate() {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:.".contains(&byte);
            if image.name.bytes().all(is_plain) {
                matcher.add_plain(index, &image.name);
            } else {
                matcher.expressions.push((index, expression(&image.name)?));
            }
        }
        Ok(matcher)
    }

    fn add_plain(&mut self, index: usize, name: &str) {
        let dots = name.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(at, _)| at).collect();
        let shape = Shape { length: name.len(), dots };
        let place = match self.plain.iter().position(|(known, _)| *known == shape) {
            Some(place) => place,
            None => {
                self.plain.push((shape, FxHashMap::default()));
                self.plain.len() - 1
            }
        };
        self.plain[place].1.entry(name.to_owned()).or_default().push(index);
    }

    /// The reference after every entry that matches has rewritten it `times` times, in order; absent where it stays.
    pub(super) fn rewritten(&self, reference: &str, times: usize) -> Option<Text> {
        let mut now = reference.to_owned();
        let mut from = 0;
        let mut changed = false;
        while let Some(index) = self.first_match(&now, from) {
            let image = &self.images[index];
            now = image.rewrite(&now);
            for _ in 1..times {
                if self.entry_matches(index, &now) {
                    now = image.rewrite(&now);
                }
            }
            changed = true;
            from = index + 1;
        }
        changed.then(|| now.into())
    }

    fn first_match(&self, reference: &str, from: usize) -> Option<usize> {
        let plain = self.plain.iter().filter_map(|(shape, names)| {
            let indexes = names.get(&shape.mask(reference)?)?;
            indexes.iter().copied().find(|index| *index >= from)
        });
        let expressions = self.expressions.iter();
        let expressions = expressions.filter(|(index, found)| *index >= from && found.is_match(reference));
        plain.chain(expressions.map(|(index, _)| *index).take(1)).min()
    }

    fn entry_matches(&self, index: usize, reference: &str) -> bool {
        self.first_match(reference, index) == Some(index)
    }
}

impl Shape {
    /// The start of `reference` with dots where the name has them; absent where no such name can match.
    fn mask(&self, reference: &str) -> Option<String> {
        let tail = reference.get(self.length..)?;
        if !is_tail(tail) || !reference.is_ascii() || reference.contains('\n') {
            return None;
        }
        let mut bytes = reference.as_bytes()[..self.length].to_vec();
        self.dots.iter().for_each(|dot| bytes[*dot] = b'.');
        String::from_utf8(bytes).ok()
    }
}
