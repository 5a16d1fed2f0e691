//! A schema, as the API server applies it.

use manifest::Node;
use regex::Regex;
use rustc_hash::FxHashMap;

use crate::rules::Rule;

/// The type of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any.
    #[default]
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    /// An integer or a string.
    IntOrString,
    /// A number or a string in the form of a quantity.
    Quantity,
}

impl Kind {
    /// The type with its article, for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Any => "a value",
            Kind::Object => "a mapping",
            Kind::Array => "a list",
            Kind::String => "a string",
            Kind::Integer => "an integer",
            Kind::Number => "a number",
            Kind::Boolean => "a boolean",
            Kind::IntOrString => "an integer or a string",
            Kind::Quantity => "a quantity",
        }
    }
}

/// What identifies the items of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum ListType {
    #[default]
    Atomic,
    /// The whole item.
    Set,
    /// The values of these fields.
    Map(Vec<String>),
}

/// The schema of a value.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// The type.
    pub(super) kind: Kind,
    /// The definition of Kubernetes that applies in place of this schema.
    pub(super) reference: Option<String>,
    /// The fields of a mapping.
    pub(super) properties: FxHashMap<String, Schema>,
    /// The fields that a mapping must have.
    pub(super) required: Vec<String>,
    /// The schema of fields that are not properties.
    pub(super) additional: Option<Box<Schema>>,
    /// The schema of items.
    pub(super) items: Option<Box<Schema>>,
    /// The format of a string or a number.
    pub(super) format: Option<String>,
    /// What identifies items.
    pub(super) list: ListType,
    /// Whether fields that are not properties are allowed.
    pub(super) preserve_unknown: bool,
    /// Whether the value is an object with apiVersion, kind and metadata.
    pub(super) is_embedded_resource: bool,
    /// Whether null is a value.
    pub(super) is_nullable: bool,
    /// The value of an absent field.
    pub(super) default: Option<Box<Node>>,
    /// Whether this schema or one below it has a default.
    pub(super) has_defaults: bool,
    /// Further constraints.
    pub(super) limits: Option<Box<Limits>>,
    /// Rules in CEL.
    pub(super) rules: Vec<Rule>,
}

/// Constraints on values, which schemas of custom resources may have.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) allowed: Vec<Node>,
    pub(super) pattern: Option<Regex>,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) is_exclusive_minimum: bool,
    pub(super) is_exclusive_maximum: bool,
    pub(super) multiple_of: Option<f64>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
    pub(super) is_unique: bool,
    pub(super) all_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) not: Option<Schema>,
}
