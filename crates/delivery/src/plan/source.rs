//! What a unit is rendered from.

use std::collections::BTreeMap;

use manifest::Diagnostic;
use render_core::files::{join, parent};
use render_core::helm::Semantics;
use render_core::host::ChartRequest;
use render_core::kustomize;
use render_core::skaffold::{DigestSource, SkaffoldOptions};

use super::context::UnitContext;
use super::{ChartSource, Release, SKAFFOLD, Source, expand};
use crate::config::{Helm, HelmEntry, HelmVersion, Images, Kustomize, LoadRestrictor, Renderer, Template};

impl UnitContext<'_> {
    /// The unit's source: a kustomization where the flags or the config name one, else a chart or files, else a Skaffold config.
    ///
    /// # Errors
    /// A placeholder that the unit has no value for.
    pub(super) fn source(&self, images: Images) -> Result<Source, Diagnostic> {
        let settings = self.settings;
        if let Some(folder) = &settings.kustomize {
            let folder = join(&self.service.folder, &self.fill(folder)?);
            return Ok(Source::Kustomize { folder, options: kustomize::Options::default() });
        }
        if settings.skaffold.is_some() {
            return self.skaffold(images, None);
        }
        match self.service.entry.renderer() {
            Renderer::Kustomize(entry) => self.kustomize(entry),
            Renderer::Helm(HelmEntry::Chart(helm)) => self.release(helm),
            Renderer::Helm(HelmEntry::Pattern(_)) => {
                let values = self.service.entry.values.clone();
                self.release(&Helm { values, ..Helm::default() })
            }
            Renderer::Manifests(_) => Ok(Source::Manifests { files: self.service.found.clone().unwrap_or_default() }),
            Renderer::Skaffold(file) => self.skaffold(images, file),
        }
    }

    /// What a pattern found, if one did.
    fn found(&self) -> Option<&str> {
        self.service.found.as_ref()?.first().map(String::as_str)
    }

    fn kustomize(&self, entry: &Kustomize) -> Result<Source, Diagnostic> {
        let folder = match self.found() {
            Some(folder) => folder.to_owned(),
            None => join(&self.service.folder, &self.fill(&entry.path)?),
        };
        let load_restrictor = match entry.load_restrictor {
            LoadRestrictor::RootOnly => kustomize::LoadRestrictor::RootOnly,
            LoadRestrictor::None => kustomize::LoadRestrictor::None,
        };
        let semantics = self.config.helm.semantics.map_or(Semantics::default().name(), HelmVersion::name);
        let options = kustomize::Options {
            flags: kustomize::FlagSource::ServiceConfig,
            load_restrictor,
            enable_helm: entry.helm,
            helm_semantics: (entry.helm && self.config.helm.program.is_none()).then(|| semantics.to_owned()),
            enable_alpha_plugins: entry.alpha_plugins,
            ..kustomize::Options::default()
        };
        Ok(Source::Kustomize { folder, options })
    }

    fn skaffold(&self, images: Images, file: Option<&Template>) -> Result<Source, Diagnostic> {
        let (settings, entry) = (self.settings, &self.service.entry);
        let file = match (&settings.skaffold, self.found()) {
            (Some(file), _) => self.fill(file)?,
            (None, Some(path)) => path[parent(path).len()..].trim_start_matches('/').to_owned(),
            (None, None) => file.map_or_else(|| Ok(SKAFFOLD.to_owned()), |file| self.fill(file))?,
        };
        let modules = if settings.modules.is_empty() { &entry.modules } else { &settings.modules };
        let (profiles, optional_profiles) = match self.value(|fields| fields.profile.as_ref()) {
            Some(given) => (given.0.clone(), Vec::new()),
            None => (Vec::new(), vec![self.own_profile()]),
        };
        Ok(Source::Skaffold(Box::new(SkaffoldOptions {
            file,
            profiles,
            optional_profiles,
            modules: modules.clone(),
            default_repo: settings.default_repo.clone().or_else(|| self.value(|fields| fields.default_repo.clone())),
            namespace: self.namespace()?.unwrap_or_default(),
            tag: settings.tag.clone().unwrap_or_default(),
            digest_source: if images == Images::Any { DigestSource::Tag } else { DigestSource::Remote },
            ..SkaffoldOptions::default()
        })))
    }

    /// The profile of the environment's own name, or of the last that it is like.
    fn own_profile(&self) -> String {
        let names = super::context::like_chain(self.config, self.environment);
        names.last().map_or(self.environment, |(name, _)| name).to_owned()
    }

    fn release(&self, helm: &Helm) -> Result<Source, Diagnostic> {
        let service = &self.service;
        // Beside a pattern, values are the chart's; in a mapping without `path`, they are relative to the config.
        let beside_pattern = matches!(service.entry.helm, Some(HelmEntry::Pattern(_)));
        let base = if service.found.is_some() && !beside_pattern { self.root } else { &service.folder };
        let values = helm.values.0.iter().map(|path| Ok(join(base, &self.fill(path)?)));
        let kustomize = helm.kustomize.as_ref().map(|folder| Ok::<_, Diagnostic>(join(base, &self.fill(folder)?)));
        Ok(Source::Helm(Release {
            chart: self.chart(helm)?,
            name: helm.release.as_ref().map_or_else(|| Ok(service.name.clone()), |release| self.fill(release))?,
            namespace: self.namespace()?,
            values: values.collect::<Result<_, Diagnostic>>()?,
            values_inline: helm.values_inline.clone().map(|values| serde_json::Value::Object(values).to_string()),
            set: helm.set.0.iter().map(|value| self.fill_values(value, "helm.set")).collect::<Result<_, _>>()?,
            include_crds: helm.include_crds.unwrap_or(true),
            tests: helm.tests.or(helm.skip_tests.map(|skip| !skip)).unwrap_or(false),
            hooks: helm.hooks.unwrap_or_default(),
            kustomize: kustomize.transpose()?,
            kube_version: helm.kube_version.clone(),
            api_versions: helm.api_versions.clone(),
            program: helm.program.clone().or_else(|| self.config.helm.program.clone()),
            semantics: helm.semantics.or(self.config.helm.semantics).map(|semantics| semantics.name().to_owned()),
        }))
    }

    fn chart(&self, helm: &Helm) -> Result<ChartSource, Diagnostic> {
        if let Some(chart) = self.found() {
            return Ok(ChartSource::Folder(chart.to_owned()));
        }
        let chart = helm.chart.as_ref().map(|chart| self.fill(chart)).transpose()?.unwrap_or_default();
        if !helm.is_remote() {
            return Ok(ChartSource::Folder(join(&self.service.folder, &chart)));
        }
        let repository = helm.repository.as_ref().map(|repository| self.fill(repository)).transpose()?;
        let version = helm.version.as_ref().map(|text| self.fill_values(text, "helm.version")).transpose()?;
        let request = match repository {
            Some(repository) => ChartRequest::named(&repository, &chart, version.as_deref()),
            None => ChartRequest::at(&chart, version.as_deref()),
        };
        let name = format!("{}/{}", self.service.name, self.environment);
        let request = request.map_err(|why| Diagnostic::new(format!("{name}: {why}")).field("helm.chart"))?;
        Ok(ChartSource::Remote(request))
    }

    /// A text with the unit's variables (`${NAME}`), names and captures (`{service}`). Other braces are part of it: helm's lists are `{a,b}`.
    fn fill_values(&self, text: &str, field: &str) -> Result<String, Diagnostic> {
        let name = format!("{}/{}", self.service.name, self.environment);
        let expanded = expand(text, &self.variables().unwrap_or_default());
        let expanded = expanded
            .map_err(|error| Diagnostic { message: format!("{name}: {}", error.message), ..error }.field(field))?;
        let names = [("service", &*self.service.name), ("environment", self.environment)];
        let captures = self.service.captures.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(fill_known(&expanded, &names.into_iter().chain(captures).collect()))
    }

    /// The namespace: the flag, the overrides, the service, the environment.
    fn namespace(&self) -> Result<Option<String>, Diagnostic> {
        if let Some(flag) = &self.settings.namespace {
            return Ok(Some(flag.clone()));
        }
        let overridden = self.first(|fields| fields.namespace.as_ref());
        let is_override = overridden.as_ref().is_some_and(|set| set.field.starts_with("overrides"));
        let own = self.service.entry.namespace.as_ref().filter(|_| !is_override);
        own.or(overridden.map(|set| set.value)).map(|template| self.fill(template)).transpose()
    }
}

/// Replaces `{name}` where the name is known, in one pass.
fn fill_known(text: &str, names: &BTreeMap<&str, &str>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}').and_then(|(name, tail)| Some((names.get(name)?, tail))) {
            Some((value, tail)) => {
                filled.push_str(value);
                rest = tail;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}
