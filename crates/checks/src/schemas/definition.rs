//! Definitions of custom resources: `CustomResourceDefinition` of apiextensions.k8s.io/v1.

use manifest::yaml::Rules;
use manifest::{At, Gvk, Node};
use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use super::model::{Kind, Limits, ListType, Schema};
use super::path::Path;
use super::values::{Typed, is_null, quoted};
use crate::rules::Rule;

/// The deepest nesting of schemas that is read.
const DEPTH: usize = 200;

/// The largest compiled regular expression, in bytes.
const PATTERN_SIZE: usize = 4 << 20;

/// The schemas of custom resources.
#[derive(Debug, Default)]
pub struct CustomTypes {
    by_type: FxHashMap<Gvk, CustomType>,
}

/// A version of a custom resource.
#[derive(Debug)]
pub(super) struct CustomType {
    /// Its schema; absent where the definition has none, so that any object is allowed.
    pub(super) schema: Option<Schema>,
    /// Whether the API server serves the version.
    pub(super) is_served: bool,
    /// Whether it is deprecated, with the warning of the definition, if that has one.
    pub(super) deprecation: Option<String>,
    /// The version that is stored.
    pub(super) stored: Option<String>,
}

/// What is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionProblem {
    /// The id of the check.
    pub id: &'static str,
    /// The field of the definition.
    pub field: String,
    /// Its position.
    pub at: At,
    /// What is wrong.
    pub message: String,
}

/// Whether an object is a definition of custom resources.
pub(super) fn is_definition(object: &Node) -> bool {
    let is = |field: &str, value: &str| object.get(field).and_then(Node::text) == Some(value);
    is("kind", "CustomResourceDefinition") && is("apiVersion", "apiextensions.k8s.io/v1")
}

impl CustomTypes {
    /// Adds what an object defines. Of two definitions of one type, the first is kept. Any other object is ignored, except that the items
    /// of a List are read.
    pub fn add(&mut self, object: &Node) {
        if object.get("kind").and_then(Node::text) == Some("List") {
            object.get("items").and_then(Node::as_seq).into_iter().flatten().for_each(|item| self.add(item));
        }
        if is_definition(object) {
            let mut reader = Reader::default();
            for (gvk, found) in reader.definition(object) {
                self.by_type.entry(gvk).or_insert(found);
            }
        }
    }

    /// Whether nothing is defined.
    pub fn is_empty(&self) -> bool {
        self.by_type.is_empty()
    }

    /// Whether a type is defined.
    pub fn has(&self, gvk: &Gvk) -> bool {
        self.by_type.contains_key(gvk)
    }

    pub(super) fn get(&self, gvk: &Gvk) -> Option<&CustomType> {
        self.by_type.get(gvk)
    }

    /// The versions of a type that are served.
    pub(super) fn versions(&self, group: &str, kind: &str) -> Vec<&str> {
        let is_meant = |gvk: &&Gvk| gvk.group == group && gvk.kind == kind;
        let mut versions: Vec<&str> = self
            .by_type
            .iter()
            .filter(|(gvk, one)| is_meant(gvk) && one.is_served)
            .map(|(gvk, _)| gvk.version.as_str())
            .collect();
        versions.sort_unstable();
        versions
    }

    /// The kinds of a group.
    pub(super) fn kinds(&self, group: &str) -> Vec<&str> {
        let mut kinds: Vec<&str> =
            self.by_type.keys().filter(|gvk| gvk.group == group).map(|gvk| gvk.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// Returns what is wrong with the schemas of a definition.
pub(super) fn problems(object: &Node) -> Vec<DefinitionProblem> {
    let mut reader = Reader::default();
    reader.definition(object);
    reader.problems
}

#[derive(Default)]
struct Reader {
    problems: Vec<DefinitionProblem>,
    depth: usize,
}

const RULES: Rules = Rules::V3;

fn text<'n>(node: &'n Node, field: &str) -> Option<&'n str> {
    node.get(field).and_then(Node::text)
}

fn flag(node: &Node, field: &str) -> Option<bool> {
    match Typed::of(node.get(field)?.as_scalar()?, RULES) {
        Typed::Bool(value) => Some(value),
        _ => None,
    }
}

fn number(node: &Node, field: &str) -> Option<f64> {
    Typed::of(node.get(field)?.as_scalar()?, RULES).number()
}

fn count(node: &Node, field: &str) -> Option<u64> {
    match Typed::of(node.get(field)?.as_scalar()?, RULES) {
        Typed::Int(value) => u64::try_from(value).ok(),
        _ => None,
    }
}

fn texts(node: &Node, field: &str) -> Vec<String> {
    let items = node.get(field).and_then(Node::as_seq).into_iter().flatten();
    items.filter_map(Node::text).map(str::to_owned).collect()
}

impl Reader {
    fn report(&mut self, id: &'static str, path: &Path<'_>, at: At, message: String) {
        if self.problems.len() < 100 {
            self.problems.push(DefinitionProblem { id, field: path.to_string(), at, message });
        }
    }

    fn definition(&mut self, object: &Node) -> Vec<(Gvk, CustomType)> {
        let root = Path::Root;
        let spec_path = Path::Key(&root, "spec");
        let versions_path = Path::Key(&spec_path, "versions");
        let Some(spec) = object.get("spec") else { return Vec::new() };
        let group = text(spec, "group").unwrap_or_default();
        let kind = spec.at_path(&["names", "kind"]).and_then(Node::text).unwrap_or_default();
        let versions = spec.get("versions").and_then(Node::as_seq).map(Vec::as_slice).unwrap_or_default();
        let stored = versions.iter().find(|version| flag(version, "storage") == Some(true));
        let stored = stored.and_then(|version| text(version, "name")).map(str::to_owned);
        let mut found = Vec::new();
        for (position, version) in versions.iter().enumerate() {
            let path = Path::Item(&versions_path, position);
            let name = text(version, "name").unwrap_or_default();
            let schema_path = Path::Key(&path, "schema");
            let open_api = version.at_path(&["schema", "openAPIV3Schema"]);
            let schema = open_api.map(|schema| self.root(schema, &Path::Key(&schema_path, "openAPIV3Schema")));
            if schema.is_none() && flag(version, "served") != Some(false) {
                self.report(
                    "definition-without-schema",
                    &path,
                    version.at,
                    format!("version {} has no schema", quoted(name)),
                );
            }
            let deprecation = (flag(version, "deprecated") == Some(true)).then(|| {
                text(version, "deprecationWarning")
                    .map_or_else(|| format!("{group}/{name} {kind} is deprecated"), str::to_owned)
            });
            let is_served = flag(version, "served") != Some(false);
            let gvk = Gvk { group: group.into(), version: name.into(), kind: kind.into() };
            found.push((gvk, CustomType { schema, is_served, deprecation, stored: stored.clone() }));
        }
        found
    }

    /// The schema of a whole object, which has apiVersion, kind and metadata without naming them.
    fn root(&mut self, node: &Node, path: &Path<'_>) -> Schema {
        let mut schema = self.schema(node, path);
        let text_schema = || Schema { kind: Kind::String, ..Schema::default() };
        for field in ["apiVersion", "kind"] {
            schema.properties.entry(field.to_owned()).or_insert_with(text_schema);
        }
        schema
            .properties
            .entry("metadata".to_owned())
            .or_insert_with(|| Schema { kind: Kind::Object, ..Schema::default() });
        if let Some(metadata) = schema.properties.get_mut("metadata") {
            // The API server checks metadata by its own schema; the definition's constrains name and generateName.
            metadata.preserve_unknown = true;
            metadata.kind = Kind::Object;
        }
        schema
    }

    fn schema(&mut self, node: &Node, path: &Path<'_>) -> Schema {
        if self.depth >= DEPTH {
            if self.depth == DEPTH {
                self.report(
                    "invalid-definition",
                    path,
                    node.at,
                    format!("schemas are nested deeper than {DEPTH} levels"),
                );
            }
            return Schema { preserve_unknown: true, ..Schema::default() };
        }
        if let Some(reference) = text(node, "$ref") {
            self.report(
                "invalid-definition",
                path,
                node.at,
                format!("a schema of a custom resource cannot refer to another one: {}", quoted(reference)),
            );
            return Schema { preserve_unknown: true, ..Schema::default() };
        }
        self.depth += 1;
        let schema = self.parts(node, path);
        self.depth -= 1;
        schema
    }

    fn parts(&mut self, node: &Node, path: &Path<'_>) -> Schema {
        let kind = self.kind(node, path);
        let mut schema = Schema {
            kind,
            required: texts(node, "required"),
            format: text(node, "format").map(str::to_owned),
            list: match text(node, "x-kubernetes-list-type") {
                Some("set") => ListType::Set,
                Some("map") => ListType::Map(texts(node, "x-kubernetes-list-map-keys")),
                _ => ListType::Atomic,
            },
            preserve_unknown: flag(node, "x-kubernetes-preserve-unknown-fields") == Some(true),
            is_embedded_resource: flag(node, "x-kubernetes-embedded-resource") == Some(true),
            is_nullable: flag(node, "nullable") == Some(true),
            default: node.get("default").filter(|value| !is_null(value, RULES)).cloned().map(Box::new),
            ..Schema::default()
        };
        if let Some(properties) = node.get("properties").and_then(manifest::Node::as_map) {
            let properties_path = Path::Key(path, "properties");
            for entry in properties.entries() {
                let property = self.schema(&entry.value, &Path::Key(&properties_path, &entry.key.text));
                schema.properties.insert(entry.key.text.to_string(), property);
            }
        }
        match node.get("additionalProperties") {
            Some(additional) if additional.as_map().is_some() => {
                schema.additional = Some(Box::new(self.schema(additional, &Path::Key(path, "additionalProperties"))));
            }
            Some(_) if flag(node, "additionalProperties") == Some(true) => schema.preserve_unknown = true,
            _ => {}
        }
        if let Some(items) = node.get("items") {
            schema.items = Some(Box::new(self.schema(items, &Path::Key(path, "items"))));
        }
        schema.limits = self.limits(node, path);
        schema.rules = self.rules(node, path);
        schema.has_defaults = schema.default.is_some() || nested(&schema).any(|one| one.has_defaults);
        schema
    }

    fn kind(&mut self, node: &Node, path: &Path<'_>) -> Kind {
        if flag(node, "x-kubernetes-int-or-string") == Some(true) {
            return Kind::IntOrString;
        }
        match text(node, "type") {
            Some("object") => Kind::Object,
            Some("array") => Kind::Array,
            Some("string") => Kind::String,
            Some("integer") => Kind::Integer,
            Some("number") => Kind::Number,
            Some("boolean") => Kind::Boolean,
            Some(other) => {
                self.report("invalid-definition", path, node.at, format!("unknown type {}", quoted(other)));
                Kind::Any
            }
            None => Kind::Any,
        }
    }

    fn rules(&mut self, node: &Node, path: &Path<'_>) -> Vec<Rule> {
        let rules_path = Path::Key(path, "x-kubernetes-validations");
        let all = node.get("x-kubernetes-validations").and_then(Node::as_seq).into_iter().flatten();
        let mut compiled = Vec::new();
        for (position, one) in all.enumerate() {
            match Rule::compile(one) {
                Ok(rule) => compiled.push(rule),
                Err(message) => {
                    let path = Path::Item(&rules_path, position);
                    self.report("invalid-rule", &Path::Key(&path, "rule"), one.at, message);
                }
            }
        }
        compiled
    }

    fn limits(&mut self, node: &Node, path: &Path<'_>) -> Option<Box<Limits>> {
        const FIELDS: [&str; 18] = [
            "enum",
            "pattern",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "uniqueItems",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
        ];
        let map = node.as_map()?;
        if !map.entries().iter().any(|entry| FIELDS.contains(&entry.key.text.as_str())) {
            return None;
        }
        // Both alternatives of an int-or-string say what its type says.
        let is_int_or_string = flag(node, "x-kubernetes-int-or-string") == Some(true);
        Some(Box::new(Limits {
            allowed: node.get("enum").and_then(Node::as_seq).cloned().unwrap_or_default(),
            pattern: self.pattern(node, path),
            minimum: number(node, "minimum"),
            maximum: number(node, "maximum"),
            is_exclusive_minimum: flag(node, "exclusiveMinimum") == Some(true),
            is_exclusive_maximum: flag(node, "exclusiveMaximum") == Some(true),
            multiple_of: number(node, "multipleOf"),
            min_length: count(node, "minLength"),
            max_length: count(node, "maxLength"),
            min_items: count(node, "minItems"),
            max_items: count(node, "maxItems"),
            min_properties: count(node, "minProperties"),
            max_properties: count(node, "maxProperties"),
            is_unique: flag(node, "uniqueItems") == Some(true),
            all_of: self.alternatives(node, "allOf", path),
            any_of: if is_int_or_string { Vec::new() } else { self.alternatives(node, "anyOf", path) },
            one_of: self.alternatives(node, "oneOf", path),
            not: node.get("not").map(|schema| self.value_schema(schema, &Path::Key(path, "not"))),
        }))
    }

    fn alternatives(&mut self, node: &Node, field: &str, path: &Path<'_>) -> Vec<Schema> {
        let all = node.get(field).and_then(Node::as_seq).map(Vec::as_slice).unwrap_or_default();
        let path = Path::Key(path, field);
        all.iter().enumerate().map(|(position, one)| self.value_schema(one, &Path::Item(&path, position))).collect()
    }

    /// A schema that constrains values only: it says nothing about unknown fields and about null.
    fn value_schema(&mut self, node: &Node, path: &Path<'_>) -> Schema {
        let mut schema = self.schema(node, path);
        allow_unknown(&mut schema);
        schema
    }

    fn pattern(&mut self, node: &Node, path: &Path<'_>) -> Option<Regex> {
        let pattern = text(node, "pattern")?;
        match RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build() {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.report(
                    "invalid-definition",
                    &Path::Key(path, "pattern"),
                    node.at,
                    format!("invalid pattern {}: {reason}", quoted(pattern)),
                );
                None
            }
        }
    }
}

fn nested(schema: &Schema) -> impl Iterator<Item = &Schema> {
    schema.properties.values().chain(schema.items.as_deref()).chain(schema.additional.as_deref())
}

fn allow_unknown(schema: &mut Schema) {
    schema.preserve_unknown = true;
    schema.is_nullable = true;
    schema.properties.values_mut().for_each(allow_unknown);
    schema.items.as_deref_mut().into_iter().for_each(allow_unknown);
    schema.additional.as_deref_mut().into_iter().for_each(allow_unknown);
    if let Some(limits) = schema.limits.as_deref_mut() {
        let groups =
            limits.all_of.iter_mut().chain(&mut limits.any_of).chain(&mut limits.one_of).chain(&mut limits.not);
        groups.for_each(allow_unknown);
    }
}
