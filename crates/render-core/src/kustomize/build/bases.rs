//! Bases that other builds of the run need as well: taken from the base cache, or stored in it.

use manifest::Diagnostic;

use super::accumulate::Accumulated;
use super::base_cache::Base;
use super::state::{Build, Inherited, Mark};
use super::target::Target;
use crate::kustomize::load::KustomizationDir;

impl Build<'_> {
    /// Returns the state of the build, to be taken before the first file of a base is read.
    pub(super) fn mark(&self) -> Mark {
        let Some(sharing) = &self.sharing else { return Mark::default() };
        Mark {
            seen: sharing.trace.len(),
            dependencies: sharing.dependencies.len(),
            warnings: self.warnings.borrow().len(),
            unknown_kinds: self.unknown_kinds,
            bytes: self.budget.bytes(),
        }
    }

    /// Records that the build depends on the files in `dir`.
    pub(super) fn add_dependency(&mut self, dir: &KustomizationDir) {
        if let Some(sharing) = &mut self.sharing {
            sharing.dependencies.push(dir.dependency());
        }
    }

    /// Returns the accumulated result of a kustomization, from the cache if it does not depend on the kustomization that
    /// refers to it: no origins are recorded, and no schema is set. `start` marks the state of the build before the
    /// kustomization was opened.
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
        if let Some(base) = sharing.and_then(|sharing| sharing.base_cache.find(self.options, &target.dir, self.io)) {
            return self.take(&base, start);
        }
        let accumulated = self.accumulate(target, Accumulated::default(), inherited)?;
        self.keep(&target.dir, start, &accumulated);
        Ok(accumulated)
    }

    /// Applies a cached base: its warnings and dependencies are added as if it had been built here.
    fn take(&mut self, base: &Base, start: Mark) -> Result<Accumulated, Diagnostic> {
        // The base itself was counted when it was opened.
        self.budget.add_bases(base.dependencies.len().saturating_sub(1))?;
        self.budget.add(base.bytes)?;
        let warnings = self.warnings.get_mut();
        warnings.truncate(start.warnings);
        warnings.extend_from_slice(&base.warnings);
        self.unknown_kinds += base.unknown_kinds;
        if let Some(sharing) = &mut self.sharing {
            sharing.dependencies.truncate(start.dependencies);
            sharing.dependencies.extend_from_slice(&base.dependencies);
        }
        Ok(base.accumulated.clone())
    }

    /// Adds a base to the cache, if it does not depend on this build. The root of a build that has bases of its own is an
    /// overlay, which is rarely the base of another kustomization, and is not added.
    fn keep(&self, dir: &KustomizationDir, start: Mark, accumulated: &Accumulated) {
        let Some(sharing) = self.sharing.as_ref().filter(|_| !self.schema_is_set) else { return };
        if dir.is_top() && sharing.dependencies.len() > start.dependencies + 1 {
            return;
        }
        let Some(seen) = sharing.trace.since(start.seen) else { return };
        let base = Base {
            accumulated: accumulated.clone(),
            warnings: self.warnings.borrow().get(start.warnings..).unwrap_or_default().to_vec(),
            unknown_kinds: self.unknown_kinds - start.unknown_kinds,
            bytes: self.budget.bytes() - start.bytes,
            dependencies: sharing.dependencies.get(start.dependencies..).unwrap_or_default().to_vec(),
            seen,
        };
        sharing.base_cache.keep(self.options, dir, base);
    }
}
