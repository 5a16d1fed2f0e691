//! Packs for tests.

use std::io::Write as _;

use git2::Oid;
use sha1::{Digest as _, Sha1};

/// A pack of these objects, with its checksum.
pub(super) fn pack(objects: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(objects.len()).unwrap();
    let pack = [b"PACK\0\0\0\x02", &count.to_be_bytes()[..], &objects.concat()].concat();
    let checksum = Sha1::digest(&pack);
    [&pack[..], &checksum[..]].concat()
}

/// An object of a type with a declared size, the reference to its base and its data.
pub(super) fn object(kind: u8, size: u64, base: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = vec![kind << 4 | u8::try_from(size & 15).unwrap()];
    let mut left = size >> 4;
    while left > 0 {
        *out.last_mut().unwrap() |= 0x80;
        out.push(u8::try_from(left & 0x7f).unwrap());
        left >>= 7;
    }
    out.extend_from_slice(base);
    let mut zlib = flate2::write::ZlibEncoder::new(out, flate2::Compression::fast());
    zlib.write_all(data).unwrap();
    zlib.finish().unwrap()
}

/// A delta as an object that names its base by the id.
pub(super) fn ref_delta(base: Oid, delta: &[u8]) -> Vec<u8> {
    object(7, delta.len() as u64, base.as_bytes(), delta)
}

/// A delta that copies the first `copied` bytes of a base of `base` bytes, and adds the rest of `content`.
pub(super) fn delta(base: usize, content: &[u8], copied: usize) -> Vec<u8> {
    let mut out = [varint(base), varint(content.len())].concat();
    let mut at = 0;
    while at < copied {
        let count = (copied - at).min(0xff_ffff);
        out.push(0xff);
        out.extend_from_slice(&u32::try_from(at).unwrap().to_le_bytes());
        out.extend_from_slice(&u32::try_from(count).unwrap().to_le_bytes()[..3]);
        at += count;
    }
    for piece in content[copied..].chunks(127) {
        out.push(u8::try_from(piece.len()).unwrap());
        out.extend_from_slice(piece);
    }
    out
}

fn varint(mut left: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while left > 0x7f {
        out.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
        left >>= 7;
    }
    out.push(u8::try_from(left).unwrap());
    out
}
