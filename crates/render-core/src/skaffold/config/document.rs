//! A `skaffold.yaml` as a file: where its bytes come from, and its documents one by one.

use std::sync::Arc;

use manifest::yaml::read_stream;
use manifest::{At, Diagnostic, Errors, Map, Node};

use super::check::{check, is_null};
use super::fields::Fields;
use crate::files::{FileError, Files, join, parent};
use crate::host::Host;

/// The only group that an `apiVersion` may name.
const GROUP: &str = "skaffold/";

/// A file of configs, as it was found.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its name in messages.
    pub shown: String,
    /// The key that identifies it: an absolute path, a URL, or `-`.
    pub key: String,
    /// The folder of it, absolute.
    pub folder: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

/// A document of a file, checked against its own version.
#[derive(Debug)]
pub(super) struct Document {
    /// Its index in the file, from 0.
    pub index: usize,
    /// The position where it starts.
    pub at: At,
    /// The version it is written in.
    pub version: usize,
    /// The typed tree.
    pub tree: Map,
    /// Warnings about ignored fields.
    pub warnings: Vec<Diagnostic>,
}

/// Reads the file `name`, relative to `folder`: a path, a URL, or `-` for `input`. Where `skaffold.yaml`
/// is missing, `skaffold.yml` in the same folder is read.
///
/// # Errors
/// Returns an error if the file does not exist or is not text.
pub(super) fn open(
    files: &dyn Files,
    host: &dyn Host,
    folder: &str,
    name: &str,
    input: &[u8],
) -> Result<Source, Diagnostic> {
    let source = |key: &str, folder: &str, bytes| Source {
        shown: name.to_owned(),
        key: key.to_owned(),
        folder: folder.to_owned(),
        bytes,
    };
    if name == "-" {
        return text(source("-", folder, Arc::from(input)));
    }
    if is_url(name) {
        let bytes = host.download(name).map_err(|error| error.in_file(name))?;
        return text(source(name, folder, Arc::from(bytes)));
    }
    let path = join(folder, name);
    match files.read(&path).or_else(|error| other_name(files, &path).ok_or(error)) {
        Ok(bytes) => text(source(&path, parent(&path), bytes)),
        Err(error) => Err(unreadable(files, &path, &error).in_file(name)),
    }
}

fn other_name(files: &dyn Files, path: &str) -> Option<Arc<[u8]>> {
    let stem = path.strip_suffix("/skaffold.yaml")?;
    files.read(&format!("{stem}/skaffold.yml")).ok()
}

fn unreadable(files: &dyn Files, path: &str, error: &FileError) -> Diagnostic {
    let one = Diagnostic::new(error.to_string());
    match error {
        FileError::Missing => one.hint("name the config with --filename, or run in its folder"),
        FileError::IsFolder if files.read(&join(path, "skaffold.yaml")).is_ok() => {
            one.hint("name the file in it: --filename FOLDER/skaffold.yaml")
        }
        FileError::IsFolder => one.hint("name a file: this folder does not contain a skaffold.yaml"),
        _ => one,
    }
}

fn text(source: Source) -> Result<Source, Diagnostic> {
    let at = |index: usize| {
        let before = &source.bytes[..index];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
        At { line: number(line), column: number(column) }
    };
    if source.bytes.iter().all(u8::is_ascii_whitespace) {
        let hint = "begin the config with `apiVersion: skaffold/v4beta14` and `kind: Config`";
        return Err(Diagnostic::new("empty config").in_file(source.shown).hint(hint));
    }
    match std::str::from_utf8(&source.bytes) {
        Ok(_) => Ok(source),
        Err(error) => {
            let message = "invalid UTF-8";
            Err(Diagnostic::new(message).at(at(error.valid_up_to())).in_file(&source.shown).hint("save it as UTF-8"))
        }
    }
}

/// Whether a name is a URL. Source: Skaffold's `IsURL`.
pub(super) fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

/// The documents of a file, each checked against its own version. Keys at the top that begin with a dot are dropped:
/// they hold anchors.
///
/// # Errors
/// Returns the errors of the reader, an error for an unknown `apiVersion`, and the errors of [`check`], for all documents at once.
pub(super) fn documents(fields: &Fields, source: &Source) -> Result<Vec<Document>, Errors> {
    let nodes = read_stream(&source.bytes).map_err(|error| error.in_file(&source.shown))?;
    let mut documents = Vec::with_capacity(nodes.len());
    let mut found = Vec::new();
    for (index, node) in nodes.into_iter().enumerate() {
        match document(fields, index, node) {
            Ok(document) => documents.push(document),
            Err(errors) => found.extend(errors.into_all().into_iter().map(|one| one.in_file(&source.shown))),
        }
    }
    Errors::check(found)?;
    Ok(documents)
}

fn document(fields: &Fields, index: usize, mut node: Node) -> Result<Document, Errors> {
    let at = node.at;
    if is_null(&node) {
        let one = Diagnostic::new(format!("empty document {}", index + 1)).at(at);
        return Err(one.hint("remove the `---` that begins it").into());
    }
    let version = version(fields, &node)?;
    if let Some(map) = node.as_map_mut() {
        map.entries_mut().retain(|entry| !entry.key.text.starts_with('.'));
    }
    let checked = check(fields, version, &node)?;
    let starts = node.as_map().and_then(|map| map.entries().first()).map_or(at, |entry| entry.at);
    Ok(Document { index, at: starts, version, tree: checked.tree, warnings: checked.warnings })
}

fn version(fields: &Fields, node: &Node) -> Result<usize, Diagnostic> {
    let newest = fields.name(fields.newest());
    let Some(map) = node.as_map() else {
        return Err(Diagnostic::new("expected a mapping").at(node.at));
    };
    let Some(value) = map.get("apiVersion") else {
        let one = Diagnostic::new("is missing").at(node.at).field("apiVersion");
        return Err(one.hint(format!("begin the config with `apiVersion: {GROUP}{newest}`")));
    };
    let written = value.text().unwrap_or_default();
    written.strip_prefix(GROUP).and_then(|name| fields.version(name)).ok_or_else(|| {
        let one = Diagnostic::new(format!("unknown version {written:?}"));
        let oldest = fields.name(0);
        one.at(value.at).field("apiVersion").hint(format!("use {GROUP}{oldest} to {GROUP}{newest}"))
    })
}
