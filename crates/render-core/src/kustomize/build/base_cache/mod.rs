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

/// From this size of its files on, a base is large: such as the definitions of many custom resources, which every kustomization names.
const LARGE: usize = 256 << 10;

/// The limits of the cache: the total sizes in bytes of the files that the cached bases were built from. Their trees take eight to sixteen
/// times as much memory. Of the small bases, the oldest is dropped that was not used since it was stored; the kustomizations that share one
/// are usually neighbors. Large bases are kept until the limit is reached.
const MAX_SMALL_BYTES: usize = 1 << 20;
const MAX_LARGE_BYTES: usize = 32 << 20;

/// A cache of the bases that the builds of one run have built so far. Pass it to [`build_with_cache`](crate::kustomize::build_with_cache).
#[derive(Debug, Default)]
pub struct BaseCache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By options; there is rarely more than one set of options in a run.
    bases: Vec<(Options, FxHashMap<BaseKey, KeptBase>)>,
    /// The index of the options and the key of each small base, the oldest first.
    order: VecDeque<(usize, BaseKey)>,
    small_bytes: usize,
    large_bytes: usize,
}

#[derive(Debug)]
struct KeptBase {
    base: Arc<Base>,
    bytes: usize,
    used: bool,
}

/// A built base, before the kustomization that names it changes it.
#[derive(Debug)]
pub struct Base {
    /// Its objects, field specs and vars.
    pub accumulated: Accumulated,
    /// The warnings of its build.
    pub warnings: Vec<Diagnostic>,
    /// The number of objects whose kind is not in the built-in schema.
    pub unknown_kinds: usize,
    /// The bytes of the objects that its build read, generated and copied.
    pub bytes: u64,
    /// The kustomization folders that it was built from, its own included.
    pub dependencies: Vec<BaseDependency>,
    /// Every read that its build made.
    pub seen: Vec<Seen>,
}

impl BaseCache {
    /// Returns the base at `dir` if it is cached, is valid there, and every read of its build has the same result
    /// through `io`.
    pub fn find(&self, options: &Options, dir: &KustomizationDir, io: Io<'_>) -> Option<Arc<Base>> {
        let found = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let (_, bases) = kept.bases.iter_mut().find(|(known, _)| known == options)?;
            let found = bases.get_mut(&dir.base_key())?;
            found.used = true;
            found.base.clone()
        };
        let same = dir.admits(&found.dependencies) && found.seen.iter().all(|seen| seen.is_still_so(io));
        same.then_some(found)
    }

    /// Stores the base at `dir`, and replaces a cached one.
    pub fn keep(&self, options: &Options, dir: &KustomizationDir, base: Base) {
        let bytes: usize = base.seen.iter().map(Seen::bytes).sum();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes < LARGE || kept.large_bytes + bytes <= MAX_LARGE_BYTES {
            kept.insert(options, dir.base_key(), KeptBase { base: Arc::new(base), bytes, used: false });
        }
    }
}

impl Kept {
    fn insert(&mut self, options: &Options, key: BaseKey, base: KeptBase) {
        let index = self.bases.iter().position(|(known, _)| known == options).unwrap_or_else(|| {
            self.bases.push((options.clone(), FxHashMap::default()));
            self.bases.len() - 1
        });
        if let Some(replaced) = self.bases[index].1.remove(&key) {
            *self.total(replaced.bytes) -= replaced.bytes;
            self.order.retain(|known| *known != (index, key.clone()));
        }
        *self.total(base.bytes) += base.bytes;
        if base.bytes < LARGE {
            self.order.push_back((index, key.clone()));
        }
        self.bases[index].1.insert(key, base);
        self.drop_oldest();
    }

    fn total(&mut self, bytes: usize) -> &mut usize {
        if bytes < LARGE { &mut self.small_bytes } else { &mut self.large_bytes }
    }

    fn drop_oldest(&mut self) {
        while self.small_bytes > MAX_SMALL_BYTES
            && let Some((index, key)) = self.order.pop_front()
        {
            let bases = &mut self.bases[index].1;
            match bases.get_mut(&key) {
                Some(base) if base.used => {
                    base.used = false;
                    self.order.push_back((index, key));
                }
                _ => self.small_bytes -= bases.remove(&key).map_or(0, |dropped| dropped.bytes),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;
    use crate::host::NoHost;
    use crate::kustomize::build_with_cache;

    /// Builds `/topN`, which names a base with a file of this size.
    fn build(cache: &BaseCache, number: usize, size: usize) {
        let mut files = MemoryFiles::default();
        let generator = format!("configMapGenerator:\n- name: c{number}\n  files: [text]\n");
        files.insert(&format!("/base{number}/kustomization.yaml"), generator.into_bytes());
        files.insert(&format!("/base{number}/text"), "x".repeat(size).into_bytes());
        let top = format!("resources: [../base{number}]\n").into_bytes();
        files.insert(&format!("/top{number}/kustomization.yaml"), top);
        build_with_cache(cache, &files, &NoHost, &format!("/top{number}"), &Options::default()).unwrap();
    }

    fn kept(cache: &BaseCache) -> Vec<usize> {
        let kept = cache.kept.lock().unwrap();
        let keys = format!("{:?}", kept.bases[0].1.keys().collect::<Vec<_>>());
        assert!(kept.small_bytes <= MAX_SMALL_BYTES && kept.large_bytes <= MAX_LARGE_BYTES);
        (0..20).filter(|number| keys.contains(&format!("base{number}\""))).collect()
    }

    #[test]
    fn the_oldest_small_bases_that_were_not_used_are_dropped() {
        let cache = BaseCache::default();
        let size = LARGE - 1000;
        build(&cache, 10, LARGE);
        for number in 0..4 {
            build(&cache, number, size);
        }
        assert_eq!(kept(&cache), [0, 1, 2, 3, 10]);
        build(&cache, 0, size);
        build(&cache, 4, size);
        assert_eq!(kept(&cache), [0, 2, 3, 4, 10]);
        build(&cache, 5, size);
        assert_eq!(kept(&cache), [0, 3, 4, 5, 10]);
    }

    #[test]
    fn large_bases_are_kept_up_to_the_limit() {
        let cache = BaseCache::default();
        for number in 0..3 {
            build(&cache, number, MAX_LARGE_BYTES / 2 - 1000);
        }
        assert_eq!(kept(&cache), [0, 1]);
    }
}
