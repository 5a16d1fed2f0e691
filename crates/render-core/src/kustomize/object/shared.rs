//! Labels and annotations whose value is shared by several fields of an object.
//!
//! A transformer that adds a label to an object puts one and the same node into every place that did not have it
//! (`SetEntry` in kustomize's `filtersutil`). Whatever changes the value in one of them later, a patch of the overlay for
//! instance, changes it in all, selectors included. A JSON patch ends that, since the object is read anew.

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
    /// The key under which it stands in each mapping.
    key: Text,
    /// The paths of the mappings, sorted.
    places: Vec<Vec<Step>>,
    /// The value as it was last seen.
    value: Scalar,
}

impl Shared {
    /// The value under `key` in the mappings at `places`; absent where it stands in one place alone.
    pub fn new(object: &Node, key: &str, mut places: Vec<Vec<Step>>) -> Option<Self> {
        places.sort_unstable();
        places.dedup();
        if places.len() < 2 {
            return None;
        }
        let value = node_at(object, &places[0])?.get(key)?.as_scalar()?.clone();
        Some(Shared { key: key.into(), places, value })
    }

    /// Brings a change of one place to the others. False where it stands in one place alone by now.
    pub(crate) fn sync(&mut self, object: &mut Node) -> bool {
        let Shared { key, places, value } = self;
        let mut changed = None;
        places.retain(|place| {
            let found = node_at(object, place).and_then(|map| map.get(key)).and_then(Node::as_scalar);
            if let Some(found) = found.filter(|found| *found != value) {
                changed = Some(found.clone());
            }
            found.is_some()
        });
        if let Some(changed) = changed {
            for place in places.iter() {
                if let Some(slot) = at_mut(object, place).and_then(|map| map.get_mut(key)) {
                    slot.data = Data::Scalar(changed.clone());
                }
            }
            *value = changed;
        }
        places.len() > 1
    }
}

/// The node at a place.
pub(crate) fn node_at<'a>(object: &'a Node, place: &[Step]) -> Option<&'a Node> {
    place.iter().try_fold(object, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.as_seq()?.get(*index),
    })
}

fn at_mut<'a>(object: &'a mut Node, place: &[Step]) -> Option<&'a mut Node> {
    place.iter().try_fold(object, |node, step| match step {
        Step::Key(key) => node.get_mut(key),
        Step::Index(index) => node.as_seq_mut()?.get_mut(*index),
    })
}
