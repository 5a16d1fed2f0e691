//! A base that other builds of the run build as well: taken from the shelf, or put there.

use manifest::Diagnostic;

use super::super::accumulate::Accumulated;
use super::super::load::{Place, Visit};
use super::super::shelf::{Base, Shelf, Trace};
use super::super::target::Target;
use super::{Build, Inherited};

/// What a build needs to share bases with others.
pub(super) struct Sharing<'a> {
    shelf: &'a Shelf,
    trace: &'a Trace<'a>,
    /// The folders that were entered so far.
    visits: Vec<Visit>,
}

impl<'a> Sharing<'a> {
    /// Sharing through `shelf`; `trace` is what the build's doors are.
    pub(super) fn new(shelf: &'a Shelf, trace: &'a Trace<'a>) -> Self {
        Sharing { shelf, trace, visits: Vec::new() }
    }
}

/// How far a build had come when it began a base.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    seen: usize,
    visits: usize,
    warnings: usize,
    unknown_kinds: usize,
}

impl Build<'_> {
    /// Where the build stands, before the first file of a base is read.
    pub(super) fn mark(&self) -> Mark {
        let Some(sharing) = &self.sharing else { return Mark::default() };
        Mark {
            seen: sharing.trace.len(),
            visits: sharing.visits.len(),
            warnings: self.warnings.borrow().len(),
            unknown_kinds: self.unknown_kinds,
        }
    }

    /// Remembers that the build is made of what lies at `place` too.
    pub(super) fn visit(&mut self, place: &Place) {
        if let Some(sharing) = &mut self.sharing {
            sharing.visits.push(place.visit());
        }
    }

    /// What a kustomization makes of its bases and its own fields, shared with other builds where it is the same for
    /// whoever names it: no origins are kept, and no schema was chosen. `start` is where the build stood before it was
    /// opened.
    pub(super) fn base(
        &mut self,
        target: &Target,
        start: Mark,
        inherited: &Inherited,
    ) -> Result<Accumulated, Diagnostic> {
        let shareable = inherited.origin.is_none() && !self.schema_is_set && !target.kustomization.is_component();
        if !shareable {
            return self.accumulate(target, Accumulated::default(), inherited);
        }
        let sharing = self.sharing.as_ref();
        if let Some(base) = sharing.and_then(|sharing| sharing.shelf.find(self.options, &target.place, self.doors)) {
            return Ok(self.take(&base, start));
        }
        let gathered = self.accumulate(target, Accumulated::default(), inherited)?;
        self.keep(&target.place, start, &gathered);
        Ok(gathered)
    }

    /// Goes on as if the base had been built here.
    fn take(&mut self, base: &Base, start: Mark) -> Accumulated {
        let warnings = self.warnings.get_mut();
        warnings.truncate(start.warnings);
        warnings.extend_from_slice(&base.warnings);
        self.unknown_kinds += base.unknown_kinds;
        if let Some(sharing) = &mut self.sharing {
            sharing.visits.truncate(start.visits);
            sharing.visits.extend_from_slice(&base.visits);
        }
        base.gathered.clone()
    }

    /// Keeps a base for other builds, if nothing in it is for this one alone. What is built for itself and has bases of its
    /// own is an overlay, and seldom anybody's base.
    fn keep(&self, place: &Place, start: Mark, gathered: &Accumulated) {
        let Some(sharing) = self.sharing.as_ref().filter(|_| !self.schema_is_set) else { return };
        if place.is_top() && sharing.visits.len() > start.visits + 1 {
            return;
        }
        let Some(seen) = sharing.trace.since(start.seen) else { return };
        let base = Base {
            gathered: gathered.clone(),
            warnings: self.warnings.borrow().get(start.warnings..).unwrap_or_default().to_vec(),
            unknown_kinds: self.unknown_kinds - start.unknown_kinds,
            visits: sharing.visits.get(start.visits..).unwrap_or_default().to_vec(),
            seen,
        };
        sharing.shelf.keep(self.options, place, base);
    }
}
