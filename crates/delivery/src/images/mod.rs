//! Images: search rules, digests, assignments, origins and policy.

pub mod assign;
pub mod digests;
pub mod given;
pub mod moves;
pub mod objects;
pub mod origins;
pub mod policy;
pub mod registries;
pub mod search;
pub mod source;
pub(crate) mod value_images;
