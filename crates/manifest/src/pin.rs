//! Pinning: the digest of each image reference, and writing it into trees and texts.
//!
//! [`collect`] lists the images of a tree, [`replace`] changes them in the tree, [`edit`] changes them in a file's text and
//! keeps every other byte. All three use the same search rules ([`crate::image_search`]).

mod apply;
mod collect;
mod locate;
mod pins;
mod plan;

pub use apply::{Edited, edit, replace};
pub use collect::{FoundImage, collect, collect_text, incomplete_images};
pub use pins::Pins;
pub use plan::Pin;

#[cfg(test)]
mod tests;
