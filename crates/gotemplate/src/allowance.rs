//! How many bytes the values of an execution may take, all together.
//!
//! Values count when they are made, on the thread that makes them. Lists and maps are given back when they are freed, strings are not.
//! All of them count as work, which is limited by the steps of the execution.
//! Functions whose result can be much larger than their arguments ask first.

use std::cell::Cell;

thread_local! {
    static REMAINING: Cell<u64> = const { Cell::new(u64::MAX) };
    /// The bytes that were made since the executor counted them as steps.
    static WORK: Cell<u64> = const { Cell::new(0) };
}

/// Returns how many bytes are left; all that there are outside of an execution.
#[must_use]
pub fn remaining() -> usize {
    usize::try_from(REMAINING.get()).unwrap_or(usize::MAX)
}

/// Counts bytes that are made, or work that takes as long. Returns whether the allowance has not been used up; the execution fails after the
/// call that uses it up.
pub fn take(bytes: usize) -> bool {
    work(bytes);
    let remaining = REMAINING.get();
    if remaining == u64::MAX {
        return true;
    }
    let left = remaining.saturating_sub(bytes as u64);
    REMAINING.set(left);
    left > 0
}

/// Counts work that takes as long as to make that many bytes: it takes steps of the execution, but no room.
pub fn work(bytes: usize) {
    WORK.set(WORK.get().saturating_add(bytes as u64));
}

/// Returns the work that was counted since this was called last.
pub(crate) fn counted_work() -> u64 {
    WORK.take()
}

/// Gives back bytes that were counted.
pub(crate) fn give_back(bytes: usize) {
    let remaining = REMAINING.get();
    // Who has used it up gets nothing back: the execution ends.
    if remaining != u64::MAX && remaining != 0 {
        REMAINING.set(remaining.saturating_add(bytes as u64).min(u64::MAX - 1));
    }
}

/// Returns whether that many bytes are left. If they are not, nothing is left any more, and the execution fails after the call.
pub fn allows(bytes: usize) -> bool {
    bytes <= remaining() || {
        REMAINING.set(0);
        false
    }
}

/// Returns whether nothing is left.
#[must_use]
pub fn is_used_up() -> bool {
    REMAINING.get() == 0
}

/// Sets what is left, and returns what was left before.
pub(crate) fn replace(bytes: u64) -> u64 {
    REMAINING.replace(bytes)
}
