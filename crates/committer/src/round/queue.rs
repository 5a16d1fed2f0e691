//! The pushes of a round: what is sent in which order.
//!
//! One atomic push takes all branches, the order ref and the notes, so that they agree. If branches must be split over several pushes, each of
//! them takes the order of its branches, and the notes follow in a push of their own. If commits get other ids at the remote, order and notes
//! follow. A topic branch whose request is made by push options has a push of its own too, since options hold for a whole push; the order ref
//! goes with it. A request by `refs/for/BRANCH` (AGit) follows the push of its topic branch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use git::{PushOptions, RefUpdate};
use git2::Oid;

use super::push::{NewRecord, PushContext, PushPart, PushRequest, RecordUpdate};
use super::{Action, BranchPlan, BranchRole, BranchStart, OrderPlace, Progress, RefTip, RemoteState};
use crate::notes::{self, NOTES, Note};
use crate::order_ref::{self, ORDER};
use crate::unit::RequestMethod;

/// The pushes of a round, one after the other. A later push can depend on the answers to earlier ones.
pub(crate) struct PushQueue {
    pub plans: Vec<BranchPlan>,
    pub starts: Vec<BranchStart>,
    /// The notes to write that are owed from earlier rounds, by the commit that they are on.
    pub owed: BTreeMap<Oid, Note>,
    /// What is tested or pushed next.
    pub(super) test_order: bool,
    /// The plans, by index, that are pushed together.
    pub(super) groups: VecDeque<Vec<usize>>,
    /// The other pushes.
    pub(super) parts: VecDeque<PushPart>,
    /// The plans, by index, whose branches and order were accepted.
    pub(super) accepted: BTreeSet<usize>,
    /// Whether a push of branches was rejected as a whole.
    pub(super) was_split: bool,
    state: RemoteState,
    /// What the order ref and the notes ref point to.
    order: Option<RefTip>,
    notes_tip: Option<RefTip>,
    writes_records: bool,
    built_notes: Option<BuiltNotes>,
}

/// The update of the notes ref for these notes.
struct BuiltNotes {
    notes: BTreeMap<Oid, Note>,
    update: Option<RecordUpdate>,
}

impl PushQueue {
    /// The queue for branches to create.
    pub(crate) fn starting(starts: Vec<BranchStart>, state: RemoteState, progress: &Progress<'_>) -> Self {
        let all: Vec<usize> = (0..starts.len()).collect();
        let size = progress.max_refs.unwrap_or(all.len()).max(1);
        let parts = all.chunks(size).map(|chunk| PushPart::Starts(chunk.to_vec())).collect();
        Self { starts, parts, ..Self::empty(Vec::new(), state) }
    }

    /// The queue for a plan. `owed` are notes of earlier rounds whose push was lost.
    ///
    /// # Errors
    /// The notes or the order could not be built.
    pub(crate) fn delivering(
        plans: Vec<BranchPlan>,
        state: RemoteState,
        owed: BTreeMap<Oid, Note>,
        context: PushContext<'_, '_>,
    ) -> Result<Self, git2::Error> {
        let mut queue = Self { owed, ..Self::empty(plans, state) };
        // A topic branch that moves and has push options is pushed alone, with its order and notes.
        let is_apart = |plan: &BranchPlan| context.is_apart(plan) && plan.update().is_some();
        let together: Vec<usize> = (0..queue.plans.len()).filter(|&plan| !is_apart(&queue.plans[plan])).collect();
        let notes = queue.notes_of(together.iter().copied(), context);
        let writes_notes = queue.build_notes(notes, context)?.is_some();
        let writes_order = queue.build_order(context, |_| true)?.is_some();
        queue.writes_records = writes_notes || writes_order;
        queue.group(together, context.progress, context.options.atomic);
        if queue.state.renames_commits && queue.writes_records {
            queue.parts.push_back(PushPart::Records { order: writes_order, notes: writes_notes });
        }
        let topics: Vec<usize> =
            (0..queue.plans.len()).filter(|&plan| queue.plans[plan].role != BranchRole::Target).collect();
        queue.parts.extend(topics.iter().map(|&plan| PushPart::Topic(plan)));
        queue.parts.extend(topics.iter().map(|&plan| PushPart::Request(plan)));
        Ok(queue)
    }

    fn empty(plans: Vec<BranchPlan>, state: RemoteState) -> Self {
        Self {
            order: state.order,
            notes_tip: state.notes,
            plans,
            starts: Vec::new(),
            owed: BTreeMap::new(),
            test_order: false,
            groups: VecDeque::new(),
            parts: VecDeque::new(),
            accepted: BTreeSet::new(),
            was_split: false,
            state,
            writes_records: false,
            built_notes: None,
        }
    }

    /// The branches that the round read.
    pub(crate) fn into_heads(self) -> BTreeMap<String, Oid> {
        self.state.heads
    }

    /// Whether the notes ref or the order ref has to be written.
    pub(crate) fn writes_records(&self) -> bool {
        self.writes_records
    }

    /// Whether a push of notes alone is still to come.
    pub(super) fn notes_follow(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, PushPart::Records { notes: true, .. }))
    }

    /// Whether a plan needs no more push but that of the notes: its branch and order were accepted, or get other ids at the remote.
    pub(super) fn is_accepted(&self, plan: usize) -> bool {
        self.state.renames_commits || self.accepted.contains(&plan)
    }

    /// Later pushes continue from the order ref and the notes that an accepted push wrote.
    pub(super) fn moved_records(&mut self, request: &PushRequest) {
        self.order = request.order.or(self.order);
        if request.notes.is_some() {
            self.notes_tip = request.notes;
            self.built_notes = None;
        }
    }

    /// Nothing more is pushed in this round, except for requests of topic branches that were accepted.
    pub(super) fn stop(&mut self) {
        self.test_order = false;
        self.groups.clear();
        self.parts.retain(|part| matches!(part, PushPart::Request(_)));
    }

    /// Whether a plan moves its branch.
    pub(super) fn moves(&self, plan: usize) -> bool {
        self.plans[plan].update().is_some()
    }

    /// Forms the groups of plans that are pushed together: as many as the limit of refs allows, and each one alone that was refused before. Plans
    /// that move no branch go with the first group. With `atomic`, there is one group.
    pub(super) fn group(&mut self, plans: Vec<usize>, progress: &Progress<'_>, atomic: bool) {
        if atomic {
            self.groups = VecDeque::from([plans]);
            return;
        }
        let (moving, mut first): (Vec<usize>, Vec<usize>) = plans.into_iter().partition(|&plan| self.moves(plan));
        let was_refused = |plan: &usize| {
            let units = &self.plans[*plan].units;
            units.iter().any(|planned| progress.units[planned.unit].refusals() > 0)
        };
        let (suspects, others): (Vec<usize>, Vec<usize>) = moving.into_iter().partition(was_refused);
        let order = usize::from(progress.order == OrderPlace::Ref && !self.state.renames_commits);
        let size = progress.max_refs.map_or(usize::MAX, |refs| refs.saturating_sub(order).max(1));
        let mut groups: VecDeque<Vec<usize>> =
            others.chunks(size.min(others.len().max(1))).map(<[usize]>::to_vec).collect();
        if let Some(group) = groups.front_mut() {
            first.append(group);
            *group = first;
        } else if !first.is_empty() || (suspects.is_empty() && !self.owed.is_empty()) {
            groups.push_back(first);
        }
        groups.extend(suspects.into_iter().map(|plan| vec![plan]));
        self.groups = groups;
    }

    /// Whether the limit of refs allows that the notes go with a push.
    fn notes_fit(&self, request: &PushRequest, progress: &Progress<'_>) -> bool {
        let fits = progress.max_refs.is_none_or(|most| request.updates.len() < most);
        fits && !progress.notes_apart && !self.state.renames_commits
    }

    /// The notes are pushed after the branches.
    pub(super) fn notes_later(&mut self) {
        if !self.state.renames_commits && !self.notes_follow() {
            self.parts.push_front(PushPart::Records { order: false, notes: true });
        }
    }

    /// The next push; `None` if there is none left.
    ///
    /// # Errors
    /// The notes or the order could not be built.
    pub(crate) fn next(&mut self, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        if std::mem::take(&mut self.test_order) {
            return self.order_test(context);
        }
        while let Some(members) = self.groups.pop_front() {
            if let Some(request) = self.branches(members.clone(), context)? {
                return Ok(Some(request));
            }
            self.accepted.extend(members);
        }
        while let Some(part) = self.parts.pop_front() {
            let request = match part {
                PushPart::Starts(starts) => Some(self.starts(starts)),
                PushPart::Branches(members) => self.branches(members, context)?,
                PushPart::OrderTest => self.order_test(context)?,
                PushPart::Records { order, notes } => self.records(order, notes, context)?,
                PushPart::Topic(plan) => self.topic(plan, context)?,
                PushPart::Request(plan) => self.request(plan, context),
            };
            if request.is_some() {
                return Ok(request);
            }
        }
        Ok(None)
    }

    fn starts(&self, starts: Vec<usize>) -> PushRequest {
        let mut request = PushRequest::new(PushPart::Starts(starts.clone()));
        for start in starts.into_iter().map(|start| &self.starts[start]) {
            let name = format!("refs/heads/{}", start.branch);
            request.updates.push(RefUpdate { name, old: None, new: Some(start.commit) });
            request.objects.extend(&start.objects);
        }
        request
    }

    fn branches(
        &mut self,
        members: Vec<usize>,
        context: PushContext<'_, '_>,
    ) -> Result<Option<PushRequest>, git2::Error> {
        let mut request = PushRequest::new(PushPart::Branches(members.clone()));
        for &plan in &members {
            request.add_branch(&self.plans[plan]);
        }
        let notes = self.notes_of(members.iter().copied(), context);
        let members: BTreeSet<usize> = members.into_iter().collect();
        if !self.state.renames_commits {
            request.add_order(self.build_order(context, |plan| members.contains(&plan))?);
        }
        let notes = self.build_notes(notes, context)?;
        let is_first = self.groups.is_empty() && self.accepted.is_empty();
        if notes.is_some() && is_first && self.notes_fit(&request, context.progress) {
            request.add_notes(notes);
        } else if notes.is_some() {
            self.notes_later();
        }
        request.options = context.branch_options(&request);
        Ok(request.if_any())
    }

    /// A commit on the order ref that changes nothing.
    fn order_test(&self, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        let mut objects = Vec::new();
        let tree = match self.order {
            Some(order) => order.tree,
            None => context.store.empty_tree(&mut objects)?,
        };
        let record = NewRecord { name: ORDER, message: "Order of deliveries\n", old: self.order, tree, again: true };
        let mut request = PushRequest::new(PushPart::OrderTest);
        request.add_order(context.ref_update(&record, objects)?);
        Ok(request.if_any())
    }

    /// Order and notes without branches.
    fn records(
        &mut self,
        order: bool,
        notes: bool,
        context: PushContext<'_, '_>,
    ) -> Result<Option<PushRequest>, git2::Error> {
        let in_place = |plan: usize| context.progress.is_in_place(&self.plans[plan]);
        let written: BTreeSet<usize> = match self.state.renames_commits {
            true => (0..self.plans.len()).filter(|&plan| in_place(plan)).collect(),
            false => self.accepted.clone(),
        };
        let mut request = PushRequest::new(PushPart::Records { order, notes });
        if order {
            request.add_order(self.build_order(context, |plan| written.contains(&plan))?);
        }
        if notes {
            let notes = self.notes_of(written.iter().copied(), context);
            request.add_notes(self.build_notes(notes, context)?);
        }
        Ok(request.if_any())
    }

    fn topic(&mut self, index: usize, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        let plan = &self.plans[index];
        let Some(options) = context.request_options(plan).filter(|_| plan.update().is_some()) else { return Ok(None) };
        let mut request = PushRequest::new(PushPart::Topic(index));
        request.add_branch(plan);
        request.add_order(self.build_order(context, |other| other == index)?);
        let notes = self.build_notes(self.notes_of([index].into_iter(), context), context)?;
        if notes.is_some() && self.notes_fit(&request, context.progress) {
            request.add_notes(notes);
        } else if notes.is_some() {
            self.notes_later();
        }
        request.options = PushOptions { atomic: request.order.is_some(), options };
        Ok(Some(request))
    }

    /// A request is made if the topic branch was moved, or if no request shows its commit.
    fn request(&self, index: usize, context: PushContext<'_, '_>) -> Option<PushRequest> {
        let plan = &self.plans[index];
        let (BranchRole::Topic(unit) | BranchRole::Withdrawal(unit)) = plan.role else { return None };
        let run = &context.progress.units[unit];
        let Some(RequestMethod::AgitPush(options)) = run.unit.topic.as_ref().map(|topic| &topic.request) else {
            return None;
        };
        let head = plan.new?;
        let moved = run.is_committed() && plan.has_commits();
        let unasked = plan.old == Some(head) && !self.state.pulls.contains(&head);
        if !(moved || unasked || plan.is_withdrawal()) {
            return None;
        }
        let mut request = PushRequest::new(PushPart::Request(index));
        request.updates.push(RefUpdate { name: format!("refs/for/{}", run.unit.branch), old: None, new: Some(head) });
        request.options = PushOptions { atomic: false, options: context.computed(unit, options) };
        Some(request)
    }

    /// The notes of these plans, and those that are owed, by the ids that their commits have at the remote.
    fn notes_of(&self, plans: impl Iterator<Item = usize>, context: PushContext<'_, '_>) -> BTreeMap<Oid, Note> {
        let mut notes = self.owed.clone();
        for (commit, note) in plans.flat_map(|plan| &self.plans[plan].notes) {
            notes.insert(context.progress.at_remote(*commit), note.clone());
        }
        notes
    }

    /// The update of the notes ref with these notes.
    fn build_notes(
        &mut self,
        notes: BTreeMap<Oid, Note>,
        context: PushContext<'_, '_>,
    ) -> Result<Option<RecordUpdate>, git2::Error> {
        if notes.is_empty() || context.progress.notes_refused.is_some() {
            return Ok(None);
        }
        if let Some(built) = self.built_notes.as_ref().filter(|built| built.notes == notes) {
            return Ok(built.update.clone());
        }
        let mut objects = Vec::new();
        let old = self.notes_tip;
        let tree = notes::write(context.store, old.map(|notes| notes.tree), &notes, &mut objects)?;
        let record = NewRecord { name: NOTES, message: "Notes added by 'hydrant deliver'\n", old, tree, again: false };
        let update = context.ref_update(&record, objects)?;
        self.built_notes = Some(BuiltNotes { notes, update: update.clone() });
        Ok(update)
    }

    /// The update of the order ref for the units of these plans that a commit or a note is written for, or was in an earlier round whose
    /// answer was lost.
    fn build_order(
        &self,
        context: PushContext<'_, '_>,
        includes: impl Fn(usize) -> bool,
    ) -> Result<Option<RecordUpdate>, git2::Error> {
        if context.progress.order == OrderPlace::Branch {
            return Ok(None);
        }
        let plans = self.plans.iter().enumerate().filter(|(index, _)| includes(*index));
        let planned = plans.flat_map(|(_, plan)| &plan.units);
        let is_written = |action: &Action| matches!(action, Action::Commit(_) | Action::Note | Action::Recovered(_));
        let written = planned.filter(|planned| is_written(&planned.action));
        let mut units = written.map(|planned| context.progress.units[planned.unit].unit).peekable();
        if units.peek().is_none() {
            return Ok(None);
        }
        let mut objects = Vec::new();
        let old = self.order;
        let tree = order_ref::write(context.store, old.map(|order| order.tree), units, &mut objects)?;
        let record = NewRecord { name: ORDER, message: "Order of deliveries\n", old, tree, again: false };
        context.ref_update(&record, objects)
    }
}
