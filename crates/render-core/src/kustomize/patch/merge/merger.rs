//! Types that the merging of mappings and of lists share.

use manifest::yaml::DuplicateKey;
use manifest::{Data, Diagnostic, Map, Node};

use crate::kustomize::object::scalar::is_null;
use crate::kustomize::schema::Schema;

/// The key of the one directive.
pub(super) const DIRECTIVE: &str = "$patch";

/// The result of merging a value.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The value is kept, with the changes inside it.
    Keep,
    /// The value is kept as null (in a list that is merged, a null element is removed).
    KeepNull,
    /// The value is replaced by this one.
    Put(Node),
    /// The value is removed.
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

/// The other side of a list merge.
#[derive(Clone, Copy, Debug)]
pub(super) enum MergeWith<'a> {
    /// With nothing: the patch does not have the list.
    Nothing,
    /// With itself: the list comes from the patch.
    Itself,
    /// With the patch's list.
    Patch(&'a [Node]),
}

/// Returns the type of a node; `None` for null.
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

pub(super) fn within(key: &str, mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.field = Some(diagnostic.field.map_or_else(|| key.to_owned(), |field| format!("{key}.{field}")));
    diagnostic
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
