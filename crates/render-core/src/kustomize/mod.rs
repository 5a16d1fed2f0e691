//! `kustomize build`: a folder in, objects out, byte for byte as kustomize 5.8.1 prints them.

pub mod build;
pub mod decode;
pub mod field_spec;
pub mod kustomization;
pub mod origin;
pub mod resource;
pub mod scalar;
pub mod schema;
pub mod selector;
pub mod transform;

pub use build::{Built, LoadRestrictor, Options, Order, build};
