//! The list of images: location, whether pinned, and optionally the source.

use std::collections::BTreeMap;

use manifest::ImageRef;
use registry::Origin;
use serde::Serialize;

use super::Located;
use crate::report::table;

/// An image in the list.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// The image and its location.
    pub located: &'a Located,
    /// Its recorded source; absent unless requested.
    pub origin: Option<&'a Origin>,
}

/// The images with their origins, in the order of their locations; only those that are not pinned where `unpinned_only`.
pub fn list<'a>(
    images: &'a [Located],
    origins: &'a BTreeMap<ImageRef, Origin>,
    unpinned_only: bool,
) -> Vec<Listed<'a>> {
    let wanted = images.iter().filter(|one| !unpinned_only || !one.found.image.is_pinned());
    wanted.map(|located| Listed { located, origin: origins.get(&located.found.image) }).collect()
}

/// A table: image, whether it is pinned, its location, its source and revision if known.
pub fn text(listed: &[Listed<'_>]) -> String {
    let origins = listed.iter().any(|one| one.origin.is_some());
    let mut head = vec!["IMAGE", "PINNED", "OBJECT", "FIELD", "FILE"];
    head.extend(if origins { vec!["SOURCE"] } else { Vec::new() });
    let mut rows: Vec<Vec<String>> = vec![head.into_iter().map(str::to_owned).collect()];
    for one in listed {
        let found = &one.located.found;
        let digest = found.image.digest().map(|digest| digest.to_string());
        let pinned = digest.map_or_else(|| "no".to_owned(), |digest| digest.chars().take(19).collect());
        let object = if found.object.gvk.kind.is_empty() { "-".to_owned() } else { found.object.to_string() };
        let place = format!("{}:{}", one.located.file, found.at.line);
        let mut row = vec![found.image.without_digest().to_string(), pinned, object, found.field.clone(), place];
        row.extend(one.origin.map(source_text));
        rows.push(row);
    }
    table::print(&rows)
}

fn source_text(origin: &Origin) -> String {
    match (&origin.source, &origin.revision) {
        (Some(source), Some(revision)) => format!("{source} @ {revision}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "-".to_owned(),
    }
}

/// The same as a JSON list, ending with a newline.
pub fn json(listed: &[Listed<'_>]) -> String {
    let all: Vec<Entry<'_>> = listed.iter().map(Entry::of).collect();
    // Serializing strings as JSON does not fail.
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    format!("{text}\n")
}

/// An image as JSON.
#[derive(Serialize)]
struct Entry<'a> {
    image: &'a str,
    registry: &'a str,
    repository: String,
    tag: Option<&'a str>,
    digest: Option<String>,
    pinned: bool,
    file: &'a str,
    line: u32,
    column: u32,
    field: &'a str,
    object: Object<'a>,
    /// Absent where it was not asked for.
    #[serde(flatten)]
    origin: Option<SourceFields<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    api_version: String,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct SourceFields<'a> {
    source: Option<&'a str>,
    revision: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(one: &Listed<'a>) -> Self {
        let found = &one.located.found;
        let (image, object) = (&found.image, &found.object);
        Entry {
            image: image.as_str(),
            registry: image.registry(),
            repository: image.repository(),
            tag: image.tag(),
            digest: image.digest().map(|digest| digest.to_string()),
            pinned: image.is_pinned(),
            file: &one.located.file,
            line: found.at.line,
            column: found.at.column,
            field: &found.field,
            object: Object {
                api_version: object.gvk.api_version().to_string(),
                kind: object.gvk.kind.as_str(),
                namespace: object.namespace.as_str(),
                name: object.name.as_str(),
            },
            origin: one
                .origin
                .map(|origin| SourceFields { source: origin.source.as_deref(), revision: origin.revision.as_deref() }),
        }
    }
}
