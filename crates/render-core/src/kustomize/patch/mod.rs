//! Applying patches: JSON 6902 operations and strategic merges.

pub(super) mod json_patch;
pub(super) mod merge;
