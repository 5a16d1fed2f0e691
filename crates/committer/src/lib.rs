//! The committer: a set of files in, a commit id out.

pub mod source;
