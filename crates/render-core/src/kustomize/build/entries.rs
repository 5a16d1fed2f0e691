//! Reads the entries of a kustomization: manifests, folders and repositories with kustomizations, Components.

use std::sync::Arc;

use manifest::Diagnostic;

use super::accumulate::Accumulated;
use super::entry::{Entry, open, read_ahead};
use super::state::{Build, Inherited, entries};
use super::target::Target;
use crate::kustomize::budget::size_of_node;
use crate::kustomize::context::located;
use crate::kustomize::decode::LocatedText;
use crate::kustomize::load::KustomizationDir;
use crate::kustomize::schema::Schema;

impl Build<'_> {
    /// Adds what a list of entries names: files of objects, and folders or repositories with kustomizations.
    pub(super) fn resources(
        &mut self,
        target: &Target,
        entries: &[LocatedText],
        field: &str,
        accumulated: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        let mut ahead = read_ahead(self.io, target, entries);
        for (index, entry) in entries.iter().enumerate() {
            let opened = ahead.get_mut(index).and_then(Option::take);
            let opened = opened.unwrap_or_else(|| open(self.io, target, &entry.text));
            let added = opened.and_then(|opened| self.resource(target, &entry.text, opened, accumulated, inherited));
            added.map_err(|error| located(error, &target.file, entry.at, &format!("{field}[{index}]")))?;
        }
        Ok(())
    }

    pub(super) fn resource(
        &mut self,
        target: &Target,
        entry: &str,
        opened: Entry,
        accumulated: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        match opened {
            Entry::Objects(mut resources) => {
                self.budget.add(resources.iter().map(|resource| size_of_node(&resource.node)).sum())?;
                self.unknown_kinds += resources.iter().filter(|resource| !Schema::is_builtin(&resource.gvk())).count();
                if let Some(origin) = &inherited.origin {
                    let origin = Arc::new(origin.below(entry));
                    resources.iter_mut().for_each(|resource| resource.origin = Some(origin.clone()));
                }
                accumulated.append(resources, &self.schema)
            }
            Entry::Folder(dir) => {
                let base = self.folder(target, dir, entry, Accumulated::default(), inherited, false)?;
                accumulated.merge(base, &self.schema)
            }
        }
    }

    /// Builds the kustomization of a folder that `target` names.
    fn folder(
        &mut self,
        target: &Target,
        dir: Arc<KustomizationDir>,
        entry: &str,
        into: Accumulated,
        inherited: &Inherited,
        component: bool,
    ) -> Result<Accumulated, Diagnostic> {
        let start = self.mark();
        let below = self.open(dir)?;
        if below.kustomization.is_component() != component {
            let (kind, list) = if component { ("not a Component", "resources") } else { ("a Component", "components") };
            let message = format!("{entry} is {kind}");
            return Err(Diagnostic::new(message).hint(format!("list it under `{list}`")));
        }
        let own = &target.kustomization.namespace;
        let inherited = Inherited {
            origin: inherited.origin.as_ref().map(|origin| origin.below(entry)),
            helm_namespace: if own.is_empty() { inherited.helm_namespace.clone() } else { own.clone() },
        };
        if component { self.accumulate(&below, into, &inherited) } else { self.base(&below, start, &inherited) }
    }

    /// Lets each Component extend all that is gathered.
    pub(super) fn components(
        &mut self,
        target: &Target,
        accumulated: Accumulated,
        inherited: &Inherited,
    ) -> Result<Accumulated, Diagnostic> {
        let mut accumulated = accumulated;
        for (index, entry) in entries(target.kustomization.components.as_ref()).iter().enumerate() {
            let extended = target.dir.enter(self.io, &entry.text).and_then(|dir| {
                let extended = self.folder(target, dir, &entry.text, accumulated, inherited, true)?;
                let mut merged = Accumulated::default();
                merged.merge(extended, &self.schema)?;
                Ok(merged)
            });
            let locate = |found| located(found, &target.file, entry.at, &format!("components[{index}]"));
            accumulated = extended.map_err(locate)?;
        }
        Ok(accumulated)
    }
}
