//! Recursion that cannot overflow the stack.

/// The stack that must be left for the work between two checks.
const RED_ZONE: usize = 64 * 1024;

/// The stack that is allocated when less is left.
const SEGMENT: usize = 2 * 1024 * 1024;

/// Runs `work` with enough stack.
pub(crate) fn grow<R>(work: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, SEGMENT, work)
}
