//! The request to `git-receive-pack` and its report (gitprotocol-pack, "Pushing Data To a Server").

use std::collections::BTreeMap;
use std::io::{self, Read};

use git2::Oid;

use super::fetch::Sideband;
use super::pkt::{self, Packet};
use super::refs::{Announcement, invalid};
use super::{PushOptions, PushReport, Update};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// The request up to the pack.
pub(super) fn request(server: &Announcement, updates: &[Update], options: &PushOptions) -> Vec<u8> {
    let mut capabilities = vec!["report-status"];
    for name in ["side-band-64k", "quiet"] {
        if server.has(name) {
            capabilities.push(name);
        }
    }
    if options.atomic {
        capabilities.push("atomic");
    }
    if !options.options.is_empty() {
        capabilities.push("push-options");
    }
    if server.has("agent") {
        capabilities.push(concat!("agent=hydrant/", env!("CARGO_PKG_VERSION")));
    }
    if server.has("object-format") {
        capabilities.push("object-format=sha1");
    }
    let mut out = Vec::with_capacity(updates.len() * 160);
    for (index, update) in updates.iter().enumerate() {
        let id = |id: Option<git2::Oid>| id.map_or_else(|| ZERO.to_owned(), |id| id.to_string());
        let (old, new) = (id(update.old), id(update.new));
        let tail = if index == 0 { format!("\0 {}", capabilities.join(" ")) } else { String::new() };
        pkt::data(&mut out, format!("{old} {new} {}{tail}", update.name).as_bytes());
    }
    pkt::flush(&mut out);
    if !options.options.is_empty() {
        for option in &options.options {
            pkt::data(&mut out, option.as_bytes());
        }
        pkt::flush(&mut out);
    }
    out
}

/// What the announcement says against each update: that the ref is another now. A server may hide refs (`receive.hideRefs`), so one that
/// is not announced says nothing.
pub(super) fn stale(server: &Announcement, updates: &[Update]) -> Vec<Option<String>> {
    let now: BTreeMap<&str, Oid> = server.refs.iter().map(|found| (found.name.as_str(), found.id)).collect();
    let words = |update: &Update| {
        let now = now.get(update.name.as_str())?;
        (Some(*now) != update.old).then(|| format!("{} is no longer what it was: it is {now}", update.name))
    };
    updates.iter().map(words).collect()
}

/// Reads the report.
///
/// # Errors
/// A report that ends early or says nothing: what the server took is unknown then.
pub(super) fn report(reader: &mut dyn Read, server: &Announcement, updates: &[Update]) -> io::Result<PushReport> {
    if !server.has("side-band-64k") {
        return status(reader, updates, Vec::new());
    }
    let mut band = Sideband::new(reader);
    let mut bytes = Vec::new();
    let end = band.read_to_end(&mut bytes);
    let words = lines(&band.words);
    if let Err(error) = end {
        let said = words.join("; ");
        return Err(if said.is_empty() { error } else { io::Error::new(error.kind(), format!("{error} ({said})")) });
    }
    let mut report = status(&mut bytes.as_slice(), updates, words)?;
    for (told, update) in report.refs.iter_mut().zip(updates) {
        if let Err(reason) = told {
            explain(reason, &update.name, &report.words);
        }
    }
    Ok(report)
}

/// Some reasons say nothing; what git wrote beside them for this ref does (a lock that another holds, a branch in the way of a folder).
fn explain(reason: &mut String, name: &str, words: &[String]) {
    if !matches!(
        reason.as_str(),
        "failed to update ref" | "atomic transaction failed" | "transaction failed" | "failure"
    ) {
        return;
    }
    let quoted = format!("'{name}'");
    let general = [
        "ref updates aborted by hook",
        "fatal error in commit_refs",
        "No space left on device",
        "Read-only file system",
    ];
    let about = words.iter().filter(|line| line.contains(&quoted) || general.iter().any(|part| line.contains(part)));
    let about: Vec<&str> = about.map(|line| line.strip_prefix("error: ").unwrap_or(line)).collect();
    if !about.is_empty() {
        *reason = format!("{reason}: {}", about.join("; "));
    }
}

fn status(reader: &mut dyn Read, updates: &[Update], words: Vec<String>) -> io::Result<PushReport> {
    let mut unpack = None;
    let mut told: BTreeMap<String, Result<(), String>> = BTreeMap::new();
    loop {
        let packet = match pkt::read(reader) {
            Ok(packet) => packet,
            Err(error)
                if error.kind() == io::ErrorKind::UnexpectedEof && unpack.is_some() && told.len() >= updates.len() =>
            {
                break;
            }
            Err(error) => return Err(error),
        };
        let Some(line) = packet.text() else {
            if packet == Packet::Flush {
                break;
            }
            continue;
        };
        if let Some(words) = line.strip_prefix("unpack ") {
            unpack = Some(words.to_owned());
        } else if let Some(name) = line.strip_prefix("ok ") {
            told.insert(name.to_owned(), Ok(()));
        } else if let Some(rest) = line.strip_prefix("ng ") {
            let (name, reason) = rest.split_once(' ').unwrap_or((rest, "no reason given"));
            told.insert(name.to_owned(), Err(reason.to_owned()));
        } else if let Some(words) = line.strip_prefix("ERR ") {
            return Err(io::Error::other(words.to_owned()));
        }
    }
    let unpack = unpack.ok_or_else(|| invalid("a push that was answered without a report"))?;
    let refs = updates.iter().map(|update| match told.remove(&update.name) {
        Some(Err(reason)) if unpack != "ok" => Err(format!("{reason} (unpack: {unpack})")),
        Some(told) => told,
        None => Err(format!("the server did not report on it (unpack: {unpack})")),
    });
    Ok(PushReport { refs: refs.collect(), words, ..PushReport::default() })
}

/// The lines of what a server says, without the blanks that it pads them with to overwrite a terminal's line.
pub(super) fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(|line| line.trim_end().replace("\u{1b}[K", ""));
    lines.filter(|line| !line.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updates() -> Vec<Update> {
        let new = git2::Oid::from_str("0123456789012345678901234567890123456789").unwrap();
        let update = |name: &str| Update { name: name.to_owned(), old: None, new: Some(new) };
        vec![update("refs/heads/a"), update("refs/heads/b")]
    }

    fn server(capabilities: &[&str]) -> Announcement {
        let capabilities = capabilities.iter().map(|&name| name.to_owned()).collect();
        Announcement { capabilities, ..Announcement::default() }
    }

    #[test]
    fn each_ref_has_its_words() {
        let mut inner = Vec::new();
        pkt::text(&mut inner, "unpack ok");
        pkt::text(&mut inner, "ng refs/heads/b hook declined");
        pkt::text(&mut inner, "ok refs/heads/a");
        pkt::flush(&mut inner);
        let mut out = Vec::new();
        pkt::data(&mut out, b"\x02no deploys on Friday   \n");
        let mut first = vec![1];
        first.extend_from_slice(&inner[..9]);
        pkt::data(&mut out, &first);
        let mut second = vec![1];
        second.extend_from_slice(&inner[9..]);
        pkt::data(&mut out, &second);
        pkt::flush(&mut out);
        let report = report(&mut out.as_slice(), &server(&["side-band-64k"]), &updates()).unwrap();
        assert_eq!(report.refs, [Ok(()), Err("hook declined".to_owned())]);
        assert_eq!(report.words, ["no deploys on Friday"]);
    }

    #[test]
    fn a_ref_that_is_not_reported_was_not_taken() {
        let mut out = Vec::new();
        pkt::text(&mut out, "unpack ok");
        pkt::text(&mut out, "ok refs/heads/a");
        pkt::flush(&mut out);
        let report = report(&mut out.as_slice(), &server(&[]), &updates()).unwrap();
        assert!(report.refs[0].is_ok() && report.refs[1].is_err());
    }

    #[test]
    fn a_report_that_ends_early_is_an_error() {
        let mut out = Vec::new();
        pkt::text(&mut out, "unpack ok");
        pkt::text(&mut out, "ok refs/heads/a");
        assert!(report(&mut out.as_slice(), &server(&[]), &updates()).is_err());
        assert!(report(&mut [].as_slice(), &server(&["side-band-64k"]), &updates()).is_err());
    }
}
