//! Definitions of custom resources: those of the units, of the configured files, and of the source.

use checks::CustomTypes;
use manifest::yaml;
use manifest::{Diagnostic, Errors, Gvk, Node};
use render_core::files::{FileKind, Files, join};

/// The largest file of definitions that is read, in bytes.
const FILE_LIMIT: usize = 32 << 20;
/// The largest file of the source that is searched for definitions, in bytes.
const SOURCE_FILE_LIMIT: usize = 8 << 20;
/// The most files and folders of the source that are searched.
const SOURCE_ENTRIES: usize = 50_000;
/// The deepest folder of the source that is searched.
const SOURCE_DEPTH: usize = 24;

/// Adds the definitions in files and folders that the config or a flag names. In folders, files of YAML and JSON count.
///
/// # Errors
/// A file that cannot be read, is larger than 32 MiB, or is invalid YAML; a path without any definition.
pub(crate) fn read_named(files: &dyn Files, paths: &[String], types: &mut CustomTypes) -> Result<(), Errors> {
    let mut wrong = Vec::new();
    for path in paths {
        let mut found = false;
        let mut read = |path: &str| match read_file(files, path) {
            Ok(objects) => {
                found |= objects.iter().any(is_definition);
                objects.iter().for_each(|object| types.add(object));
            }
            Err(error) => wrong.push(error),
        };
        match files.kind(path) {
            Ok(FileKind::File) => read(path),
            Ok(FileKind::Folder) => files_below(files, path).iter().for_each(|path| read(path)),
            Err(error) => wrong.push(unreadable(path, &error.to_string())),
        }
        if !found && wrong.is_empty() {
            let error = Diagnostic::new("no CustomResourceDefinition found").in_file(path.clone());
            wrong.push(
                error.field("policy.crds").hint("name a file or folder with definitions of apiextensions.k8s.io/v1"),
            );
        }
    }
    Errors::check(wrong)
}

fn unreadable(path: &str, reason: &str) -> Diagnostic {
    Diagnostic::new(format!("cannot read definitions of custom resources: {reason}"))
        .in_file(path.to_owned())
        .field("policy.crds")
}

fn read_file(files: &dyn Files, path: &str) -> Result<Vec<Node>, Diagnostic> {
    let bytes = files.read(path).map_err(|error| unreadable(path, &error.to_string()))?;
    if bytes.len() > FILE_LIMIT {
        let reason = format!("{} bytes, more than {FILE_LIMIT}", bytes.len());
        return Err(unreadable(path, &reason).hint("split the file"));
    }
    yaml::read_stream(&bytes).map_err(|error| error.in_file(path))
}

fn is_definition(object: &Node) -> bool {
    let kind = object.get("kind").and_then(Node::text);
    match kind {
        Some("List") => object.get("items").and_then(Node::as_seq).is_some_and(|items| items.iter().any(is_definition)),
        kind => kind == Some("CustomResourceDefinition"),
    }
}

/// Adds the definitions that are in files of the source, if they define one of `unknown`. Files that are no YAML, such as templates of
/// charts, are left out.
pub(crate) fn read_source(files: &dyn Files, root: &str, unknown: &[Gvk], types: &mut CustomTypes) {
    for path in files_below(files, root) {
        let Ok(bytes) = files.read(&path) else { continue };
        let is_candidate = bytes.len() <= SOURCE_FILE_LIMIT
            && contains(&bytes, "CustomResourceDefinition")
            && unknown.iter().any(|gvk| contains(&bytes, &gvk.kind));
        if is_candidate && let Ok(objects) = yaml::read_stream(&bytes) {
            objects.iter().for_each(|object| types.add(object));
        }
        if unknown.iter().all(|gvk| types.has(gvk)) {
            return;
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|all| all.contains(text))
}

/// The files of YAML and JSON in a folder and the folders below it, in the order of their names; without hidden folders and symbolic
/// links, and a limited number.
pub(crate) fn files_below(files: &dyn Files, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = SOURCE_ENTRIES;
    collect(files, folder, SOURCE_DEPTH, &mut left, &mut found);
    found
}

fn collect(files: &dyn Files, folder: &str, depth: usize, left: &mut usize, found: &mut Vec<String>) {
    for name in files.list(folder).unwrap_or_default() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let path = join(folder, &name);
        let is_document = name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
        match files.kind(&path) {
            Ok(FileKind::File) if is_document => found.push(path),
            // A link may lead above the folder.
            Ok(FileKind::Folder)
                if depth > 0
                    && !name.starts_with('.')
                    && name != "node_modules"
                    && (files.real(&path).is_ok_and(|real| real == path) || !is_below(files, &path, folder)) =>
            {
                collect(files, &path, depth - 1, left, found);
            }
            _ => {}
        }
    }
}

/// Whether a folder is a link to one that is visited already.
fn is_below(files: &dyn Files, path: &str, folder: &str) -> bool {
    match (files.real(path), files.real(folder)) {
        (Ok(target), Ok(parent)) => target != join(&parent, path.rsplit('/').next().unwrap_or_default()),
        _ => true,
    }
}
