//! The maximum depth of a tree: trees are visited by recursion, so the stack limits it.

use crate::diagnostic::Diagnostic;
use crate::node::At;

use super::types::MAX_DEPTH;

/// The stack that one level of recursion may use, in bytes; a fourth of it was measured without optimization.
const LEVEL: usize = 4096;

/// The depth that every thread supports.
const LEAST: usize = 500;

/// Returns the maximum depth of a tree that is read on this thread, by its remaining stack. Block and flow collections may each be
/// as deep as in go-yaml.
pub(super) fn max_depth() -> usize {
    let stack = stacker::remaining_stack().unwrap_or_default();
    (stack / LEVEL).clamp(LEAST, 2 * MAX_DEPTH)
}

/// Checks that a tree is at most twice as deep as the reader allows.
pub(super) fn check(depth: usize, at: At) -> Result<(), Diagnostic> {
    if depth > 2 * LEAST && depth > 2 * max_depth() {
        return Err(too_deep(depth - 1, at));
    }
    Ok(())
}

/// The error of nesting deeper than `limit`.
pub(super) fn too_deep(limit: usize, at: At) -> Diagnostic {
    Diagnostic::new(format!("nested deeper than {limit} levels")).at(at).hint("reduce the nesting")
}
