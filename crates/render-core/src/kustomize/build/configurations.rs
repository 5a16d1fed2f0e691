//! The field specs that a kustomization works with.

use std::sync::Arc;

use manifest::yaml::read_configuration;
use manifest::{Diagnostic, Node};

use super::accumulate::Accumulated;
use super::state::{Build, entries};
use super::target::Target;
use crate::kustomize::context::located;
use crate::kustomize::decode::LocatedText;
use crate::kustomize::fields::configuration::Configuration;
use crate::kustomize::fields::crds;

impl Build<'_> {
    /// Adds the default field specs, those of `configurations` and those of `crds`.
    pub(super) fn configurations(&mut self, target: &Target, accumulated: &mut Accumulated) -> Result<(), Diagnostic> {
        let kustomization = &target.kustomization;
        let mut specs = self.defaults.clone();
        let files = entries(kustomization.configurations.as_ref());
        let more = self.field_specs(target, files, "configurations", Configuration::read)?;
        if let Some(more) = more {
            // kustomize merges the result into an empty one again, which drops a spec for any kind where one for some kind
            // has the same path.
            specs = Arc::new(Configuration::default().merge(Configuration::clone(&specs).merge(more)?)?);
        }
        accumulated.merge_configuration(specs)?;
        let crds = entries(kustomization.crds.as_ref());
        match self.field_specs(target, crds, "crds", crds::read)? {
            Some(more) => accumulated.merge_configuration(Arc::new(more)),
            None => Ok(()),
        }
    }

    /// The field specs of files, merged; `None` if there is no file.
    fn field_specs(
        &self,
        target: &Target,
        files: &[LocatedText],
        field: &str,
        read: fn(&Node) -> Result<Configuration, Diagnostic>,
    ) -> Result<Option<Configuration>, Diagnostic> {
        let mut merged: Option<Configuration> = None;
        for (index, entry) in files.iter().enumerate() {
            let one = || -> Result<Configuration, Diagnostic> {
                let loaded = target.dir.file(self.io, &entry.text)?;
                let read = || {
                    let (documents, dropped) = read_configuration(&loaded.bytes)?;
                    let document = documents.into_iter().next().unwrap_or_default();
                    dropped.into_iter().next().map_or_else(|| read(&document), Err)
                };
                read().map_err(|error: Diagnostic| error.in_file(loaded.name.clone()))
            };
            let one = one().map_err(|error| located(error, &target.file, entry.at, &format!("{field}[{index}]")))?;
            merged = Some(merged.unwrap_or_default().merge(one)?);
        }
        Ok(merged)
    }
}
