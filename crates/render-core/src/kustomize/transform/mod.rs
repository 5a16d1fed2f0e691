//! The transformers: one file for each field of kustomization.yaml.

pub(super) mod annotations;
pub(super) mod images;
pub(super) mod labels;
pub(super) mod name_hash;
pub(super) mod name_reference;
pub(super) mod namespace;
pub(super) mod patch;
pub(super) mod prefix_suffix;
pub(super) mod replacements;
pub(super) mod replicas;
mod set;
pub(super) mod sort;
pub(super) mod vars;
