//! The vocabulary: YAML in, YAML out, resources, image references, diagnostics. Values only.
//!
//! This crate uses no file system, network, clock or tool. All other crates use its types.

pub mod diagnostic;
pub mod escape;
pub mod image;
pub mod image_rules;
pub mod image_search;
pub mod node;
pub mod pin;
pub mod resource;
pub mod secret_values;
pub mod yaml;

pub use diagnostic::{Cause, Diagnostic, Errors};
pub use image::{Digest, ImageRef, ImageRefError};
pub use node::{At, Data, Entry, Map, Node, Scalar, Style, Tag, Text};
pub use pin::Pins;
pub use resource::{Gvk, ObjectId};
