//! `inputDigest`: a hash of everything the image is built from, the same as Skaffold's.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/tag/input_digest.go`.

use manifest::Diagnostic;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::source_files::{is_link, relative, source_files};
use super::tagging::Tagging;
use crate::files::{FileError, FileKind, join};
use crate::skaffold::model::{Artifact, Builder};
use crate::skaffold::reference::sanitize;

/// SHA-256 of the sorted files' hashes, each MD5 of the path from the context and the content.
///
/// # Errors
/// Returns the errors of [`source_files`], and an error if a file cannot be read.
pub(super) fn tag(tagging: &Tagging<'_>, artifact: &Artifact) -> Result<String, Diagnostic> {
    let mut names = Vec::new();
    collect(tagging, artifact, &mut Vec::new(), &mut names)?;
    // Skaffold adds the Dockerfile once more, as seen from the working directory.
    names.extend(dockerfile(artifact).map(str::to_owned));
    names.sort_unstable();
    let mut hashes = Vec::new();
    for name in &names {
        hashes.extend(hash(tagging, artifact, name)?);
    }
    let hashes = if hashes.is_empty() { serde_json::Value::Null } else { hashes.into() };
    Ok(hex(&Sha256::digest(format!("{hashes}\n"))))
}

/// The source files of the artifact and of those it requires, as Skaffold spells them: relative to the working directory
/// where the context is.
fn collect<'a>(
    tagging: &Tagging<'a>,
    artifact: &Artifact,
    above: &mut Vec<String>,
    names: &mut Vec<String>,
) -> Result<(), Diagnostic> {
    let name = sanitize(&artifact.image);
    if above.contains(&name) {
        return Err(Diagnostic::new(format!("artifacts require each other: {} -> {name}", above.join(" -> ")))
            .at(artifact.image.at));
    }
    names.extend(source_files(tagging, artifact)?.iter().map(|file| spelled(&artifact.context, file)));
    above.push(name);
    for required in &artifact.requires {
        let mut all = tagging.configs.iter().flat_map(|config| &config.build.artifacts);
        let found = all.find(|artifact| artifact.image.text == required.image.text).ok_or_else(|| {
            Diagnostic::new(format!("unknown required artifact {}", required.image.text)).at(required.image.at)
        })?;
        collect(tagging, found, above, names)?;
    }
    above.pop();
    Ok(())
}

fn dockerfile(artifact: &Artifact) -> Option<&str> {
    match &artifact.builder {
        Builder::Docker(dockerfile)
        | Builder::Kaniko { dockerfile, .. }
        | Builder::Custom { dockerfile: Some(dockerfile), .. } => Some(&dockerfile.path),
        _ => None,
    }
}

/// Go's `filepath.Join(context, file)`: relative where the context is.
fn spelled(context: &str, file: &str) -> String {
    if file.starts_with('/') {
        return file.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in context.split('/').chain(file.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    if context.starts_with('/') { format!("/{joined}") } else { joined }
}

/// The hash of one file; `None` if it does not exist.
fn hash(tagging: &Tagging<'_>, artifact: &Artifact, name: &str) -> Result<Option<String>, Diagnostic> {
    let inputs = tagging.inputs;
    let path = join(inputs.working_dir, name);
    let same_kind = name.starts_with('/') == artifact.context.starts_with('/');
    let seen = if same_kind { relative(&join(inputs.working_dir, &artifact.context), &path) } else { name.to_owned() };
    let mut hash = Md5::new();
    hash.update(seen.as_bytes());
    match inputs.files.kind(&path) {
        Ok(FileKind::File) if !is_link(tagging, &path) => {
            let bytes = inputs.files.read(&path);
            hash.update(bytes.map_err(|error| Diagnostic::new(error.to_string()).in_file(&path))?);
        }
        Ok(_) => {}
        Err(FileError::Missing | FileError::NotFolder) => return Ok(None),
        Err(error) => return Err(Diagnostic::new(error.to_string()).in_file(&path)),
    }
    Ok(Some(hex(&hash.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
