//! Plans reviewed units: what the target means for a unit, and what is pushed to its topic branch.
//!
//! A topic branch only moves forward. It continues while the target holds of the unit what it held when the change was proposed (`base`
//! in the record). If the target has changed since, by a squash merge for instance, the next commit has the target as its second parent.
//! See docs/decisions/review-branches.md.

use std::collections::BTreeMap;

use git2::Oid;

use super::commit::{self, NewCommit};
use super::contents;
use super::plan::{BranchTip, Planner};
use super::read::tree_of;
use super::{Action, BranchPlan, BranchRole, OrderPlace, PlannedCommit, PlannedUnit};
use crate::decide::{self, BranchState, Decision, FolderState, NewTree};
use crate::error::DeliverError;
use crate::metadata::{self, METADATA, Record, TreeFile};
use crate::notes::Note;
use crate::order::{self, LastDelivery};
use crate::order_ref::Entry;
use crate::outcome::{ReviewResult, TopicState};
use crate::refusal::Refusal;
use crate::unit::{TargetContent, Topic, Unit};

/// The plan for a reviewed unit.
#[derive(Default)]
pub(super) struct ReviewedPlan {
    /// The unit, if it is settled on the target.
    pub on_target: Option<PlannedUnit>,
    /// What happens to its topic branch, if anything does.
    pub topic: Option<BranchPlan>,
    /// The note on the commit of a topic branch that the target contains: GitOps Promoter reads this one.
    pub notes: BTreeMap<Oid, Note>,
}

/// A change that waits on a topic branch.
struct Waiting {
    head: Oid,
    tree: Oid,
    note: Note,
    /// Whether it is based on what the target holds of the unit now.
    based: bool,
    /// Files that no delivery wrote and the target lacks: a commit that starts from the target would drop them.
    unmanaged: Vec<String>,
    /// Whether deliveries made everything that waits there.
    ours: bool,
}

/// A unit's target.
struct Target {
    head: Option<Oid>,
    tree: Option<Oid>,
    /// The hash over what it holds of the unit.
    content: String,
}

/// What a topic branch gets.
enum Proposal<'w> {
    /// A commit with this tree and these parents.
    Commit { new: NewTree, parents: Vec<Oid> },
    /// At most a note: the topic branch has the change.
    Keep(&'w Waiting, Action),
    /// Nothing, for this reason.
    Refuse(Refusal),
}

/// A topic branch with its unit and target.
struct Review<'a> {
    index: usize,
    unit: &'a Unit,
    topic: &'a Topic,
    /// The unit's entry in the order ref.
    order: Option<Entry>,
    /// The topic branch's commit.
    head: Option<Oid>,
    target: Target,
}

impl<'a> Planner<'a> {
    /// Plans a reviewed unit. `head` is the target's commit and `note` the one on it.
    pub(super) fn review(
        &mut self,
        index: usize,
        head: Option<Oid>,
        note: &Note,
    ) -> Result<ReviewedPlan, DeliverError> {
        let unit = self.units[index].unit;
        let Some(topic) = &unit.topic else { return Ok(ReviewedPlan::default()) };
        let tree = head.map(|head| tree_of(self.store, head)).transpose()?;
        let target = Target { head, tree, content: self.content(unit, tree)? };
        let order = self.order_entry(unit)?;
        let review = Review { index, unit, topic, order, head: self.state.head(&topic.branch), target };
        let waiting = self.waiting(&review)?;
        if let Some(waiting) = &waiting
            && let Some(refusal) = self.protected(&review, waiting)?
        {
            return Ok(review.refused(refusal));
        }
        let recording = waiting.as_ref().map(|waiting| waiting.tree).or(tree);
        let record = recording.map(|tree| decide::folder_state(self.store, unit, tree)).transpose()?;
        let record = record.and_then(FolderState::record);
        if let Some(refusal) = decide::reassigned(unit, record.as_ref()) {
            let planned = PlannedUnit { unit: index, action: Action::Refuse(refusal), review: None };
            return Ok(ReviewedPlan { on_target: Some(planned), ..ReviewedPlan::default() });
        }
        let branch = BranchState {
            tree,
            note,
            order: review.order.as_ref(),
            base: Some(&review.target.content),
            // Nothing is committed to a target without a review.
            records_in_branch: false,
        };
        let action = match self.decide(unit, &branch)? {
            Decision::Refuse(refusal) => {
                let planned = PlannedUnit { unit: index, action: Action::Refuse(refusal), review: None };
                return Ok(ReviewedPlan { on_target: Some(planned), ..ReviewedPlan::default() });
            }
            Decision::Unchanged => self.unchanged(index, head),
            Decision::Note => self.noted_or_recovered(index, head),
            Decision::Commit(new) => {
                if let Some(refusal) = self.units[index].refused_by_check(head) {
                    let planned = PlannedUnit { unit: index, action: Action::Refuse(refusal), review: None };
                    return Ok(ReviewedPlan { on_target: Some(planned), ..ReviewedPlan::default() });
                }
                return self.propose(&review, waiting.as_ref(), new);
            }
        };
        let notes = if waiting.is_none() { self.merged_note(&review)? } else { BTreeMap::new() };
        // The note is written with the order, which only an action other than `Unchanged` does.
        let action = if matches!(action, Action::Unchanged) && !notes.is_empty() { Action::Note } else { action };
        let state = if waiting.is_some() { TopicState::Left } else { TopicState::Settled };
        let on_target = Some(PlannedUnit { unit: index, action, review: Some(review.result(state)) });
        let withdrawn = waiting.filter(|waiting| waiting.ours);
        let topic = withdrawn.map(|waiting| self.withdraw(&review, &waiting)).transpose()?;
        Ok(ReviewedPlan { on_target, topic, notes })
    }

    /// Plans the retirement of a reviewed unit whose branch is deleted: no request can ask for that. Its topic branch is deleted, too.
    pub(super) fn retire_reviewed(
        &mut self,
        index: usize,
        head: Option<Oid>,
        tip: &mut BranchTip,
        objects: &mut Vec<Oid>,
    ) -> Result<ReviewedPlan, DeliverError> {
        let unit = self.units[index].unit;
        let Some(topic) = &unit.topic else { return Ok(ReviewedPlan::default()) };
        let tree = head.map(|head| tree_of(self.store, head)).transpose()?;
        let target = Target { head, tree, content: self.content(unit, tree)? };
        let review = Review { index, unit, topic, order: None, head: self.state.head(&topic.branch), target };
        let waiting = self.waiting(&review)?.filter(|waiting| !waiting.unmanaged.is_empty() && !unit.adopt);
        if let Some(waiting) = waiting {
            let cause = Box::new(Refusal::UnmanagedFiles { files: waiting.unmanaged });
            return Ok(review.refused(Refusal::Retirement { cause }));
        }
        let action = self.unit(index, head, tip, objects)?;
        if matches!(action, Action::Refuse(_)) {
            let on_target = Some(PlannedUnit { unit: index, action, review: None });
            return Ok(ReviewedPlan { on_target, ..ReviewedPlan::default() });
        }
        let on_target = Some(PlannedUnit { unit: index, action, review: Some(review.result(TopicState::Settled)) });
        let role = BranchRole::Withdrawal(index);
        let topic = review.head.map(|_| BranchPlan { role, ..review.plan(None) });
        Ok(ReviewedPlan { on_target, topic, ..ReviewedPlan::default() })
    }

    /// The change that waits on the topic branch; `None` if the target holds it, whichever way it was merged.
    fn waiting(&self, review: &Review<'_>) -> Result<Option<Waiting>, git2::Error> {
        let Some(head) = review.head else { return Ok(None) };
        let (unit, target) = (review.unit, &review.target);
        let commit = self.store.repository().find_commit(head)?;
        let tree = commit.tree_id();
        if self.is_merged(head, target)? || self.content(unit, Some(tree))? == target.content {
            return Ok(None);
        }
        let record = decide::folder_state(self.store, unit, tree)?.record();
        let base = record.as_ref().and_then(|record| record.base.as_ref());
        let unmanaged = self.unmanaged(unit, tree, target)?;
        let has_target = target.head.is_some_and(|target| commit.parent_ids().any(|parent| parent == target));
        Ok(Some(Waiting {
            head,
            tree,
            note: self.note_on(Some(head))?,
            based: has_target || base.is_some_and(|base| *base == target.content),
            ours: unmanaged.is_empty() && base.is_some() && self.is_intact(unit, tree, record.as_ref())?,
            unmanaged,
        }))
    }

    /// Whether the target is this commit, or was last merged with it.
    fn is_merged(&self, head: Oid, target: &Target) -> Result<bool, git2::Error> {
        let Some(target) = target.head else { return Ok(false) };
        let commit = self.store.repository().find_commit(target)?;
        Ok(target == head || commit.parent_ids().any(|parent| parent == head))
    }

    /// The note on the topic branch's commit, if that is another one than the target's, holds the same of the unit, and its note is behind.
    fn merged_note(&self, review: &Review<'_>) -> Result<BTreeMap<Oid, Note>, git2::Error> {
        let Some(head) = review.head.filter(|_| review.head != review.target.head) else { return Ok(BTreeMap::new()) };
        let tree = tree_of(self.store, head)?;
        let same = self.content(review.unit, Some(tree))? == review.target.content;
        let is_current = self.note_on(Some(head))?.sha(&review.unit.folder) == Some(&review.unit.source.dry_sha);
        Ok(if same && !is_current { review.notes(head) } else { BTreeMap::new() })
    }

    /// The hash over the record and the files of the unit in a tree.
    fn content(&self, unit: &Unit, tree: Option<Oid>) -> Result<String, git2::Error> {
        metadata::content_hash(&contents::unit_files(self.store, unit, tree)?)
    }

    /// Why the waiting change must not be replaced: it is newer, a rollback, or not made by a delivery.
    fn protected(&self, review: &Review<'_>, waiting: &Waiting) -> Result<Option<Refusal>, git2::Error> {
        let unit = review.unit;
        let record = match decide::folder_state(self.store, unit, waiting.tree)? {
            FolderState::New => None,
            FolderState::Recorded(record) => Some(*record),
            FolderState::Refused(refusal) => return Ok(Some(refusal)),
        };
        let hold = record.as_ref().and_then(|record| record.hold.clone());
        let held = hold.filter(|_| unit.hold.is_none() && !unit.release).map(|reason| Refusal::Held { reason });
        let last = LastDelivery { record: record.as_ref(), note: &waiting.note, order: None };
        Ok(order::violation(unit, last, self.options).or(held))
    }

    /// The output differs from the target: a commit for the topic branch, unless the topic branch has it. `new` is based on the target.
    fn propose(
        &mut self,
        review: &Review<'_>,
        waiting: Option<&Waiting>,
        mut new: NewTree,
    ) -> Result<ReviewedPlan, DeliverError> {
        let previous = new.previous.take();
        let (mut new, parents) = match self.proposal(review, waiting, new)? {
            Proposal::Commit { new, parents } => (new, parents),
            Proposal::Keep(waiting, action) => return Ok(Self::keep(review, waiting, action)),
            Proposal::Refuse(refusal) => return Ok(review.refused(refusal)),
        };
        let context = commit::context(self.store, review.target.head, previous, new.changes.clone())?;
        let message = review.unit.message.render(&context);
        let commit = NewCommit { tree: new.tree, parents: &parents, message: &message };
        let commit = commit::write(self.store, self.options, review.unit, &commit, &mut new.objects)?;
        let action = Action::Commit(PlannedCommit { commit, parent: review.head, changes: new.changes });
        let planned = review.planned(action, TopicState::Waiting);
        let (notes, objects) = (review.notes(commit), new.objects);
        let plan = BranchPlan { units: vec![planned], objects, notes, ..review.plan(Some(commit)) };
        Ok(ReviewedPlan { topic: Some(plan), ..ReviewedPlan::default() })
    }

    /// Decides what the topic branch gets: a commit on the waiting change if that is based on the target, otherwise `new` on the target.
    fn proposal<'w>(
        &mut self,
        review: &Review<'_>,
        waiting: Option<&'w Waiting>,
        new: NewTree,
    ) -> Result<Proposal<'w>, DeliverError> {
        let target = &review.target;
        let parents = || review.head.into_iter().chain(target.head).collect();
        let Some(waiting) = waiting else {
            let merged = review.head.map(|head| self.is_merged(head, target)).transpose()?.unwrap_or(false);
            // A target that contains the topic branch is a step forward for both.
            let parents = if merged { target.head.into_iter().collect() } else { parents() };
            return Ok(Proposal::Commit { new, parents });
        };
        if !waiting.based {
            let drops = !waiting.unmanaged.is_empty() && !review.unit.adopt;
            return Ok(if drops {
                Proposal::Refuse(Refusal::WouldDropFiles { files: waiting.unmanaged.clone() })
            } else {
                Proposal::Commit { new, parents: parents() }
            });
        }
        let branch = BranchState {
            tree: Some(waiting.tree),
            note: &waiting.note,
            order: review.order.as_ref(),
            base: Some(&target.content),
            records_in_branch: self.order == OrderPlace::Branch,
        };
        Ok(match self.decide(review.unit, &branch)? {
            Decision::Refuse(refusal) => Proposal::Refuse(refusal),
            Decision::Unchanged => Proposal::Keep(waiting, self.unchanged(review.index, review.head)),
            Decision::Note => Proposal::Keep(waiting, self.noted_or_recovered(review.index, review.head)),
            Decision::Commit(new) => Proposal::Commit { new, parents: vec![waiting.head] },
        })
    }

    /// The change waits on the topic branch already: at most its note is updated.
    fn keep(review: &Review<'_>, waiting: &Waiting, action: Action) -> ReviewedPlan {
        let is_noted = matches!(action, Action::Note);
        let notes = if is_noted { review.notes(waiting.head) } else { BTreeMap::new() };
        let planned = review.planned(action, TopicState::Waiting);
        let plan = BranchPlan { units: vec![planned], notes, ..review.plan(review.head) };
        ReviewedPlan { topic: Some(plan), ..ReviewedPlan::default() }
    }

    /// The files of a tree that no delivery of the unit wrote and the target lacks.
    fn unmanaged(&self, unit: &Unit, tree: Oid, target: &Target) -> Result<Vec<String>, git2::Error> {
        let ours = contents::unit_files(self.store, unit, Some(tree))?;
        let paths = self.store.paths(tree, usize::MAX);
        // While the retirement of a unit waits, that of another one may have been merged: the target lacks its files then.
        let records = paths.iter().filter(|_| unit.retirement.is_some());
        let others: Vec<&str> = records.filter_map(|path| path.strip_suffix(&format!("/{METADATA}"))).collect();
        let of_others = |path: &str| {
            others.iter().any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
        };
        let is_unmanaged = |path: &&String| {
            let delivered = ours.iter().any(|file| file.path == **path) || of_others(path);
            let in_target = target.tree.is_some_and(|tree| self.store.entry(tree, path).is_some());
            !delivered && !in_target
        };
        Ok(paths.iter().filter(is_unmanaged).cloned().collect())
    }

    /// Whether the files in a tree are the ones that their record describes.
    fn is_intact(&self, unit: &Unit, tree: Oid, record: Option<&Record>) -> Result<bool, git2::Error> {
        let Some(record) = record else { return Ok(false) };
        let files = record.files.iter().flatten().filter_map(|path| {
            let (id, mode) = self.store.entry(tree, &unit.in_branch(path))?;
            Some(TreeFile { path: path.clone(), id, mode })
        });
        let content = metadata::content_hash(&files.collect::<Vec<_>>())?;
        Ok(record.content.as_ref() == Some(&content))
    }

    /// The target holds the output, so the change on the topic branch is withdrawn: the branch is deleted, or set back by a commit to what
    /// the target holds.
    fn withdraw(&self, review: &Review<'_>, waiting: &Waiting) -> Result<BranchPlan, DeliverError> {
        let role = BranchRole::Withdrawal(review.index);
        let Some(tree) = review.target.tree.filter(|_| !review.topic.closes_on_branch_delete) else {
            return Ok(BranchPlan { role, ..review.plan(None) });
        };
        let mut objects = Vec::new();
        let message = format!("withdraw the change: {} holds the output already", review.unit.branch);
        let parents: Vec<Oid> = std::iter::once(waiting.head).chain(review.target.head).collect();
        let new = NewCommit { tree, parents: &parents, message: &message };
        let commit = commit::write(self.store, self.options, review.unit, &new, &mut objects)?;
        Ok(BranchPlan { role, objects, notes: review.notes(commit), ..review.plan(Some(commit)) })
    }
}

impl Review<'_> {
    /// The note on a commit of the topic branch. The branch belongs to this unit.
    fn notes(&self, commit: Oid) -> BTreeMap<Oid, Note> {
        let sha = &self.unit.source.dry_sha;
        BTreeMap::from([(commit, Note::default().with(&self.unit.folder, sha, sha))])
    }

    fn refused(&self, cause: Refusal) -> ReviewedPlan {
        let refusal = Refusal::Topic { branch: self.topic.branch.clone(), cause: Box::new(cause) };
        let planned = PlannedUnit { unit: self.index, action: Action::Refuse(refusal), review: None };
        ReviewedPlan { on_target: Some(planned), ..ReviewedPlan::default() }
    }

    fn planned(&self, action: Action, state: TopicState) -> PlannedUnit {
        PlannedUnit { unit: self.index, action, review: Some(self.result(state)) }
    }

    /// A plan that moves the topic branch to `new`.
    fn plan(&self, new: Option<Oid>) -> BranchPlan {
        BranchPlan {
            branch: self.topic.branch.clone(),
            old: self.head,
            new,
            units: Vec::new(),
            objects: Vec::new(),
            notes: BTreeMap::new(),
            role: BranchRole::Topic(self.index),
        }
    }

    fn result(&self, state: TopicState) -> ReviewResult {
        ReviewResult {
            topic: self.topic.branch.clone(),
            state,
            target: self.target.head.map(|id| id.to_string()),
            head: self.head.map(|id| id.to_string()),
            target_content: TargetContent::default(),
            message: None,
        }
    }
}
