//! Requests to `git-upload-pack` and its answers, in version 2 and, for servers that lack it, in version 0.

use std::io::{self, Read, Write as _};

use git2::{Oid, Repository};

use super::pkt::{self, Packet};
use super::refs::{Announcement, invalid};

const AGENT: &str = concat!("agent=hydrant/", env!("CARGO_PKG_VERSION"));

/// What to ask for.
pub(super) struct Wanted<'a> {
    /// The ids.
    pub ids: &'a [Oid],
    /// Commits of history; 0 for all of them.
    pub depth: u32,
    /// Leave blobs out where the server can.
    pub no_blobs: bool,
}

/// The request for the refs under `prefixes` (version 2).
pub(super) fn list_request(server: &Announcement, prefixes: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    pkt::text(&mut out, "command=ls-refs");
    start(&mut out, server);
    for prefix in prefixes {
        pkt::text(&mut out, &format!("ref-prefix {prefix}"));
    }
    pkt::flush(&mut out);
    out
}

/// The request for objects.
pub(super) fn request(server: &Announcement, wanted: &Wanted<'_>) -> Vec<u8> {
    if server.v2 { version_2(server, wanted) } else { version_0(server, wanted) }
}

fn start(out: &mut Vec<u8>, server: &Announcement) {
    if server.has("agent") {
        pkt::text(out, AGENT);
    }
    if server.has("object-format") {
        pkt::text(out, "object-format=sha1");
    }
    pkt::delimiter(out);
}

fn version_2(server: &Announcement, wanted: &Wanted<'_>) -> Vec<u8> {
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

/// Without a filter: a version 0 server need not give single blobs afterwards (version 2 always does).
fn version_0(server: &Announcement, wanted: &Wanted<'_>) -> Vec<u8> {
    let deepen = wanted.depth > 0 && server.has("shallow");
    let names = ["side-band-64k", "ofs-delta", "no-progress"];
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

/// The request for the commits that `tips` have and `commit` has not. Version 2 asks first whether the server knows the commit (without
/// `done`), since it would send all history otherwise; version 0 says so before its pack.
pub(super) fn since_request(server: &Announcement, tips: &[Oid], commit: Oid, done: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let filter = if server.v2 { server.feature("fetch", "filter") } else { server.has("filter") };
    let mut tail = String::new();
    if server.v2 {
        pkt::text(&mut out, "command=fetch");
        start(&mut out, server);
        pkt::text(&mut out, "ofs-delta");
        pkt::text(&mut out, "no-progress");
    } else {
        let names = ["side-band-64k", "ofs-delta", "no-progress", "filter"];
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

/// An answer to [`since_request`].
pub(super) enum Since {
    /// The server does not know the commit.
    Unknown,
    /// It does: ask again, with `done`.
    Known,
    /// It does, and the history is here.
    Fetched,
}

/// Reads the answer to [`since_request`] and puts the commits into `here`.
pub(super) fn since(reader: &mut dyn Read, server: &Announcement, done: bool, here: &Repository) -> io::Result<Since> {
    let mut known = server.v2 && done;
    loop {
        let packet = pkt::read(reader)?;
        let Some(line) = packet.text() else {
            if packet == Packet::Flush && server.v2 {
                return Ok(if known { Since::Known } else { Since::Unknown });
            }
            continue;
        };
        match refused(line)?.as_str() {
            "packfile" => break,
            "shallow-info" => return Err(io::Error::other("the server's own history is cut off (a shallow clone)")),
            "NAK" if !server.v2 => return Ok(Since::Unknown),
            line if line.starts_with("ACK ") => {
                known = true;
                if !server.v2 {
                    break;
                }
            }
            _ => {}
        }
    }
    if server.v2 || server.has("side-band-64k") {
        store(&mut Sideband::new(reader), here)?;
    } else {
        store(reader, here)?;
    }
    Ok(Since::Fetched)
}

/// Reads the answer to [`list_request`]: lines up to the flush.
pub(super) fn lines(reader: &mut dyn Read) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let packet = pkt::read(reader)?;
        match packet.text() {
            Some(line) => lines.push(refused(line)?),
            None if packet == Packet::Flush => return Ok(lines),
            None => {}
        }
    }
}

/// Reads the answer to [`request`] and puts the objects of its pack into `here`.
pub(super) fn receive(reader: &mut dyn Read, server: &Announcement, here: &Repository) -> io::Result<()> {
    if server.v2 {
        skip_to_pack(reader)?;
        return store(&mut Sideband::new(reader), here);
    }
    loop {
        let packet = pkt::read(reader)?;
        let Some(line) = packet.text() else { continue };
        let line = refused(line)?;
        if line == "NAK" || line.starts_with("ACK ") {
            break;
        }
    }
    if server.has("side-band-64k") { store(&mut Sideband::new(reader), here) } else { store(reader, here) }
}

fn skip_to_pack(reader: &mut dyn Read) -> io::Result<()> {
    loop {
        let packet = pkt::read(reader)?;
        match packet.text() {
            Some(line) if refused(line.clone())? == "packfile" => return Ok(()),
            Some(_) => {}
            None if packet == Packet::Flush => return Err(invalid("an answer without a pack")),
            None => {}
        }
    }
}

fn refused(line: String) -> io::Result<String> {
    match line.strip_prefix("ERR ") {
        Some(words) => Err(io::Error::other(words.to_owned())),
        None => Ok(line),
    }
}

fn store(pack: &mut dyn Read, here: &Repository) -> io::Result<()> {
    let git = |error: git2::Error| io::Error::other(error.message().to_owned());
    let odb = here.odb().map_err(git)?;
    let mut writer = odb.packwriter().map_err(git)?;
    let mut start = Vec::new();
    pack.take(12).read_to_end(&mut start)?;
    if start.len() < 12 {
        return Err(invalid("an empty pack"));
    }
    if start[8..] == [0; 4] {
        // Nothing but its sum follows, which libgit2 takes for a broken pack.
        io::copy(pack, &mut io::sink())?;
        return Ok(());
    }
    writer.write_all(&start).map_err(|_| invalid("a pack that cannot be read"))?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = pack.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        writer.write_all(&buffer[..count]).map_err(|_| invalid("a pack that cannot be read"))?;
    }
    writer.commit().map_err(git)?;
    Ok(())
}

/// The first band of a stream of many: data; the second is progress, the third an error.
pub(super) struct Sideband<'a> {
    reader: &'a mut dyn Read,
    pending: Vec<u8>,
    at: usize,
    ended: bool,
    /// What came on the second band.
    pub words: Vec<u8>,
}

impl<'a> Sideband<'a> {
    pub(super) fn new(reader: &'a mut dyn Read) -> Self {
        Self { reader, pending: Vec::new(), at: 0, ended: false, words: Vec::new() }
    }

    fn next(&mut self) -> io::Result<()> {
        let mut bytes = match pkt::read(self.reader)? {
            Packet::Data(bytes) => bytes,
            Packet::Flush | Packet::Delimiter | Packet::End => {
                self.ended = true;
                return Ok(());
            }
        };
        match bytes.first() {
            Some(1) => {
                self.pending = bytes;
                self.at = 1;
            }
            Some(2) => self.words.extend_from_slice(&bytes.split_off(1)),
            Some(3) => {
                let words = String::from_utf8_lossy(&bytes[1..]).trim().to_owned();
                return Err(io::Error::other(words));
            }
            _ => return Err(invalid("a band that is neither 1, 2 nor 3")),
        }
        Ok(())
    }
}

impl Read for Sideband<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.pending.len() && !self.ended {
            self.next()?;
        }
        let left = self.pending.get(self.at..).unwrap_or_default();
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_told_apart() {
        let mut out = Vec::new();
        pkt::data(&mut out, b"\x02hello\n");
        pkt::data(&mut out, b"\x01abc");
        pkt::data(&mut out, b"\x01");
        pkt::data(&mut out, b"\x01def");
        pkt::flush(&mut out);
        let mut reader = out.as_slice();
        let mut band = Sideband::new(&mut reader);
        let mut text = String::new();
        band.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), band.words.as_slice()), ("abcdef", &b"hello\n"[..]));
    }

    #[test]
    fn the_third_band_is_an_error() {
        let mut out = Vec::new();
        pkt::data(&mut out, b"\x03upload-pack: not our ref\n");
        let mut reader = out.as_slice();
        let error = Sideband::new(&mut reader).read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.to_string(), "upload-pack: not our ref");
    }
}
