//! Images: where they stand, their digests, where they come from, and what a policy says of them.

pub mod digests;
pub mod moves;
pub mod objects;
pub mod origins;
pub mod policy;
pub mod registries;
pub mod search;
