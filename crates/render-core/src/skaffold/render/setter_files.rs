//! A file system for kustomizations with setters or functions: manifests are changed when they are read.
//!
//! Skaffold copies a kustomization's files to a temporary folder and edits them there; here they are edited as they are
//! read, so that no list of files can be incomplete.

use std::sync::Arc;

use manifest::yaml::read_objects;
use manifest::{Errors, Node};

use super::hooks::print;
use super::raw_yaml::has_extension;
use super::setters::{FROM_PARAM, Marks, apply};
use super::transform::Functions;
use crate::files::{FileError, FileKind, Files};

/// A view of files in which manifests have their functions and setters applied.
pub(super) struct SetterFiles<'a> {
    /// The files themselves.
    pub files: &'a dyn Files,
    /// `manifests.transform`
    pub functions: &'a Functions,
    /// The values of setters.
    pub setters: &'a [(String, String)],
}

impl SetterFiles<'_> {
    fn changed(&self, text: &[u8]) -> Result<Option<String>, Errors> {
        let marks = Marks::read(text, FROM_PARAM);
        if marks.is_empty() && self.functions.is_empty() {
            return Ok(None);
        }
        // A file that is not a manifest (a kustomization, a JSON patch, invalid YAML) is not changed.
        let Ok(mut objects) = read_objects(text) else { return Ok(None) };
        let manifest = |object: &Node| ["apiVersion", "kind", "metadata"].iter().all(|key| object.get(key).is_some());
        if !objects.iter().any(manifest) {
            return Ok(None);
        }
        objects.iter_mut().try_for_each(|object| apply(object, &marks, self.setters))?;
        self.functions.apply_setters(&mut objects, text)?;
        self.functions.apply(&mut objects)?;
        Ok(Some(print(&objects)?))
    }
}

impl Files for SetterFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let text = self.files.read(path)?;
        if !has_extension(path) || path.ends_with("/kustomization.yaml") || path.ends_with("/kustomization.yml") {
            return Ok(text);
        }
        let changed = self.changed(&text).map_err(|errors| FileError::Other(errors.to_string()))?;
        Ok(changed.map_or(text, |changed| changed.into_bytes().into()))
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.files.kind(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.files.list(folder)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.files.real(path)
    }
}
