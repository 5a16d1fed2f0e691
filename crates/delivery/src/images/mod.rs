//! Images: search rules, digests, origins and policy.

pub mod digests;
pub mod moves;
pub mod objects;
pub mod origins;
pub mod policy;
pub mod registries;
pub mod search;
