//! Entries with `path`: a folder or a glob of folders.

use std::collections::BTreeMap;

use manifest::Diagnostic;
use render_core::files::{FileKind, join};

use super::globs::step;
use super::{DiscoveredService, Repository, is_file, is_library};
use crate::config::{HelmEntry, Renderer, Service, Template};
use crate::plan::SKAFFOLD;

impl Repository<'_> {
    /// The services of one entry.
    ///
    /// # Errors
    /// No match, a folder without a config, several folders for one name, a root folder without a name.
    pub(super) fn by_path(&self, index: usize, entry: &Service) -> Result<Vec<DiscoveredService>, Diagnostic> {
        let folders = self.folders(entry)?;
        if entry.name.is_some() && folders.len() > 1 {
            let path = entry.path.as_deref().unwrap_or_default();
            let message = format!("`name` is set, and {} folders match `{path}`", folders.len());
            return Err(Diagnostic::new(message).hint("write one entry for each folder"));
        }
        let service = |folder: String| {
            Ok(DiscoveredService {
                name: self.name_of(entry, &folder)?,
                folder,
                environment: None,
                captures: BTreeMap::new(),
                found: None,
                index,
                entry: entry.clone(),
            })
        };
        folders.into_iter().map(service).collect()
    }

    /// The name of the service in a folder. A clone may lie in a folder of any name, so that of the root is not taken.
    fn name_of(&self, entry: &Service, folder: &str) -> Result<String, Diagnostic> {
        if let Some(name) = &entry.name {
            return Ok(name.clone());
        }
        if folder == self.root
            && let Some(name) = self.name
        {
            return Ok(name.to_owned());
        }
        match self.clone {
            Some(clone) if folder == clone.root => clone.name.clone().ok_or_else(|| {
                Diagnostic::new("missing name of the service in the repository's root folder")
                    .hint("set `name` beside `path`, or `name` at the top of hydrant.yaml")
            }),
            _ => Ok(folder.rsplit('/').next().unwrap_or_default().to_owned()),
        }
    }

    /// The folders of one entry, sorted.
    fn folders(&self, entry: &Service) -> Result<Vec<String>, Diagnostic> {
        let path = entry.path.as_deref().unwrap_or_default();
        let marker = marker(entry);
        if !path.contains(['*', '?', '[', '{']) {
            return self.literal_folder(path, marker).map(|folder| vec![folder]);
        }
        let mut open = vec![self.root.to_owned()];
        for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            open = step(self.files, &open, part)?;
        }
        if let Some(name) = &marker {
            open.retain(|folder| is_file(self.files, folder, name));
            if entry.helm.is_some() {
                open.retain(|folder| !is_library(self.files, &join(folder, name)));
            }
        }
        if open.is_empty() {
            let with = marker.map_or_else(String::new, |name| format!(" with a {name}"));
            let found = Diagnostic::new(format!("no folder{with} matches `{path}` in {}", self.root));
            return Err(found.hint("correct the glob, or remove the entry"));
        }
        open.sort_unstable();
        open.dedup();
        Ok(open)
    }

    fn literal_folder(&self, path: &str, marker: Option<String>) -> Result<String, Diagnostic> {
        let folder = join(self.root, path);
        match self.files.kind(&folder) {
            Ok(FileKind::Folder) => match marker.filter(|name| self.files.kind(&join(&folder, name)).is_err()) {
                Some(name) => Err(Diagnostic::new(format!("missing {name} in {folder}"))
                    .hint("name the config with `skaffold`, a kustomization with `kustomize`, or a chart with `helm`")),
                None => Ok(folder),
            },
            Ok(FileKind::File) => Err(Diagnostic::new(format!("expected a folder, found the file {folder}"))),
            Err(error) => Err(Diagnostic::new(format!("cannot read {folder}: {error}"))),
        }
    }
}

/// The file that makes a folder a service of this entry. A name that depends on the environment makes none.
fn marker(entry: &Service) -> Option<String> {
    let name = match entry.renderer() {
        Renderer::Kustomize(_) | Renderer::Manifests(_) | Renderer::Helm(HelmEntry::Pattern(_)) => return None,
        Renderer::Helm(HelmEntry::Chart(helm)) if helm.is_remote() => return None,
        Renderer::Helm(HelmEntry::Chart(helm)) => match helm.chart.as_ref().map_or(".", Template::text) {
            "." | "./" => "Chart.yaml".to_owned(),
            folder => format!("{}/Chart.yaml", folder.trim_end_matches('/')),
        },
        Renderer::Skaffold(file) => file.map_or(SKAFFOLD, Template::text).to_owned(),
    };
    (!name.contains('{')).then_some(name)
}
