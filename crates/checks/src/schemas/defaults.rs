//! Default values of custom resources, which the API server sets before it checks an object.

use manifest::yaml::Rules;
use manifest::{Data, Node};

use super::model::Schema;
use super::values::is_null;

/// Returns the object with all defaults; absent if the schema has none.
pub(super) fn with_defaults(schema: &Schema, object: &Node, rules: Rules) -> Option<Node> {
    if !schema.has_defaults {
        return None;
    }
    let mut object = object.clone();
    set(schema, &mut object, rules);
    Some(object)
}

fn set(schema: &Schema, node: &mut Node, rules: Rules) {
    if !schema.has_defaults {
        return;
    }
    let at = node.at;
    match &mut node.data {
        Data::Map(map) => {
            let mut properties: Vec<_> = schema.properties.iter().collect();
            properties.sort_unstable_by_key(|(name, _)| *name);
            for (name, property) in properties {
                let Some(default) = &property.default else { continue };
                let is_set = match map.get(name) {
                    Some(value) => property.is_nullable || !is_null(value, rules),
                    None => false,
                };
                if !is_set {
                    map.set(name, Node { at, ..(**default).clone() });
                }
            }
            for entry in map.entries_mut() {
                let nested = schema.properties.get(entry.key.text.as_str()).or(schema.additional.as_deref());
                if let Some(nested) = nested {
                    set(nested, &mut entry.value, rules);
                }
            }
        }
        Data::Seq(items) => {
            if let Some(schema) = &schema.items {
                items.iter_mut().for_each(|item| set(schema, item, rules));
            }
        }
        Data::Scalar(_) => {}
    }
}
