//! Applies a schema to a value.

use manifest::yaml::Rules;
use manifest::{At, Data, Map, Node, Scalar};

use super::builtin;
use super::formats;
use super::lists;
use super::model::{Kind, Limits, ListType, Schema};
use super::path::Path;
use super::suggest;
use super::values::{Typed, canonical, is_null, quoted, shown};
use crate::KubernetesVersion;
use crate::quantity;
use crate::rules::{Evaluation, RuleFinding};

/// The deepest nesting of values that is checked. Kubernetes' own limit for JSON is 10,000; no schema needs more than some dozens.
const DEPTH: usize = 300;

/// The most problems that are reported for one object.
const PROBLEMS: usize = 100;

/// What is wrong with a field.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// The id of the check.
    pub(super) id: &'static str,
    /// The field, as findings name it.
    pub(super) field: String,
    /// The position of the field or its value.
    pub(super) at: At,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
    /// Whether the API server accepts it all the same.
    pub(super) is_accepted: bool,
}

/// Which schemas apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Those of Kubernetes: null means that a field is absent, and `status` is ignored.
    Kubernetes,
    /// Those of a definition of a custom resource.
    Custom,
}

/// The check of one object.
pub(super) struct Validator<'r> {
    pub(super) version: KubernetesVersion,
    pub(super) rules: Rules,
    pub(super) origin: Origin,
    pub(super) problems: Vec<Problem>,
    pub(super) evaluation: Option<&'r mut Evaluation>,
    pub(super) depth: usize,
}

impl<'r> Validator<'r> {
    pub(super) fn new(version: KubernetesVersion, rules: Rules, origin: Origin) -> Self {
        Validator { version, rules, origin, problems: Vec::new(), evaluation: None, depth: 0 }
    }

    fn report(&mut self, id: &'static str, path: &Path<'_>, at: At, message: String) -> Option<&mut Problem> {
        if self.problems.len() >= PROBLEMS {
            return None;
        }
        self.problems.push(Problem { id, field: path.to_string(), at, message, hint: None, is_accepted: false });
        self.problems.last_mut()
    }

    /// Checks a value. `old` is the value of the field that is delivered, for transition rules.
    pub(super) fn check(&mut self, schema: &Schema, node: &Node, old: Option<&Node>, path: &Path<'_>) {
        let schema = match &schema.reference {
            Some(name) => match builtin::definition(name, self.version) {
                Some(schema) => schema,
                None => return,
            },
            None => schema,
        };
        if self.depth >= DEPTH {
            self.report("invalid-value", path, node.at, format!("nested deeper than {DEPTH} levels"));
            return;
        }
        self.depth += 1;
        self.check_value(schema, node, old, path);
        self.depth -= 1;
    }

    fn check_value(&mut self, schema: &Schema, node: &Node, old: Option<&Node>, path: &Path<'_>) {
        if is_null(node, self.rules) {
            // Definitions without a type take any value, among them null (`JSON` of Kubernetes).
            let is_allowed = schema.is_nullable || schema.default.is_some() || schema.kind == Kind::Any;
            if !is_allowed {
                self.wrong_type(schema.kind, node, path);
            }
            return;
        }
        if schema.kind == Kind::Any
            && schema.properties.is_empty()
            && schema.limits.is_none()
            && schema.rules.is_empty()
        {
            return;
        }
        let before = self.problems.len();
        match &node.data {
            Data::Map(map) => self.check_map(schema, map, node, old, path),
            Data::Seq(items) => self.check_list(schema, items, node, old, path),
            Data::Scalar(scalar) => self.check_scalar(schema, scalar, node, path),
        }
        if let Some(limits) = &schema.limits {
            self.check_limits(limits, node, path);
        }
        if !schema.rules.is_empty() && self.problems.len() == before {
            self.check_rules(schema, node, old, path);
        }
    }

    fn check_rules(&mut self, schema: &Schema, node: &Node, old: Option<&Node>, path: &Path<'_>) {
        let Some(evaluation) = self.evaluation.as_deref_mut() else { return };
        let found: Vec<RuleFinding> =
            schema.rules.iter().filter_map(|rule| rule.check(node, old, evaluation)).collect();
        for RuleFinding { id, message, field } in found {
            let at = field.as_ref().and_then(|field| below(node, field)).map_or(node.at, |node| node.at);
            if let Some(problem) = self.report(id, path, at, message)
                && let Some(field) = field
            {
                problem.field.push_str(if problem.field.is_empty() { field.trim_start_matches('.') } else { &field });
            }
        }
    }

    fn wrong_type(&mut self, kind: Kind, node: &Node, path: &Path<'_>) {
        let message = format!("expected {}, found {}", kind.name(), shown(node, self.rules));
        let is_text = matches!(&node.data, Data::Scalar(_)) && kind == Kind::String;
        if let Some(problem) = self.report("invalid-type", path, node.at, message)
            && is_text
        {
            problem.hint = Some("put the value in quotes".to_owned());
        }
    }

    fn check_map(&mut self, schema: &Schema, map: &Map, node: &Node, old: Option<&Node>, path: &Path<'_>) {
        if !matches!(schema.kind, Kind::Object | Kind::Any) {
            return self.wrong_type(schema.kind, node, path);
        }
        if schema.is_embedded_resource {
            self.check_embedded(map, node, path);
        }
        for entry in map.entries() {
            let key = entry.key.text.as_str();
            let path = Path::Key(path, key);
            let old = old.and_then(|old| old.get(key));
            if let Some(property) = schema.properties.get(key) {
                if self.origin == Origin::Kubernetes && key == "status" && matches!(path, Path::Key(Path::Root, _)) {
                    self.check_without_required(property, &entry.value, &path);
                } else {
                    self.check(property, &entry.value, old, &path);
                }
            } else if let Some(additional) = &schema.additional {
                self.check(additional, &entry.value, old, &path);
            } else if !schema.preserve_unknown && schema.kind == Kind::Object && !is_resource_field(schema, key) {
                self.unknown_field(schema, key, entry.at, &path);
            }
        }
        for field in &schema.required {
            let is_absent = match map.get(field) {
                None => true,
                Some(value) => self.origin == Origin::Kubernetes && is_null(value, self.rules),
            };
            if is_absent {
                self.report("missing-field", path, node.at, format!("missing field \"{field}\""));
            }
        }
    }

    /// The API server ignores `status` of what a client applies, but it decodes it.
    fn check_without_required(&mut self, schema: &Schema, node: &Node, path: &Path<'_>) {
        let before = self.problems.len();
        self.check(schema, node, None, path);
        let ignored = |problem: &Problem| problem.id == "missing-field";
        let mut position = 0;
        self.problems.retain(|problem| {
            position += 1;
            position <= before || !ignored(problem)
        });
    }

    fn check_embedded(&mut self, map: &Map, node: &Node, path: &Path<'_>) {
        for field in ["apiVersion", "kind"] {
            if map.get(field).and_then(Node::text).is_none_or(str::is_empty) {
                self.report(
                    "missing-field",
                    path,
                    node.at,
                    format!("missing field \"{field}\" of an embedded resource"),
                );
            }
        }
        if let (Some(metadata), Some(schema)) =
            (map.get("metadata"), builtin::definition(builtin::OBJECT_META, self.version))
        {
            self.check(schema, metadata, None, &Path::Key(path, "metadata"));
        }
    }

    fn unknown_field(&mut self, schema: &Schema, key: &str, at: At, path: &Path<'_>) {
        let mut names: Vec<&str> = schema.properties.keys().map(String::as_str).collect();
        names.sort_unstable();
        let meant = suggest::nearest(key, names.into_iter());
        let question = meant.map(|name| format!(", did you mean \"{name}\"?")).unwrap_or_default();
        if let Some(problem) = self.report("unknown-field", path, at, format!("unknown field \"{key}\"{question}")) {
            problem.hint = meant.map(|name| format!("use \"{name}\""));
        }
    }

    fn check_list(&mut self, schema: &Schema, items: &[Node], node: &Node, old: Option<&Node>, path: &Path<'_>) {
        if !matches!(schema.kind, Kind::Array | Kind::Any) {
            return self.wrong_type(schema.kind, node, path);
        }
        if let Some(item_schema) = &schema.items {
            let old = old.and_then(Node::as_seq);
            for (position, item) in items.iter().enumerate() {
                let old = old.and_then(|old| old_item(&schema.list, item, old, self.rules));
                self.check(item_schema, item, old, &Path::Item(path, position));
            }
        }
        if schema.list == ListType::Atomic {
            return;
        }
        for found in lists::duplicates(items, &schema.list, schema.items.as_deref(), self.rules) {
            let at = items.get(found.second).map_or(node.at, |item| item.at);
            let message = format!("duplicate item: [{}] has the same {}", found.first, quoted(&found.key));
            let is_accepted = self.origin == Origin::Kubernetes;
            if let Some(problem) = self.report("duplicate-item", &Path::Item(path, found.second), at, message) {
                problem.is_accepted = is_accepted;
            }
        }
    }

    fn check_scalar(&mut self, schema: &Schema, scalar: &Scalar, node: &Node, path: &Path<'_>) {
        let value = Typed::of(scalar, self.rules);
        let fits = match schema.kind {
            Kind::Any => true,
            Kind::Object | Kind::Array => false,
            Kind::String => matches!(value, Typed::Text(_)),
            Kind::Integer => is_whole(&value),
            Kind::Number => value.number().is_some(),
            Kind::Boolean => matches!(value, Typed::Bool(_)),
            Kind::IntOrString => matches!(value, Typed::Text(_)) || is_whole(&value),
            Kind::Quantity => matches!(value, Typed::Text(_)) || value.number().is_some(),
        };
        if !fits {
            return self.wrong_type(schema.kind, node, path);
        }
        let problem = match (&value, schema.kind, schema.format.as_deref()) {
            (Typed::Text(text), Kind::Quantity, _) => {
                quantity::parse(text).is_none().then(|| format!("invalid quantity {}", quoted(text)))
            }
            (Typed::Text(text), _, Some(format)) => formats::problem(format, text),
            (_, _, Some("int32")) => out_of_range(&value, f64::from(i32::MIN), f64::from(i32::MAX)),
            _ => None,
        };
        if let Some(message) = problem {
            self.report("invalid-value", path, node.at, message);
        }
    }

    fn check_limits(&mut self, limits: &Limits, node: &Node, path: &Path<'_>) {
        if !limits.allowed.is_empty() {
            let own = canonical(node, self.rules);
            if !limits.allowed.iter().any(|allowed| canonical(allowed, self.rules) == own) {
                let names: Vec<String> = limits.allowed.iter().map(|one| canonical(one, self.rules)).collect();
                let message = format!("unsupported value {}, expected one of {}", shown_short(&own), names.join(", "));
                self.report("invalid-value", path, node.at, message);
            }
        }
        for message in limit_problems(limits, node, self.rules) {
            self.report("invalid-value", path, node.at, message);
        }
        for schema in &limits.all_of {
            self.check(schema, node, None, path);
        }
        let fitting = |validator: &mut Self, schemas: &[Schema]| {
            schemas.iter().filter(|schema| validator.fits(schema, node, path)).count()
        };
        if !limits.any_of.is_empty() && fitting(self, &limits.any_of) == 0 {
            self.report("invalid-value", path, node.at, "fits none of the schemas of anyOf".to_owned());
        }
        if !limits.one_of.is_empty() {
            let count = fitting(self, &limits.one_of);
            if count != 1 {
                self.report(
                    "invalid-value",
                    path,
                    node.at,
                    format!("fits {count} schemas of oneOf, expected exactly one"),
                );
            }
        }
        if let Some(schema) = &limits.not
            && self.fits(schema, node, path)
        {
            self.report("invalid-value", path, node.at, "fits the schema of not".to_owned());
        }
    }

    fn fits(&mut self, schema: &Schema, node: &Node, path: &Path<'_>) -> bool {
        let mut other = Validator::new(self.version, self.rules, self.origin);
        other.depth = self.depth;
        other.check(schema, node, None, path);
        other.problems.is_empty()
    }
}

/// An embedded resource has these fields without naming them.
fn is_resource_field(schema: &Schema, key: &str) -> bool {
    schema.is_embedded_resource && matches!(key, "apiVersion" | "kind" | "metadata")
}

fn is_whole(value: &Typed<'_>) -> bool {
    matches!(value, Typed::Int(_))
        || matches!(value, Typed::Float(number) if number.fract() == 0.0 && number.abs() < 1e18)
}

fn out_of_range(value: &Typed<'_>, least: f64, most: f64) -> Option<String> {
    let number = value.number()?;
    (number < least || number > most).then(|| format!("{number} is not in the range from {least} to {most}"))
}

fn shown_short(text: &str) -> String {
    quoted(text.trim_matches('"'))
}

/// The item of a delivered list that an item replaces; transition rules apply to items of a map list only.
fn old_item<'a>(list: &ListType, item: &Node, old: &'a [Node], rules: Rules) -> Option<&'a Node> {
    let ListType::Map(fields) = list else { return None };
    let key = |node: &Node| -> Vec<Option<String>> {
        fields.iter().map(|field| node.get(field).map(|value| canonical(value, rules))).collect()
    };
    let own = key(item);
    old.iter().find(|one| key(one) == own)
}

/// The node at a field path such as `.spec.a`.
fn below<'a>(node: &'a Node, field: &str) -> Option<&'a Node> {
    field.split('.').filter(|step| !step.is_empty()).try_fold(node, |node, step| node.get(step))
}

fn limit_problems(limits: &Limits, node: &Node, rules: Rules) -> Vec<String> {
    let mut found = Vec::new();
    let mut size = |size: usize, least: Option<u64>, most: Option<u64>, what: &str| {
        let size = size as u64;
        if let Some(least) = least.filter(|least| size < *least) {
            found.push(format!("expected at least {least} {what}, found {size}"));
        }
        if let Some(most) = most.filter(|most| size > *most) {
            found.push(format!("expected at most {most} {what}, found {size}"));
        }
    };
    match &node.data {
        Data::Map(map) => size(map.len(), limits.min_properties, limits.max_properties, "fields"),
        Data::Seq(items) => size(items.len(), limits.min_items, limits.max_items, "items"),
        Data::Scalar(scalar) => match Typed::of(scalar, rules) {
            Typed::Text(text) => {
                if limits.min_length.is_some() || limits.max_length.is_some() {
                    size(text.chars().count(), limits.min_length, limits.max_length, "characters");
                }
                if let Some(pattern) = limits.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
                    found.push(format!("{} does not match {pattern}", quoted(text)));
                }
            }
            value => found.extend(value.number().iter().flat_map(|number| number_problems(limits, *number))),
        },
    }
    if limits.is_unique
        && let Some(items) = node.as_seq()
    {
        found.extend(
            lists::duplicates(items, &ListType::Set, None, rules)
                .iter()
                .map(|one| format!("duplicate item [{}]", one.second)),
        );
    }
    found
}

fn number_problems(limits: &Limits, number: f64) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(least) = limits.minimum {
        if limits.is_exclusive_minimum && number <= least {
            found.push(format!("expected more than {least}, found {number}"));
        } else if number < least {
            found.push(format!("expected at least {least}, found {number}"));
        }
    }
    if let Some(most) = limits.maximum {
        if limits.is_exclusive_maximum && number >= most {
            found.push(format!("expected less than {most}, found {number}"));
        } else if number > most {
            found.push(format!("expected at most {most}, found {number}"));
        }
    }
    if let Some(factor) = limits.multiple_of.filter(|factor| *factor != 0.0) {
        let quotient = number / factor;
        if (quotient - quotient.round()).abs() > 1e-9 {
            found.push(format!("expected a multiple of {factor}, found {number}"));
        }
    }
    found
}
