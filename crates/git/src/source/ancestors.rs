//! The ancestors of commits. Each value walks a history once, however many questions it answers, and no further than they need.

use std::collections::{HashSet, VecDeque};

use git2::{Oid, Repository};

use super::commit_graph::CommitGraph;

/// Commits and their ancestors in a repository that has them, read from its commit graph where there is one.
pub(super) struct Ancestors<'r> {
    repository: &'r Repository,
    graph: Option<CommitGraph>,
    /// By position in the graph.
    in_graph: Vec<bool>,
    /// Those that are not in the graph.
    others: HashSet<Oid>,
    /// Those whose parents were not looked at yet.
    next: VecDeque<Commit>,
    walked: usize,
    /// libgit2's message about the commit that could not be read.
    failure: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Commit {
    InGraph(u32),
    Other(Oid),
}

impl<'r> Ancestors<'r> {
    /// `commits` and their ancestors. No commit is read yet.
    pub(super) fn of(repository: &'r Repository, commits: &[Oid]) -> Self {
        let graph = CommitGraph::read(repository);
        let mut ancestors = Ancestors {
            repository,
            in_graph: vec![false; graph.as_ref().map_or(0, CommitGraph::len)],
            graph,
            others: HashSet::new(),
            next: VecDeque::new(),
            walked: 0,
            failure: None,
        };
        for commit in commits {
            let tip = ancestors.locate(*commit);
            ancestors.reach(tip);
        }
        ancestors
    }

    /// Whether `commit` is among them.
    ///
    /// # Errors
    /// A commit on the way that cannot be read. It is an error for every later question that was not answered before.
    pub(super) fn contain(&mut self, commit: Oid) -> Result<bool, git2::Error> {
        let wanted = self.locate(commit);
        while !self.is_reached(wanted) {
            if let Some(message) = &self.failure {
                return Err(git2::Error::from_str(message));
            }
            let Some(next) = self.next.pop_front() else { return Ok(false) };
            match self.parents(next) {
                Ok(parents) => parents.into_iter().for_each(|parent| self.reach(parent)),
                Err(error) => self.failure = Some(error.message().to_owned()),
            }
            self.walked += 1;
        }
        Ok(true)
    }

    /// How many commits were read.
    pub(super) fn walked(&self) -> usize {
        self.walked
    }

    fn locate(&self, commit: Oid) -> Commit {
        let position = self.graph.as_ref().and_then(|graph| graph.position(commit));
        position.map_or(Commit::Other(commit), Commit::InGraph)
    }

    fn is_reached(&self, commit: Commit) -> bool {
        match commit {
            Commit::InGraph(position) => self.in_graph.get(position as usize).is_some_and(|reached| *reached),
            Commit::Other(id) => self.others.contains(&id),
        }
    }

    fn reach(&mut self, commit: Commit) {
        let new = match commit {
            Commit::InGraph(position) => {
                self.in_graph.get_mut(position as usize).is_some_and(|reached| !std::mem::replace(reached, true))
            }
            Commit::Other(id) => self.others.insert(id),
        };
        if new {
            self.next.push_back(commit);
        }
    }

    fn parents(&self, commit: Commit) -> Result<Vec<Commit>, git2::Error> {
        match (commit, &self.graph) {
            (Commit::InGraph(position), Some(graph)) => {
                let parents = graph.parents(position);
                let parents = parents.ok_or_else(|| git2::Error::from_str("the commit-graph file is damaged"))?;
                Ok(parents.into_iter().map(Commit::InGraph).collect())
            }
            (Commit::Other(id), _) => {
                Ok(self.repository.find_commit(id)?.parent_ids().map(|parent| self.locate(parent)).collect())
            }
            (Commit::InGraph(_), None) => Ok(Vec::new()),
        }
    }
}

/// The ancestors of some commits in a store that lacks a part of them, and gets more of them from time to time.
pub(super) struct PartialAncestors {
    /// Every parent that was seen. The commit itself need not be in the store.
    reached: HashSet<Oid>,
    next: VecDeque<Oid>,
    /// Commits whose parents are not known yet.
    missing: Vec<Oid>,
}

impl PartialAncestors {
    /// The ancestors of `tips`. Nothing is read yet.
    pub(super) fn of(tips: &[Oid]) -> Self {
        PartialAncestors { reached: HashSet::new(), next: VecDeque::new(), missing: tips.to_vec() }
    }

    /// Whether the commits that the store has now lead to `commit`.
    pub(super) fn contain(&mut self, commit: Oid, store: &Repository) -> bool {
        if self.reached.contains(&commit) {
            return true;
        }
        self.next.extend(self.missing.drain(..));
        while let Some(id) = self.next.pop_front() {
            let Ok(known) = store.find_commit(id) else {
                self.missing.push(id);
                continue;
            };
            self.next.extend(known.parent_ids().filter(|parent| self.reached.insert(*parent)));
            if self.reached.contains(&commit) {
                return true;
            }
        }
        false
    }
}
