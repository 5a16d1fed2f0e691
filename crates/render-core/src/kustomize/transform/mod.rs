//! The transformers: one file for each field of kustomization.yaml.

pub mod annotations;
pub mod images;
pub mod labels;
pub mod name_hash;
pub mod name_reference;
pub mod namespace;
pub mod patch;
pub mod prefix_suffix;
pub mod replacements;
pub mod replicas;
mod set;
pub mod sort;
pub mod vars;
