//! The size limit of a build: how many bases it visits, and how much it reads and copies.
//!
//! A small input can ask for much: copies that double an object, bases that name each other twice at every level, labels for every object,
//! the same file in every ConfigMap.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::mem::size_of;

use manifest::{Data, Diagnostic, Entry, Node};

/// The bases and components that a build visits, each as often as it is named.
pub(super) const MAX_BASES: usize = 10_000;

/// The bytes in memory of all objects that a build reads, generates and copies.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// What a build has used so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    bytes: Cell<u64>,
    bases: Cell<usize>,
}

impl Budget {
    /// Counts `bytes` of objects.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`] in all.
    pub(super) fn add(&self, bytes: u64) -> Result<(), Diagnostic> {
        let sum = self.bytes.get().saturating_add(bytes);
        self.bytes.set(sum);
        if sum > MAX_BYTES {
            let message = format!("the build exceeds the limit of {} MiB of objects", MAX_BYTES >> 20);
            return Err(Diagnostic::new(message).hint("split the kustomization, or remove what repeats its content"));
        }
        Ok(())
    }

    /// Checks that `bytes` for each of `count` objects fit, before the work for them begins. They are counted when they are added.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(super) fn check_room(&self, count: usize, bytes: u64) -> Result<(), Diagnostic> {
        let before = self.bytes.get();
        let fits = self.add(bytes.saturating_mul(count as u64));
        self.bytes.set(before);
        fits
    }

    /// Counts bases.
    ///
    /// # Errors
    /// More than [`MAX_BASES`] in all.
    pub(super) fn add_bases(&self, count: usize) -> Result<(), Diagnostic> {
        let sum = self.bases.get().saturating_add(count);
        self.bases.set(sum);
        if sum > MAX_BASES {
            let message = format!("the build visits more than {MAX_BASES} bases");
            return Err(Diagnostic::new(message).hint("name each base once"));
        }
        Ok(())
    }

    /// Returns the bytes that were counted so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.get()
    }
}

/// Returns the bytes that a tree takes in memory.
pub(super) fn size_of_node(node: &Node) -> u64 {
    let own = size_of::<Node>() as u64;
    own + match &node.data {
        Data::Scalar(scalar) => scalar.text.len() as u64,
        Data::Seq(items) => items.iter().map(size_of_node).sum(),
        Data::Map(map) => map.entries().iter().map(size_of_entry).sum(),
    }
}

fn size_of_entry(entry: &Entry) -> u64 {
    (size_of::<Entry>() - size_of::<Node>() + entry.key.text.len()) as u64 + size_of_node(&entry.value)
}

/// Returns the bytes that labels or annotations take in an object.
pub(super) fn size_of_pairs(pairs: &BTreeMap<String, String>) -> u64 {
    let size = |(key, value): (&String, &String)| (size_of::<Entry>() + key.len() + value.len()) as u64;
    pairs.iter().map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_counts_every_node_and_text() {
        let size = |text: &str| size_of_node(&manifest::yaml::read_stream(text.as_bytes()).unwrap().remove(0));
        let node = size_of::<Node>() as u64;
        assert_eq!(size("abc"), node + 3);
        assert_eq!(size("[a, b]"), 3 * node + 2);
        assert_eq!(size("{key: value}"), node + size_of::<Entry>() as u64 + 8);
    }

    #[test]
    fn the_limits_hold_for_the_sum() {
        let budget = Budget::default();
        budget.add(MAX_BYTES).unwrap();
        assert!(budget.check_room(1, 1).is_err() && budget.check_room(usize::MAX, u64::MAX).is_err());
        assert!(budget.add(1).is_err() && budget.add(u64::MAX).is_err());
        budget.add_bases(MAX_BASES).unwrap();
        assert!(budget.add_bases(1).is_err() && budget.add_bases(usize::MAX).is_err());
    }
}
