//! What a scalar of an object is.

use manifest::yaml::{Rules, Value, resolve};
use manifest::{Node, Scalar};

/// Whether the scalar is null, as go-yaml v3 sees it.
pub fn is_null(scalar: &Scalar) -> bool {
    resolve(scalar, Rules::V3) == Value::Null
}

/// Whether the node is a null scalar, as go-yaml v3 sees it.
pub fn is_null_node(node: &Node) -> bool {
    node.as_scalar().is_some_and(is_null)
}

/// Whether the scalar is a string, as go-yaml v3 sees it.
pub fn is_string(scalar: &Scalar) -> bool {
    resolve(scalar, Rules::V3) == Value::Str
}
