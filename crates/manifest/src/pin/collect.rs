//! The images of a tree or text, and where they are.

use crate::diagnostic::Diagnostic;
use crate::image::ImageRef;
use crate::image_search::{Form, Match, Rule, field, find};
use crate::node::{At, Node, Style};
use crate::resource::ObjectId;
use crate::yaml;

use super::plan::{incomplete, joined, version_at, whole};

/// An image and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundImage {
    /// The image.
    pub image: ImageRef,
    /// The object; parts that it does not have are empty.
    pub object: ObjectId,
    /// The field, such as `spec.containers[0].image`; for text within a field: `data["app.yaml"]: spec.image`.
    pub field: String,
    /// The position in the file.
    pub at: At,
}

/// Returns the images of one object, in its order, and an error for each value that is not an image though a rule matches it.
pub fn collect(object: &Node, rules: &[Rule]) -> (Vec<FoundImage>, Vec<Diagnostic>) {
    let (mut images, mut errors) = (Vec::new(), Vec::new());
    for (owner, root, prefix) in objects(object) {
        for found in find(root, rules) {
            match read(&found) {
                Ok(all) => images.extend(all.into_iter().map(|(image, field, at)| FoundImage {
                    image,
                    object: owner.clone(),
                    field: format!("{prefix}{field}"),
                    at,
                })),
                Err(findings) => errors.extend(findings),
            }
        }
    }
    (images, errors)
}

/// Returns the images of every document of a YAML text, as [`collect`].
///
/// # Errors
/// Returns an error if the text is not YAML.
pub fn collect_text(text: &str, rules: &[Rule]) -> Result<(Vec<FoundImage>, Vec<Diagnostic>), Diagnostic> {
    let mut all = (Vec::new(), Vec::new());
    for document in yaml::read_stream(text.as_bytes())? {
        let (images, errors) = collect(&document, rules);
        all.0.extend(images);
        all.1.extend(errors);
    }
    Ok(all)
}

/// Returns a finding for each mapping of a YAML text that has only a part of an image, since the rest is in another file: `repository`
/// without `tag`, or the reverse. Only [`crate::image_search::source_rules`] find them. A text that is not YAML has none.
pub fn incomplete_images(text: &str, rules: &[Rule]) -> Vec<Diagnostic> {
    let documents = yaml::read_stream(text.as_bytes()).unwrap_or_default();
    let found = documents.iter().flat_map(|document| find(document, rules));
    let finding = |found: Match<'_>| match found.form {
        Form::Incomplete(fields) => Some(incomplete(&found, fields)),
        _ => None,
    };
    found.filter_map(finding).collect()
}

/// The object itself, or the items of a `List`, each with the prefix of its fields.
fn objects(object: &Node) -> Vec<(ObjectId, &Node, String)> {
    let id = ObjectId::of(object);
    let items = object.get("items").and_then(Node::as_seq).filter(|_| id.gvk.kind.ends_with("List"));
    match items {
        Some(items) => {
            let item = |(index, item)| (ObjectId::of(item), item, format!("items[{index}]."));
            items.iter().enumerate().map(item).collect()
        }
        None => vec![(id, object, String::new())],
    }
}

/// An image within one field: the image, the field and the position.
type Located = (ImageRef, String, At);

fn read(found: &Match<'_>) -> Result<Vec<Located>, Vec<Diagnostic>> {
    let one = |image: Result<ImageRef, Diagnostic>, at: At| {
        image.map(|image| vec![(image, field(&found.path), at)]).map_err(|error| vec![error])
    };
    match found.form {
        Form::Ignored | Form::Incomplete(_) => Ok(Vec::new()),
        Form::Whole => one(whole(found), found.node.at),
        Form::Fields(fields) => one(joined(found, fields), found.node.at),
        Form::Parts(fields) => one(joined(found, fields), version_at(found, fields)),
        Form::Yaml(rules) | Form::Json(rules) => {
            let prefix = field(&found.path);
            let text = found.node.text().unwrap_or_default();
            let (images, errors) = check_json(found, text)
                .and_then(|()| collect_text(text, rules))
                .map_err(|error| vec![inner(found, &prefix, error)])?;
            if !errors.is_empty() {
                return Err(errors.into_iter().map(|error| inner(found, &prefix, error)).collect());
            }
            let located =
                |one: FoundImage| (one.image, format!("{prefix}: {}", one.field), position(found.node, one.at));
            Ok(images.into_iter().map(located).collect())
        }
    }
}

/// Converts an error within a field's text to one of the file.
pub(super) fn inner(found: &Match<'_>, prefix: &str, error: Diagnostic) -> Diagnostic {
    let field = error.field.as_ref().map_or_else(|| prefix.to_owned(), |field| format!("{prefix}: {field}"));
    Diagnostic { at: position(found.node, error.at), field: Some(field), ..error }
}

/// Checks that the text of a JSON field is JSON.
pub(super) fn check_json(found: &Match<'_>, text: &str) -> Result<(), Diagnostic> {
    match found.form {
        Form::Json(_) => serde_json::from_str::<serde_json::Value>(text)
            .map(|_| ())
            .map_err(|error| Diagnostic::new(format!("invalid JSON: {error}"))),
        _ => Ok(()),
    }
}

/// The position in the file of something within a field's text: its line in a literal block, otherwise the field's own.
fn position(node: &Node, at: At) -> At {
    let literal = node.as_scalar().is_some_and(|scalar| scalar.style == Style::Literal);
    if literal && node.at != At::default() { At { line: node.at.line + at.line, column: 1 } } else { node.at }
}
