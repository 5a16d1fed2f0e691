//! The values of CEL.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::rc::Rc;

use manifest::yaml::{self, Rules};
use manifest::{Data, Node};

use super::times::{parse_duration, parse_timestamp};
use super::url::Url;
use super::version::Version;

/// A value. Lists and mappings of objects are read in place.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(Rc<Vec<u8>>),
    List(Rc<Vec<Value<'a>>>),
    /// Entries in the order in which they were written.
    Map(Rc<Vec<MapEntry<'a>>>),
    /// A mapping or a list of an object.
    Node(&'a Node),
    /// Nanoseconds.
    Duration(i128),
    /// Nanoseconds since 1970.
    Timestamp(i128),
    Optional(Option<Rc<Value<'a>>>),
    Type(&'static str),
    Url(Rc<Url>),
    Ip(IpAddr),
    Cidr(IpAddr, u8),
    Quantity(f64),
    Semver(Rc<Version>),
    /// A named format.
    Format(&'static str),
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct MapEntry<'a> {
    pub(crate) key: Value<'a>,
    pub(crate) value: Value<'a>,
}

impl<'a> Value<'a> {
    /// The value of a node.
    pub(crate) fn of(node: &'a Node) -> Self {
        let Data::Scalar(scalar) = &node.data else { return Value::Node(node) };
        match yaml::resolve(scalar, Rules::V3) {
            yaml::Value::Null => Value::Null,
            yaml::Value::Bool(value) => Value::Bool(value),
            yaml::Value::Int(value) => Value::Int(value),
            yaml::Value::Uint(value) => Value::Uint(value),
            yaml::Value::Float(value) => Value::Double(value),
            yaml::Value::Str | yaml::Value::Timestamp(_) => Value::Text(Cow::Borrowed(scalar.text.as_str())),
        }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Value::Text(Cow::Owned(text.into()))
    }

    pub(crate) fn list(items: Vec<Value<'a>>) -> Self {
        Value::List(Rc::new(items))
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<Vec<Value<'a>>> {
        match self {
            Value::List(items) => Some(items.as_ref().clone()),
            Value::Node(Node { data: Data::Seq(items), .. }) => Some(items.iter().map(Value::of).collect()),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub(crate) fn entries(&self) -> Option<Vec<MapEntry<'a>>> {
        match self {
            Value::Map(entries) => Some(entries.as_ref().clone()),
            Value::Node(Node { data: Data::Map(map), .. }) => {
                let entry = |entry: &'a manifest::Entry| MapEntry {
                    key: Value::Text(Cow::Borrowed(entry.key.text.as_str())),
                    value: Value::of(&entry.value),
                };
                Some(map.entries().iter().map(entry).collect())
            }
            _ => None,
        }
    }

    /// The number of items, entries, characters or bytes.
    pub(crate) fn size(&self) -> Option<usize> {
        match self {
            Value::Text(text) => Some(text.chars().count()),
            Value::Bytes(bytes) => Some(bytes.len()),
            Value::List(items) => Some(items.len()),
            Value::Map(entries) => Some(entries.len()),
            Value::Node(Node { data: Data::Seq(items), .. }) => Some(items.len()),
            Value::Node(Node { data: Data::Map(map), .. }) => Some(map.len()),
            _ => None,
        }
    }

    /// The item at a position.
    pub(crate) fn item(&self, position: usize) -> Option<Value<'a>> {
        match self {
            Value::List(items) => items.get(position).cloned(),
            Value::Node(Node { data: Data::Seq(items), .. }) => items.get(position).map(Value::of),
            _ => None,
        }
    }

    /// The value of a key.
    pub(crate) fn field(&self, key: &str) -> Option<Value<'a>> {
        match self {
            Value::Node(node) => node.get(key).map(Value::of),
            Value::Map(entries) => entries
                .iter()
                .find(|entry| matches!(&entry.key, Value::Text(text) if text == key))
                .map(|entry| entry.value.clone()),
            _ => None,
        }
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self, Value::Map(_) | Value::Node(Node { data: Data::Map(_), .. }))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self, Value::List(_) | Value::Node(Node { data: Data::Seq(_), .. }))
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// The name of the type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::Text(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::Duration(_) => "google.protobuf.Duration",
            Value::Timestamp(_) => "google.protobuf.Timestamp",
            Value::Optional(_) => "optional_type",
            Value::Type(_) => "type",
            Value::Url(_) => "kubernetes.URL",
            Value::Ip(_) => "net.IP",
            Value::Cidr(..) => "net.CIDR",
            Value::Quantity(_) => "kubernetes.Quantity",
            Value::Semver(_) => "kubernetes.Semver",
            Value::Format(_) => "kubernetes.NamedFormat",
            value if value.is_list() => "list",
            _ => "map",
        }
    }
}

/// Whether two values are equal; values of different types are not, except for numbers.
pub(super) fn equal(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Type(a), Value::Type(b)) | (Value::Format(a), Value::Format(b)) => a == b,
        (Value::Ip(a), Value::Ip(b)) => a == b,
        (Value::Cidr(a, x), Value::Cidr(b, y)) => (a, x) == (b, y),
        (Value::Url(a), Value::Url(b)) => a == b,
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => equal(a, b),
            (None, None) => true,
            _ => false,
        },
        (a, b) if a.is_list() && b.is_list() => {
            a.size() == b.size()
                && (0..a.size().unwrap_or_default()).all(|position| match (a.item(position), b.item(position)) {
                    (Some(a), Some(b)) => equal(&a, &b),
                    _ => false,
                })
        }
        (a, b) if a.is_map() && b.is_map() => {
            let (Some(left), Some(right)) = (a.entries(), b.entries()) else { return false };
            left.len() == right.len()
                && left
                    .iter()
                    .all(|one| right.iter().any(|other| equal(&one.key, &other.key) && equal(&one.value, &other.value)))
        }
        (a, b) => compare(a, b) == Some(Ordering::Equal),
    }
}

/// The order of two values; absent if they have none. A text is compared with a time or a duration by what it stands for, since fields with
/// such a format are texts here.
pub(super) fn compare(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) | (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Text(b)) => Some(a.cmp(&parse_duration(b)?)),
        (Value::Text(a), Value::Duration(b)) => Some(parse_duration(a)?.cmp(b)),
        (Value::Timestamp(a), Value::Text(b)) => Some(a.cmp(&parse_timestamp(b)?)),
        (Value::Text(a), Value::Timestamp(b)) => Some(parse_timestamp(a)?.cmp(b)),
        (Value::Quantity(a), Value::Quantity(b)) => a.partial_cmp(b),
        (Value::Semver(a), Value::Semver(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

/// The error of a function that does not take a value of this type.
pub(super) fn no_overload(function: &str, value: &Value<'_>) -> String {
    format!("no such overload: {function} of {}", value.type_name())
}

/// The number, whatever its type.
pub(super) fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Uint(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        _ => None,
    }
}
