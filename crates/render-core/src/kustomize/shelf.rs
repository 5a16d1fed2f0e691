//! What several builds of one run have in common: a base that one of them has built, and what the build had looked at, so
//! that the next one that names it need not build it again.
//!
//! A kept base is taken only where everything that it was made of is still the same: each file, link, folder and remote is
//! asked for again through the new build's own doors (which remember what they read, so this is cheap, and which so learn
//! what the new build depends on). Nobody ever waits for another's build: two that come at once both build.

mod trace;

use std::sync::{Arc, Mutex, PoisonError};

use manifest::Diagnostic;
use rustc_hash::FxHashMap;

use self::trace::Seen;
pub(super) use self::trace::Trace;
use super::accumulate::Accumulated;
use super::load::{Doors, Footing, Place, Visit};
use super::options::Options;

/// The bytes of files that kept bases may be made of, all together; their trees take some eight times as much memory.
const ROOM: usize = 32 << 20;

/// The bases that the builds of one run have built so far.
#[derive(Debug, Default)]
pub struct Shelf {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By what the command line said, of which there are seldom two.
    bases: Vec<(Options, FxHashMap<Footing, Arc<Base>>)>,
    bytes: usize,
}

/// A base as it is before anything above it changes it.
#[derive(Debug)]
pub(super) struct Base {
    /// Its objects, field specs and vars.
    pub(super) gathered: Accumulated,
    /// What was said while it was built.
    pub(super) warnings: Vec<Diagnostic>,
    /// How many objects were read of kinds that the built-in schema does not have.
    pub(super) unknown_kinds: usize,
    /// The folders that it was made of, its own among them.
    pub(super) visits: Vec<Visit>,
    /// What it was made of.
    pub(super) seen: Vec<Seen>,
}

impl Shelf {
    /// The base at `place`, if it is kept, may be named from there, and everything it was made of is the same behind `doors`.
    pub(super) fn find(&self, options: &Options, place: &Place, doors: Doors<'_>) -> Option<Arc<Base>> {
        let found = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let (_, bases) = kept.bases.iter().find(|(known, _)| known == options)?;
            bases.get(&place.footing())?.clone()
        };
        let same = place.admits(&found.visits) && found.seen.iter().all(|seen| seen.is_still_so(doors));
        same.then_some(found)
    }

    /// Keeps the base at `place`, unless there is no room left.
    pub(super) fn keep(&self, options: &Options, place: &Place, base: Base) {
        let bytes: usize = base.seen.iter().map(Seen::bytes).sum();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes > ROOM {
            return;
        }
        kept.bytes += bytes;
        let index = kept.bases.iter().position(|(known, _)| known == options).unwrap_or_else(|| {
            kept.bases.push((options.clone(), FxHashMap::default()));
            kept.bases.len() - 1
        });
        kept.bases[index].1.insert(place.footing(), Arc::new(base));
    }
}
