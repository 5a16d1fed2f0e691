//! Entry points of the fuzz targets in `fuzz/`: what a server sends, without a server. Not for other uses.

use std::time::{Duration, Instant};

use git2::Repository;

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

/// Checks the bytes as a pack, whole and in pieces, and stores its objects in `store` if it is complete.
pub fn pack(bytes: &[u8], store: &Repository) {
    let check = |size: usize| {
        let mut check = PackCheck::new();
        let result = bytes.chunks(size).try_for_each(|piece| check.update(piece));
        result.map(|()| check.is_complete()).map_err(|error| error.to_string())
    };
    let whole = check(bytes.len().max(1));
    assert_eq!(whole, check(7), "the size of the pieces makes no difference");
    if whole == Ok(true) {
        let mut response = b"0008NAK\n".to_vec();
        response.extend_from_slice(bytes);
        let deadline = Instant::now() + Duration::from_secs(60);
        let _ = fetch::receive(&mut response.as_slice(), &Advertisement::default(), store, deadline);
    }
}

/// Parses the text as the URL of a repository.
pub fn url(text: &str) {
    let remote = crate::Remote::new(text);
    let shown = remote.redacted_url();
    assert_eq!(crate::without_credentials(&shown), shown, "a redacted URL stays as it is");
    endpoint(text);
}
