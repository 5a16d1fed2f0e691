//! The images of a tree or text, and where they stand.

use crate::diagnostic::Diagnostic;
use crate::image::ImageRef;
use crate::image_search::{Form, Match, Rule, field, find};
use crate::node::{At, Node, Style};
use crate::resource::ObjectId;
use crate::yaml;

use super::plan::{joined, whole};

/// An image and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundImage {
    /// The image.
    pub image: ImageRef,
    /// The object it stands in; empty parts where that is none.
    pub object: ObjectId,
    /// The field, as words; for text within a field: `data["app.yaml"]: spec.image`.
    pub field: String,
    /// Where in the file.
    pub at: At,
}

/// The images of one object, in its order, and a finding for each value that should be an image and is none.
pub fn collect(object: &Node, rules: &[Rule]) -> (Vec<FoundImage>, Vec<Diagnostic>) {
    let (mut images, mut wrong) = (Vec::new(), Vec::new());
    for (owner, root, lead) in objects(object) {
        for found in find(root, rules) {
            match read(&found) {
                Ok(all) => images.extend(all.into_iter().map(|(image, field, at)| FoundImage {
                    image,
                    object: owner.clone(),
                    field: format!("{lead}{field}"),
                    at,
                })),
                Err(findings) => wrong.extend(findings),
            }
        }
    }
    (images, wrong)
}

/// The images of every document of a YAML text, as [`collect`].
///
/// # Errors
/// Where the text is no YAML.
pub fn collect_text(text: &str, rules: &[Rule]) -> Result<(Vec<FoundImage>, Vec<Diagnostic>), Diagnostic> {
    let mut all = (Vec::new(), Vec::new());
    for document in yaml::read_stream(text.as_bytes())? {
        let (images, wrong) = collect(&document, rules);
        all.0.extend(images);
        all.1.extend(wrong);
    }
    Ok(all)
}

/// The object itself, or the items of a `List`, each with what its fields are led by.
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

type Spot = (ImageRef, String, At);

fn read(found: &Match<'_>) -> Result<Vec<Spot>, Vec<Diagnostic>> {
    let one = |image: Result<ImageRef, Diagnostic>| {
        image.map(|image| vec![(image, field(&found.path), found.node.at)]).map_err(|error| vec![error])
    };
    match found.form {
        Form::Ignored => Ok(Vec::new()),
        Form::Whole => one(whole(found)),
        Form::Fields(fields) => one(joined(found, fields)),
        Form::Yaml(rules) | Form::Json(rules) => {
            let lead = field(&found.path);
            let text = found.node.text().unwrap_or_default();
            let (images, wrong) = check_json(found, text)
                .and_then(|()| collect_text(text, rules))
                .map_err(|error| vec![inner(found, &lead, error)])?;
            if !wrong.is_empty() {
                return Err(wrong.into_iter().map(|error| inner(found, &lead, error)).collect());
            }
            let spot = |one: FoundImage| (one.image, format!("{lead}: {}", one.field), place(found.node, one.at));
            Ok(images.into_iter().map(spot).collect())
        }
    }
}

/// A finding within a field's text, told as one of the file.
pub(super) fn inner(found: &Match<'_>, lead: &str, error: Diagnostic) -> Diagnostic {
    let field = error.field.as_ref().map_or_else(|| lead.to_owned(), |field| format!("{lead}: {field}"));
    Diagnostic { at: place(found.node, error.at), field: Some(field), ..error }
}

/// Refuses text that should be JSON and is not.
pub(super) fn check_json(found: &Match<'_>, text: &str) -> Result<(), Diagnostic> {
    match found.form {
        Form::Json(_) => serde_json::from_str::<serde_json::Value>(text)
            .map(|_| ())
            .map_err(|error| Diagnostic::new(format!("is no JSON, as a search rule says it is: {error}"))),
        _ => Ok(()),
    }
}

/// Where something within a field's text stands in the file: its line in a literal block, otherwise the field's own place.
fn place(node: &Node, at: At) -> At {
    let literal = node.as_scalar().is_some_and(|scalar| scalar.style == Style::Literal);
    if literal && node.at != At::default() { At { line: node.at.line + at.line, column: 1 } } else { node.at }
}
