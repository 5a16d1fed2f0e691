//! Decodes YAML into structures as sigs.k8s.io/yaml and Go's `encoding/json` do, with their errors.
//!
//! Field names match in any case. A scalar for a field of strings is converted from its YAML type: `1.10` is `1.1`.

use gotemplate::strconv::{FloatFormat, format_float};
use manifest::yaml::{Rules, Value as Resolved, resolve};
use manifest::{Data, Node, Scalar};

/// The place of a value, for errors: Go's structure, and the names of the fields that lead to it.
#[derive(Clone, Copy)]
pub(super) struct DecodePath<'a> {
    pub(super) structure: &'static str,
    pub(super) fields: &'a str,
}

/// Decodes values and keeps the first error, as `encoding/json` does.
#[derive(Default)]
pub(super) struct Decoder {
    error: Option<String>,
}

impl Decoder {
    /// Returns the first error.
    pub(super) fn finish(self) -> Result<(), String> {
        self.error.map_or(Ok(()), Err)
    }

    /// Notes that a value is of another type than expected.
    pub(super) fn mismatch(&mut self, found: &Node, place: DecodePath<'_>, expected: &str) {
        let DecodePath { structure, fields } = place;
        let into = if fields.is_empty() { "value".to_owned() } else { format!("struct field {structure}.{fields}") };
        let found = json_kind(found);
        self.error.get_or_insert_with(|| {
            format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go {into} of type {expected}"
            )
        });
    }

    /// Returns a structure's fields in the order of their names; `None` for null and for what is not a map.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        place: DecodePath<'_>,
        expected: &str,
    ) -> Option<Vec<(String, &'n Node)>> {
        match &node.data {
            Data::Map(map) => {
                let mut fields: Vec<(String, &Node)> =
                    map.entries().iter().map(|entry| (key_text(&entry.key), &entry.value)).collect();
                fields.sort_by(|one, two| one.0.cmp(&two.0));
                Some(fields)
            }
            _ if is_null(node) => None,
            _ => {
                self.mismatch(node, place, expected);
                None
            }
        }
    }

    /// Sets a field of strings; null changes nothing.
    pub(super) fn text(&mut self, node: &Node, place: DecodePath<'_>, target: &mut String) {
        match &node.data {
            Data::Scalar(_) if is_null(node) => {}
            Data::Scalar(scalar) => *target = string_of(scalar),
            _ => self.mismatch(node, place, "string"),
        }
    }

    /// Sets a field of booleans; null changes nothing.
    pub(super) fn flag(&mut self, node: &Node, place: DecodePath<'_>, target: &mut bool) {
        match &node.data {
            Data::Scalar(scalar) => match resolve(scalar, Rules::V2) {
                Resolved::Bool(value) => *target = value,
                Resolved::Null => {}
                _ => self.mismatch(node, place, "bool"),
            },
            _ => self.mismatch(node, place, "bool"),
        }
    }

    /// Returns the items of a list; `None` for null and for what is not a list.
    pub(super) fn items<'n>(&mut self, node: &'n Node, place: DecodePath<'_>, expected: &str) -> Option<&'n [Node]> {
        match &node.data {
            Data::Seq(items) => Some(items),
            _ if is_null(node) => None,
            _ => {
                self.mismatch(node, place, expected);
                None
            }
        }
    }

    /// Sets a field that is a list of strings.
    pub(super) fn texts(&mut self, node: &Node, place: DecodePath<'_>, target: &mut Vec<String>) {
        let Some(items) = self.items(node, place, "[]string") else { return };
        target.clear();
        for item in items {
            let mut text = String::new();
            self.text(item, place, &mut text);
            target.push(text);
        }
    }
}

/// Returns whether a node is null.
pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar(scalar) if matches!(resolve(scalar, Rules::V2), Resolved::Null))
}

/// Returns a scalar as the text that it becomes in a field of strings.
pub(super) fn string_of(scalar: &Scalar) -> String {
    match resolve(scalar, Rules::V2) {
        Resolved::Null => String::new(),
        Resolved::Bool(value) => value.to_string(),
        Resolved::Int(value) => value.to_string(),
        Resolved::Uint(value) => value.to_string(),
        Resolved::Float(value) => format_float(value, FloatFormat::Shorter, None),
        Resolved::Str | Resolved::Timestamp(_) => scalar.text.to_string(),
    }
}

fn key_text(key: &Scalar) -> String {
    string_of(key)
}

/// Returns the kind's name in errors of `encoding/json`.
fn json_kind(node: &Node) -> &'static str {
    match &node.data {
        Data::Map(_) => "object",
        Data::Seq(_) => "array",
        Data::Scalar(scalar) => match resolve(scalar, Rules::V2) {
            Resolved::Bool(_) => "bool",
            Resolved::Int(_) | Resolved::Uint(_) | Resolved::Float(_) => "number",
            _ => "string",
        },
    }
}
