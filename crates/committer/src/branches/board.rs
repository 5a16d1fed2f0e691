//! Reads many units at once for the board: the content and history of their branches, and proposed changes.

use std::collections::BTreeMap;

use git::{Transport, TransportError};
use git2::Oid;

use super::reader::{At, BranchPath, BranchTip, Depth, Reader};
use crate::error::DeliverError;
use crate::notes::NOTES;

/// A unit whose state is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRequest {
    /// Where its output is.
    pub path: BranchPath,
    /// Its topic branch, if it is reviewed.
    pub topic: Option<String>,
}

/// The state of a unit.
#[derive(Clone, Debug, Default)]
pub struct BoardEntry {
    /// What the branch holds; `None` if it does not exist.
    pub tip: Option<BranchTip>,
    /// The commits before it, newest first, along first parents.
    pub before: Vec<BranchTip>,
    /// The proposal on the topic branch; `None` if there is none.
    pub waiting: Option<BranchTip>,
}

impl BoardRequest {
    /// The names of its branch's and topic branch's refs.
    fn ref_names(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.path.ref_name()).chain(self.topic_ref())
    }

    fn topic_ref(&self) -> Option<String> {
        self.topic.as_ref().map(|topic| format!("refs/heads/{topic}"))
    }
}

/// The commits of a unit.
struct Line<'a> {
    path: &'a BranchPath,
    /// Those of its branch, newest first.
    commits: Vec<At<'a>>,
    /// The tip of its topic branch, if the branch does not contain it.
    waiting: Option<At<'a>>,
}

/// Reads the state of each unit without its files, with `limit` commits of its branch (at least one). What a topic branch holds waits, unless the target holds
/// the same of the unit, or has that commit among those that were read.
///
/// # Errors
/// The remote could not be read.
pub fn board(
    transport: &mut dyn Transport,
    requests: &[BoardRequest],
    limit: u32,
) -> Result<BTreeMap<BranchPath, BoardEntry>, DeliverError> {
    board_at(transport, requests, limit, Depth::Record)
}

/// Reads the state of each unit as [`board`], to this depth.
///
/// # Errors
/// The remote could not be read.
pub fn board_at(
    transport: &mut dyn Transport,
    requests: &[BoardRequest],
    limit: u32,
    depth: Depth,
) -> Result<BTreeMap<BranchPath, BoardEntry>, DeliverError> {
    let mut reader = Reader::new(transport)?;
    let names: Vec<String> = requests.iter().flat_map(BoardRequest::ref_names).collect();
    let heads = reader.heads(names.clone())?;
    let tips: Vec<Oid> = names.iter().filter_map(|name| heads.get(name).copied()).collect();
    reader.fetch(&tips, limit)?;
    let lines = requests.iter().map(|request| Line::read(&reader, request, &heads, limit));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let commits: Vec<At<'_>> =
        lines.iter().flat_map(|line| line.commits.iter().chain(&line.waiting)).copied().collect();
    reader.load(&commits, heads.get(NOTES).copied(), depth)?;
    lines.iter().map(|line| Ok((line.path.clone(), line.entry(&reader, depth)?))).collect()
}

impl<'a> Line<'a> {
    fn read(
        reader: &Reader<'_>,
        request: &'a BoardRequest,
        heads: &BTreeMap<String, Oid>,
        limit: u32,
    ) -> Result<Self, TransportError> {
        let path = &request.path;
        let head = heads.get(&path.ref_name()).copied();
        let topic = request.topic_ref().and_then(|name| heads.get(&name).copied());
        let waiting = topic.filter(|&id| !reader.reaches(head, id));
        let commits = reader.first_parents(head, limit)?;
        let at = |commit| At { path, commit };
        Ok(Self { path, commits: commits.into_iter().map(at).collect(), waiting: waiting.map(at) })
    }

    fn entry(&self, reader: &Reader<'_>, depth: Depth) -> Result<BoardEntry, TransportError> {
        let tip = |at: &At<'_>| reader.tip(at, depth);
        let mut before = self.commits.iter().map(tip).collect::<Result<Vec<_>, _>>()?.into_iter();
        let (tip, waiting) = (before.next(), self.waiting.as_ref().map(tip).transpose()?);
        let same = |waiting: &BranchTip| tip.as_ref().is_some_and(|tip| tip.content_hash == waiting.content_hash);
        Ok(BoardEntry { waiting: waiting.filter(|waiting| !same(waiting)), before: before.collect(), tip })
    }
}
