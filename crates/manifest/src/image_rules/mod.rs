//! Files of image rules: kbld's search rules and overrides (`kbld.k14s.io/v1alpha1` `Config`, which is also kbld's lock file)
//! and imgpkg's `ImagesLock` (`imgpkg.carvel.dev/v1alpha1`).
//!
//! In addition to kbld's own update strategies, a rule may have `updateStrategy: {fields: {repository: …, tag: …, digest: …}}`, for a
//! mapping that has the parts of a reference in separate fields. Building, relocating and selecting tags are refused.

mod imgpkg;
mod kbld;
mod rules;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::yaml::{self, Rules};
use crate::{Diagnostic, Errors, Node};

pub use rules::{ImageOverride, ImageRules};

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
