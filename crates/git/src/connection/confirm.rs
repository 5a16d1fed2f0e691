//! The refs after a push whose result is not certain, read again.

use std::collections::BTreeMap;
use std::time::Duration;

use git2::Oid;

use crate::error::TransportError;
use crate::transport::{PushReport, RefStatus, RefUpdate, Transport};

/// The pauses before the refs are read after a failed push: another client's push may be under way.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(800)];

/// Reads the refs that a server reports as updated, and replaces the result of those that are not. One that is not listed and is not a
/// branch may be hidden.
///
/// # Errors
/// The refs cannot be read.
pub(super) fn accepted(
    transport: &mut dyn Transport,
    mut report: PushReport,
    updates: &[RefUpdate],
) -> Result<PushReport, TransportError> {
    if report.statuses.iter().all(|status| status.result.is_err()) {
        return Ok(report);
    }
    let now = read(transport, updates)?;
    let by_name: BTreeMap<&str, &RefUpdate> = updates.iter().map(|update| (update.name.as_str(), update)).collect();
    for status in report.statuses.iter_mut().filter(|status| status.result.is_ok()) {
        let (Some(update), found) = (by_name.get(status.name.as_str()), now.get(&status.name).copied()) else {
            continue;
        };
        if found != update.new && (found.is_some() || status.name.starts_with("refs/heads/")) {
            status.result = Err(not_updated(update, found));
        }
    }
    Ok(report)
}

/// The result of a push in which the server failed. Some servers fail if a ref is locked or was updated by another client (dulwich 1.2).
///
/// # Errors
/// `error`, the server's, if no ref has changed. Otherwise the refs cannot be read.
pub(super) fn failed(
    transport: &mut dyn Transport,
    error: TransportError,
    updates: &[RefUpdate],
) -> Result<PushReport, TransportError> {
    for pause in PAUSES {
        std::thread::sleep(pause);
        let now = read(transport, updates)?;
        let found = |update: &RefUpdate| now.get(&update.name).copied();
        if updates.iter().all(|update| found(update) == update.old) {
            continue;
        }
        let result = |update: &RefUpdate| match found(update) {
            now if now == update.new => Ok(()),
            now if now == update.old => Err(error.to_string()),
            now => Err(not_updated(update, now)),
        };
        let statuses = updates.iter().map(|update| RefStatus { name: update.name.clone(), result: result(update) });
        return Ok(PushReport { statuses: statuses.collect(), ..PushReport::default() });
    }
    Err(error)
}

fn read(transport: &mut dyn Transport, updates: &[RefUpdate]) -> Result<BTreeMap<String, Oid>, TransportError> {
    let names: Vec<String> = updates.iter().map(|update| update.name.clone()).collect();
    Ok(transport.list_refs(&names)?.into_iter().map(|found| (found.name, found.id)).collect())
}

/// The reason for a ref that is not at its new value.
fn not_updated(update: &RefUpdate, now: Option<Oid>) -> String {
    let now = now.map_or_else(|| "missing".to_owned(), |id| format!("at {id}"));
    let new = update.new.map_or_else(|| "no ref".to_owned(), |id| id.to_string());
    format!("{} is {now} but expected {new} after the push", update.name)
}
