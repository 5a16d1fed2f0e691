//! The objects of a received pack.

use git2::{ObjectType, Oid};

/// What a delta changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Base {
    /// The object is stored whole.
    #[default]
    Whole,
    /// An earlier object of the pack, by its index.
    Entry(u32),
    /// An object of the pack, or of the store that the pack is for (a thin pack).
    Id(Oid),
}

/// An object of a pack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackEntry {
    /// Where its header begins.
    pub(crate) offset: u32,
    /// Where its compressed data begins.
    pub(crate) data: u32,
    /// The checksum of its bytes in the pack, header included.
    pub(crate) crc: u32,
    pub(crate) base: Base,
    /// The number of deltas between the object and the one that is stored whole, as far as it is known.
    pub(crate) depth: u16,
    /// The type; absent for a delta that is not resolved.
    pub(crate) kind: Option<ObjectType>,
    /// The id; absent for a delta that is not resolved.
    pub(crate) id: Option<Oid>,
}
