//! `skaffold render`: a `skaffold.yaml` in, objects out.

pub mod builds;
mod check;
mod decode;
mod decode_build;
pub mod default_repo;
mod defaults;
pub(crate) mod depth;
mod document;
mod fields;
mod glob;
mod helm;
mod hooks;
mod images;
mod inputs;
mod kustomize_paths;
mod labels;
mod load;
pub mod model;
mod namespace;
mod patch;
mod profile;
mod raw_yaml;
pub mod reference;
mod render;
mod require;
mod selector;
mod setter_files;
mod setters;
pub mod template;
mod transform;
mod upgrade;
mod validate;

pub use builds::Build;
pub use inputs::{Inputs, RenderOptions};
pub use load::{LoadOptions, Loaded, load};
pub use render::{Rendered, RenderedConfig, render};
