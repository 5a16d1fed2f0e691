//! Caches that live as long as a run.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// The caches of a run, one for each type. Clones share them.
#[derive(Clone, Default)]
pub struct RunCache(Arc<Mutex<FxHashMap<TypeId, Arc<dyn Any + Send + Sync>>>>);

impl RunCache {
    /// Returns the cache of a type; an empty one the first time.
    pub(crate) fn of<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut caches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = caches.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default())).clone();
        cache.downcast().unwrap_or_default()
    }
}

impl fmt::Debug for RunCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunCache").finish_non_exhaustive()
    }
}
