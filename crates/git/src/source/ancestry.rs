//! The relation of two commits.

/// Whether one commit is an ancestor of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ancestry {
    /// The first commit is the second or one of its ancestors.
    Ancestor,
    /// It is not.
    NotAncestor,
    /// Unknown, with the reason: a shallow clone or a missing commit, and why the missing history could not be read elsewhere.
    Unknown(String),
}
