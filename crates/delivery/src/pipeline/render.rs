//! The second stage: objects. What the sources build is resolved first, since a chart may want the digests as values.

use std::collections::BTreeMap;
use std::sync::Arc;

use committer::KeptDelivery;
use manifest::{Diagnostic, Errors, Pins};
use render_core::chart_values::ValueTrial;
use render_core::host::Host;
use render_core::kustomize::{Options, build, build_over, build_with_cache};

use super::output::Output;
use super::random::{BranchObjects, UnitRenderings};
use super::session::{Pipeline, all_units};
use super::unit::{LoadedSource, LoadedUnit, RenderedUnit};
use super::{helm, manifests, skaffold, variables};
use crate::error::Failure;
use crate::host::branches::{self, Depth};
use crate::host::recorded_files::RecordedFiles;
use crate::images::digests::ImageRequest;
use crate::pipeline::file_set::Style;
use crate::plan::{PlannedUnit, Release};

impl Pipeline<'_> {
    /// Resolves what the units' sources build and renders the units.
    ///
    /// # Errors
    /// Images that cannot be resolved, and everything that is wrong with any unit, each finding once.
    pub(crate) fn render(&mut self, units: Vec<LoadedUnit>) -> Result<Vec<RenderedUnit>, Failure> {
        self.built = self.resolve_builds(&units)?;
        let _span = tracing::info_span!("render", units = units.len()).entered();
        let rendered = all_units(units, |unit| self.render_unit(unit));
        self.host.check_bases()?;
        Ok(rendered?)
    }

    fn resolve_builds(&mut self, units: &[LoadedUnit]) -> Result<Pins, Failure> {
        for unit in units {
            if let LoadedSource::Skaffold(loaded) = &unit.source {
                self.pinner.allow_insecure(loaded.insecure_registries());
            }
        }
        let requests: Vec<ImageRequest> = units.iter().flat_map(LoadedUnit::image_requests).collect();
        self.pinner.resolve(&requests)
    }

    fn render_unit(&self, loaded: LoadedUnit) -> Result<RenderedUnit, Errors> {
        let _span = tracing::debug_span!("render", unit = loaded.unit.name()).entered();
        let mut output = self.render_loaded(&loaded, None, &|| self.objects_on_branch(&loaded.unit))?;
        output.inputs = loaded.inputs.and(output.inputs);
        Ok(RenderedUnit { unit: loaded.unit, output })
    }

    /// Renders a unit, with other values of its charts if there is a trial.
    pub(super) fn render_loaded(
        &self,
        loaded: &LoadedUnit,
        trial: Option<Arc<ValueTrial>>,
        branch: &dyn Fn() -> Result<BranchObjects, Errors>,
    ) -> Result<Output, Errors> {
        let LoadedUnit { unit, source, .. } = loaded;
        let host_files = self.files();
        let files = RecordedFiles::new(&host_files);
        let once = |host: &dyn Host| self.render_once(unit, source, &files, host);
        let renderings = UnitRenderings::new(&self.host, &once);
        let renderings = match trial {
            Some(trial) => renderings.with_trial(trial),
            None => renderings,
        };
        let mut output = renderings.render(&unit.label(), &unit.random, self.ctx, branch)?;
        output.inputs = files.into_paths();
        Ok(output)
    }

    /// The calls of charts that read the order of a map, by unit, where that order reaches the output.
    ///
    /// # Errors
    /// What is wrong with a unit.
    pub(crate) fn sorted_maps(&self, units: &[PlannedUnit]) -> Result<BTreeMap<String, Vec<String>>, Errors> {
        let mut sorted = BTreeMap::new();
        for unit in units {
            let LoadedUnit { unit, source, .. } = self.load_unit(unit.clone())?;
            let host_files = self.files();
            let files = RecordedFiles::new(&host_files);
            let once = |host: &dyn Host| self.render_once(&unit, &source, &files, host);
            sorted.insert(unit.name(), UnitRenderings::new(&self.host, &once).sorted_maps()?);
        }
        Ok(sorted)
    }

    /// Renders a unit with a host.
    fn render_once(
        &self,
        unit: &PlannedUnit,
        source: &LoadedSource,
        files: &RecordedFiles<'_>,
        host: &dyn Host,
    ) -> Result<Output, Errors> {
        let mut output = match source {
            LoadedSource::Skaffold(loaded) => {
                skaffold::render(&self.skaffold_run(unit, files, host), loaded, &self.built)?
            }
            LoadedSource::Helm(release) => self.chart(release, files, host)?,
            LoadedSource::Kustomize { folder, options } => self.kustomization(folder, options, files, host)?,
            LoadedSource::Manifests(paths) => {
                Output::of_objects(manifests::render(files, paths)?, Style::Kustomize, Vec::new())
            }
        };
        if let Some(variables) = &unit.variables {
            let substituted = variables::substitute(&unit.name(), output.objects, variables);
            let field = format!("environments.{}.variables", unit.environment);
            output.objects = substituted.map_err(|errors| {
                errors.map(|finding| self.in_config(Diagnostic { field: Some(field.clone()), ..finding }))
            })?;
        }
        Ok(output)
    }

    /// The objects that a unit's branch has; of a reviewed unit, those that its topic branch proposes.
    pub(super) fn objects_on_branch(&self, unit: &PlannedUnit) -> Result<BranchObjects, Errors> {
        let read = branches::histories_at([unit], &self.plan.root, self.ctx, 1, Depth::Files);
        let state = read.map_err(Failure::into_errors)?.into_iter().next().map(|one| one.state).unwrap_or_default();
        match state.waiting.as_ref().or(state.tip.as_ref()) {
            Some(tip) => Ok(BranchObjects {
                objects: branches::objects(&unit.branch, tip)?,
                delivery: KeptDelivery { content: tip.record.as_ref().and_then(|record| record.content.clone()) },
            }),
            None => Ok(BranchObjects::default()),
        }
    }

    fn chart(&self, release: &Release, files: &RecordedFiles<'_>, host: &dyn Host) -> Result<Output, Errors> {
        let rendered = helm::render(release, files, host, self.plan.lock_mode.is_locked())?;
        let Some(folder) = &release.kustomize else {
            return Ok(Output::of_objects(rendered.objects, Style::Skaffold, Vec::new()));
        };
        let name = format!("chart of release {}", release.name);
        let options = Options { enable_helm: true, ..Options::default() };
        let built = build_over(&rendered.output, &name, files, host, folder, &options)?;
        Ok(Output::of_objects(built.objects, Style::Kustomize, built.warnings))
    }

    fn kustomization(
        &self,
        folder: &str,
        options: &Options,
        files: &RecordedFiles<'_>,
        host: &dyn Host,
    ) -> Result<Output, Errors> {
        let exec = self.plan.exec.allowed(self.ctx).all();
        let enable_alpha_plugins = options.enable_alpha_plugins || exec;
        let options = &Options { enable_alpha_plugins, enable_exec: exec, ..options.clone() };
        let built = match &self.base_cache {
            Some(cache) => build_with_cache(cache, files, host, folder, options)?,
            None => build(files, host, folder, options)?,
        };
        Ok(Output::of_objects(built.objects, Style::Kustomize, built.warnings))
    }
}
