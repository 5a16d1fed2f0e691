//! What the merging of mappings and of lists share.

use manifest::yaml::DuplicateKey;
use manifest::{Data, Diagnostic, Map, Node};

use crate::kustomize::object::scalar::is_null;
use crate::kustomize::schema::Schema;

/// The key of the one directive.
pub(super) const DIRECTIVE: &str = "$patch";

/// What becomes of a value.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It stays, with what was changed inside it.
    Keep,
    /// It stays a null (which an element of a list that merges does not).
    KeepNull,
    /// This stands in its place.
    Put(Node),
    /// It goes.
    Clear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Map,
    Seq,
    Scalar,
}

#[derive(Clone, Copy)]
pub(super) struct Merger<'s> {
    pub(super) schema: &'s Schema,
    /// The keys that the patch has twice, by the mapping's position.
    pub(super) repeated: &'s [DuplicateKey],
}

/// What a list is merged with.
#[derive(Clone, Copy, Debug)]
pub(super) enum MergeWith<'a> {
    /// With nothing: the patch does not have the list.
    Nothing,
    /// With itself: the list comes from the patch.
    Itself,
    /// With the patch's list.
    Patch(&'a [Node]),
}

/// What a node is; absent for null.
pub(super) fn shape(node: &Node) -> Option<Shape> {
    match &node.data {
        Data::Map(_) => Some(Shape::Map),
        Data::Seq(_) => Some(Shape::Seq),
        Data::Scalar(scalar) => (!is_null(scalar)).then_some(Shape::Scalar),
    }
}

pub(super) fn describe(shape: Shape) -> &'static str {
    match shape {
        Shape::Map => "a mapping",
        Shape::Seq => "a list",
        Shape::Scalar => "a scalar",
    }
}

pub(super) fn within(key: &str, mut found: Diagnostic) -> Diagnostic {
    found.field = Some(found.field.map_or_else(|| key.to_owned(), |field| format!("{key}.{field}")));
    found
}

pub(super) fn directive_of(map: &Map) -> Result<Option<Directive>, Diagnostic> {
    map.get(DIRECTIVE).map(parse_directive).transpose()
}

pub(super) fn parse_directive(node: &Node) -> Result<Directive, Diagnostic> {
    match node.text().unwrap_or_default() {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => Err(Diagnostic::new(format!("invalid patch strategy {other:?}"))
            .at(node.at)
            .field(DIRECTIVE)
            .hint("use `merge`, `replace` or `delete`")),
    }
}
