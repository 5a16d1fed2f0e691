//! The pushes of a round: what is sent in which order, and the only function that writes to the remote.
//!
//! One atomic push takes all branches, the order ref and the notes, so that they agree. If commits get other ids at the remote, the
//! order and the notes follow in a push of their own. A topic branch whose request is made by push options has a push of its own too,
//! since options hold for a whole push; the order ref goes with it. A request by `refs/for/BRANCH` (AGit) follows the push of its topic branch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use git::{ObjectStore, PushOptions, PushReport, RefUpdate, Transport, TransportError, is_atomic_failure};
use git2::{ObjectType, Oid};

use super::{Action, BranchPlan, BranchRole, BranchStart, OrderPlace, Progress, RefTip, RemoteState};
use crate::notes::{self, NOTES, Note};
use crate::options::Options;
use crate::order_ref::{self, ORDER};
use crate::unit::{RequestMethod, RequestOptions, TargetContent};

/// One push.
pub(crate) struct PushRequest {
    pub part: PushPart,
    pub updates: Vec<RefUpdate>,
    /// The new objects that the remote lacks.
    pub objects: Vec<Oid>,
    pub options: PushOptions,
    /// What the order ref points to if this push is accepted.
    order: Option<RefTip>,
    /// What the notes ref points to if this push is accepted.
    notes: Option<RefTip>,
}

/// What a push is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushPart {
    /// Creates the targets of reviewed units.
    Targets,
    /// All branches without push options of their own, with order and notes where these need no push of their own.
    Branches,
    /// The order and the notes.
    Records,
    /// The topic branch of this plan, by index, with push options.
    Topic(usize),
    /// The request for the topic branch of this plan, by index, by a push to `refs/for/BRANCH`.
    Request(usize),
}

/// The pushes of a round, one after the other. A later push can depend on the answers to earlier ones.
pub(crate) struct PushQueue {
    pub plans: Vec<BranchPlan>,
    pub starts: Vec<BranchStart>,
    /// The notes to write, by the commit that they are on.
    pub notes: BTreeMap<Oid, Note>,
    state: RemoteState,
    note_update: Option<RecordUpdate>,
    /// What the order ref points to.
    order: Option<RefTip>,
    /// What the notes ref points to.
    notes_tip: Option<RefTip>,
    writes_order: bool,
    /// The plans, by index, whose branches failed by themselves in an earlier push.
    excluded: BTreeSet<usize>,
    parts: VecDeque<PushPart>,
}

/// The update of the notes ref or the order ref, and its new objects.
#[derive(Clone)]
struct RecordUpdate {
    update: RefUpdate,
    objects: Vec<Oid>,
    new: RefTip,
}

/// Sends a push. The only place that writes to the remote.
///
/// # Errors
/// The transport's. After a lost connection it is unknown whether the push was accepted.
pub(crate) fn send(
    transport: &mut dyn Transport,
    store: &ObjectStore,
    request: &PushRequest,
) -> Result<PushReport, TransportError> {
    transport.push(&request.updates, &store.pack(&request.objects), &request.options)
}

impl PushQueue {
    /// The queue for targets to create.
    pub(crate) fn starting(starts: Vec<BranchStart>, state: RemoteState) -> Self {
        let parts = VecDeque::from([PushPart::Targets]);
        Self { starts, parts, ..Self::empty(Vec::new(), state) }
    }

    /// The queue for a plan. `owed` are notes of earlier rounds whose push was lost.
    ///
    /// # Errors
    /// The notes could not be built.
    pub(crate) fn delivering(
        plans: Vec<BranchPlan>,
        state: RemoteState,
        owed: BTreeMap<Oid, Note>,
        context: PushContext<'_, '_>,
    ) -> Result<Self, git2::Error> {
        let mut queue = Self { notes: owed, ..Self::empty(plans, state) };
        let together = queue.plans.iter().filter(|plan| !context.is_apart(plan));
        let notes: Vec<(Oid, Note)> = together.flat_map(|plan| plan.notes.clone()).collect();
        queue.notes.extend(notes);
        queue.note_update = queue.build_notes(&queue.notes, context)?;
        queue.writes_order = queue.build_order(context, |_| true)?.is_some();
        let together = |plan: &BranchPlan| plan.update().is_some() && !context.is_apart(plan);
        let branches = queue.plans.iter().any(together);
        if branches || queue.writes_records() && !queue.state.renames_commits {
            queue.parts.push_back(PushPart::Branches);
        }
        if queue.writes_records() && queue.state.renames_commits {
            queue.parts.push_back(PushPart::Records);
        }
        let topics = (0..queue.plans.len()).filter(|&plan| queue.plans[plan].role != BranchRole::Target);
        let topics: Vec<usize> = topics.collect();
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
            notes: BTreeMap::new(),
            state,
            note_update: None,
            writes_order: false,
            excluded: BTreeSet::new(),
            parts: VecDeque::new(),
        }
    }

    /// The branches that the round read.
    pub(crate) fn into_heads(self) -> BTreeMap<String, Oid> {
        self.state.heads
    }

    /// Whether the notes ref or the order ref has to be written.
    pub(crate) fn writes_records(&self) -> bool {
        self.note_update.is_some() || self.writes_order
    }

    /// A push was answered. If it was accepted, later ones continue from the order ref that it wrote. If some branches failed by themselves
    /// and took the others with them, since the push was atomic only to keep branches and order together, the others are pushed again.
    pub(crate) fn answered(&mut self, request: &PushRequest, report: &PushReport, atomic: bool) {
        if report.statuses.iter().all(|status| status.result.is_ok()) {
            self.order = request.order.or(self.order);
            self.notes_tip = request.notes.or(self.notes_tip);
        } else if request.part == PushPart::Branches && request.options.atomic && !atomic {
            let failed = report
                .statuses
                .iter()
                .filter(|status| matches!(&status.result, Err(message) if !is_atomic_failure(message)));
            let failed: BTreeSet<&str> = failed.map(|status| status.name.as_str()).collect();
            if !failed.contains(ORDER) && !failed.contains(NOTES) {
                self.push_without(&failed);
            }
        }
    }

    fn push_without(&mut self, failed: &BTreeSet<&str>) {
        let plans = self.plans.iter().enumerate();
        let failed: Vec<usize> =
            plans.filter(|(_, plan)| failed.contains(plan.ref_name().as_str())).map(|(index, _)| index).collect();
        if failed.is_empty() {
            return;
        }
        for plan in failed.iter().map(|&index| &self.plans[index]) {
            self.notes.retain(|commit, _| !plan.notes.contains_key(commit));
        }
        self.excluded.extend(failed);
        self.parts.push_front(PushPart::Branches);
    }

    /// The plans that are pushed together and have not failed by themselves.
    fn together<'q>(&'q self, context: PushContext<'q, 'q>) -> impl Iterator<Item = &'q BranchPlan> {
        let plans = self.plans.iter().enumerate().filter(|(index, _)| !self.excluded.contains(index));
        plans.map(|(_, plan)| plan).filter(move |plan| !context.is_apart(plan))
    }

    /// The next push; `None` if there is none left.
    ///
    /// # Errors
    /// The notes could not be built.
    pub(crate) fn next(&mut self, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        while let Some(part) = self.parts.pop_front() {
            let request = match part {
                PushPart::Targets => Some(self.targets()),
                PushPart::Branches => self.branches(context)?,
                PushPart::Records => self.records(context)?,
                PushPart::Topic(plan) => self.topic(plan, context)?,
                PushPart::Request(plan) => self.request(plan, context),
            };
            if request.is_some() {
                return Ok(request);
            }
        }
        Ok(None)
    }

    fn targets(&self) -> PushRequest {
        let update = |start: &BranchStart| RefUpdate {
            name: format!("refs/heads/{}", start.branch),
            old: None,
            new: Some(start.commit),
        };
        PushRequest {
            part: PushPart::Targets,
            updates: self.starts.iter().map(update).collect(),
            objects: self.starts.iter().flat_map(|start| start.objects.iter().copied()).collect(),
            options: PushOptions::default(),
            order: None,
            notes: None,
        }
    }

    fn branches(&mut self, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        if !self.excluded.is_empty() {
            self.note_update = self.build_notes(&self.notes, context)?;
        }
        let (mut updates, mut objects) = (Vec::new(), Vec::new());
        for plan in self.together(context) {
            let Some(update) = plan.update() else { continue };
            updates.push(update);
            objects.extend(&plan.objects);
        }
        let (mut order, mut notes) = (None, None);
        if !self.state.renames_commits {
            let plans = &self.plans;
            let moved = |plan: usize| !self.excluded.contains(&plan) && !context.is_apart(&plans[plan]);
            order = self.build_order(context, |plan| plans[plan].update().is_none() || moved(plan))?;
            notes = self.note_update.as_ref();
        }
        for record in order.iter().chain(notes) {
            updates.push(record.update.clone());
            objects.extend(&record.objects);
        }
        if updates.is_empty() {
            return Ok(None);
        }
        let (order, notes) = (order.map(|order| order.new), notes.map(|notes| notes.new));
        let options = context.push_options(&updates, order.is_some());
        Ok(Some(PushRequest { part: PushPart::Branches, updates, objects, options, order, notes }))
    }

    /// Order and notes alone, for commits that have other ids at the remote.
    fn records(&mut self, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        if !context.progress.renamed.is_empty() {
            let notes = std::mem::take(&mut self.notes);
            self.notes = notes.into_iter().map(|(id, note)| (context.progress.at_remote(id), note)).collect();
            self.note_update = self.build_notes(&self.notes, context)?;
        }
        let order = self.build_order(context, |plan| context.progress.is_in_place(&self.plans[plan]))?;
        let (mut updates, mut objects) = (Vec::new(), Vec::new());
        for record in order.iter().chain(&self.note_update) {
            updates.push(record.update.clone());
            objects.extend(&record.objects);
        }
        if updates.is_empty() {
            return Ok(None);
        }
        let options = PushOptions::default();
        Ok(Some(PushRequest {
            part: PushPart::Records,
            updates,
            objects,
            options,
            order: order.map(|order| order.new),
            notes: self.note_update.as_ref().map(|notes| notes.new),
        }))
    }

    fn topic(&self, index: usize, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        let plan = &self.plans[index];
        let (Some(update), Some(options)) = (plan.update(), context.request_options(plan)) else { return Ok(None) };
        let (mut updates, mut objects) = (vec![update], plan.objects.clone());
        let order = self.build_order(context, |other| other == index)?;
        let notes = self.build_notes(&plan.notes, context)?;
        for record in order.iter().chain(&notes) {
            updates.push(record.update.clone());
            objects.extend(&record.objects);
        }
        let options = PushOptions { atomic: order.is_some(), options };
        let (order, notes) = (order.map(|order| order.new), notes.map(|notes| notes.new));
        Ok(Some(PushRequest { part: PushPart::Topic(index), updates, objects, options, order, notes }))
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
        (moved || unasked || plan.is_withdrawal()).then(|| PushRequest {
            part: PushPart::Request(index),
            updates: vec![RefUpdate { name: format!("refs/for/{}", run.unit.branch), old: None, new: Some(head) }],
            objects: Vec::new(),
            options: PushOptions { atomic: false, options: context.computed(unit, options) },
            order: None,
            notes: None,
        })
    }

    fn build_notes(
        &self,
        notes: &BTreeMap<Oid, Note>,
        context: PushContext<'_, '_>,
    ) -> Result<Option<RecordUpdate>, git2::Error> {
        if notes.is_empty() || context.progress.notes_refused.is_some() {
            return Ok(None);
        }
        let mut objects = Vec::new();
        let tree = notes::write(context.store, self.notes_tip.map(|tip| tip.tree), notes, &mut objects)?;
        context.ref_update(NOTES, "Notes added by 'hydrant deliver'\n", self.notes_tip, tree, objects)
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
        let tree = order_ref::write(context.store, self.order.map(|order| order.tree), units, &mut objects)?;
        context.ref_update(ORDER, "Order of deliveries\n", self.order, tree, objects)
    }
}

/// What a push is built from, besides its plan.
#[derive(Clone, Copy)]
pub(crate) struct PushContext<'p, 'a> {
    pub store: &'p ObjectStore,
    pub options: &'p Options<'a>,
    pub progress: &'p Progress<'a>,
}

impl PushContext<'_, '_> {
    fn push_options(&self, updates: &[RefUpdate], with_order: bool) -> PushOptions {
        let only_records = updates.iter().all(|update| matches!(update.name.as_str(), NOTES | ORDER));
        PushOptions {
            atomic: (self.options.atomic && !only_records) || (with_order && updates.len() > 1),
            options: if only_records { Vec::new() } else { self.options.push_options.clone() },
        }
    }

    /// The commit that gives a ref this tree, and the ref's update; `None` if it has the tree already.
    fn ref_update(
        &self,
        name: &str,
        message: &str,
        old: Option<RefTip>,
        tree: Oid,
        mut objects: Vec<Oid>,
    ) -> Result<Option<RecordUpdate>, git2::Error> {
        let Some(run) = self.progress.units.first().filter(|_| old.is_none_or(|old| old.tree != tree)) else {
            return Ok(None);
        };
        let repository = self.store.repository();
        let parent = old.map(|old| repository.find_commit(old.commit)).transpose()?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let (author, committer) = (run.unit.author.signature()?, run.unit.committer.signature()?);
        let found = repository.find_tree(tree)?;
        let buffer = repository.commit_create_buffer(&author, &committer, message, &found, &parents)?;
        let commit = self.store.write(ObjectType::Commit, &buffer, &mut objects)?;
        let update = RefUpdate { name: name.to_owned(), old: old.map(|old| old.commit), new: Some(commit) };
        Ok(Some(RecordUpdate { update, objects, new: RefTip { commit, tree } }))
    }

    /// Whether a plan has a push of its own: it is for a topic branch whose request is made by push options. A withdrawal makes no request.
    fn is_apart(&self, plan: &BranchPlan) -> bool {
        let BranchRole::Topic(unit) = plan.role else { return false };
        self.progress.units[unit].unit.requests_by(|method| matches!(method, RequestMethod::PushOptions(_)))
    }

    /// The push options of such a plan.
    fn request_options(&self, plan: &BranchPlan) -> Option<Vec<String>> {
        let BranchRole::Topic(unit) = plan.role else { return None };
        match self.progress.units[unit].unit.topic.as_ref().map(|topic| &topic.request) {
            Some(RequestMethod::PushOptions(options)) => Some(self.computed(unit, options)),
            _ => None,
        }
    }

    fn computed(&self, unit: usize, RequestOptions(compute): &RequestOptions) -> Vec<String> {
        let review = self.progress.units[unit].review.as_ref();
        let content = review.map(|review| &review.target_content);
        let options = compute(content.unwrap_or(&TargetContent::default()));
        // Servers read options line by line.
        options.iter().map(|option| option.replace(['\n', '\r'], " ")).collect()
    }
}
