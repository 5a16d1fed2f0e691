//! A cache of built bases, shared by the builds of one run: a base that several kustomizations name is built once.
//!
//! Each cached base is stored with every read that its build made (files, links, folders, remotes). A lookup repeats these
//! reads through the new build's own [`Io`] and uses the base only if all results are equal. Reads are cached by their
//! implementations, so repeating them is cheap, and the new build's dependencies are recorded completely.
//! Lookups never wait for a build in progress: two builds that need the same base at the same time both build it.

mod trace;

use std::sync::{Arc, Mutex, PoisonError};

use manifest::Diagnostic;
use rustc_hash::FxHashMap;

use self::trace::Seen;
pub(crate) use self::trace::Trace;
use super::accumulate::Accumulated;
use crate::kustomize::load::{BaseDependency, BaseKey, Io, Place};
use crate::kustomize::options::Options;

/// The limit of the cache: the total size in bytes of the files that the cached bases were built from. Their trees take about
/// eight times as much memory.
const MAX_BYTES: usize = 32 << 20;

/// A cache of the bases that the builds of one run have built so far. Pass it to [`build_with_cache`](crate::kustomize::build_with_cache).
#[derive(Debug, Default)]
pub struct BaseCache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By options; there is rarely more than one set of options in a run.
    bases: Vec<(Options, FxHashMap<BaseKey, Arc<Base>>)>,
    bytes: usize,
}

/// A built base, before the kustomization that names it changes it.
#[derive(Debug)]
pub struct Base {
    /// Its objects, field specs and vars.
    pub gathered: Accumulated,
    /// The warnings of its build.
    pub warnings: Vec<Diagnostic>,
    /// The number of objects whose kind is not in the built-in schema.
    pub unknown_kinds: usize,
    /// The kustomization folders that it was built from, its own included.
    pub dependencies: Vec<BaseDependency>,
    /// Every read that its build made.
    pub seen: Vec<Seen>,
}

impl BaseCache {
    /// Returns the base at `place` if it is cached, may be named from there, and every read of its build has the same result
    /// through `io`.
    pub fn find(&self, options: &Options, place: &Place, io: Io<'_>) -> Option<Arc<Base>> {
        let found = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let (_, bases) = kept.bases.iter().find(|(known, _)| known == options)?;
            bases.get(&place.base_key())?.clone()
        };
        let same = place.admits(&found.dependencies) && found.seen.iter().all(|seen| seen.is_still_so(io));
        same.then_some(found)
    }

    /// Stores the base at `place`, unless the cache is full.
    pub fn keep(&self, options: &Options, place: &Place, base: Base) {
        let bytes: usize = base.seen.iter().map(Seen::bytes).sum();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes > MAX_BYTES {
            return;
        }
        kept.bytes += bytes;
        let index = kept.bases.iter().position(|(known, _)| known == options).unwrap_or_else(|| {
            kept.bases.push((options.clone(), FxHashMap::default()));
            kept.bases.len() - 1
        });
        kept.bases[index].1.insert(place.base_key(), Arc::new(base));
    }
}
