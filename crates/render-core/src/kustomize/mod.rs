//! `kustomize build`: a folder in, objects out, byte for byte as kustomize 5.8.1 prints them.

pub mod accumulate;
pub mod annotations;
pub mod build;
pub mod build_metadata;
pub mod context;
pub mod crds;
pub mod decode;
pub mod entry;
pub mod field_path;
pub mod field_spec;
pub mod generate;
pub mod json_patch;
pub mod kustomization;
pub mod load;
pub mod merge;
pub mod object;
pub mod objects;
pub mod openapi;
pub mod options;
pub mod origin;
pub mod plugin;
pub mod reference;
pub mod resource;
pub mod scalar;
pub mod schema;
pub mod selector;
pub mod set;
pub mod shared;
pub mod shelf;
pub mod steps;
pub mod target;
pub mod transform;
pub mod validate;

pub use build::{Built, build, build_beside};
pub use options::{LoadRestrictor, Options, Order};
pub use shelf::Shelf;
