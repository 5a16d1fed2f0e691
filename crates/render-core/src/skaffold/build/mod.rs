//! Builds: the image that replaces each artifact's name.

pub(super) mod builds;
pub mod default_repo;
pub(super) mod plan;
pub(super) mod tag;
