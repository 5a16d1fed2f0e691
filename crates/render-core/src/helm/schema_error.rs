//! Violations of a JSON schema as helm prints them.
//!
//! helm uses santhosh-tekuri/jsonschema, which nests the errors of `allOf`, `anyOf`, `oneOf` and of references, and which
//! stops at the first of `type`, `const`, `enum` and `format` that fails. The tree is made from the paths of the errors.

use std::collections::BTreeMap;

use gotemplate::strconv::{FloatFormat, format_float, quote as go_quote};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value as Json;

/// An error with its place in the schema, along references, and in the values.
struct Leaf {
    /// The keywords and names that lead to the keyword that failed.
    schema: Vec<String>,
    /// The place in the values, as parts of a JSON pointer.
    instance: Vec<String>,
    value: Json,
    kind: ValidationErrorKind,
    /// The property whose presence requires the missing one.
    required_by: Option<String>,
}

impl Leaf {
    fn new(error: ValidationError<'_>, root: &Json) -> Leaf {
        let schema = parts(error.evaluation_path().as_str());
        let required_by = required_by(&error, root);
        let error = error.into_parts();
        Leaf {
            schema,
            instance: parts(error.instance_path.as_str()),
            value: error.instance.into_owned(),
            kind: error.kind,
            required_by,
        }
    }
}

/// Returns the property that `dependentRequired` or `dependencies` lists a missing property for.
fn required_by(error: &ValidationError<'_>, root: &Json) -> Option<String> {
    let ValidationErrorKind::Required { property } = error.kind() else { return None };
    let keyword = root.pointer(error.schema_path().as_str())?.as_object()?;
    let requires = |(name, required): &(&String, &Json)| {
        error.instance().get(name.as_str()).is_some()
            && required.as_array().is_some_and(|names| names.contains(property))
    };
    keyword.iter().find(requires).map(|(name, _)| name.clone())
}

fn parts(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

/// A line of the message, and those below it.
struct Node {
    instance: Vec<String>,
    message: String,
    form: Form,
    causes: Vec<Node>,
}

#[derive(PartialEq, Eq)]
enum Form {
    Line,
    /// Several errors at one place.
    Group,
    /// A reference, which is not shown where it has one cause.
    Reference,
}

/// Returns helm's lines of errors, without a final newline.
pub(super) fn text<'e>(errors: impl IntoIterator<Item = ValidationError<'e>>, root: &Json) -> String {
    let leaves = errors.into_iter().map(|error| Leaf::new(error, root)).collect();
    let node = Level { root, depth: 0, instance: Vec::new() }.node(leaves);
    let mut lines = Vec::new();
    match node.form {
        Form::Group => node.causes.iter().for_each(|cause| cause.write(0, &mut lines)),
        _ => node.write(0, &mut lines),
    }
    lines.join("\n")
}

impl Node {
    fn line(instance: &[String], message: String) -> Node {
        Node { instance: instance.to_vec(), message, form: Form::Line, causes: Vec::new() }
    }

    fn write(&self, indent: usize, lines: &mut Vec<String>) {
        let hidden = self.form == Form::Reference && self.causes.len() == 1;
        if !hidden {
            let pointer: String =
                self.instance.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect();
            lines.push(format!("{}- at {}: {}", "  ".repeat(indent), quote(&pointer), self.message));
        }
        let inner = if hidden { indent } else { indent + 1 };
        self.causes.iter().for_each(|cause| cause.write(inner, lines));
    }
}

/// A schema of the tree: how many parts lead to it, and the place in the values that it applies to.
struct Level<'s> {
    root: &'s Json,
    depth: usize,
    instance: Vec<String>,
}

/// Where errors below a schema belong.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Branch {
    /// The order of keywords.
    rank: usize,
    keyword: String,
    /// The name or index after the keyword.
    name: String,
    /// The next part of the place in the values, for keywords that apply to several.
    instance: String,
}

impl<'s> Level<'s> {
    /// Returns the error of a schema.
    fn node(&self, leaves: Vec<Leaf>) -> Node {
        let ends_here = |leaf: &Leaf| leaf.schema.len() <= self.depth + 1;
        let decisive = |leaf: &Leaf| {
            ends_here(leaf)
                && matches!(
                    leaf.kind,
                    ValidationErrorKind::Type { .. }
                        | ValidationErrorKind::Constant { .. }
                        | ValidationErrorKind::Enum { .. }
                        | ValidationErrorKind::Format { .. }
                )
        };
        if let Some(leaf) = leaves.iter().find(|leaf| decisive(leaf)) {
            return Node::line(&leaf.instance, message(leaf));
        }
        let mut branches: BTreeMap<Branch, Vec<Leaf>> = BTreeMap::new();
        for leaf in leaves {
            branches.entry(self.branch(&leaf)).or_default().push(leaf);
        }
        let mut all_of = Vec::new();
        let mut nodes = Vec::new();
        for (branch, leaves) in branches {
            match branch.keyword.as_str() {
                "$ref" | "$dynamicRef" | "$recursiveRef" => nodes.push(self.reference(leaves)),
                "allOf" => all_of.push(self.inner(2).node(leaves)),
                "then" | "else" => nodes.push(self.inner(1).node(leaves)),
                _ if leaves.iter().all(ends_here) => nodes.extend(self.direct(leaves)),
                "anyOf" | "oneOf" | "propertyNames" | "dependentRequired" => nodes.extend(self.direct(leaves)),
                _ => nodes.push(self.child(&branch, leaves)),
            }
            if branch.keyword == "allOf" {
                continue;
            }
        }
        if !all_of.is_empty() {
            let causes = all_of;
            nodes.push(Node { causes, ..Node::line(&self.instance, "'allOf' failed".to_owned()) });
        }
        let single = nodes.len() == 1;
        match nodes.pop() {
            Some(node) if single => node,
            last => {
                nodes.extend(last);
                Node {
                    instance: self.instance.clone(),
                    message: "validation failed".to_owned(),
                    form: Form::Group,
                    causes: nodes,
                }
            }
        }
    }

    fn branch(&self, leaf: &Leaf) -> Branch {
        let part = |index: usize| leaf.schema.get(self.depth + index).cloned().unwrap_or_default();
        let keyword = part(0);
        let next = leaf.instance.get(self.instance.len()).cloned().unwrap_or_default();
        let (name, instance) = match keyword.as_str() {
            "properties" | "patternProperties" | "allOf" | "dependentSchemas" | "dependencies"
            | "dependentRequired" => (part(1), next),
            "items"
            | "additionalItems"
            | "prefixItems"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "contains" => {
                let numbered = part(1).bytes().all(|byte| byte.is_ascii_digit()) && !part(1).is_empty();
                (if numbered { part(1) } else { String::new() }, next)
            }
            _ => (String::new(), String::new()),
        };
        let instance = if keyword == "allOf" || leaf.schema.len() <= self.depth + 1 { String::new() } else { instance };
        Branch { rank: rank(&keyword), keyword, name, instance }
    }

    fn inner(&self, parts: usize) -> Level<'s> {
        Level { root: self.root, depth: self.depth + parts, instance: self.instance.clone() }
    }

    fn reference(&self, leaves: Vec<Leaf>) -> Node {
        let node = self.inner(1).node(leaves);
        let causes = if node.form == Form::Group { node.causes } else { vec![node] };
        let message = "validation failed".to_owned();
        Node { form: Form::Reference, causes, ..Node::line(&self.instance, message) }
    }

    /// Returns the error of a schema for a part of the values.
    fn child(&self, branch: &Branch, leaves: Vec<Leaf>) -> Node {
        let named = matches!(
            branch.keyword.as_str(),
            "properties" | "patternProperties" | "dependentSchemas" | "dependencies" | "prefixItems"
        ) || !branch.name.is_empty();
        let mut instance = self.instance.clone();
        if !matches!(branch.keyword.as_str(), "dependentSchemas" | "dependencies") && !branch.instance.is_empty() {
            instance.push(branch.instance.clone());
        }
        Level { root: self.root, depth: self.depth + if named { 2 } else { 1 }, instance }.node(leaves)
    }

    /// Returns the errors of a keyword of this schema.
    fn direct(&self, leaves: Vec<Leaf>) -> Vec<Node> {
        let missing: Vec<String> = leaves
            .iter()
            .filter_map(|leaf| match &leaf.kind {
                ValidationErrorKind::Required { property } => Some(quote(property.as_str().unwrap_or_default())),
                _ => None,
            })
            .collect();
        if !missing.is_empty() {
            let of = leaves.first().and_then(|leaf| leaf.required_by.as_ref());
            let names = missing.join(", ");
            let message = match of {
                Some(property) => format!("properties {names} required, if {} exists", quote(property)),
                None if missing.len() == 1 => format!("missing property {names}"),
                None => format!("missing properties {names}"),
            };
            return vec![Node::line(&self.instance, message)];
        }
        leaves.into_iter().flat_map(|leaf| self.leaf(leaf)).collect()
    }

    fn leaf(&self, leaf: Leaf) -> Vec<Node> {
        let Leaf { instance, kind, value, schema, required_by } = leaf;
        let line = |message: String| Node::line(&instance, message);
        match kind {
            ValidationErrorKind::AnyOf { context } => {
                let causes = self.alternatives(context);
                vec![Node { causes, ..line("'anyOf' failed".to_owned()) }]
            }
            ValidationErrorKind::OneOfNotValid { context } => {
                let causes = self.alternatives(context);
                vec![Node { causes, ..line("'oneOf' failed, none matched".to_owned()) }]
            }
            ValidationErrorKind::OneOfMultipleValid { context } => {
                let valid: Vec<String> = context
                    .iter()
                    .enumerate()
                    .filter(|(_, errors)| errors.is_empty())
                    .map(|(index, _)| index.to_string())
                    .take(2)
                    .collect();
                vec![line(format!("'oneOf' failed, subschemas {} matched", valid.join(", ")))]
            }
            ValidationErrorKind::PropertyNames { error } => {
                let inner = Leaf::new(*error, self.root);
                let name = inner.value.as_str().unwrap_or_default().to_owned();
                let cause = Node::line(&[], message(&inner));
                vec![Node { causes: vec![cause], ..line(format!("invalid propertyName {}", quote(&name))) }]
            }
            ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
                .into_iter()
                .map(|name| {
                    let place: Vec<String> = instance.iter().cloned().chain([name]).collect();
                    Node::line(&place, "false schema".to_owned())
                })
                .collect(),
            kind => {
                let message = message(&Leaf { schema, instance: Vec::new(), value, kind, required_by });
                vec![Node::line(&instance, message)]
            }
        }
    }

    /// Returns the error of each alternative.
    fn alternatives(&self, context: Vec<Vec<ValidationError<'static>>>) -> Vec<Node> {
        let level = self.inner(2);
        let alternatives = context.into_iter().filter(|errors| !errors.is_empty());
        alternatives
            .map(|errors| level.node(errors.into_iter().map(|error| Leaf::new(error, self.root)).collect()))
            .collect()
    }
}

/// Returns the place of a keyword among the others, as the validator of helm visits them.
fn rank(keyword: &str) -> usize {
    const LATE: [&str; 9] =
        ["$recursiveRef", "$dynamicRef", "not", "allOf", "anyOf", "oneOf", "then", "else", "unevaluatedProperties"];
    const EARLY: [&str; 12] = [
        "$ref",
        "minProperties",
        "maxProperties",
        "required",
        "dependencies",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minLength",
        "maxLength",
        "pattern",
        "properties",
    ];
    if let Some(place) = EARLY.iter().position(|known| *known == keyword) {
        return place;
    }
    LATE.iter().position(|known| *known == keyword).map_or(EARLY.len(), |place| EARLY.len() + 1 + place)
}

/// Returns the text of an error without causes.
fn message(leaf: &Leaf) -> String {
    use ValidationErrorKind as Kind;
    let limits = |name: &str, want: f64| {
        let got = leaf.value.as_f64().unwrap_or_default();
        format!("{name}: got {}, want {}", number(got), number(want))
    };
    let limit = |value: &Json| value.as_f64().unwrap_or_default();
    let items = || leaf.value.as_array().map_or(0, Vec::len);
    let members = || leaf.value.as_object().map_or(0, serde_json::Map::len);
    let length = || leaf.value.as_str().map_or(0, |text| text.chars().count());
    let counts = |name: &str, got: usize, want: u64| {
        format!("{name}: got {}, want {}", grouped(&got.to_string()), grouped(&want.to_string()))
    };
    match &leaf.kind {
        Kind::AdditionalItems { limit } => {
            format!("last {} additionalItem(s) not allowed", items() - limit.min(&items()))
        }
        Kind::AdditionalProperties { unexpected } => {
            let names: Vec<String> = unexpected.iter().map(|name| quote(name)).collect();
            format!("additional properties {} not allowed", names.join(", "))
        }
        Kind::Constant { expected_value } if is_container(expected_value) => "'const' failed".to_owned(),
        Kind::Constant { expected_value } => format!("value must be {}", display(expected_value)),
        Kind::Contains => "no items match contains schema".to_owned(),
        Kind::Enum { options } => enumeration(options),
        Kind::ExclusiveMaximum { limit: want } => limits("exclusiveMaximum", limit(want)),
        Kind::ExclusiveMinimum { limit: want } => limits("exclusiveMinimum", limit(want)),
        Kind::Maximum { limit: want } => limits("maximum", limit(want)),
        Kind::Minimum { limit: want } => limits("minimum", limit(want)),
        Kind::MultipleOf { multiple_of } => limits("multipleOf", *multiple_of),
        Kind::FalseSchema | Kind::UnevaluatedItems { .. } => "false schema".to_owned(),
        Kind::Format { format } => {
            format!("{} is not valid {format}: {}", display(&leaf.value), format_problem(format))
        }
        Kind::MaxItems { limit } => counts("maxItems", items(), *limit),
        Kind::MinItems { limit } => counts("minItems", items(), *limit),
        Kind::MaxLength { limit } => counts("maxLength", length(), *limit),
        Kind::MinLength { limit } => counts("minLength", length(), *limit),
        Kind::MaxProperties { limit } => counts("maxProperties", members(), *limit),
        Kind::MinProperties { limit } => counts("minProperties", members(), *limit),
        Kind::Not { .. } => "'not' failed".to_owned(),
        Kind::Pattern { pattern } => {
            format!("{} does not match pattern {}", display(&leaf.value), quote(pattern))
        }
        Kind::Type { kind } => format!("got {}, want {}", json_type(&leaf.value), wanted_types(kind)),
        Kind::UniqueItems => {
            let (one, two) = equal_items(&leaf.value);
            format!("items at {one} and {two} are equal")
        }
        other => format!("'{}' failed", other.keyword()),
    }
}

/// Returns the places of the first two items of a list that are equal.
fn equal_items(value: &Json) -> (usize, usize) {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let before = |two: usize| (0..two).find(|one| list[*one] == list[two]).map(|one| (one, two));
    (1..list.len()).find_map(before).unwrap_or_default()
}

/// Returns what a format's check says; the texts of other formats than these differ from helm's.
fn format_problem(format: &str) -> &'static str {
    match format {
        "ipv4" => "expected four decimals",
        "uri" => "relative url",
        "email" => "missing @",
        _ => "invalid value",
    }
}

fn enumeration(options: &Json) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    if options.iter().any(is_container) {
        return "'enum' failed".to_owned();
    }
    let shown: Vec<String> = options.iter().map(display).collect();
    let start = if shown.len() == 1 { "value must be" } else { "value must be one of" };
    format!("{start} {}", shown.join(", "))
}

fn is_container(value: &Json) -> bool {
    matches!(value, Json::Array(_) | Json::Object(_))
}

fn display(value: &Json) -> String {
    match value {
        Json::String(text) => quote(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        Json::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// Returns a text in single quotes, escaped as Go does.
fn quote(text: &str) -> String {
    let quoted = go_quote(text.as_bytes()).replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{}'", quoted.get(1..quoted.len() - 1).unwrap_or_default())
}

fn json_type(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn wanted_types(kind: &TypeKind) -> String {
    const ORDER: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];
    let mut names: Vec<String> = match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(several) => several.iter().map(|one| one.to_string()).collect(),
    };
    names.sort_by_key(|name| ORDER.iter().position(|known| known == name));
    names.join(" or ")
}

/// Returns a number as Go's English message printer writes it: digits in groups, exponents in superscript.
fn number(value: f64) -> String {
    let text = format_float(value, FloatFormat::Exponent, None);
    let exponent: i32 = text.rsplit_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or_default();
    if (-4..6).contains(&exponent) || value == 0.0 {
        let plain = format_float(value, FloatFormat::Decimal, None);
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
        return grouped(whole) + &fraction;
    }
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised: String = format!("{:02}", exponent.unsigned_abs())
        .bytes()
        .filter_map(|byte| digits.get(usize::from(byte - b'0')))
        .collect();
    let mantissa = text.split('e').next().unwrap_or_default();
    format!("{mantissa}×10{}{raised}", if exponent < 0 { "⁻" } else { "" })
}

/// Returns a whole number with commas between groups of three digits.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns the errors as helm 3.17 prints them, with the texts of xeipuuv/gojsonschema.
pub(super) fn flat_text<'e>(errors: impl IntoIterator<Item = ValidationError<'e>>, root: &Json) -> String {
    let mut lines = Vec::new();
    for error in errors {
        let leaf = Leaf::new(error, root);
        for (index, keyword) in leaf.schema.iter().enumerate() {
            let message = match keyword.as_str() {
                "allOf" => "Must validate all the schemas (allOf)",
                "then" => "Must validate \"then\" as \"if\" was valid",
                "else" => "Must validate \"else\" as \"if\" was not valid",
                _ => continue,
            };
            let line = format!("- {}: {message}", flat_place(outer_instance(&leaf, index)));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        add_flat_lines(leaf, root, &mut lines);
    }
    lines.join("\n")
}

/// Returns the place in the values of the schema that has the keyword at an index of an error's path.
fn outer_instance(leaf: &Leaf, index: usize) -> &[String] {
    const DESCENDING: [&str; 6] =
        ["properties", "patternProperties", "additionalProperties", "items", "additionalItems", "contains"];
    let inner = leaf.schema.iter().skip(index).filter(|keyword| DESCENDING.contains(&keyword.as_str()));
    // The keyword that failed does not descend itself.
    let last = leaf.schema.last().is_some_and(|keyword| DESCENDING.contains(&keyword.as_str()));
    let depth = inner.count() - usize::from(last);
    &leaf.instance[..leaf.instance.len().saturating_sub(depth)]
}

fn flat_place(instance: &[String]) -> String {
    if instance.is_empty() { "(root)".to_owned() } else { instance.join(".") }
}

/// Adds the line of an error, then those of the first alternative that it has.
fn add_flat_lines(leaf: Leaf, root: &Json, lines: &mut Vec<String>) {
    let place = flat_place(&leaf.instance);
    lines.push(format!("- {place}: {}", flat_message(&leaf, &place)));
    let inner = match leaf.kind {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.into_iter().next().unwrap_or_default()
        }
        ValidationErrorKind::PropertyNames { error } => {
            let inner = Leaf { instance: leaf.instance, ..Leaf::new(*error, root) };
            return add_flat_lines(inner, root, lines);
        }
        _ => Vec::new(),
    };
    inner.into_iter().for_each(|error| add_flat_lines(Leaf::new(error, root), root, lines));
}

fn flat_message(leaf: &Leaf, place: &str) -> String {
    use ValidationErrorKind as Kind;
    match &leaf.kind {
        Kind::Required { property } => format!("{} is required", property.as_str().unwrap_or_default()),
        Kind::AdditionalProperties { unexpected } => {
            format!("Additional property {} is not allowed", unexpected.join(", "))
        }
        Kind::AdditionalItems { .. } => "No additional items allowed on array".to_owned(),
        Kind::Type { kind } => {
            let found = match &leaf.value {
                Json::Number(value) if value.is_i64() || value.is_u64() => "integer",
                other => json_type(other),
            };
            format!("Invalid type. Expected: {}, given: {found}", wanted_types(kind).replace(" or ", "/"))
        }
        Kind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let shown: Vec<String> = options.iter().map(Json::to_string).collect();
            format!("{place} must be one of the following: {}", shown.join(", "))
        }
        Kind::Constant { expected_value } => format!("{place} does not match: {expected_value}"),
        Kind::Contains => "At least one of the items must match".to_owned(),
        Kind::FalseSchema => "False always fails validation".to_owned(),
        Kind::Format { format } => format!("Does not match format '{format}'"),
        Kind::Pattern { pattern } => format!("Does not match pattern '{pattern}'"),
        Kind::Minimum { limit } => format!("Must be greater than or equal to {limit}"),
        Kind::Maximum { limit } => format!("Must be less than or equal to {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("Must be greater than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("Must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("Must be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("String length must be greater than or equal to {limit}"),
        Kind::MaxLength { limit } => format!("String length must be less than or equal to {limit}"),
        Kind::MinItems { limit } => format!("Array must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("Array must have at most {limit} items"),
        Kind::MinProperties { limit } => format!("Must have at least {limit} properties"),
        Kind::MaxProperties { limit } => format!("Must have at most {limit} properties"),
        Kind::UniqueItems => {
            let (one, two) = equal_items(&leaf.value);
            format!("array items[{one},{two}] must be unique")
        }
        Kind::PropertyNames { error } => {
            format!("Property name of {} does not match", Json::from(error.instance().as_str().unwrap_or_default()))
        }
        Kind::AnyOf { .. } => "Must validate at least one schema (anyOf)".to_owned(),
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
            "Must validate one and only one schema (oneOf)".to_owned()
        }
        Kind::Not { .. } => "Must not validate the schema (not)".to_owned(),
        _ => message(leaf),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_by_the_message_printer() {
        let table = [
            (1234.0, "1,234"),
            (12345.678, "12,345.678"),
            (1e6, "1×10⁰⁶"),
            (123_456_789.0, "1.23456789×10⁰⁸"),
            (1e-7, "1×10⁻⁰⁷"),
            (-5.0, "-5"),
        ];
        for (value, expected) in table {
            assert_eq!(number(value), expected);
        }
    }
}
