//! Reads the remote: the refs, then the commits, trees, records and notes that the plan needs.

use std::collections::{BTreeMap, BTreeSet};

use git::{ObjectStore, Transport, TransportError};
use git2::Oid;

use super::{RefTip, RemoteState, UnitRun};
use crate::branch_record::README;
use crate::error::DeliverError;
use crate::metadata::{METADATA, Record};
use crate::notes::{self, NOTES};
use crate::order_ref::{self, ORDER};
use crate::unit::{RequestMethod, Unit};

/// The refs of GitHub, Gitea and Forgejo that show what requests propose.
const PULLS: &str = "refs/pull/";

/// The number of times that the refs are read if they change before their commits are fetched.
const MAX_READS: u32 = 10;

/// Reads what the pending units need.
///
/// # Errors
/// The remote could not be read.
pub(crate) fn remote_state(
    transport: &mut dyn Transport,
    store: &ObjectStore,
    units: &[UnitRun<'_>],
) -> Result<RemoteState, DeliverError> {
    let pending: Vec<&Unit> = units.iter().filter(|run| run.is_pending()).map(|run| run.unit).collect();
    let mut state = refs(transport, &pending)?;
    for _ in 1..MAX_READS {
        match read_objects(transport, store, &pending, &mut state) {
            Err(DeliverError::Transport(error @ TransportError::Server { .. })) => {
                // A server of version 0 may send commits only while a ref points to them.
                let now = refs(transport, &pending)?;
                if now.has_tips_of(&state) {
                    return Err(error.into());
                }
                state = now;
            }
            Err(error) => return Err(error),
            Ok(()) => return Ok(state),
        }
    }
    read_objects(transport, store, &pending, &mut state)?;
    Ok(state)
}

/// Fetches the commits of the refs, and the records, notes and other files that the plan reads.
fn read_objects(
    transport: &mut dyn Transport,
    store: &ObjectStore,
    pending: &[&Unit],
    state: &mut RemoteState,
) -> Result<(), DeliverError> {
    let mut commits: BTreeSet<Oid> = state.heads.values().copied().collect();
    commits.extend([state.notes, state.order].into_iter().flatten().map(|tip| tip.commit));
    let missing: Vec<Oid> = commits.into_iter().filter(|&id| !store.has(id)).collect();
    if !missing.is_empty() {
        transport.fetch(&missing, 1, store.repository())?;
    }
    for tip in [&mut state.notes, &mut state.order].into_iter().flatten() {
        tip.tree = tree_of(store, tip.commit)?;
    }
    objects(transport, store, blobs(store, pending, state)?)?;
    objects(transport, store, readmes(store, pending, state)?)
}

/// Fetches the objects that are not in the store.
///
/// # Errors
/// The remote could not be read.
pub(crate) fn objects(
    transport: &mut dyn Transport,
    store: &ObjectStore,
    ids: BTreeSet<Oid>,
) -> Result<(), DeliverError> {
    let missing: Vec<Oid> = ids.into_iter().filter(|&id| !store.has(id)).collect();
    if !missing.is_empty() {
        transport.fetch_objects(&missing, store.repository())?;
    }
    Ok(())
}

/// The tree of a commit in the store.
pub(crate) fn tree_of(store: &ObjectStore, commit: Oid) -> Result<Oid, git2::Error> {
    Ok(store.repository().find_commit(commit)?.tree_id())
}

fn refs(transport: &mut dyn Transport, pending: &[&Unit]) -> Result<RemoteState, DeliverError> {
    let mut names = BTreeSet::from([NOTES.to_owned(), ORDER.to_owned()]);
    for unit in pending {
        let topic = unit.topic.as_ref().map(|topic| &topic.branch);
        let branches = [Some(&unit.branch), unit.start_from.as_ref(), unit.active.as_ref(), topic];
        names.extend(branches.into_iter().flatten().map(|branch| format!("refs/heads/{branch}")));
    }
    let mut prefixes: Vec<String> = names.iter().cloned().collect();
    if pending.iter().any(|unit| unit.requests_by(|method| matches!(method, RequestMethod::AgitPush(_)))) {
        prefixes.push(PULLS.to_owned());
    }
    let mut state = RemoteState { renames_commits: transport.rewrites_commits(), ..RemoteState::default() };
    for found in transport.list_refs(&prefixes)? {
        if found.name.starts_with(PULLS) {
            state.pulls.insert(found.id);
        } else if !names.contains(&found.name) {
            // A branch whose name begins with one of ours.
        } else if let Some(branch) = found.name.strip_prefix("refs/heads/") {
            state.heads.insert(branch.to_owned(), found.id);
        } else {
            let tip = Some(RefTip { commit: found.id, tree: found.id });
            if found.name == NOTES { state.notes = tip } else { state.order = tip }
        }
    }
    Ok(state)
}

/// The records, notes and entries of the order ref that the plan reads.
fn blobs(store: &ObjectStore, pending: &[&Unit], state: &RemoteState) -> Result<BTreeSet<Oid>, git2::Error> {
    let mut blobs = BTreeSet::new();
    for unit in pending {
        blobs.extend(state.order.and_then(|order| order_ref::find(store, order.tree, unit)));
        let topic = unit.topic.as_ref().and_then(|topic| state.head(&topic.branch));
        for head in [state.base(unit), topic].into_iter().flatten() {
            let tree = tree_of(store, head)?;
            blobs.extend(record_paths(unit).filter_map(|path| store.entry(tree, &path)).map(|(id, _)| id));
            let note = state.notes.and_then(|notes| notes::find(store, notes.tree, head));
            blobs.extend(note.map(|(_, id)| id));
        }
    }
    Ok(blobs)
}

/// The paths of the records that a unit's plan reads: its own, and the one in the branch's root.
fn record_paths(unit: &Unit) -> impl Iterator<Item = String> {
    let root = (!unit.folder.is_empty()).then(|| METADATA.to_owned());
    root.into_iter().chain([unit.in_branch(METADATA)])
}

/// The READMEs beside records that another tool wrote.
fn readmes(store: &ObjectStore, pending: &[&Unit], state: &RemoteState) -> Result<BTreeSet<Oid>, git2::Error> {
    let (mut readmes, mut records) = (BTreeSet::new(), BTreeMap::new());
    for unit in pending {
        let Some(head) = state.base(unit) else { continue };
        let tree = tree_of(store, head)?;
        for path in record_paths(unit) {
            let Some((record, _)) = store.entry(tree, &path) else { continue };
            let Some((readme, _)) = store.entry(tree, &path.replace(METADATA, README)) else { continue };
            let is_foreign = *records.entry(record).or_insert_with(|| is_foreign(store, record));
            if is_foreign {
                readmes.insert(readme);
            }
        }
    }
    Ok(readmes)
}

fn is_foreign(store: &ObjectStore, record: Oid) -> bool {
    store.blob(record).is_ok_and(|bytes| Record::parse(&bytes).is_ok_and(|record| record.files.is_none()))
}
