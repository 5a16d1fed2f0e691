//! How far a run is, for whoever wants to be told.

use std::fmt;
use std::sync::Arc;

/// Who is told how many of a step's parts are done, and of how many; from many threads, and first of none.
#[derive(Clone)]
pub struct Progress {
    resolving: Arc<dyn Fn(usize, usize) + Send + Sync>,
}

impl Progress {
    /// `resolving` is told of images that are asked for at registries.
    pub fn new(resolving: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Progress { resolving: Arc::new(resolving) }
    }

    /// Who is told of images that are asked for at registries.
    pub fn resolving(&self) -> &(dyn Fn(usize, usize) + Sync) {
        self.resolving.as_ref()
    }
}

impl Default for Progress {
    /// Nobody.
    fn default() -> Self {
        Progress::new(|_, _| {})
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
