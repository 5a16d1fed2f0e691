//! Search rules and overrides.

use crate::image_search::{Rule, ValueMatcher};
use crate::{Diagnostic, ImageRef};

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
    /// Returns the image that the first matching override puts in place of `image`; `None` if none matches. Where only the
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

/// Checks each item of the list field `list`; the first error names its item.
pub(super) fn check_each<T, U>(
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
