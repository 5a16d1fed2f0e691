//! Files of image rules: kbld's search rules and overrides (`kbld.k14s.io/v1alpha1` `Config`, which is also kbld's lock file)
//! and imgpkg's `ImagesLock` (`imgpkg.carvel.dev/v1alpha1`).
//!
//! Beside kbld's own update strategies a rule may have `updateStrategy: {fields: {repository: …, tag: …, digest: …}}`, for a
//! mapping that has the parts of a reference in separate fields. Building, relocating and selecting tags are refused.

mod imgpkg;
mod kbld;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::image_search::{Rule, ValueMatcher};
use crate::yaml::{self, Rules};
use crate::{Diagnostic, Errors, ImageRef, Node};

/// The search rules and overrides of one file or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageRules {
    /// Search rules in their order; the built-in ones come after them.
    pub rules: Vec<Rule>,
    /// Overrides in their order; the first that matches an image applies.
    pub overrides: Vec<ImageOverride>,
}

/// An image that replaces another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageOverride {
    /// The images that are replaced.
    pub matcher: ValueMatcher,
    /// The new image.
    pub image: ImageRef,
}

impl ImageRules {
    /// Returns the image that the first matching override puts in place of `image`; nothing where none matches. Where only the
    /// digest is new, the image keeps its spelling and its tag.
    pub fn replacement(&self, image: &ImageRef) -> Option<ImageRef> {
        let matches = |one: &&ImageOverride| match &one.matcher {
            ValueMatcher::Image(text) => text == image.as_str(),
            ValueMatcher::Repository(name) => name == image.name(),
        };
        let new = &self.overrides.iter().find(matches)?.image;
        let same = new.full_name() == image.full_name() && new.tag().is_none_or(|tag| image.tag() == Some(tag));
        Some(match new.digest().filter(|_| same) {
            Some(digest) => image.with_digest(&digest),
            None => new.clone(),
        })
    }

    /// Appends the rules and overrides of another file.
    pub fn extend(&mut self, other: ImageRules) {
        self.rules.extend(other.rules);
        self.overrides.extend(other.overrides);
    }
}

/// Reads a file of kbld's or imgpkg's documents; `file` is its name in messages.
///
/// # Errors
/// Every document that is of another kind, has an unknown field, or asks for what is not supported.
pub fn read(file: &str, text: &str) -> Result<ImageRules, Errors> {
    let mut rules = ImageRules::default();
    let mut errors = Vec::new();
    let documents = yaml::read_stream(text.as_bytes()).map_err(|error| error.in_file(file))?;
    for document in documents.iter().filter(|document| document.as_map().is_some()) {
        match read_document(document) {
            Ok(one) => rules.extend(one),
            Err(error) => errors.push(error.in_file(file).at(document.at)),
        }
    }
    Errors::check(errors).map(|()| rules)
}

fn read_document(document: &Node) -> Result<ImageRules, Diagnostic> {
    let text = |key| document.get(key).and_then(Node::text).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("kbld.k14s.io/v1alpha1", "Config" | "ImageOverrides" | "ImageKeys") => {
            decode::<kbld::RawConfig>(document)?.check()
        }
        ("imgpkg.carvel.dev/v1alpha1", "ImagesLock") => decode::<imgpkg::RawImagesLock>(document)?.check(),
        (version, kind) => {
            let found = format!("{version} {kind}");
            let found = if found.trim().is_empty() { "no apiVersion and kind" } else { found.trim() };
            Err(Diagnostic::new(format!("expected a kbld Config or an imgpkg ImagesLock, found {found}"))
                .hint("remove the document from the file"))
        }
    }
}

fn decode<T: for<'a> Deserialize<'a>>(document: &Node) -> Result<T, Diagnostic> {
    let json = yaml::to_json(document, Rules::V3)?;
    serde_json::from_value(json).map_err(|error| Diagnostic::new(error.to_string().replace('`', "\"")))
}

/// Checks each item of the list field `list`; the first error names its item.
fn check_each<T, U>(
    list: &str,
    items: Vec<T>,
    check: impl Fn(T) -> Result<U, Diagnostic>,
) -> Result<Vec<U>, Diagnostic> {
    let one = |(index, item)| {
        check(item).map_err(|error| {
            let below = error.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
            Diagnostic { field: Some(format!("{list}[{index}]{below}")), ..error }
        })
    };
    items.into_iter().enumerate().map(one).collect()
}
