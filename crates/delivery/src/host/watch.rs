//! How far a run is, for whoever wants to be told.

use std::fmt;
use std::sync::Arc;

/// Who is told how many of a step's parts are done, and of how many; from many threads, and first of none.
#[derive(Clone)]
pub struct Watch {
    resolving: Arc<dyn Fn(usize, usize) + Send + Sync>,
}

impl Watch {
    /// `resolving` is told of images that are asked for at registries.
    pub fn new(resolving: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Watch { resolving: Arc::new(resolving) }
    }

    /// Who is told of images that are asked for at registries.
    pub fn resolving(&self) -> &(dyn Fn(usize, usize) + Sync) {
        self.resolving.as_ref()
    }
}

impl Default for Watch {
    /// Nobody.
    fn default() -> Self {
        Watch::new(|_, _| {})
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
