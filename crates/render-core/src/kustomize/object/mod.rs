//! The objects of a build: reading them, their build metadata, and setting fields the way kustomize does.

pub(super) mod annotations;
pub(super) mod cow_node;
pub(super) mod origin;
pub(super) mod reader;
pub(super) mod resource;
pub(super) mod scalar;
pub(super) mod set;
pub(super) mod shared;
