//! How deep an object may be nested before the engine walks through it.

use manifest::{Data, Diagnostic, Node};

/// No object of Kubernetes comes near this. A deeper one is refused at the door, so that walks may call themselves.
pub(crate) const DEPTH_LIMIT: usize = 1_000;

/// Refuses an object that is nested deeper than the walks of this module go.
pub(crate) fn check(object: &Node) -> Result<(), Diagnostic> {
    let mut open = vec![(object, 0)];
    while let Some((node, depth)) = open.pop() {
        if depth > DEPTH_LIMIT {
            return Err(Diagnostic::new(format!("nested deeper than {DEPTH_LIMIT} levels")).at(node.at));
        }
        match &node.data {
            Data::Map(map) => open.extend(map.entries().iter().map(|entry| (&entry.value, depth + 1))),
            Data::Seq(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Data::Scalar(_) => {}
        }
    }
    Ok(())
}
