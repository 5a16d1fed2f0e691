//! What a unit is rendered from.

use render_core::files::join;
use render_core::skaffold::{DigestSource, SkaffoldOptions};

use super::context::UnitContext;
use super::{Release, SKAFFOLD, Source};
use crate::config::{Helm, Images};

impl UnitContext<'_> {
    /// The unit's source: a kustomization where the flags or the config name one, else a chart, else a Skaffold config.
    pub(super) fn source(&self, images: Images) -> Source {
        let (settings, entry) = (self.settings, &self.service.entry);
        let kustomize = match (&settings.kustomize, &settings.skaffold) {
            (Some(flag), _) => Some(flag),
            (None, Some(_)) => None,
            (None, None) => entry.kustomize.as_ref(),
        };
        if let Some(folder) = kustomize {
            return Source::Kustomize { folder: join(&self.service.folder, &self.fill(folder)) };
        }
        if let Some(helm) = entry.helm.as_ref().filter(|_| settings.skaffold.is_none()) {
            return Source::Helm(self.release(helm));
        }
        Source::Skaffold(Box::new(self.skaffold(images)))
    }

    fn skaffold(&self, images: Images) -> SkaffoldOptions {
        let (settings, entry) = (self.settings, &self.service.entry);
        let file = settings.skaffold.as_ref().or(entry.skaffold.as_ref());
        let modules = if settings.modules.is_empty() { &entry.modules } else { &settings.modules };
        let (profiles, optional_profiles) = match &self.special.profile {
            Some(given) => (given.0.clone(), Vec::new()),
            None => (Vec::new(), vec![self.environment.to_owned()]),
        };
        SkaffoldOptions {
            file: file.map_or_else(|| SKAFFOLD.to_owned(), |file| self.fill(file)),
            profiles,
            optional_profiles,
            modules: modules.clone(),
            default_repo: settings.default_repo.clone().or_else(|| self.special.default_repo.clone()),
            namespace: self.namespace().unwrap_or_default(),
            tag: settings.tag.clone().unwrap_or_default(),
            digest_source: if images == Images::Any { DigestSource::Tag } else { DigestSource::Remote },
            ..SkaffoldOptions::default()
        }
    }

    fn release(&self, helm: &Helm) -> Release {
        let service = &self.service;
        Release {
            chart: join(&service.folder, &helm.chart.as_ref().map(|chart| self.fill(chart)).unwrap_or_default()),
            name: helm.release.as_ref().map_or_else(|| service.name.clone(), |release| self.fill(release)),
            namespace: self.namespace(),
            values: helm.values.0.iter().map(|path| join(&service.folder, &self.fill(path))).collect(),
            include_crds: helm.include_crds.unwrap_or(true),
            tests: helm.tests.unwrap_or(false),
            kube_version: helm.kube_version.clone(),
            api_versions: helm.api_versions.clone(),
        }
    }

    fn namespace(&self) -> Option<String> {
        self.settings.namespace.clone().or_else(|| self.special.namespace.clone())
    }
}
