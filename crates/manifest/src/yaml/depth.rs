//! How deep a tree may be: trees are walked over by recursion, so the stack decides.

use crate::diagnostic::Diagnostic;
use crate::node::At;

use super::MAX_DEPTH;

/// What one level may take of the stack, whatever walks over it; measured at a fourth of it without optimization.
const LEVEL: usize = 4096;

/// What every thread has room for.
const LEAST: usize = 500;

/// How deep a tree may be that is read on this thread, as far as its stack goes from here. Block and flow collections may each be as
/// deep as go-yaml takes them.
pub(super) fn room() -> usize {
    let stack = stacker::remaining_stack().unwrap_or_default();
    (stack / LEVEL).clamp(LEAST, 2 * MAX_DEPTH)
}

/// Refuses a tree that is deeper than two that the reader makes would be on top of each other.
pub(super) fn check(depth: usize, at: At) -> Result<(), Diagnostic> {
    if depth > 2 * LEAST && depth > 2 * room() {
        return Err(too_deep(depth - 1, at));
    }
    Ok(())
}

/// The finding that something nests deeper than `limit`.
pub(super) fn too_deep(limit: usize, at: At) -> Diagnostic {
    Diagnostic::new(format!("nested deeper than {limit} levels")).at(at).hint("No object of Kubernetes is that deep.")
}
