//! Units of plain YAML: the objects of their files, as they are.

use manifest::yaml::read_objects;
use manifest::{Diagnostic, Errors, Node};
use render_core::files::Files;

/// The objects of the files, in the files' order. The items of a `List` take its place, as the cluster would have them.
///
/// # Errors
/// A file that cannot be read or is no YAML, and a document that is no object, each with its file and line.
pub(super) fn render(files: &dyn Files, paths: &[String]) -> Result<Vec<Node>, Errors> {
    let mut objects = Vec::new();
    let mut wrong = Vec::new();
    for path in paths {
        match read(files, path) {
            Ok(read) => objects.extend(read),
            Err(error) => wrong.push(error.in_file(path)),
        }
    }
    Errors::check(wrong)?;
    Ok(objects)
}

fn read(files: &dyn Files, path: &str) -> Result<Vec<Node>, Diagnostic> {
    let bytes = files.read(path).map_err(|error| Diagnostic::new(error.to_string()))?;
    let mut objects = Vec::new();
    for object in read_objects(&bytes)? {
        for key in ["apiVersion", "kind"] {
            if object.get(key).and_then(Node::text).is_none() {
                let found = Diagnostic::new(format!("missing field \"{key}\"")).at(object.at);
                return Err(found.hint("leave files that are no Kubernetes objects out of the pattern"));
            }
        }
        match list_items(&object) {
            Some(items) => objects.extend(items.iter().cloned()),
            None => objects.push(object),
        }
    }
    Ok(objects)
}

/// The items of a `List` or of a list of one kind (`ConfigMapList`).
fn list_items(object: &Node) -> Option<&[Node]> {
    let kind = object.get("kind").and_then(Node::text)?;
    let items = object.get("items").and_then(Node::as_seq)?;
    (kind.ends_with("List") && object.get("metadata").and_then(|metadata| metadata.get("name")).is_none())
        .then_some(items)
}
