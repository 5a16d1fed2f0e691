//! An object that several builds may hold at once: a copy is made when one of them changes it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use manifest::Node;

/// A tree of nodes, read as one; a change through `DerefMut` copies it first where another holder is left.
#[derive(Clone, Debug, Default)]
pub struct Object(Arc<Node>);

impl Object {
    /// The tree, copied only where another holder is left.
    pub fn into_node(self) -> Node {
        Arc::unwrap_or_clone(self.0)
    }
}

impl From<Node> for Object {
    fn from(node: Node) -> Self {
        Object(Arc::new(node))
    }
}

impl Deref for Object {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.0
    }
}

impl DerefMut for Object {
    fn deref_mut(&mut self) -> &mut Node {
        Arc::make_mut(&mut self.0)
    }
}
