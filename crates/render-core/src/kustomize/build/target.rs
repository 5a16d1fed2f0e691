//! A kustomization to build: its folder, its file, and its content.

use std::sync::Arc;

use manifest::yaml::read_configuration;
use manifest::{Diagnostic, Node};

use crate::kustomize::kustomization::{FILE_NAMES, Kustomization};
use crate::kustomize::load::{Io, KustomizationDir, Loaded};

/// A kustomization and its location.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its folder.
    pub dir: Arc<KustomizationDir>,
    /// Its file's path.
    pub file: String,
    /// Its file's name.
    pub file_name: &'static str,
    /// The parsed kustomization.
    pub kustomization: Kustomization,
}

impl Target {
    /// Reads the kustomization of a folder; kustomize's warnings are added to `warnings`.
    ///
    /// # Errors
    /// A folder with none or several, and the errors of the file.
    pub(crate) fn open(
        io: Io<'_>,
        dir: Arc<KustomizationDir>,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        let (file_name, loaded) = find(io, &dir)?;
        let decode = || -> Result<Kustomization, Diagnostic> {
            let (documents, dropped) = read_configuration(&loaded.bytes)?;
            warnings.extend(dropped.into_iter().map(|found| found.in_file(loaded.name.clone())));
            let document = documents.into_iter().next().unwrap_or_else(null);
            Kustomization::read(&document, warnings)
        };
        let kustomization = decode_in(decode, &loaded.name)?;
        Ok(Target { dir, file: loaded.name, file_name, kustomization })
    }
}

fn decode_in(
    decode: impl FnOnce() -> Result<Kustomization, Diagnostic>,
    file: &str,
) -> Result<Kustomization, Diagnostic> {
    decode().map_err(|error| error.in_file(file))
}

fn null() -> Node {
    Node::default()
}

/// The one file in the folder that has one of the names of a kustomization.
fn find(io: Io<'_>, dir: &KustomizationDir) -> Result<(&'static str, Loaded), Diagnostic> {
    let found = FILE_NAMES.iter().filter_map(|name| Some((*name, dir.probe(io, name)?)));
    let mut found: Vec<(&'static str, Loaded)> = found.collect();
    if found.len() > 1 {
        let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
        let message = format!("several kustomization files in one folder: {}", names.join(", "));
        return Err(Diagnostic::new(message).in_file(dir.root.clone()).hint("keep one of them"));
    }
    found.pop().ok_or_else(|| {
        let message = format!("kustomization not found in {}: expected one of {}", dir.root, FILE_NAMES.join(", "));
        Diagnostic::new(message).hint("name the folder of a kustomization, or list the files in it")
    })
}
