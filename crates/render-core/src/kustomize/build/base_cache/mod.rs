//! A cache of built bases, shared by the builds of one run: a base that several kustomizations name is built once.
//!
//! Each cached base is stored with every read that its build made (files, links, folders, remotes). A lookup repeats these
//! reads through the new build's own [`Io`] and uses the base only if all results are equal. Reads are cached by their
//! implementations, so repeating them is cheap, and the new build's dependencies are recorded completely.
//! Lookups never wait for a build in progress: two builds that need the same base at the same time both build it.

mod trace;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use manifest::Diagnostic;
use rustc_hash::FxHashMap;

use self::trace::Seen;
pub(crate) use self::trace::Trace;
use super::accumulate::Accumulated;
use crate::kustomize::load::{BaseDependency, BaseKey, Io, KustomizationDir};
use crate::kustomize::options::Options;

/// The limit of the cache: the total size in bytes of the files that the cached bases were built from. Their trees take about
/// eight times as much memory. Beyond it the oldest bases are dropped; the kustomizations that share a base are usually neighbors.
const MAX_BYTES: usize = 8 << 20;

/// A cache of the bases that the builds of one run have built so far. Pass it to [`build_with_cache`](crate::kustomize::build_with_cache).
#[derive(Debug, Default)]
pub struct BaseCache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By options; there is rarely more than one set of options in a run.
    bases: Vec<(Options, FxHashMap<BaseKey, KeptBase>)>,
    /// The index of the options and the key of each base, the oldest first.
    order: VecDeque<(usize, BaseKey)>,
    bytes: usize,
}

#[derive(Debug)]
struct KeptBase {
    base: Arc<Base>,
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
    pub fn find(&self, options: &Options, place: &KustomizationDir, io: Io<'_>) -> Option<Arc<Base>> {
        let found = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let (_, bases) = kept.bases.iter().find(|(known, _)| known == options)?;
            bases.get(&place.base_key())?.base.clone()
        };
        let same = place.admits(&found.dependencies) && found.seen.iter().all(|seen| seen.is_still_so(io));
        same.then_some(found)
    }

    /// Stores the base at `place`, in place of the one that is cached there. A base that is too large is not stored.
    pub fn keep(&self, options: &Options, place: &KustomizationDir, base: Base) {
        let bytes: usize = base.seen.iter().map(Seen::bytes).sum();
        if bytes <= MAX_BYTES {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.insert(options, place.base_key(), KeptBase { base: Arc::new(base), bytes });
        }
    }
}

impl Kept {
    fn insert(&mut self, options: &Options, key: BaseKey, base: KeptBase) {
        let index = self.bases.iter().position(|(known, _)| known == options).unwrap_or_else(|| {
            self.bases.push((options.clone(), FxHashMap::default()));
            self.bases.len() - 1
        });
        self.bytes += base.bytes;
        match self.bases[index].1.insert(key.clone(), base) {
            Some(replaced) => self.bytes -= replaced.bytes,
            None => self.order.push_back((index, key)),
        }
        while self.bytes > MAX_BYTES
            && let Some((index, key)) = self.order.pop_front()
        {
            self.bytes -= self.bases[index].1.remove(&key).map_or(0, |dropped| dropped.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;
    use crate::host::NoHost;
    use crate::kustomize::build_with_cache;

    #[test]
    fn the_oldest_bases_are_dropped_beyond_the_limit() {
        let mut files = MemoryFiles::default();
        let text = "x".repeat(MAX_BYTES / 3);
        for number in 0..5 {
            let generator = format!("configMapGenerator:\n- name: c{number}\n  files: [text]\n");
            files.insert(&format!("/base{number}/kustomization.yaml"), generator.into_bytes());
            files.insert(&format!("/base{number}/text"), text.clone().into_bytes());
            let top = format!("resources: [../base{number}]\n").into_bytes();
            files.insert(&format!("/top{number}/kustomization.yaml"), top);
        }
        let cache = BaseCache::default();
        for number in [0, 1, 2, 2, 3, 4] {
            build_with_cache(&cache, &files, &NoHost, &format!("/top{number}"), &Options::default()).unwrap();
            let kept = cache.kept.lock().unwrap();
            assert!(kept.bytes <= MAX_BYTES && kept.order.len() == kept.bases[0].1.len());
        }
        let kept = cache.kept.lock().unwrap();
        let roots: Vec<&BaseKey> = kept.order.iter().map(|(_, key)| key).collect();
        assert_eq!(format!("{roots:?}").matches("base").count(), 2);
        assert!(format!("{roots:?}").contains("base3") && format!("{roots:?}").contains("base4"));
    }
}
