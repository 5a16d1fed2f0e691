//! The progress of a run.

use std::fmt;
use std::sync::Arc;

/// Receives the number of finished parts of a step and their total. Called from many threads, first with 0.
#[derive(Clone)]
pub struct Progress {
    resolving: Arc<dyn Fn(usize, usize) + Send + Sync>,
}

impl Progress {
    /// `resolving` receives the progress of resolving images at registries.
    pub fn new(resolving: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Progress { resolving: Arc::new(resolving) }
    }

    /// Receives the progress of resolving images at registries.
    pub fn resolving(&self) -> &(dyn Fn(usize, usize) + Sync) {
        self.resolving.as_ref()
    }
}

impl Default for Progress {
    /// Ignores the progress.
    fn default() -> Self {
        Progress::new(|_, _| {})
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
