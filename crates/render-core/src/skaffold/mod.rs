//! `skaffold render`: a `skaffold.yaml` in, objects out.

pub mod builds;
pub mod default_repo;
pub(crate) mod depth;
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
mod raw_yaml;
pub mod reference;
mod render;
mod selector;
mod setter_files;
mod setters;
pub mod template;
mod transform;

pub use builds::Build;
pub use inputs::{Inputs, RenderOptions};
pub use load::{LoadOptions, Loaded, load};
pub use render::{Rendered, RenderedConfig, render};
