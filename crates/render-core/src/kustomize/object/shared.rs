//! Labels and annotations whose value is shared by several fields of an object.
//!
//! A transformer that adds a label to an object puts the same node into every mapping that does not have it
//! (`SetEntry` in kustomize's `filtersutil`). A later change of the value in one of them, by a patch of the overlay for
//! instance, changes it in all, selectors included. A JSON patch ends that, since the object is decoded again.

use manifest::{Data, Node, Scalar, Text};

/// A step of a path in an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a mapping.
    Key(Text),
    /// Into a list.
    Index(usize),
}

/// A value that several fields share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Its key in each mapping.
    key: Text,
    /// The paths of the mappings, sorted.
    paths: Vec<Vec<Step>>,
    /// The value as it was last seen.
    value: Scalar,
}

impl Shared {
    /// The value under `key` in the mappings at `paths`; `None` if there is only one.
    pub fn new(object: &Node, key: &str, mut paths: Vec<Vec<Step>>) -> Option<Self> {
        paths.sort_unstable();
        paths.dedup();
        if paths.len() < 2 {
            return None;
        }
        let value = node_at(object, &paths[0])?.get(key)?.as_scalar()?.clone();
        Some(Shared { key: key.into(), paths, value })
    }

    /// Copies a change of one field to the others. Returns false if only one field is left.
    pub(crate) fn sync(&mut self, object: &mut Node) -> bool {
        let Shared { key, paths, value } = self;
        let mut changed = None;
        paths.retain(|path| {
            let found = node_at(object, path).and_then(|map| map.get(key)).and_then(Node::as_scalar);
            if let Some(found) = found.filter(|found| *found != value) {
                changed = Some(found.clone());
            }
            found.is_some()
        });
        if let Some(changed) = changed {
            for path in paths.iter() {
                if let Some(slot) = at_mut(object, path).and_then(|map| map.get_mut(key)) {
                    slot.data = Data::Scalar(changed.clone());
                }
            }
            *value = changed;
        }
        paths.len() > 1
    }
}

/// Returns the node at a path.
pub(crate) fn node_at<'a>(object: &'a Node, path: &[Step]) -> Option<&'a Node> {
    path.iter().try_fold(object, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.as_seq()?.get(*index),
    })
}

fn at_mut<'a>(object: &'a mut Node, path: &[Step]) -> Option<&'a mut Node> {
    path.iter().try_fold(object, |node, step| match step {
        Step::Key(key) => node.get_mut(key),
        Step::Index(index) => node.as_seq_mut()?.get_mut(*index),
    })
}
