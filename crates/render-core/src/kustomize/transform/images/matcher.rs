//! Finds the entries of `images` that match a reference without trying each one.

use manifest::{Diagnostic, Text};
use regex::Regex;
use rustc_hash::FxHashMap;

use crate::kustomize::kustomization::Image;
use crate::kustomize::selector::go_regex;

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
    /// Returns an error if a name is not a regular expression.
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

    /// The reference after every entry that matches has rewritten it `times` times, in order; `None` if it stays.
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
    /// The start of `reference` with dots where the name has them; `None` if no such name can match.
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

/// Whether `text` may follow an image's name: an optional tag and an optional SHA-256 digest.
fn is_tail(text: &str) -> bool {
    let part = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.{}-".contains(&byte));
    let (tag, digest) = match text.split_once("@sha256:") {
        Some((tag, digest)) => (tag, Some(digest)),
        None => (text, None),
    };
    let good_tag = tag.is_empty() || tag.strip_prefix(':').is_some_and(part);
    good_tag && digest.is_none_or(part)
}

/// The expression of an entry whose name is more than letters, digits, `-`, `_`, `/`, `:` and `.`.
fn expression(name: &str) -> Result<regex::Regex, Diagnostic> {
    let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
    go_regex::compile(&pattern).map_err(|error| error.field("images.name"))
}

impl Image {
    /// The reference that this entry makes of one that it matches.
    fn rewrite(&self, reference: &str) -> String {
        let (name, tag, digest) = split(reference);
        let name = if self.new_name.is_empty() { name } else { &self.new_name };
        let suffixed;
        let (tag, digest) = match (self.new_tag.as_str(), self.digest.as_str()) {
            ("", "") if self.tag_suffix.is_empty() => (tag, digest),
            ("", "") => {
                suffixed = format!("{tag}{}", self.tag_suffix);
                (suffixed.as_str(), "")
            }
            both => both,
        };
        let mut result = name.to_owned();
        for (separator, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                result.push(separator);
                result.push_str(part);
            }
        }
        result
    }
}

/// Splits an image reference into name, tag and digest; the part before the first slash may hold a port.
fn split(reference: &str) -> (&str, &str, &str) {
    let start = reference.find('/').unwrap_or(0);
    let find = |c: char| reference[start..].find(c).map(|index| index + start);
    match (find(':'), find('@')) {
        (None, None) => (reference, "", ""),
        (None, Some(at)) => (&reference[..at], "", &reference[at + 1..]),
        (Some(colon), Some(at)) if at < colon => (&reference[..at], "", &reference[at + 1..]),
        (Some(colon), Some(at)) => (&reference[..colon], &reference[colon + 1..at], &reference[at + 1..]),
        (Some(colon), None) => (&reference[..colon], &reference[colon + 1..], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_as_kustomize_splits_them() {
        for (reference, expected) in [
            ("nginx", ("nginx", "", "")),
            ("nginx:1.2", ("nginx", "1.2", "")),
            ("host:443/nginx:1@sha256:a", ("host:443/nginx", "1", "sha256:a")),
            ("host:443/nginx", ("host:443/nginx", "", "")),
            ("nginx@sha256:a", ("nginx", "", "sha256:a")),
        ] {
            assert_eq!(split(reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_tail_is_a_tag_and_a_digest() {
        for good in ["", ":1.2", ":", "@sha256:", ":a@sha256:b", ":{T}"] {
            assert!(is_tail(good), "{good}");
        }
        for bad in ["1", ":a/b", "@md5:a", ":a:b", "@sha256:a@sha256:b"] {
            assert!(!is_tail(bad), "{bad}");
        }
    }
}
