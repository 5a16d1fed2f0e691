//! Pinning: which digest each image reference stands for, and putting it into trees and texts.
//!
//! [`collect`] lists the images of a tree, [`replace`] changes them in the tree, [`edit`] changes them in a file's text and
//! leaves every other byte as it is. All three go by the same search rules ([`crate::image_search`]).

mod apply;
mod collect;
mod locate;
mod pins;
mod plan;

pub use apply::{Edited, edit, replace};
pub use collect::{FoundImage, collect, collect_text};
pub use pins::Pins;

use crate::image::ImageRef;

/// What an image reference becomes; nothing where it stays as it is.
pub type Pin<'a> = &'a dyn Fn(&ImageRef) -> Option<ImageRef>;

#[cfg(test)]
mod tests;
