//! The paths of a required config: absolute, since they are relative to its own file.

use manifest::{Map, Node};

use super::document::is_url;
use super::fields::{Field, Fields, Kind};
use crate::files::join;

/// Makes every path of a config absolute. Source: the struct tag `filepath` in Skaffold; a template is joined to the
/// folder like any other text. A URL stays one (Skaffold joins it as well, and then finds no such file).
pub(super) fn absolute(fields: &Fields, type_name: &str, map: &mut Map, folder: &str) {
    let newest = fields.newest();
    for entry in map.entries_mut() {
        let Some(field) = fields.get(type_name, &entry.key.text, newest) else { continue };
        absolute_value(fields, field, &field.kind, &mut entry.value, folder);
    }
}

fn absolute_value(fields: &Fields, field: &Field, kind: &Kind, value: &mut Node, folder: &str) {
    match kind {
        Kind::Struct(name) => {
            if let Some(map) = value.as_map_mut() {
                absolute(fields, name, map, folder);
            }
        }
        Kind::List(inner) => {
            value
                .as_seq_mut()
                .into_iter()
                .flatten()
                .for_each(|item| absolute_value(fields, field, inner, item, folder));
        }
        Kind::Map { .. } if field.path => {
            let entries = value.as_map_mut().map(Map::entries_mut);
            entries.into_iter().flatten().for_each(|entry| absolute_text(&mut entry.value, folder));
        }
        Kind::String if field.path => absolute_text(value, folder),
        _ => {}
    }
}

fn absolute_text(value: &mut Node, folder: &str) {
    let path = value.text().unwrap_or_default();
    if !path.is_empty() && !path.starts_with('/') && !is_url(path) {
        value.data = Node::string(join(folder, path)).data;
    }
}
