//! The ancestors of commits. Each value walks a history once, however many questions it answers, and no further than they need.

use std::collections::{HashSet, VecDeque};

use git2::{Oid, Repository, Revwalk};

/// A commit and its ancestors in a repository that has them. libgit2's walk uses the commit graph where there is one.
pub(super) struct Ancestors<'r> {
    state: State<'r>,
    reached: HashSet<Oid>,
    walked: usize,
}

enum State<'r> {
    Walking(Revwalk<'r>),
    Complete,
    /// libgit2's message.
    Failed(String),
}

impl<'r> Ancestors<'r> {
    /// `commit` and its ancestors. Nothing is read yet.
    pub(super) fn of(repository: &'r Repository, commit: Oid) -> Result<Self, git2::Error> {
        let mut walk = repository.revwalk()?;
        walk.push(commit)?;
        Ok(Ancestors { state: State::Walking(walk), reached: HashSet::new(), walked: 0 })
    }

    /// Whether `commit` is among them.
    ///
    /// # Errors
    /// A commit on the way that cannot be read. It is an error for every later question that was not answered before.
    pub(super) fn contain(&mut self, commit: Oid) -> Result<bool, git2::Error> {
        if self.reached.contains(&commit) {
            return Ok(true);
        }
        loop {
            let next = match &mut self.state {
                State::Walking(walk) => walk.next(),
                State::Complete => return Ok(false),
                State::Failed(message) => return Err(git2::Error::from_str(message)),
            };
            match next {
                Some(Ok(id)) => {
                    self.walked += 1;
                    self.reached.insert(id);
                    if id == commit {
                        return Ok(true);
                    }
                }
                Some(Err(error)) => self.state = State::Failed(error.message().to_owned()),
                None => self.state = State::Complete,
            }
        }
    }

    /// How many commits were read.
    pub(super) fn walked(&self) -> usize {
        self.walked
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
