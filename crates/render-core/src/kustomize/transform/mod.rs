//! The transformers: one file for each field of kustomization.yaml.

pub mod annotations;
pub mod images;
pub mod labels;
pub mod replicas;
mod set;
