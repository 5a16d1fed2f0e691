//! Requests to `git-receive-pack` and its reports (gitprotocol-pack, "Pushing Data To a Server").

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use git2::Oid;

use super::advertisement::Advertisement;
use super::limited::Limited;
use super::message::{check_err, lines_without_progress, protocol_error};
use super::pkt::{self, Packet};
use super::sideband::Sideband;
use crate::limits::MAX_REPORT_BYTES;
use crate::transport::{PushOptions, PushReport, RefUpdate};

/// The id that stands for "no object".
const ZERO: &str = "0000000000000000000000000000000000000000";

/// Returns the request up to the pack.
pub(crate) fn request(server: &Advertisement, updates: &[RefUpdate], options: &PushOptions) -> Vec<u8> {
    let mut capabilities = Vec::new();
    for name in ["report-status", "side-band-64k", "quiet"] {
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

/// Returns, for each update, how the advertised ref differs from the expected value. A ref that is not advertised is not checked, since a
/// server may hide refs (`receive.hideRefs`).
pub(crate) fn stale(server: &Advertisement, updates: &[RefUpdate]) -> Vec<Option<String>> {
    let now: BTreeMap<&str, Oid> = server.refs.iter().map(|found| (found.name.as_str(), found.id)).collect();
    let difference = |update: &RefUpdate| {
        let now = now.get(update.name.as_str())?;
        let expected = update.old.map_or_else(|| "no ref".to_owned(), |id| id.to_string());
        (Some(*now) != update.old).then(|| format!("stale info: expected {} at {expected}, found {now}", update.name))
    };
    updates.iter().map(difference).collect()
}

/// Reads the report. A server without `report-status` sends none: then no ref has a result.
///
/// # Errors
/// A report that ends early. Which refs were updated is unknown then.
pub(crate) fn report(reader: &mut dyn Read, server: &Advertisement, updates: &[RefUpdate]) -> io::Result<PushReport> {
    let reader = &mut Limited::new(reader, MAX_REPORT_BYTES, "the report of the push");
    if !server.has("report-status") {
        io::copy(reader, &mut io::sink())?;
        let results = updates.iter().map(|_| Err("the server sends no report of pushes".to_owned()));
        return Ok(PushReport::new(updates, results));
    }
    if !server.has("side-band-64k") {
        return status(reader, updates, Vec::new());
    }
    let mut band = Sideband::new(reader);
    let mut bytes = Vec::new();
    let end = band.read_to_end(&mut bytes);
    let messages = lines_without_progress(&band.messages);
    if let Err(error) = end {
        let text = messages.join("; ");
        return Err(if text.is_empty() { error } else { io::Error::new(error.kind(), format!("{error} ({text})")) });
    }
    let mut report = status(&mut bytes.as_slice(), updates, messages)?;
    for status in &mut report.statuses {
        if let Err(reason) = &mut status.result {
            add_details(reason, &status.name, &report.messages);
        }
    }
    Ok(report)
}

/// Adds git's messages about a ref to a reason that says nothing by itself (a lock that another process holds, a branch named like a folder).
fn add_details(reason: &mut String, name: &str, messages: &[String]) {
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
    let about = messages.iter().filter(|line| line.contains(&quoted) || general.iter().any(|part| line.contains(part)));
    let about: Vec<&str> = about.map(|line| line.strip_prefix("error: ").unwrap_or(line)).collect();
    if !about.is_empty() {
        *reason = format!("{reason}: {}", about.join("; "));
    }
}

fn status(reader: &mut dyn Read, updates: &[RefUpdate], messages: Vec<String>) -> io::Result<PushReport> {
    let mut unpack = None;
    let known: BTreeSet<&str> = updates.iter().map(|update| update.name.as_str()).collect();
    let mut results: BTreeMap<String, Result<(), String>> = BTreeMap::new();
    loop {
        let packet = match pkt::read(reader) {
            Ok(packet) => packet,
            Err(error)
                if error.kind() == io::ErrorKind::UnexpectedEof
                    && unpack.is_some()
                    && results.len() >= updates.len() =>
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
        let line = check_err(line)?;
        if let Some(status) = line.strip_prefix("unpack ") {
            unpack = Some(status.to_owned());
        } else if let Some(name) = line.strip_prefix("ok ").filter(|name| known.contains(name)) {
            results.insert(name.to_owned(), Ok(()));
        } else if let Some(rest) = line.strip_prefix("ng ") {
            let (name, reason) = rest.split_once(' ').unwrap_or((rest, "no reason given"));
            if known.contains(name) {
                results.insert(name.to_owned(), Err(reason.to_owned()));
            }
        }
    }
    let unpack = unpack.ok_or_else(|| protocol_error("the response to the push has no report"))?;
    let results = updates.iter().map(|update| match results.remove(&update.name) {
        Some(Err(reason)) if unpack != "ok" => Err(format!("{reason} (unpack: {unpack})")),
        Some(result) => result,
        None => Err(format!("missing in the server's report (unpack: {unpack})")),
    });
    let results: Vec<_> = results.collect();
    Ok(PushReport { messages, ..PushReport::new(updates, results) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updates() -> Vec<RefUpdate> {
        let new = git2::Oid::from_str("0123456789012345678901234567890123456789").unwrap();
        let update = |name: &str| RefUpdate { name: name.to_owned(), old: None, new: Some(new) };
        vec![update("refs/heads/a"), update("refs/heads/b")]
    }

    fn server(capabilities: &[&str]) -> Advertisement {
        let capabilities = capabilities.iter().map(|&name| name.to_owned()).collect();
        Advertisement { capabilities, ..Advertisement::default() }
    }

    #[test]
    fn each_ref_has_its_own_result() {
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
        let report = report(&mut out.as_slice(), &server(&["report-status", "side-band-64k"]), &updates()).unwrap();
        let results: Vec<_> = report.statuses.iter().map(|status| status.result.clone()).collect();
        assert_eq!(results, [Ok(()), Err("hook declined".to_owned())]);
        assert_eq!(report.messages, ["no deploys on Friday"]);
    }

    #[test]
    fn a_ref_without_a_report_was_not_updated() {
        let mut out = Vec::new();
        pkt::text(&mut out, "unpack ok");
        pkt::text(&mut out, "ok refs/heads/a");
        pkt::flush(&mut out);
        let report = report(&mut out.as_slice(), &server(&["report-status"]), &updates()).unwrap();
        assert!(report.statuses[0].result.is_ok() && report.statuses[1].result.is_err());
    }

    #[test]
    fn a_report_that_ends_early_is_an_error() {
        let mut out = Vec::new();
        pkt::text(&mut out, "unpack ok");
        pkt::text(&mut out, "ok refs/heads/a");
        assert!(report(&mut out.as_slice(), &server(&["report-status"]), &updates()).is_err());
        assert!(report(&mut [].as_slice(), &server(&["report-status", "side-band-64k"]), &updates()).is_err());
    }

    #[test]
    fn a_server_may_send_no_report() {
        let report = report(&mut [].as_slice(), &server(&["atomic"]), &updates()).unwrap();
        assert!(report.statuses.iter().all(|status| status.result.is_err()));
    }
}
