//! Requests to `git-upload-pack` and its responses, in version 2 and, for servers without it, in version 0 of the protocol.

use std::io::{self, Read};
use std::time::Instant;

use git2::{Oid, Repository};

use super::advertisement::{Advertisement, remote_ref};
use super::limited::{Limited, too_many};
use super::message::{check_err, protocol_error};
use super::pack_file::PackFile;
use super::pkt::{self, Packet};
use super::sideband::Sideband;
use crate::limits::{MAX_NEGOTIATION_BYTES, MAX_REFS, MAX_REFS_BYTES};
use crate::transport::RemoteRef;

const AGENT: &str = concat!("agent=hydrant/", env!("CARGO_PKG_VERSION"));

/// The objects that a fetch requests.
pub(crate) struct FetchRequest<'a> {
    /// The ids.
    pub ids: &'a [Oid],
    /// The depth of the history; 0 for all of it.
    pub depth: u32,
    /// Omit blobs if the server supports filters.
    pub no_blobs: bool,
}

/// Returns the request for the refs that start with one of `prefixes` (version 2).
pub(crate) fn list_request(server: &Advertisement, prefixes: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    pkt::text(&mut out, "command=ls-refs");
    start(&mut out, server);
    for prefix in prefixes {
        pkt::text(&mut out, &format!("ref-prefix {prefix}"));
    }
    pkt::flush(&mut out);
    out
}

/// Returns the request for objects.
pub(crate) fn request(server: &Advertisement, wanted: &FetchRequest<'_>) -> Vec<u8> {
    if server.v2 { version_2(server, wanted) } else { version_0(server, wanted) }
}

fn start(out: &mut Vec<u8>, server: &Advertisement) {
    if server.has("agent") {
        pkt::text(out, AGENT);
    }
    if server.has("object-format") {
        pkt::text(out, "object-format=sha1");
    }
    pkt::delimiter(out);
}

fn version_2(server: &Advertisement, wanted: &FetchRequest<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    pkt::text(&mut out, "command=fetch");
    start(&mut out, server);
    pkt::text(&mut out, "ofs-delta");
    pkt::text(&mut out, "no-progress");
    if wanted.depth > 0 && server.feature("fetch", "shallow") {
        pkt::text(&mut out, &format!("deepen {}", wanted.depth));
    }
    if wanted.no_blobs && server.feature("fetch", "filter") {
        pkt::text(&mut out, "filter blob:none");
    }
    for id in wanted.ids {
        pkt::text(&mut out, &format!("want {id}"));
    }
    pkt::text(&mut out, "done");
    pkt::flush(&mut out);
    out
}

/// Uses no filter, since a version 0 server may refuse to send single blobs afterwards. Version 2 always sends them. A thin pack is accepted,
/// since some servers insist on that; it would not be thin, as no objects are named as present.
fn version_0(server: &Advertisement, wanted: &FetchRequest<'_>) -> Vec<u8> {
    let deepen = wanted.depth > 0 && server.has("shallow");
    let names = ["side-band-64k", "thin-pack", "ofs-delta", "no-progress"];
    let mut capabilities: Vec<&str> = names.into_iter().filter(|name| server.has(name)).collect();
    if server.has("agent") {
        capabilities.push(AGENT);
    }
    let mut out = Vec::new();
    for (index, id) in wanted.ids.iter().enumerate() {
        let tail = if index == 0 { format!(" {}", capabilities.join(" ")) } else { String::new() };
        pkt::text(&mut out, &format!("want {id}{tail}"));
    }
    if deepen {
        pkt::text(&mut out, &format!("deepen {}", wanted.depth));
    }
    pkt::flush(&mut out);
    pkt::text(&mut out, "done");
    out
}

/// Whether a request of version 0 accepts a pack whose deltas have bases outside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThinPack {
    Accepted,
    Refused,
}

/// Returns the request for the commits that are reachable from `tips` and not from `commit`. In version 2, a first request without `done` asks whether
/// the server has the commit, since it would send the whole history otherwise; in version 0 the response says so before the pack.
pub(crate) fn since_request(server: &Advertisement, tips: &[Oid], commit: Oid, done: bool, thin: ThinPack) -> Vec<u8> {
    let mut out = Vec::new();
    let filter = if server.v2 { server.feature("fetch", "filter") } else { server.has("filter") };
    let mut tail = String::new();
    if server.v2 {
        pkt::text(&mut out, "command=fetch");
        start(&mut out, server);
        pkt::text(&mut out, "ofs-delta");
        pkt::text(&mut out, "no-progress");
    } else {
        let mut names = vec!["side-band-64k", "ofs-delta", "no-progress", "filter"];
        if thin == ThinPack::Accepted {
            names.push("thin-pack");
        }
        tail = names.into_iter().filter(|name| server.has(name)).map(|name| format!(" {name}")).collect();
    }
    for id in tips {
        pkt::text(&mut out, &format!("want {id}{}", std::mem::take(&mut tail)));
    }
    if filter {
        pkt::text(&mut out, "filter tree:0");
    }
    if !server.v2 {
        pkt::flush(&mut out);
    }
    pkt::text(&mut out, &format!("have {commit}"));
    if done {
        pkt::text(&mut out, "done");
    }
    if server.v2 {
        pkt::flush(&mut out);
    }
    out
}

/// The response to [`since_request`].
pub(crate) enum HistoryResponse {
    /// The server does not have the commit.
    UnknownCommit,
    /// The server has the commit; send the request again with `done`.
    Acknowledged,
    /// The commits were stored.
    Fetched,
}

/// Reads the response to [`since_request`] and stores the commits in `store`, until `deadline`.
pub(crate) fn receive_since(
    reader: &mut dyn Read,
    server: &Advertisement,
    done: bool,
    store: &Repository,
    deadline: Instant,
) -> io::Result<HistoryResponse> {
    let mut acknowledged = server.v2 && done;
    let mut lines = negotiation(reader);
    loop {
        let packet = pkt::read(&mut lines)?;
        let Some(line) = packet.text() else {
            if packet == Packet::Flush && server.v2 {
                if done {
                    return Err(protocol_error("the response has no pack"));
                }
                return Ok(if acknowledged { HistoryResponse::Acknowledged } else { HistoryResponse::UnknownCommit });
            }
            continue;
        };
        match check_err(line)?.as_str() {
            "packfile" => break,
            "shallow-info" => return Err(io::Error::other("the remote repository is a shallow clone")),
            "NAK" if !server.v2 => return Ok(HistoryResponse::UnknownCommit),
            line if line.starts_with("ACK ") => {
                acknowledged = true;
                if !server.v2 {
                    break;
                }
            }
            _ => {}
        }
    }
    receive_pack(reader, server, store, deadline)?;
    Ok(HistoryResponse::Fetched)
}

/// Reads the response to [`list_request`]: refs up to the flush packet.
pub(crate) fn receive_refs(reader: &mut dyn Read) -> io::Result<Vec<RemoteRef>> {
    let mut reader = Limited::new(reader, MAX_REFS_BYTES, "the list of refs");
    let mut refs = Vec::new();
    loop {
        let packet = pkt::read(&mut reader)?;
        match packet.text() {
            Some(line) => refs.extend(remote_ref(&check_err(line)?)?),
            None if packet == Packet::Flush => return Ok(refs),
            None => {}
        }
        if refs.len() > MAX_REFS {
            return Err(too_many("refs", MAX_REFS as u64));
        }
    }
}

/// Reads the response to [`request`] and stores the objects of its pack in `store`, until `deadline`.
pub(crate) fn receive(
    reader: &mut dyn Read,
    server: &Advertisement,
    store: &Repository,
    deadline: Instant,
) -> io::Result<()> {
    let mut lines = negotiation(reader);
    if server.v2 {
        skip_to_pack(&mut lines)?;
    } else {
        loop {
            let Some(line) = pkt::read(&mut lines)?.text() else { continue };
            let line = check_err(line)?;
            if line == "NAK" || line.starts_with("ACK ") {
                break;
            }
        }
    }
    receive_pack(reader, server, store, deadline)
}

fn negotiation(reader: &mut dyn Read) -> Limited<'_> {
    Limited::new(reader, MAX_NEGOTIATION_BYTES, "the response before the pack")
}

fn receive_pack(
    reader: &mut dyn Read,
    server: &Advertisement,
    store: &Repository,
    deadline: Instant,
) -> io::Result<()> {
    if server.v2 || server.has("side-band-64k") {
        store_pack(&mut Sideband::new(reader), store, deadline)
    } else {
        store_pack(reader, store, deadline)
    }
}

fn skip_to_pack(reader: &mut dyn Read) -> io::Result<()> {
    loop {
        let packet = pkt::read(reader)?;
        match packet.text() {
            Some(line) if check_err(line.clone())? == "packfile" => return Ok(()),
            Some(_) => {}
            None if packet == Packet::Flush => return Err(protocol_error("the response has no pack")),
            None => {}
        }
    }
}

/// Stores the objects of a pack, once it is checked, until `deadline`.
fn store_pack(pack: &mut dyn Read, store: &Repository, deadline: Instant) -> io::Result<()> {
    let mut file = PackFile::create(store)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match pack.read(&mut buffer)? {
            0 => return file.finish(deadline),
            count => file.write(&buffer[..count])?,
        }
    }
}
