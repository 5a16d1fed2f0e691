//! `kustomize build`: a folder in, objects out, byte for byte as kustomize 5.8.1 prints them.

pub mod build;
pub mod decode;
pub mod kustomization;
pub mod origin;
pub mod resource;
pub mod schema;

pub use build::{Built, LoadRestrictor, Options, Order, build};
