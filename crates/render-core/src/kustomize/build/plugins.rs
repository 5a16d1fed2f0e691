//! Generators, transformers and validators: those of fields, then those of plugins.

use std::sync::Arc;

use manifest::Diagnostic;

use super::accumulate::Accumulated;
use super::state::{Build, Inherited, entries};
use super::steps;
use super::target::Target;
use super::validate;
use crate::kustomize::decode::LocatedText;
use crate::kustomize::object::origin::{Configurer, Origin};
use crate::kustomize::object::reader;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::plugin;

impl Build<'_> {
    /// Runs the generators of fields, then those of plugins.
    pub(super) fn generators(
        &mut self,
        target: &Target,
        accumulated: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        self.steps(target, inherited).generate(accumulated)?;
        let configs = self.plugins(target, target.kustomization.generators.as_ref(), "generators", inherited)?;
        for config in configs {
            let mut made = plugin::generate(&config, self.context(target))?;
            if let Some(origin) = plugin_origin(&config) {
                made.iter_mut().filter(|one| one.origin.is_none()).for_each(|one| one.origin = Some(origin.clone()));
            }
            accumulated.absorb(made, &self.schema).map_err(|error| config.locate(error))?;
        }
        Ok(())
    }

    /// Runs the transformers of fields, then those of plugins.
    pub(super) fn transformers(
        &mut self,
        target: &Target,
        accumulated: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        let specs = accumulated.configuration.clone().unwrap_or_else(|| self.defaults.clone());
        self.steps(target, inherited).transform(accumulated.resources_mut(), &specs)?;
        let configs = self.plugins(target, target.kustomization.transformers.as_ref(), "transformers", inherited)?;
        for config in configs {
            let resources = accumulated.resources_mut();
            plugin::transform(resources, &config, self.context(target))?;
            if let Some(origin) = plugin_origin(&config) {
                steps::note(resources, &origin);
            }
            resources.retain(|resource| !reader::is_empty(&resource.node));
        }
        Ok(())
    }

    /// Runs the validators, which may change nothing but a label that says so.
    pub(super) fn validators(
        &mut self,
        target: &Target,
        accumulated: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        let configs = self.plugins(target, target.kustomization.validators.as_ref(), "validators", inherited)?;
        for config in configs {
            let mut validated = accumulated.resources.clone();
            plugin::transform(&mut validated, &config, self.context(target))?;
            validate::check_unchanged(&accumulated.resources, &validated).map_err(|error| config.in_object(error))?;
            accumulated.resources = validated;
        }
        Ok(())
    }

    /// The configurations of plugins: those written inline, then those in files and folders.
    fn plugins(
        &mut self,
        target: &Target,
        list: Option<&Vec<LocatedText>>,
        field: &str,
        inherited: &Inherited,
    ) -> Result<Vec<Resource>, Diagnostic> {
        let mut configs = Accumulated::default();
        let mut elsewhere = Vec::new();
        for entry in entries(list) {
            match reader::read(entry.text.as_bytes(), &target.file) {
                Ok(mut inline) => {
                    let origin = inherited.origin.as_ref().map(|origin| Arc::new(origin.below(target.file_name)));
                    inline.iter_mut().for_each(|config| config.origin.clone_from(&origin));
                    configs.append(inline, &self.schema)?;
                }
                Err(_) => elsewhere.push(entry.clone()),
            }
        }
        self.resources(target, &elsewhere, field, &mut configs, inherited)?;
        Ok(configs.resources)
    }
}

/// The origin of what a plugin makes or changes.
fn plugin_origin(config: &Resource) -> Option<Arc<Origin>> {
    let origin = config.origin.as_ref()?;
    let id = config.id();
    Some(Arc::new(origin.of_plugin(Configurer {
        api_version: id.gvk.api_version(),
        kind: id.gvk.kind.to_string(),
        name: id.name.to_string(),
        namespace: id.namespace.to_string(),
    })))
}
