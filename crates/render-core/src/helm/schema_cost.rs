//! How many subschemas a validation applies, before it runs.
//!
//! Two references to one definition, repeated forty times, are a trillion applications. The validator has no limit for them.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

/// The maximum number of applications of a subschema to a value.
pub(super) const MOST_APPLICATIONS: u64 = 5_000_000;
/// The maximum number of applications inside one another.
const MOST_LEVELS: usize = 500;

/// Returns whether validating `values` applies at most [`MOST_APPLICATIONS`] subschemas. Each pair of a subschema and a value is counted
/// once for each way that leads to it, and looked at once. Subschemas of patterns count for all fields.
pub(super) fn is_bounded(schema: &Json, values: &Json) -> bool {
    let mut names = HashMap::new();
    add_names(schema, &mut names);
    let mut count = Count { root: schema, names, known: HashMap::new(), level: 0, is_too_deep: false };
    count.applications(schema, values) <= MOST_APPLICATIONS && !count.is_too_deep
}

struct Count<'s> {
    root: &'s Json,
    /// The subschemas with an anchor (`#name`) or an identifier.
    names: HashMap<String, &'s Json>,
    /// By the addresses of a schema and a value; zero while they are counted, so a circle ends.
    known: HashMap<(*const Json, *const Json), u64>,
    level: usize,
    is_too_deep: bool,
}

impl<'s> Count<'s> {
    fn applications(&mut self, schema: &'s Json, value: &Json) -> u64 {
        let Json::Object(keywords) = schema else { return 1 };
        let pair = (std::ptr::from_ref(schema), std::ptr::from_ref(value));
        if let Some(known) = self.known.get(&pair) {
            return *known;
        }
        if self.level == MOST_LEVELS || self.known.len() as u64 >= MOST_APPLICATIONS {
            self.is_too_deep = true;
            return 1;
        }
        self.known.insert(pair, 0);
        self.level += 1;
        let total = self.in_place(keywords, value).saturating_add(self.below(keywords, value));
        self.level -= 1;
        let total = total.saturating_add(1);
        self.known.insert(pair, total);
        total
    }

    /// The subschemas that apply to the value itself.
    fn in_place(&mut self, keywords: &'s Map<String, Json>, value: &Json) -> u64 {
        let mut total = 0_u64;
        for (keyword, inner) in keywords {
            let found = match (keyword.as_str(), inner) {
                ("allOf" | "anyOf" | "oneOf", Json::Array(all)) => self.sum(all.iter(), value),
                ("not" | "if" | "then" | "else", _) => self.applications(inner, value),
                ("dependentSchemas" | "dependencies", Json::Object(all)) => self.sum(all.values(), value),
                ("$ref" | "$dynamicRef" | "$recursiveRef", Json::String(reference)) => {
                    self.target(reference).map_or(1, |schema| self.applications(schema, value))
                }
                _ => 0,
            };
            total = total.saturating_add(found);
        }
        total
    }

    /// The subschemas that apply to what the value contains.
    fn below(&mut self, keywords: &'s Map<String, Json>, value: &Json) -> u64 {
        let items: Vec<&Json> = match value {
            Json::Object(fields) => fields.values().collect(),
            Json::Array(items) => items.iter().collect(),
            _ => return 0,
        };
        let mut total = 0_u64;
        for (keyword, inner) in keywords {
            let found = match (keyword.as_str(), inner) {
                ("properties", Json::Object(all)) => all.iter().fold(0, |sum: u64, (name, schema)| {
                    sum.saturating_add(value.get(name).map_or(0, |value| self.applications(schema, value)))
                }),
                ("patternProperties", Json::Object(all)) => self.products(all.values(), &items),
                ("prefixItems" | "items", Json::Array(all)) => self.products(all.iter(), &items),
                (
                    "additionalProperties"
                    | "unevaluatedProperties"
                    | "items"
                    | "additionalItems"
                    | "unevaluatedItems"
                    | "contains",
                    _,
                ) => self.products(std::iter::once(inner), &items),
                _ => 0,
            };
            total = total.saturating_add(found);
        }
        total
    }

    fn sum(&mut self, schemas: impl Iterator<Item = &'s Json>, value: &Json) -> u64 {
        schemas.fold(0, |sum: u64, schema| sum.saturating_add(self.applications(schema, value)))
    }

    /// Each schema for each value.
    fn products(&mut self, schemas: impl Iterator<Item = &'s Json>, values: &[&Json]) -> u64 {
        schemas.fold(0, |sum: u64, schema| {
            values.iter().fold(sum, |sum, value| sum.saturating_add(self.applications(schema, value)))
        })
    }

    /// The schema that a reference inside of the document names.
    fn target(&self, reference: &str) -> Option<&'s Json> {
        let named = || self.names.get(reference).copied();
        reference.strip_prefix('#').and_then(|pointer| self.root.pointer(&decoded(pointer))).or_else(named)
    }
}

fn add_names<'s>(schema: &'s Json, names: &mut HashMap<String, &'s Json>) {
    let text = |keyword: &str| schema.get(keyword).and_then(Json::as_str);
    for anchor in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(text) {
        names.insert(format!("#{anchor}"), schema);
    }
    for id in ["$id", "id"].into_iter().filter_map(text) {
        names.insert(id.to_owned(), schema);
    }
    match schema {
        Json::Object(fields) => fields.values().for_each(|inner| add_names(inner, names)),
        Json::Array(items) => items.iter().for_each(|inner| add_names(inner, names)),
        _ => {}
    }
}

/// Resolves the escapes of a URL's fragment. What is not valid stays.
fn decoded(fragment: &str) -> String {
    let mut out = Vec::new();
    let mut rest = fragment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let (byte, length) = match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => (byte, 3),
            None => (*first, 1),
        };
        out.push(byte);
        rest = &rest[length..];
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `levels` definitions, each of which refers twice to the next one.
    fn doubling(levels: usize) -> Json {
        let next = |level: usize| json!({"$ref": format!("#/definitions/d{}", level + 1)});
        let mut definitions: Map<String, Json> =
            (0..levels).map(|level| (format!("d{level}"), json!({"allOf": [next(level), next(level)]}))).collect();
        definitions.insert(format!("d{levels}"), json!({"type": "object"}));
        json!({"definitions": definitions, "$ref": "#/definitions/d0"})
    }

    #[test]
    fn references_that_double_are_counted() {
        assert!(is_bounded(&doubling(15), &json!({})));
        assert!(!is_bounded(&doubling(40), &json!({})));
    }

    #[test]
    fn recursion_along_the_values_is_counted() {
        let again = json!({"properties": {"n": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
        let nested = |levels: usize| (0..levels).fold(json!({}), |value, _| json!({"n": value}));
        assert!(is_bounded(&again, &nested(10)));
        assert!(!is_bounded(&again, &nested(40)));
    }

    #[test]
    fn anchors_and_escapes_are_references() {
        let double = |level: usize| {
            json!({"$anchor": format!("a{level}"), "anyOf": [
            {"$ref": format!("#a{}", level + 1)}, {"$ref": format!("#/%64efinitions/{}", level + 1)}]})
        };
        let definitions: Map<String, Json> = (0..40).map(|level| (level.to_string(), double(level))).collect();
        assert!(!is_bounded(&json!({"definitions": definitions, "$ref": "#a0"}), &json!(1)));
    }

    #[test]
    fn circles_and_usual_schemas_are_bounded() {
        assert!(is_bounded(&json!({"$ref": "#"}), &json!({"a": 1})));
        let list = json!({"properties": {"a": {"items": {"type": "integer"}}}, "additionalProperties": false});
        assert!(is_bounded(&list, &json!({"a": (0..10_000).collect::<Vec<_>>()})));
    }
}
