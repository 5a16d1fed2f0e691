//! Standard error: lines and progress bars share it without breaking each other.

use std::io::{self, Write};
use std::sync::OnceLock;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

/// The bars that are drawn; absent until the first one.
static BARS: OnceLock<MultiProgress> = OnceLock::new();

/// Writes bytes to stderr, above the progress bars.
pub(crate) fn write(bytes: &[u8]) {
    let write = || {
        // Nothing else can be done if stderr is closed.
        drop(io::stderr().lock().write_all(bytes));
    };
    match BARS.get() {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

/// Draws a progress bar of `total` steps on stderr.
pub(crate) fn add_bar(total: u64) -> ProgressBar {
    let bars = BARS.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
    bars.add(ProgressBar::new(total))
}
