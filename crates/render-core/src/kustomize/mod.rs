//! `kustomize build`: a folder in, objects out, byte for byte as kustomize 5.8.1 prints them.

pub mod build;
pub mod resource;

pub use build::{Built, LoadRestrictor, Options, Order, build};
