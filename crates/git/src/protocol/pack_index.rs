//! The index of a pack (gitformat-pack, pack index version 2).

use git2::Oid;
use sha1::{Digest as _, Sha1};

/// The start of an index of version 2.
const MAGIC: &[u8] = b"\xfftOc\0\0\0\x02";

/// An object of a pack whose id is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IndexEntry {
    pub(super) id: Oid,
    /// Where it begins; less than 2^31.
    pub(super) offset: u32,
    pub(super) crc: u32,
}

/// Returns the index of a pack. `entries` are sorted, `checksum` is that of the pack.
pub(super) fn bytes(entries: &[IndexEntry], checksum: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let mut end = 0;
    for first in 0..=u8::MAX {
        end += entries[end..].iter().take_while(|entry| entry.id.as_bytes()[0] == first).count();
        out.extend(u32::try_from(end).unwrap_or(u32::MAX).to_be_bytes());
    }
    out.extend(entries.iter().flat_map(|entry| entry.id.as_bytes().iter().copied()));
    out.extend(entries.iter().flat_map(|entry| entry.crc.to_be_bytes()));
    out.extend(entries.iter().flat_map(|entry| entry.offset.to_be_bytes()));
    out.extend_from_slice(checksum);
    let own = Sha1::digest(&out);
    out.extend_from_slice(&own);
    out
}
