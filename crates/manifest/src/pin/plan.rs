//! The image of a matched field, and the changes that replace it.

use crate::diagnostic::Diagnostic;
use crate::image::ImageRef;
use crate::image_search::{DigestField, Fields, Match, Step, field};
use crate::node::{At, Node, Text};

/// Returns what an image reference is replaced with; `None` if it stays.
pub type Pin<'a> = &'a dyn Fn(&ImageRef) -> Option<ImageRef>;

/// One change of a tree.
pub(super) enum Change<'a> {
    /// Sets the text of the scalar at this path.
    Text { path: Vec<Step>, node: &'a Node, text: String },
    /// Adds a key to the mapping at this path, after the value `beside`.
    Add { path: Vec<Step>, map: &'a Node, beside: &'a Node, key: Text, text: String },
}

/// The image of a field that has the whole reference.
pub(super) fn whole(found: &Match<'_>) -> Result<ImageRef, Diagnostic> {
    parse(found, found.node.text().unwrap_or_default())
}

/// The image of separate fields.
pub(super) fn joined(found: &Match<'_>, fields: &Fields) -> Result<ImageRef, Diagnostic> {
    let part = |key: &Text| fields.part(found.node, key);
    let mut text = part(fields.repository_key(found.node)).unwrap_or_default().to_owned();
    if let Some(registry) = fields.registry.as_ref().and_then(part) {
        text = format!("{registry}/{text}");
    }
    if let Some(tag) = part(&fields.tag) {
        text = format!("{text}:{tag}");
    }
    if let Some(digest) = fields.digest_text(found.node) {
        text = format!("{text}@{digest}");
    }
    parse(found, &text)
}

/// The position of the part that a person changes: the tag, otherwise the digest or the repository.
pub(super) fn version_at(found: &Match<'_>, fields: &Fields) -> At {
    let parts = [Some(&fields.tag), fields.digest.key(), Some(fields.repository_key(found.node))];
    let mut present = parts.into_iter().flatten().filter(|key| fields.part(found.node, key).is_some());
    present.next().and_then(|key| found.node.get(key)).map_or(found.node.at, |node| node.at)
}

/// The finding about a mapping that has only a part of an image.
pub(super) fn incomplete(found: &Match<'_>, fields: &Fields) -> Diagnostic {
    let (message, hint) = match fields.part(found.node, fields.repository_key(found.node)) {
        Some(repository) => {
            let message = format!("the image \"{repository}\" has no tag in this file and is not pinned");
            (message, format!("write `{}` to pin it", fields.tag))
        }
        None => {
            let version = fields.part(found.node, &fields.tag).unwrap_or("digest");
            let message = format!("the version \"{version}\" has no repository in this file and is not pinned");
            (message, format!("write `{}` to pin it", fields.repository))
        }
    };
    Diagnostic::new(message).at(version_at(found, fields)).field(field(&found.path)).hint(hint)
}

fn parse(found: &Match<'_>, text: &str) -> Result<ImageRef, Diagnostic> {
    ImageRef::parse(text).map_err(|error| {
        Diagnostic::new(error.to_string())
            .at(found.node.at)
            .field(field(&found.path))
            .hint("exclude the value with a search rule of `updateStrategy: {none: {}}` if it is not an image")
    })
}

/// The changes of a field that has the whole reference.
pub(super) fn change_whole<'a>(found: &Match<'a>, pin: Pin<'_>) -> Result<Vec<Change<'a>>, Diagnostic> {
    let new = pin(&whole(found)?).map(|image| image.as_str().to_owned());
    let new = new.filter(|text| Some(text.as_str()) != found.node.text());
    Ok(new.map(|text| Change::Text { path: found.path.clone(), node: found.node, text }).into_iter().collect())
}

/// The changes of separate fields: the name where it differs, the tag, the digest in its field or after the tag.
pub(super) fn change_fields<'a>(
    found: &Match<'a>,
    fields: &Fields,
    pin: Pin<'_>,
) -> Result<Vec<Change<'a>>, Diagnostic> {
    let old = joined(found, fields)?;
    let Some(new) = pin(&old).filter(|new| *new != old) else { return Ok(Vec::new()) };
    let mut changes: Vec<(&Text, String)> = Vec::new();
    if new.name() != old.name() {
        let split = fields.registry.as_ref().zip(new.name().split_once('/'));
        match split.filter(|(key, _)| found.node.get(key).is_some()) {
            Some((key, (registry, path))) => {
                changes.push((key, registry.to_owned()));
                changes.push((&fields.repository, path.to_owned()));
            }
            None => changes.push((&fields.repository, new.name().to_owned())),
        }
    }
    let digest = new.digest().map(|digest| match &fields.digest {
        DigestField::Bare(_) => digest.as_str().trim_start_matches("sha256:").to_owned(),
        _ => digest.to_string(),
    });
    match (fields.digest.key(), new.tag(), digest) {
        (Some(key), tag, digest) => {
            changes.extend(tag.map(|tag| (&fields.tag, tag.to_owned())));
            changes.extend(digest.map(|digest| (key, digest)));
        }
        (None, Some(tag), Some(digest)) => changes.push((&fields.tag, format!("{tag}@{digest}"))),
        (None, Some(tag), None) => changes.push((&fields.tag, tag.to_owned())),
        (None, None, Some(_)) => {
            let message = format!("{old} has no tag to append the digest to");
            let hint = format!("write a tag into `{}`, or name a field for the digest in the search rule", fields.tag);
            return Err(Diagnostic::new(message).at(found.node.at).field(field(&found.path)).hint(hint));
        }
        (None, None, None) => {}
    }
    Ok(changes.into_iter().filter_map(|(key, text)| change_part(found, fields, key, text)).collect())
}

fn change_part<'a>(found: &Match<'a>, fields: &Fields, key: &Text, text: String) -> Option<Change<'a>> {
    let Some(node) = found.node.get(key) else {
        let known = [&fields.tag, fields.repository_key(found.node)];
        let beside = known.into_iter().find_map(|key| found.node.get(key))?;
        return Some(Change::Add { path: found.path.clone(), map: found.node, beside, key: key.clone(), text });
    };
    let path = found.path.iter().cloned().chain([Step::Key(key.clone())]).collect();
    (node.text() != Some(text.as_str())).then_some(Change::Text { path, node, text })
}
