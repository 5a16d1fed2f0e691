//! Entry points of the fuzz targets in `fuzz/`: what a server sends, without a server. Not for other uses.

use std::io::Write as _;
use std::time::{Duration, Instant};

use git2::Repository;
use sha1::{Digest as _, Sha1};

use crate::connection::endpoint;
use crate::protocol::advertisement::{self, Advertisement};
use crate::protocol::{PackCheck, fetch, message_lines, push};
use crate::transport::RefUpdate;

/// Reads the bytes as an advertisement, as a list of refs and as the report of a push.
pub fn packet_lines(bytes: &[u8]) {
    let _ = message_lines(bytes);
    let _ = fetch::receive_refs(&mut &*bytes);
    let updates = [RefUpdate { name: "refs/heads/main".to_owned(), old: None, new: None }];
    for capability in ["side-band-64k", "report-status"] {
        let server = Advertisement { capabilities: vec![capability.to_owned()], ..Advertisement::default() };
        if let Ok(report) = push::report(&mut &*bytes, &server, &updates) {
            assert_eq!(report.statuses.len(), updates.len(), "each update has a result");
        }
    }
    if let Ok(server) = advertisement::read(&mut &*bytes) {
        assert!(!server.v2 || server.refs.is_empty(), "version 2 lists refs on request");
        assert_eq!(push::stale(&server, &updates).len(), updates.len());
    }
}

/// Reads the bytes as the response to a fetch, in both versions of the protocol, and stores its objects in `store`.
pub fn fetch_response(bytes: &[u8], store: &Repository) {
    let deadline = Instant::now() + Duration::from_secs(60);
    for (v2, capability) in [(true, "fetch"), (false, "side-band-64k"), (false, "ofs-delta")] {
        let server = Advertisement { v2, capabilities: vec![capability.to_owned()], ..Advertisement::default() };
        let _ = fetch::receive(&mut &*bytes, &server, store, deadline);
        for done in [false, true] {
            let _ = fetch::receive_since(&mut &*bytes, &server, done, store, deadline);
        }
    }
}

/// Checks the bytes as a pack, whole and in pieces, and stores its objects in `store` if it is complete. The checksum is corrected first, which no
/// search would find. If the first byte is not that of a pack, the bytes describe its objects.
pub fn pack(bytes: &[u8], store: &Repository) {
    let mut pack = if bytes.first() == Some(&b'P') { bytes.to_vec() } else { described(bytes) };
    pack.truncate(pack.len().saturating_sub(20));
    pack.extend_from_slice(&Sha1::digest(&pack));
    let check = |size: usize| {
        let mut check = PackCheck::new();
        let result = pack.chunks(size).try_for_each(|piece| check.update(piece));
        result.ok().map(|()| check.is_complete())
    };
    // Not the errors: which one of two faults in an object is found first depends on the size of the pieces.
    let whole = check(pack.len());
    assert_eq!(whole, check(7), "the size of the pieces makes no difference");
    if whole == Some(true) {
        let mut response = b"0008NAK\n".to_vec();
        response.extend_from_slice(&pack);
        let deadline = Instant::now() + Duration::from_secs(60);
        let _ = fetch::receive(&mut response.as_slice(), &Advertisement::default(), store, deadline);
    }
}

/// A pack of objects that are described by a byte with the type, one with the base of a delta (how many objects before, or a position for an id),
/// one with the length, and the content.
fn described(mut bytes: &[u8]) -> Vec<u8> {
    let mut starts = Vec::new();
    let mut ids = Vec::new();
    let mut out = b"PACK\0\0\0\x02\0\0\0\0".to_vec();
    while let [kind, base, length, rest @ ..] = bytes {
        let (content, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        bytes = rest;
        let kind = kind % 8;
        let start = out.len();
        let low = u8::try_from(content.len() & 15).unwrap_or(0);
        out.extend([kind << 4 | low | 0x80, u8::try_from(content.len() >> 4).unwrap_or(0)]);
        match kind {
            6 => {
                let before = starts.len().saturating_sub(usize::from(*base));
                let distance = start - starts.get(before).copied().unwrap_or(start);
                if distance > 0x7f {
                    out.push(u8::try_from((distance >> 7) - 1).unwrap_or(0) | 0x80);
                }
                out.push(u8::try_from(distance & 0x7f).unwrap_or(0));
            }
            7 => {
                let id = ids.get(usize::from(*base)).map_or(&[0; 20][..], |id: &git2::Oid| id.as_bytes());
                out.extend_from_slice(id);
            }
            _ => ids.extend(git2::Oid::hash_object(git2::ObjectType::Blob, content)),
        }
        starts.push(start);
        let mut zlib = flate2::write::ZlibEncoder::new(out, flate2::Compression::none());
        zlib.write_all(content).expect("memory can be written");
        out = zlib.finish().expect("memory can be written");
    }
    out[8..12].copy_from_slice(&u32::try_from(starts.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend([0; 20]);
    out
}

/// Parses the text as the URL of a repository.
pub fn url(text: &str) {
    let remote = crate::Remote::new(text);
    let shown = remote.redacted_url();
    assert_eq!(crate::without_credentials(&shown), shown, "a redacted URL stays as it is");
    endpoint(text);
}
