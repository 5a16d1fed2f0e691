//! One round of a delivery: read, plan, push, settle.
//!
//! - [`read`] reads from the remote and returns a [`RemoteState`].
//! - [`plan`] is pure: it turns what was read into a [`RoundPlan`]. It builds objects in the object store and sends no request.
//! - [`queue`] is pure: it turns the plan into pushes, and `answer` decides which ones follow on a rejected one.
//! - [`push`] is the only part that writes to the remote.
//! - [`verdict`] is pure: it turns the server's report and the refs, read again, into what the push did.
//! - [`settle`] is pure: it turns that into outcomes.
//!
//! The units that have no outcome after a round go into another one.

mod answer;
mod commit;
pub(crate) mod contents;
pub(crate) mod plan;
pub(crate) mod push;
pub(crate) mod queue;
pub(crate) mod read;
mod settle;
mod start;
mod topic;
pub(crate) mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use git::{Change, RefUpdate, is_atomic_failure};
use git2::Oid;

use crate::notes::Note;
use crate::outcome::{Outcome, ReviewResult, UnitResult};
use crate::refusal::Refusal;
use crate::unit::Unit;

/// A unit that is being delivered, with its state.
pub(crate) struct UnitRun<'a> {
    pub unit: &'a Unit,
    /// The number of rounds that planned it.
    pub attempts: u32,
    /// The messages of the server for it.
    pub server_messages: Vec<String>,
    /// The review part of its result, as the last plan has it.
    pub review: Option<ReviewResult>,
    /// The last result of its check.
    pub judged: Option<Judged>,
    pub state: UnitState,
}

/// The result of the check of a unit's change.
pub(crate) struct Judged {
    /// The branch's commit that the change was compared with.
    pub head: Option<Oid>,
    /// Why it must not be committed.
    pub refusal: Option<Refusal>,
}

/// Whether a unit has an outcome.
pub(crate) enum UnitState {
    /// It goes into the next round.
    Pending(Pending),
    /// It has its outcome.
    Settled(Settled),
}

/// The state from earlier rounds of a unit without an outcome.
#[derive(Default)]
pub(crate) struct Pending {
    /// The last commit that was sent for it. The push may have been accepted although its answer was lost.
    pub sent: Option<PlannedCommit>,
    /// The last message of the server about it.
    pub message: String,
    /// The number of pushes in a row with which the server refused it although its branch had not changed, and the last refusal.
    pub refusals: u32,
    pub refusal: Option<Refusal>,
    /// The commit that the branch had then.
    pub refused_at: Option<Oid>,
}

/// The outcome of a unit.
pub(crate) struct Settled {
    pub outcome: Outcome,
    pub commit: Option<Oid>,
    pub changes: Vec<Change>,
}

impl<'a> UnitRun<'a> {
    pub(crate) fn new(unit: &'a Unit) -> Self {
        let state = UnitState::Pending(Pending::default());
        Self { unit, attempts: 0, server_messages: Vec::new(), review: None, judged: None, state }
    }

    /// Whether the check has to be asked about a change of the branch at this commit.
    pub(crate) fn is_unjudged(&self, head: Option<Oid>) -> bool {
        self.unit.check.is_some() && self.judged.as_ref().is_none_or(|judged| judged.head != head)
    }

    /// Why the check does not let the unit change the branch at this commit.
    pub(crate) fn refused_by_check(&self, head: Option<Oid>) -> Option<Refusal> {
        self.judged.as_ref().filter(|judged| judged.head == head)?.refusal.clone()
    }

    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.state, UnitState::Pending(_))
    }

    /// The commit that was sent in an earlier round.
    pub(crate) fn sent(&self) -> Option<&PlannedCommit> {
        match &self.state {
            UnitState::Pending(pending) => pending.sent.as_ref(),
            UnitState::Settled(_) => None,
        }
    }

    /// Whether its outcome is a commit.
    pub(crate) fn is_committed(&self) -> bool {
        matches!(&self.state, UnitState::Settled(Settled { outcome: Outcome::Committed { .. }, .. }))
    }

    /// The branch's commit, if the unit is settled.
    pub(crate) fn settled_commit(&self) -> Option<Oid> {
        match &self.state {
            UnitState::Pending(_) => None,
            UnitState::Settled(settled) => settled.commit,
        }
    }

    /// The number of pushes in a row with which the server refused it although its branch had not changed.
    pub(crate) fn refusals(&self) -> u32 {
        match &self.state {
            UnitState::Pending(pending) => pending.refusals,
            UnitState::Settled(_) => 0,
        }
    }

    /// The server refused it, and its branch has this commit. It is pushed once more to make sure, unless this has happened `most` times in a row
    /// without a change of the branch.
    pub(crate) fn refuse_after(&mut self, most: u32, branch: Option<Oid>, refusal: Refusal) {
        if let UnitState::Pending(pending) = &mut self.state {
            if std::mem::replace(&mut pending.refused_at, branch) != branch {
                pending.refusals = 0;
            }
            pending.refusals += 1;
            if pending.refusals >= most {
                self.refuse(refusal);
            } else {
                pending.refusal = Some(refusal);
            }
        }
    }

    /// Its branch has changed, so what the server refused before says nothing about the next push.
    pub(crate) fn forget_refusals(&mut self) {
        if let UnitState::Pending(pending) = &mut self.state {
            pending.refusals = 0;
            pending.refusal = None;
        }
    }

    /// A commit is about to be sent.
    pub(crate) fn remember(&mut self, commit: &PlannedCommit) {
        if let UnitState::Pending(pending) = &mut self.state {
            pending.sent = Some(commit.clone());
        }
    }

    /// Ends the unit with an outcome and the branch's commit.
    pub(crate) fn settle(&mut self, outcome: Outcome, commit: Option<Oid>) {
        self.state = UnitState::Settled(Settled { outcome, commit, changes: Vec::new() });
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.settle(Outcome::Refused(refusal), None);
    }

    /// Ends the unit with a commit; `new` and `old` are the ids that the commit and its parent have at the remote.
    pub(crate) fn commit(&mut self, new: Oid, old: Option<Oid>, changes: Vec<Change>) {
        let outcome = Outcome::Committed { old: old.map(|id| id.to_string()), new: new.to_string() };
        self.state = UnitState::Settled(Settled { outcome, commit: Some(new), changes });
    }

    /// Ends the unit, whose branch was deleted.
    pub(crate) fn deleted(&mut self, old: Option<Oid>, changes: Vec<Change>) {
        let outcome = Outcome::Deleted { old: old.map(|id| id.to_string()) };
        self.state = UnitState::Settled(Settled { outcome, commit: None, changes });
    }

    /// The unit goes into another round; `message` is the message of the server. One that only refers to other refs of the push does not
    /// replace the reason.
    pub(crate) fn retry(&mut self, message: &str) {
        if let UnitState::Pending(pending) = &mut self.state
            && (pending.message.is_empty() || !is_atomic_failure(message))
        {
            message.clone_into(&mut pending.message);
        }
    }

    /// The result after `attempts` rounds.
    pub(crate) fn into_result(self, attempts: u32) -> UnitResult {
        let settled = match self.state {
            UnitState::Settled(settled) => settled,
            UnitState::Pending(Pending { message, refusal, .. }) => {
                let refusal = refusal.unwrap_or(Refusal::TooManyAttempts { attempts, message });
                let outcome = Outcome::Refused(refusal);
                Settled { outcome, commit: None, changes: Vec::new() }
            }
        };
        let refused = matches!(settled.outcome, Outcome::Refused(_));
        UnitResult {
            unit: self.unit.name.clone(),
            branch: self.unit.branch.clone(),
            outcome: settled.outcome,
            commit: settled.commit.map(|id| id.to_string()),
            changes: settled.changes,
            attempts: self.attempts,
            server_messages: self.server_messages,
            not_announced: None,
            reviewed: self.review.filter(|_| !refused),
        }
    }
}

/// What a delivery has reached so far.
pub(crate) struct Progress<'a> {
    pub units: Vec<UnitRun<'a>>,
    /// Notes for commits that are in their branches already.
    pub owed_notes: BTreeMap<Oid, Note>,
    /// The ids that our commits have at the remote, where these differ.
    pub renamed: BTreeMap<Oid, Oid>,
    /// Where the order is kept.
    pub order: OrderPlace,
    /// The message of a remote that refuses notes.
    pub notes_refused: Option<String>,
    /// The branches that the last round read, if it ended because one of them or a record changed concurrently.
    pub lost_heads: Option<BTreeMap<String, Oid>>,
    /// The pending units, by index, that this round leaves to the next one. See [`Progress::hold_back`].
    pub held_back: BTreeSet<usize>,
    /// Whether another round follows at once, since the remote lacks something that this one was planned with.
    pub restart: bool,
    /// The first commits of branches that this delivery created for others to start from.
    pub started: BTreeSet<Oid>,
    /// The branches that the remote does not let it create.
    pub not_started: BTreeSet<String>,
    /// Whether the remote accepted the order ref in this delivery.
    pub order_accepted: bool,
    /// Whether the notes have a push of their own, since the server answers for a push as a whole.
    pub notes_apart: bool,
    /// The number of refs that the server takes in one push.
    pub max_refs: Option<usize>,
    /// The number of pushes in a row that the server rejected, and none of whose refs had changed.
    pub rejected_pushes: u32,
    /// The number of rounds in a row that were rejected as a concurrent update although no ref had changed.
    pub unchanged_rounds: u32,
    /// The order ref that was locked in the last rounds.
    locked_order: LockedOrder,
}

/// The value of the order ref while the server rejects updates of it, and the number of rounds in which it did.
#[derive(Default)]
struct LockedOrder {
    value: Option<Oid>,
    rounds: u32,
}

/// Where the order of deliveries is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderPlace {
    /// In the order ref, which is moved with the branches in one atomic push.
    Ref,
    /// In the record on the branch alone: the remote has no atomic push, or does not take the order ref.
    Branch,
}

impl<'a> Progress<'a> {
    /// `max_refs` is the configured number of refs in one push. If that is one, a branch and the order cannot be pushed together.
    pub(crate) fn new(units: Vec<&'a Unit>, max_refs: Option<usize>) -> Self {
        let units = units.into_iter().map(UnitRun::new).collect();
        Self {
            units,
            owed_notes: BTreeMap::new(),
            renamed: BTreeMap::new(),
            order: if max_refs == Some(1) { OrderPlace::Branch } else { OrderPlace::Ref },
            notes_refused: None,
            lost_heads: None,
            held_back: BTreeSet::new(),
            restart: false,
            started: BTreeSet::new(),
            not_started: BTreeSet::new(),
            order_accepted: false,
            notes_apart: false,
            max_refs,
            rejected_pushes: 0,
            unchanged_rounds: 0,
            locked_order: LockedOrder::default(),
        }
    }

    /// The server rejected an update of the order ref, which has this value, as if it were locked. Returns the number of rounds in a row in which
    /// it did so for the same value: while others move the ref, its lock is not a stale one.
    pub(crate) fn order_is_locked(&mut self, value: Option<Oid>) -> u32 {
        if self.locked_order.value != value {
            self.locked_order = LockedOrder { value, rounds: 0 };
        }
        self.locked_order.rounds += 1;
        self.locked_order.rounds
    }

    /// Whether every unit has its outcome and every note is written.
    pub(crate) fn is_settled(&self) -> bool {
        self.units.iter().all(|run| !run.is_pending()) && self.owed_notes.is_empty()
    }

    /// After a lost round, holds back the units whose branches changed since, for one round, if those of others did not. A server does not
    /// have to say which ref of an atomic push was late, so all of them were lost. The others are not lost again with a branch that keeps
    /// changing.
    pub(crate) fn hold_back(&mut self, state: &RemoteState) {
        self.held_back.clear();
        let Some(before) = self.lost_heads.take() else { return };
        let changed = |branch: &str| before.get(branch).copied() != state.head(branch);
        let is_changed =
            |unit: &Unit| changed(&unit.branch) || unit.topic.as_ref().is_some_and(|topic| changed(&topic.branch));
        let pending = self.units.iter().enumerate().filter(|(_, run)| run.is_pending());
        let (held_back, others): (BTreeSet<usize>, BTreeSet<usize>) =
            pending.map(|(index, _)| index).partition(|&index| is_changed(self.units[index].unit));
        if !others.is_empty() {
            self.held_back = held_back;
        }
    }

    /// Whether only units that this round held back are left.
    pub(crate) fn only_held_back_is_left(&self) -> bool {
        let mut pending = self.units.iter().enumerate().filter(|(_, run)| run.is_pending());
        !self.held_back.is_empty()
            && self.owed_notes.is_empty()
            && pending.all(|(index, _)| self.held_back.contains(&index))
    }

    /// The id that a commit has at the remote.
    pub(crate) fn at_remote(&self, commit: Oid) -> Oid {
        self.renamed.get(&commit).copied().unwrap_or(commit)
    }
}

/// What a round read from the remote. The objects behind the ids are in the object store.
#[derive(Clone, Debug, Default)]
pub(crate) struct RemoteState {
    /// The branches that the pending units name, and their commits.
    pub heads: BTreeMap<String, Oid>,
    /// The notes ref.
    pub notes: Option<RefTip>,
    /// The order ref.
    pub order: Option<RefTip>,
    /// What requests propose, if the server shows that (`refs/pull/N/head`); read only if a unit needs it.
    pub pulls: BTreeSet<Oid>,
    /// Whether pushed commits get another id at the remote.
    pub renames_commits: bool,
}

/// The commit of a ref and its tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefTip {
    pub commit: Oid,
    pub tree: Oid,
}

impl RemoteState {
    /// The commit that a unit's commit is based on: the branch's, or the one that a new branch starts from.
    pub(crate) fn base(&self, unit: &Unit) -> Option<Oid> {
        let candidates = [Some(&unit.branch), unit.active.as_ref(), unit.start_from.as_ref()];
        candidates.into_iter().flatten().find_map(|branch| self.head(branch))
    }

    /// Whether all refs point to the commits that they have in `other`.
    pub(crate) fn has_tips_of(&self, other: &Self) -> bool {
        let commit = |tip: &Option<RefTip>| tip.map(|tip| tip.commit);
        self.heads == other.heads
            && commit(&self.notes) == commit(&other.notes)
            && commit(&self.order) == commit(&other.order)
    }

    /// The commit of a branch.
    pub(crate) fn head(&self, branch: &str) -> Option<Oid> {
        self.heads.get(branch).copied()
    }
}

/// What a round does.
pub(crate) enum RoundPlan {
    /// Creates branches that units need before they are delivered: the missing targets of reviewed units, and the missing branches that
    /// others propose changes to. The units themselves wait for the next round.
    StartBranches(Vec<BranchStart>),
    /// Delivers.
    Deliver(Vec<BranchPlan>),
}

/// A branch without files, so that a review has something to compare with.
pub(crate) struct BranchStart {
    pub branch: String,
    pub commit: Oid,
    /// The reviewed units that need it as their target, by index. The others are delivered without it, too.
    pub units: Vec<usize>,
    pub objects: Vec<Oid>,
}

/// What a round does to one branch.
pub(crate) struct BranchPlan {
    pub branch: String,
    /// Its commit now.
    pub old: Option<Oid>,
    /// Its commit after the push; `None` if it is deleted.
    pub new: Option<Oid>,
    /// The units that are settled with it, in the order of their commits.
    pub units: Vec<PlannedUnit>,
    /// The new objects.
    pub objects: Vec<Oid>,
    /// The notes that change, by their commits: those on the new commits, or on `new`, and on a topic branch that the target contains.
    pub notes: BTreeMap<Oid, Note>,
    pub role: BranchRole,
}

/// What a branch is for its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BranchRole {
    /// The branch that they are delivered to.
    Target,
    /// The topic branch of this unit.
    Topic(usize),
    /// The topic branch of this unit, whose change is withdrawn.
    Withdrawal(usize),
}

/// A unit in a plan.
pub(crate) struct PlannedUnit {
    /// Its index among the delivery's units.
    pub unit: usize,
    pub action: Action,
    /// The review part of its result, if the push succeeds.
    pub review: Option<ReviewResult>,
}

/// What is done for a unit.
pub(crate) enum Action {
    /// A commit is pushed.
    Commit(PlannedCommit),
    /// The note is updated.
    Note,
    /// Nothing; the branch holds the output already.
    Unchanged,
    /// The branch holds the commit of an earlier round, whose answer was lost. The order ref is updated if that is missing.
    Recovered(PlannedCommit),
    /// Nothing, for this reason.
    Refuse(Refusal),
}

/// A commit for a unit.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCommit {
    pub commit: Oid,
    pub parent: Option<Oid>,
    pub changes: Vec<Change>,
}

impl BranchPlan {
    /// Whether it has a commit for a unit.
    pub(crate) fn has_commits(&self) -> bool {
        self.units.iter().any(|planned| matches!(planned.action, Action::Commit(_)))
    }

    pub(crate) fn is_withdrawal(&self) -> bool {
        matches!(self.role, BranchRole::Withdrawal(_))
    }

    /// The full name of the ref.
    pub(crate) fn ref_name(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// The ref update that is pushed, if the branch moves.
    pub(crate) fn update(&self) -> Option<RefUpdate> {
        let moves = (self.has_commits() || self.is_withdrawal()) && self.new != self.old;
        moves.then(|| RefUpdate { name: self.ref_name(), old: self.old, new: self.new })
    }
}
