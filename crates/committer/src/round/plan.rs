//! Plans a round: what was read from the remote becomes what is to be pushed. Pure, except that it builds objects in the object store.

use std::collections::{BTreeMap, BTreeSet};

use git::ObjectStore;
use git2::Oid;

use super::commit::{self, NewCommit};
use super::read::tree_of;
use super::{Action, BranchPlan, BranchRole, OrderPlace, PlannedCommit, PlannedUnit, RemoteState, RoundPlan, UnitRun};
use crate::branch_record;
use crate::decide::{self, BranchState, Decision, NewTree};
use crate::error::DeliverError;
use crate::notes::{self, Note};
use crate::options::Options;
use crate::order;
use crate::order_ref::{self, Entry};
use crate::refusal::Refusal;
use crate::retire;
use crate::unit::Unit;

/// Everything that a plan is made of.
pub(crate) struct Planner<'a> {
    pub store: &'a mut ObjectStore,
    pub options: &'a Options<'a>,
    pub units: &'a [UnitRun<'a>],
    pub state: &'a RemoteState,
    pub order: OrderPlace,
    /// The pending units, by index, that wait for the next round.
    pub held_back: &'a BTreeSet<usize>,
    /// The first commits of branches that this delivery created.
    pub started: &'a BTreeSet<Oid>,
    /// The branches that the remote does not let it create.
    pub not_started: &'a BTreeSet<String>,
}

/// A branch while its units are planned one after the other.
pub(super) struct BranchTip {
    pub(super) head: Option<Oid>,
    note: Note,
}

impl<'a> Planner<'a> {
    /// Plans a round for the pending units.
    ///
    /// # Errors
    /// A commit could not be built or signed.
    pub(crate) fn plan(mut self) -> Result<RoundPlan, DeliverError> {
        if !self.options.dry_run {
            let starts = self.starts()?;
            if !starts.is_empty() {
                return Ok(RoundPlan::StartBranches(starts));
            }
        }
        let mut plans = Vec::new();
        for (branch, units) in self.pending_by_branch() {
            plans.extend(self.branch(branch, &units)?);
        }
        if !self.options.dry_run {
            let starts = self.late_starts(&plans)?;
            if !starts.is_empty() {
                return Ok(RoundPlan::StartBranches(starts));
            }
        }
        if self.options.atomic {
            self.hold_back(&mut plans);
        }
        Ok(RoundPlan::Deliver(plans))
    }

    /// The indexes of the pending units that are not held back by branch, in the order in which they were given.
    pub(super) fn pending_by_branch(&self) -> BTreeMap<&'a str, Vec<usize>> {
        let mut branches: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, run) in self.units.iter().enumerate() {
            if run.is_pending() && !self.held_back.contains(&index) {
                branches.entry(&run.unit.branch).or_default().push(index);
            }
        }
        branches
    }

    /// Plans the units of a branch one after the other, each on the result of the one before. Reviewed units are planned on what the
    /// branch holds now, each with a topic branch of its own.
    fn branch(&mut self, branch: &str, units: &[usize]) -> Result<Vec<BranchPlan>, DeliverError> {
        let old = self.state.head(branch);
        let head = units.first().and_then(|&index| self.state.base(self.units[index].unit));
        let read = self.note_on(head)?;
        let mut tip = BranchTip { head, note: read.clone() };
        let mut plan = BranchPlan {
            branch: branch.to_owned(),
            old,
            new: head,
            units: Vec::new(),
            objects: Vec::new(),
            notes: BTreeMap::new(),
            role: BranchRole::Target,
        };
        let mut topics = Vec::new();
        for &index in units {
            let unit = self.units[index].unit;
            let deletes_branch = unit.retirement.is_some_and(|retirement| retirement.deletes_branch);
            let planned = if unit.topic.is_some() && deletes_branch {
                let planned = self.retire_reviewed(index, old, &mut tip, &mut plan.objects)?;
                topics.extend(planned.topic);
                planned.on_target
            } else if unit.topic.is_some() {
                let review = self.review(index, old, &read)?;
                topics.extend(review.topic);
                plan.notes.extend(review.notes);
                review.on_target
            } else {
                let action = self.unit(index, old, &mut tip, &mut plan.objects)?;
                Some(PlannedUnit { unit: index, action, review: None })
            };
            match &planned {
                Some(PlannedUnit { action: Action::Note, .. }) => tip.note = self.noted(index, tip.note, tip.head)?,
                Some(PlannedUnit { action: Action::Commit(planned), .. }) => {
                    tip.note = self.noted(index, tip.note, tip.head)?;
                    plan.notes.insert(planned.commit, tip.note.without_folders());
                }
                _ => {}
            }
            plan.units.extend(planned);
        }
        plan.new = tip.head;
        if self.is_to_be_deleted(&plan)? {
            plan = BranchPlan { new: None, objects: Vec::new(), notes: BTreeMap::new(), ..plan };
        } else if let Some(head) = tip.head.filter(|_| tip.note != read || plan.has_commits()) {
            plan.notes.insert(head, tip.note);
        }
        plan.notes.retain(|_, note| !note.dry_sha.is_empty());
        let plan = Some(plan).filter(|plan| !plan.units.is_empty());
        Ok(plan.into_iter().chain(topics).collect())
    }

    /// Whether the commits of a plan leave a branch without files that retired units may delete.
    fn is_to_be_deleted(&self, plan: &BranchPlan) -> Result<bool, git2::Error> {
        let Some(head) = plan.new.filter(|_| plan.has_commits() && plan.old.is_some()) else { return Ok(false) };
        let deletes = |planned: &PlannedUnit| {
            self.units[planned.unit].unit.retirement.is_some_and(|retirement| retirement.deletes_branch)
        };
        let tree = tree_of(self.store, head)?;
        Ok(plan.units.iter().all(deletes) && self.store.paths(tree, 1).is_empty())
    }

    /// Plans a unit that is delivered straight to its branch.
    pub(super) fn unit(
        &mut self,
        index: usize,
        old: Option<Oid>,
        tip: &mut BranchTip,
        objects: &mut Vec<Oid>,
    ) -> Result<Action, DeliverError> {
        let unit = self.units[index].unit;
        let tree = tip.head.map(|head| tree_of(self.store, head)).transpose()?;
        let order = self.order_entry(unit)?;
        let records_in_branch = self.order == OrderPlace::Branch;
        let branch = BranchState { tree, note: &tip.note, order: order.as_ref(), base: None, records_in_branch };
        let new = match self.decide(unit, &branch)? {
            Decision::Refuse(refusal) => return Ok(Action::Refuse(refusal)),
            Decision::Unchanged => return Ok(self.unchanged(index, old)),
            Decision::Note => return Ok(self.noted_or_recovered(index, old)),
            Decision::Commit(new) => match self.units[index].refused_by_check(old) {
                Some(refusal) => return Ok(Action::Refuse(refusal)),
                None => new,
            },
        };
        let NewTree { tree, changes, previous, objects: built } = new;
        objects.extend(built);
        let context = commit::context(self.store, tip.head, previous, changes.clone())?;
        let message = unit.message.render(&context);
        let unrelated = self.unrelated_active(index).filter(|_| tip.head == old);
        let parents: Vec<Oid> = tip.head.into_iter().chain(unrelated).collect();
        let new = NewCommit { tree, parents: &parents, message: &message };
        let commit = commit::write(self.store, self.options, unit, &new, objects)?;
        let parent = tip.head.replace(commit);
        Ok(Action::Commit(PlannedCommit { commit, parent, changes }))
    }

    /// Decides what to do for a unit.
    pub(super) fn decide(&mut self, unit: &Unit, branch: &BranchState<'_>) -> Result<Decision, git2::Error> {
        match unit.retirement {
            Some(retirement) => retire::decide(self.store, unit, retirement, branch, self.options),
            None => decide::decide(self.store, unit, branch, self.options),
        }
    }

    /// The note of the unit's branch with the unit's source commit. A rollback of one of several units does not become the source commit
    /// of the branch as a whole.
    fn noted(&self, index: usize, note: Note, tip: Option<Oid>) -> Result<Note, git2::Error> {
        let unit = self.units[index].unit;
        if unit.retirement.is_some() {
            return Ok(note.without(&unit.folder));
        }
        let tree = tip.map(|tip| tree_of(self.store, tip)).transpose()?;
        let is_alone = || tree.is_none_or(|tree| branch_record::is_alone(self.store, unit, tree));
        let is_newest = order::is_newest(unit, &note.dry_sha, is_alone, self.options.ancestors);
        let newest = if is_newest { unit.source.dry_sha.clone() } else { note.dry_sha.clone() };
        Ok(note.with(&unit.folder, &unit.source.dry_sha, &newest))
    }

    /// The branch holds the unit's output. If it got there by a push of an earlier round whose answer was lost, the commit counts as delivered.
    pub(super) fn unchanged(&self, index: usize, head: Option<Oid>) -> Action {
        self.recovered(index, head).unwrap_or(Action::Unchanged)
    }

    /// The branch holds the unit's output, and the order ref or the note does not name its source commit. After a push whose answer was lost,
    /// only the order ref is missing: the record of the commit names the source commit.
    pub(super) fn noted_or_recovered(&self, index: usize, head: Option<Oid>) -> Action {
        self.recovered(index, head).unwrap_or(Action::Note)
    }

    fn recovered(&self, index: usize, head: Option<Oid>) -> Option<Action> {
        let sent = self.units[index].sent().filter(|sent| head.is_some_and(|head| self.is_sent(sent, head)))?;
        Some(Action::Recovered(sent.clone()))
    }

    /// Whether `head` is the commit that was sent, or the one that the remote made of it.
    fn is_sent(&self, sent: &PlannedCommit, head: Oid) -> bool {
        let tree_and_parent = |id: Oid| {
            let commit = self.store.repository().find_commit(id).ok()?;
            Some((commit.tree_id(), commit.parent_id(0).ok()))
        };
        let made_of_it = || tree_and_parent(head) == tree_and_parent(sent.commit).map(|(tree, _)| (tree, sent.parent));
        head == sent.commit || self.state.renames_commits && made_of_it()
    }

    /// The unit's entry in the order ref.
    pub(super) fn order_entry(&self, unit: &Unit) -> Result<Option<Entry>, git2::Error> {
        match self.state.order {
            Some(order) => order_ref::read(self.store, order.tree, unit),
            None => Ok(None),
        }
    }

    /// The note on a commit; an empty one if there is none.
    pub(super) fn note_on(&self, commit: Option<Oid>) -> Result<Note, git2::Error> {
        let (Some(commit), Some(notes)) = (commit, self.state.notes) else { return Ok(Note::default()) };
        match notes::find(self.store, notes.tree, commit) {
            Some((_, blob)) => Ok(Note::parse(&self.store.blob(blob)?)),
            None => Ok(Note::default()),
        }
    }

    /// Applies `--atomic`: if a unit is refused, the others are not pushed.
    fn hold_back(&self, plans: &mut Vec<BranchPlan>) {
        let mut planned = plans.iter().flat_map(|plan| &plan.units);
        let refused = planned.find(|planned| matches!(planned.action, Action::Refuse(_)));
        let Some(refused) = refused.map(|planned| self.units[planned.unit].unit.name.clone()) else { return };
        plans.retain(|plan| !plan.is_withdrawal());
        for plan in plans {
            for planned in &mut plan.units {
                if matches!(planned.action, Action::Commit(_) | Action::Note) {
                    planned.action = Action::Refuse(Refusal::AtomicAborted { refused: refused.clone() });
                }
            }
            plan.notes.clear();
        }
    }
}
