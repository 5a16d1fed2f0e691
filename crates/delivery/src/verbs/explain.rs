//! `hydrant explain`: the fields of `hydrant.yaml`, from its JSON Schema.

use std::fmt::Write as _;

use manifest::Diagnostic;
use serde_json::{Map, Value};

use crate::config::Config;
use crate::config::nearest;

/// Schemas refer to others at most this often in a row.
const DEEPEST: usize = 16;

/// Returns the description of a field and the fields below it. The path has dots between the names, as `environments.review`; names of
/// environments, list indexes and the like may be left out. An empty path means the file.
///
/// # Errors
/// A field that does not exist.
pub fn explain(path: &str) -> Result<String, Diagnostic> {
    let schema = Value::from(schemars::schema_for!(Config));
    let schema = Schema { root: &schema };
    let mut field = Field { schema: schema.root, description: schema.root };
    let mut walked = String::new();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        field = schema.below(field.schema, name).ok_or_else(|| schema.unknown(&walked, field.schema, name))?;
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(name);
    }
    Ok(schema.text(&walked, &field))
}

/// A field of a mapping.
#[derive(Clone, Copy)]
struct Field<'s> {
    /// The schema of its value.
    schema: &'s Value,
    /// What describes the field; its own description wins over that of its type.
    description: &'s Value,
}

/// The schema of the file.
struct Schema<'s> {
    root: &'s Value,
}

impl<'s> Schema<'s> {
    /// The schemas that a value may have, with references and alternatives resolved, null left out.
    fn forms(&self, schema: &'s Value) -> Vec<&'s Value> {
        let mut forms = Vec::new();
        self.collect(schema, DEEPEST, &mut forms);
        forms
    }

    fn collect(&self, schema: &'s Value, depth: usize, forms: &mut Vec<&'s Value>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#')) {
            return self.root.pointer(name).into_iter().for_each(|found| self.collect(found, depth, forms));
        }
        let alternatives = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array());
        match alternatives {
            Some(all) => all.iter().for_each(|one| self.collect(one, depth, forms)),
            None if schema.get("type").and_then(Value::as_str) == Some("null") => {}
            None => forms.push(schema),
        }
    }

    /// The fields of a mapping, or of the mappings in a list or below names that are not fixed.
    fn fields(&self, schema: &'s Value, depth: usize) -> Vec<(&'s str, Field<'s>)> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let mut fields: Vec<(&str, Field<'_>)> = Vec::new();
        for form in self.forms(schema) {
            let own = form.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter);
            // The only field of a mapping that is an alternative is described by the mapping.
            let only = form.get("properties").and_then(Value::as_object).is_some_and(|fields| fields.len() == 1);
            let described = |value: &'s Value| if only && value.get("description").is_none() { form } else { value };
            let own = own.map(|(name, value)| (name.as_str(), Field { schema: value, description: described(value) }));
            let inner = ["items", "additionalProperties"].iter().filter_map(|key| form.get(key));
            let inner = inner.filter(|value| value.is_object()).flat_map(|value| self.fields(value, depth));
            for (name, field) in own.chain(inner) {
                if !fields.iter().any(|(known, _)| *known == name) {
                    fields.push((name, field));
                }
            }
        }
        fields
    }

    /// The field with this name, or the value below a name that is not fixed.
    fn below(&self, schema: &'s Value, name: &str) -> Option<Field<'s>> {
        let field = self.fields(schema, DEEPEST).into_iter().find(|(known, _)| *known == name);
        let free = || {
            let mut values = self.forms(schema).into_iter().filter_map(|form| form.get("additionalProperties"));
            let value = values.find(|value| value.is_object())?;
            Some(Field { schema: value, description: value })
        };
        field.map(|(_, field)| field).or_else(free)
    }

    fn unknown(&self, walked: &str, schema: &'s Value, name: &str) -> Diagnostic {
        let path = if walked.is_empty() { name.to_owned() } else { format!("{walked}.{name}") };
        let found = Diagnostic::new(format!("unknown field \"{path}\""));
        let fields = self.fields(schema, DEEPEST);
        let known: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        match (nearest(name, known.iter().copied()), known.as_slice()) {
            (_, []) => found.hint(format!("run `hydrant explain {walked}`: it has no fields")),
            (Some(meant), _) => found.hint(format!("write {meant}, if you meant that")),
            (None, known) => found.hint(format!("use one of {}", known.join(", "))),
        }
    }

    fn text(&self, path: &str, field: &Field<'s>) -> String {
        let path = if path.is_empty() { "hydrant.yaml" } else { path };
        let mut text = format!("{path} <{}>\n", self.kind(field.schema));
        let description = self.description(field);
        if !description.is_empty() {
            let _ = write!(text, "\n{description}\n");
        }
        if let Some(default) = field.description.get("default").filter(|value| !value.is_null()) {
            let _ = write!(text, "\ndefault: {default}\n");
        }
        self.values(field.schema, &mut text);
        let fields = self.fields(field.schema, DEEPEST);
        if !fields.is_empty() {
            text.push_str("\nfields:\n");
        }
        for (name, below) in fields {
            let description = self.description(&below).replace('\n', " ");
            let _ = write!(text, "  {name} <{}>\n      {description}\n", self.kind(below.schema));
        }
        text
    }

    /// The values of an enumeration, each with its description.
    fn values(&self, schema: &'s Value, text: &mut String) {
        let mut values = Vec::new();
        for form in self.forms(schema) {
            let several = form.get("enum").and_then(Value::as_array).into_iter().flatten();
            for value in several.chain(form.get("const")).filter_map(Value::as_str) {
                let description =
                    form.get("description").and_then(Value::as_str).filter(|_| form.get("const").is_some());
                values.push(format!("  {value}{}", description.map(|text| format!(": {text}")).unwrap_or_default()));
            }
        }
        if !values.is_empty() {
            let _ = write!(text, "\nvalues:\n{}\n", values.join("\n"));
        }
    }

    fn description(&self, field: &Field<'s>) -> &'s str {
        let own = field.description.get("description").and_then(Value::as_str);
        let of_type = || match self.forms(field.schema).as_slice() {
            [form] => form.get("description").and_then(Value::as_str),
            _ => None,
        };
        own.or_else(of_type).unwrap_or_default()
    }

    /// The types of a value: `string`, `list of mapping`, `string or mapping`.
    fn kind(&self, schema: &'s Value) -> String {
        let mut kinds: Vec<String> = Vec::new();
        for form in self.forms(schema) {
            let several = form.get("type").and_then(Value::as_array).into_iter().flatten();
            let names = several.chain(form.get("type")).filter_map(Value::as_str).filter(|name| *name != "null");
            let names: Vec<&str> = names.collect();
            let default =
                if form.get("enum").is_some() || form.get("const").is_some() { vec!["string"] } else { vec![] };
            for name in if names.is_empty() { default } else { names } {
                let name = match name {
                    "object" => "mapping".to_owned(),
                    "array" => match form.get("items").map(|items| self.kind(items)) {
                        Some(items) if !items.is_empty() => format!("list of {items}"),
                        _ => "list".to_owned(),
                    },
                    name => name.to_owned(),
                };
                if !kinds.contains(&name) {
                    kinds.push(name);
                }
            }
        }
        kinds.join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_its_type_description_and_values() {
        let text = explain("environments.production.images").unwrap();
        assert!(
            text.starts_with("environments.production.images <string>\n\nWhat decides which images run here"),
            "{text}"
        );
        assert!(text.contains("  promoted"), "{text}");
        assert!(explain("locked").unwrap().starts_with("locked <boolean>\n"));
    }

    #[test]
    fn every_field_of_the_schema_is_explained() {
        fn walk(schema: &Schema<'_>, path: &str, value: &Value, depth: usize) -> usize {
            let Some(depth) = depth.checked_sub(1) else { return 0 };
            let root = Schema { root: schema.root };
            let mut count = 0;
            let names: Vec<String> = root.fields(value, DEEPEST).iter().map(|(name, _)| (*name).to_owned()).collect();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let text = explain(&path).unwrap_or_else(|error| panic!("{path}: {}", error.message));
                assert!(
                    text.lines().count() >= 3 && !text.contains("<>"),
                    "{path} has no description or no type: {text}"
                );
                let below = root.below(value, &name).unwrap();
                count += 1 + walk(&root, &path, below.schema, depth);
            }
            count
        }
        let schema = Value::from(schemars::schema_for!(Config));
        let count = walk(&Schema { root: &schema }, "", &schema, 4);
        assert!(count > 80, "{count} fields");
    }

    #[test]
    fn a_typing_error_is_answered_with_the_field() {
        let error = explain("destination.brnch").unwrap_err();
        assert_eq!(error.message, "unknown field \"destination.brnch\"");
        assert_eq!(error.hints, ["write branch, if you meant that"]);
        assert_eq!(explain("locked.below").unwrap_err().hints, ["run `hydrant explain locked`: it has no fields"]);
    }
}
