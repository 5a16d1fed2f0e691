//! What images there are: which, where, pinned or not, and on demand where they come from.

use std::collections::BTreeMap;

use manifest::ImageRef;
use registry::Origin;
use serde_json::{Value, json};

use super::Located;
use crate::table;

/// An image in the list.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// The image and where it stands.
    pub located: &'a Located,
    /// What it says of its source; absent where that was not asked for.
    pub origin: Option<&'a Origin>,
}

/// The images with their origins, in the order they stand; those that are not pinned only, where that is asked for.
pub fn list<'a>(
    images: &'a [Located],
    origins: &'a BTreeMap<ImageRef, Origin>,
    unpinned_only: bool,
) -> Vec<Listed<'a>> {
    let wanted = images.iter().filter(|one| !unpinned_only || !one.found.image.is_pinned());
    wanted.map(|located| Listed { located, origin: origins.get(&located.found.image) }).collect()
}

/// A table: image, whether it is pinned, where it stands, its source and revision if known.
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
        row.extend(one.origin.map(said));
        rows.push(row);
    }
    table::print(&rows)
}

fn said(origin: &Origin) -> String {
    match (&origin.source, &origin.revision) {
        (Some(source), Some(revision)) => format!("{source} @ {revision}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "-".to_owned(),
    }
}

/// The same as a JSON list, ending with a newline.
pub fn json(listed: &[Listed<'_>]) -> String {
    let all: Vec<Value> = listed.iter().map(entry).collect();
    // Writing values that were built here as JSON has no way to fail.
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    format!("{text}\n")
}

fn entry(one: &Listed<'_>) -> Value {
    let found = &one.located.found;
    let image = &found.image;
    let mut entry = json!({
        "image": image.as_str(),
        "registry": image.registry(),
        "repository": image.repository(),
        "tag": image.tag(),
        "digest": image.digest().map(|digest| digest.to_string()),
        "pinned": image.is_pinned(),
        "file": one.located.file,
        "line": found.at.line,
        "column": found.at.column,
        "field": found.field,
        "object": {
            "apiVersion": found.object.gvk.api_version(),
            "kind": found.object.gvk.kind.as_str(),
            "namespace": found.object.namespace.as_str(),
            "name": found.object.name.as_str(),
        },
    });
    if let Some(origin) = one.origin {
        entry["source"] = json!(origin.source);
        entry["revision"] = json!(origin.revision);
    }
    entry
}
