//! From objects to the files of a branch.

use git::{File, FileSet};
use manifest::{Diagnostic, Errors, Node, ObjectId, yaml};

/// Who prints the objects: each writes YAML in its own way, and a switch to hydrant must not change a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As `skaffold render` does.
    Skaffold,
    /// As `kustomize build` does.
    Kustomize,
}

impl Style {
    /// The document of one object, ending with a newline.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn document(self, object: &Node) -> Result<String, Diagnostic> {
        let mut text = String::new();
        match self {
            Style::Skaffold => yaml::write_skaffold(object, &mut text)?,
            Style::Kustomize => yaml::write_kustomize(object, &mut text)?,
        }
        Ok(text)
    }
}

/// The files of a unit on its branch.
pub struct UnitFiles {
    /// The folder that holds the files; empty for the branch's root.
    pub folder: String,
    /// The files, their paths below the folder.
    pub files: FileSet,
}

/// Prints a unit whose output goes to `path`: a file, or with a slash at its end a folder that gets
/// one file an object, named as `kustomize build -o FOLDER` names them. The files' paths are below the folder.
///
/// # Errors
/// What the writer refuses, and two objects that would land in one file.
pub fn file_set(path: &str, objects: &[Node], style: Style) -> Result<UnitFiles, Errors> {
    let mut files = FileSet::new();
    if let Some(folder) = path.strip_suffix('/') {
        for object in objects {
            let id = ObjectId::of(object);
            let name = file_name(&id);
            if files.insert(name.clone(), File::regular(style.document(object)?.into_bytes())).is_some() {
                return Err(Diagnostic::new(format!("duplicate file {path}{name}, the second for {id}"))
                    .field("destination.path")
                    .hint("set a file (`manifest.yaml`) instead of a folder")
                    .into());
            }
        }
        return Ok(UnitFiles { folder: folder.trim_start_matches('.').to_owned(), files });
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut text = String::new();
    for object in objects {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text.push_str(&style.document(object)?);
    }
    files.insert(name.to_owned(), File::regular(text.into_bytes()));
    Ok(UnitFiles { folder: folder.to_owned(), files })
}

/// The name of an object's own file, as `kustomize build -o FOLDER` names it: `[namespace_]group_version_kind_name.yaml`, in lower case.
pub(crate) fn file_name(id: &ObjectId) -> String {
    let parts = [&id.namespace, &id.gvk.group, &id.gvk.version, &id.gvk.kind, &id.name];
    let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
    format!("{}.yaml", parts.join("_").to_lowercase().replace([':', '/'], "_"))
}
