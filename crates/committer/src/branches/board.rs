//! Many places at once for the board: what stands there, what stood there before, and what waits to be merged.

use std::collections::BTreeSet;

use git::{Transport, TransportError, own};
use git2::Oid;

use super::{BranchPath, BranchTip, Depth, Reader};
use crate::error::DeliverError;
use crate::notes::NOTES;

/// A place on the board.
#[derive(Clone, Debug)]
pub struct BoardEntry {
    /// What stands there; `None` where the branch does not exist.
    pub tip: Option<BranchTip>,
    /// What stood there before, newest first, along first parents.
    pub before: Vec<BranchTip>,
    /// What the topic branch proposes; `None` where nothing waits there.
    pub waiting: Option<BranchTip>,
}

/// Reads these places, each with its topic branch if it has one, with `limit` commits of each branch (at least one). The result has an
/// entry a place, in their order. What a topic branch holds waits unless the target holds the same of the unit, or has that commit among
/// those that were read.
///
/// # Errors
/// A remote that cannot be reached or does not let us in.
pub fn board(
    transport: &mut dyn Transport,
    places: &[(BranchPath, Option<String>)],
    limit: u32,
) -> Result<Vec<BoardEntry>, DeliverError> {
    let mut reader = Reader::over(transport)?;
    let full = |branch: &String| format!("refs/heads/{branch}");
    let names: Vec<String> =
        places.iter().flat_map(|(place, topic)| [Some(&place.branch), topic.as_ref()]).flatten().map(full).collect();
    let heads = reader.heads(&names)?;
    let limit = limit.max(1);
    let mut tips: Vec<Oid> = names.iter().filter_map(|name| heads.get(name).copied()).collect();
    reader.missing(&mut tips);
    if !tips.is_empty() {
        reader.transport.fetch(&tips, limit, reader.store.repository())?;
    }
    let mut wanted = Vec::new();
    let mut counts = Vec::new();
    for (place, topic) in places {
        let head = heads.get(&full(&place.branch)).copied();
        let line = reader.first_parents(head, limit)?;
        let waits = topic.as_ref().and_then(|topic| heads.get(&full(topic)).copied());
        let waits = waits.filter(|id| !reader.reaches(head, *id));
        counts.push((line.len(), waits.is_some()));
        wanted.extend(line.into_iter().chain(waits).map(|id| (Some(id), place)));
    }
    let mut found = reader.read(&wanted, heads.get(NOTES).copied(), Depth::Record)?.into_iter().flatten();
    let mut board = Vec::with_capacity(places.len());
    for (commits, waits) in counts {
        let mut line: Vec<BranchTip> = found.by_ref().take(commits).collect();
        let waiting = if waits { found.next() } else { None };
        let before = if line.is_empty() { Vec::new() } else { line.split_off(1) };
        let tip = line.pop();
        let same = |waiting: &BranchTip| tip.as_ref().is_some_and(|tip| tip.holds == waiting.holds);
        board.push(BoardEntry { waiting: waiting.filter(|waiting| !same(waiting)), tip, before });
    }
    Ok(board)
}

impl Reader<'_> {
    /// The commits of a branch along first parents, newest first, as far as they are here.
    pub(super) fn first_parents(&self, head: Option<Oid>, limit: u32) -> Result<Vec<Oid>, TransportError> {
        let mut line = Vec::new();
        let mut next = head;
        while let Some(id) = next.filter(|&id| line.len() < limit as usize && self.store.has(id)) {
            line.push(id);
            let commit = self.store.repository().find_commit(id).map_err(|error| own(&error))?;
            next = commit.parent_id(0).ok();
        }
        Ok(line)
    }

    /// Whether a commit is among the ancestors of another that are here, or is it.
    fn reaches(&self, head: Option<Oid>, wanted: Oid) -> bool {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<Oid> = head.into_iter().collect();
        while let Some(id) = todo.pop() {
            if id == wanted {
                return true;
            }
            if seen.insert(id)
                && let Ok(commit) = self.store.repository().find_commit(id)
            {
                todo.extend(commit.parent_ids());
            }
        }
        false
    }
}
