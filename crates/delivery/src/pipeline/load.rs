//! The first stage: every unit's source is read as far as it can be before images are resolved.

use manifest::Errors;
use render_core::host::Host;

use super::session::{OfUnit, Pipeline, all_units};
use super::skaffold;
use super::unit::{LoadedSource, LoadedUnit};
use crate::error::Failure;
use crate::host::recorded_files::RecordedFiles;
use crate::plan::{PlannedUnit, Source};

impl OfUnit for LoadedUnit {
    fn planned(&self) -> &PlannedUnit {
        &self.unit
    }
}

impl Pipeline<'_> {
    /// Reads the sources of the units.
    ///
    /// # Errors
    /// Everything that is wrong with any unit, each finding once.
    pub(crate) fn load(&self, units: Vec<PlannedUnit>) -> Result<Vec<LoadedUnit>, Failure> {
        let _span = tracing::info_span!("load", units = units.len()).entered();
        Ok(all_units(units, |unit| self.load_unit(unit))?)
    }

    /// Reads the source of one unit.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn load_unit(&self, mut unit: PlannedUnit) -> Result<LoadedUnit, Errors> {
        let host_files = self.files();
        let files = RecordedFiles::new(&host_files);
        let source = match &unit.source {
            Source::Kustomize { folder, options } => {
                LoadedSource::Kustomize { folder: folder.clone(), options: options.clone() }
            }
            Source::Manifests { files } => LoadedSource::Manifests(files.clone()),
            Source::Helm(release) => LoadedSource::Helm(release.clone()),
            Source::Skaffold(options) => LoadedSource::Skaffold(Box::new(skaffold::load(
                &self.skaffold_run(&unit, &files, &self.host),
                options,
            )?)),
        };
        if let (Source::Skaffold(options), LoadedSource::Skaffold(loaded)) = (&mut unit.source, &source)
            && loaded.has_charts()
        {
            options.helm_semantics = self.plan.charts.rendered_semantics();
        }
        Ok(LoadedUnit { unit, source, inputs: files.into_paths() })
    }

    pub(super) fn skaffold_run<'r>(
        &'r self,
        unit: &'r PlannedUnit,
        files: &'r RecordedFiles<'r>,
        host: &'r dyn Host,
    ) -> skaffold::Run<'r> {
        skaffold::Run {
            unit,
            files,
            host,
            ctx: self.ctx,
            git: &self.git,
            base_cache: self.base_cache.as_deref(),
            given: &self.plan.given_images,
        }
    }
}
