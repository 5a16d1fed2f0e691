//! The pushes of a round: what is sent in which order, and the only function that writes to the remote.
//!
//! One push takes all branches and the notes. With `atomic` the notes have a push of their own, so that their ref, which every delivery
//! writes, cannot make the branches fail. A topic branch whose request is made by push options has a push of its own too, since
//! options hold for a whole push. A request by `refs/for/BRANCH` (AGit) follows the push of its topic branch.

use std::collections::{BTreeMap, VecDeque};

use git::{ObjectStore, PushOptions, PushReport, RefUpdate, Transport, TransportError};
use git2::{ObjectType, Oid};

use super::{BranchPlan, BranchRole, Progress, RemoteState, TargetStart};
use crate::notes::{self, NOTES, Note};
use crate::options::Options;
use crate::unit::{RequestMethod, RequestOptions, TargetContent, Unit};

/// One push.
pub(crate) struct PushRequest {
    pub part: PushPart,
    pub updates: Vec<RefUpdate>,
    /// The new objects that the remote lacks.
    pub objects: Vec<Oid>,
    pub options: PushOptions,
}

/// What a push is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushPart {
    /// Creates the targets of reviewed units.
    Targets,
    /// All branches without push options of their own, and the notes where they need no push of their own.
    Branches,
    /// The notes.
    Notes,
    /// The topic branch of this plan, by index, with push options.
    Topic(usize),
    /// The request for the topic branch of this plan, by index, by a push to `refs/for/BRANCH`.
    Request(usize),
}

/// The pushes of a round, one after the other. A later push can depend on the answers to earlier ones.
pub(crate) struct PushQueue {
    pub plans: Vec<BranchPlan>,
    pub starts: Vec<TargetStart>,
    /// The notes to write, by the commit that they are on.
    pub notes: BTreeMap<Oid, Note>,
    state: RemoteState,
    note_update: Option<NoteUpdate>,
    notes_with_branches: bool,
    parts: VecDeque<PushPart>,
}

/// The update of the notes ref and its new objects.
#[derive(Clone)]
struct NoteUpdate {
    update: RefUpdate,
    objects: Vec<Oid>,
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
    pub(crate) fn starting(starts: Vec<TargetStart>, state: RemoteState) -> Self {
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
        queue.notes.extend(queue.plans.iter().filter_map(|plan| plan.new.zip(plan.note.clone())));
        queue.note_update = queue.build_notes(context)?;
        let branches =
            queue.plans.iter().any(|plan| plan.update().is_some() && context.request_options(plan).is_none());
        let apart = context.options.atomic || queue.state.renames_commits;
        queue.notes_with_branches = !apart || !branches;
        if branches || queue.note_update.is_some() {
            queue.parts.push_back(PushPart::Branches);
        }
        if queue.note_update.is_some() && !queue.notes_with_branches {
            queue.parts.push_back(PushPart::Notes);
        }
        let topics = (0..queue.plans.len()).filter(|&plan| queue.plans[plan].role != BranchRole::Target);
        let topics: Vec<usize> = topics.collect();
        queue.parts.extend(topics.iter().map(|&plan| PushPart::Topic(plan)));
        queue.parts.extend(topics.iter().map(|&plan| PushPart::Request(plan)));
        Ok(queue)
    }

    fn empty(plans: Vec<BranchPlan>, state: RemoteState) -> Self {
        Self {
            plans,
            starts: Vec::new(),
            notes: BTreeMap::new(),
            state,
            note_update: None,
            notes_with_branches: true,
            parts: VecDeque::new(),
        }
    }

    /// Whether the notes ref has to be written.
    pub(crate) fn writes_notes(&self) -> bool {
        self.note_update.is_some()
    }

    /// The next push; `None` if there is none left.
    ///
    /// # Errors
    /// The notes could not be built.
    pub(crate) fn next(&mut self, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        while let Some(part) = self.parts.pop_front() {
            let request = match part {
                PushPart::Targets => Some(self.targets()),
                PushPart::Branches => Some(self.branches(context)),
                PushPart::Notes => self.notes_alone(context)?,
                PushPart::Topic(plan) => self.topic(plan, context),
                PushPart::Request(plan) => self.request(plan, context),
            };
            if request.is_some() {
                return Ok(request);
            }
        }
        Ok(None)
    }

    fn targets(&self) -> PushRequest {
        let update = |start: &TargetStart| RefUpdate {
            name: format!("refs/heads/{}", start.branch),
            old: None,
            new: Some(start.commit),
        };
        PushRequest {
            part: PushPart::Targets,
            updates: self.starts.iter().map(update).collect(),
            objects: self.starts.iter().flat_map(|start| start.objects.iter().copied()).collect(),
            options: PushOptions::default(),
        }
    }

    fn branches(&self, context: PushContext<'_, '_>) -> PushRequest {
        let together = |plan: &&BranchPlan| context.request_options(plan).is_none();
        let (mut updates, mut objects) = (Vec::new(), Vec::new());
        for plan in self.plans.iter().filter(together) {
            let Some(update) = plan.update() else { continue };
            updates.push(update);
            objects.extend(&plan.objects);
        }
        if let Some(notes) = self.note_update.as_ref().filter(|_| self.notes_with_branches) {
            updates.push(notes.update.clone());
            objects.extend(&notes.objects);
        }
        let options = context.push_options(&updates);
        PushRequest { part: PushPart::Branches, updates, objects, options }
    }

    fn notes_alone(&mut self, context: PushContext<'_, '_>) -> Result<Option<PushRequest>, git2::Error> {
        if !context.progress.renamed.is_empty() {
            // The notes go to commits that have other ids at the remote.
            let notes = std::mem::take(&mut self.notes);
            self.notes = notes.into_iter().map(|(id, note)| (context.progress.at_remote(id), note)).collect();
            self.note_update = self.build_notes(context)?;
        }
        let Some(NoteUpdate { update, objects }) = self.note_update.clone() else { return Ok(None) };
        let updates = vec![update];
        let options = context.push_options(&updates);
        Ok(Some(PushRequest { part: PushPart::Notes, updates, objects, options }))
    }

    fn topic(&self, index: usize, context: PushContext<'_, '_>) -> Option<PushRequest> {
        let plan = &self.plans[index];
        let (update, options) = (plan.update()?, context.request_options(plan)?);
        Some(PushRequest {
            part: PushPart::Topic(index),
            updates: vec![update],
            objects: plan.objects.clone(),
            options: PushOptions { atomic: false, options },
        })
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
        })
    }

    fn build_notes(&self, context: PushContext<'_, '_>) -> Result<Option<NoteUpdate>, git2::Error> {
        let Some(run) = context.progress.units.first().filter(|_| !self.notes.is_empty()) else { return Ok(None) };
        let (store, unit): (_, &Unit) = (context.store, run.unit);
        let repository = store.repository();
        let mut objects = Vec::new();
        let tree = notes::write(store, self.state.notes.map(|notes| notes.tree), &self.notes, &mut objects)?;
        if self.state.notes.is_some_and(|notes| notes.tree == tree) {
            return Ok(None);
        }
        let tree = repository.find_tree(tree)?;
        let old = self.state.notes.map(|notes| notes.commit);
        let parent = old.map(|id| repository.find_commit(id)).transpose()?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let (author, committer) = (unit.author.signature()?, unit.committer.signature()?);
        let message = "Notes added by 'hydrant deliver'\n";
        let buffer = repository.commit_create_buffer(&author, &committer, message, &tree, &parents)?;
        let new = store.write(ObjectType::Commit, &buffer, &mut objects)?;
        Ok(Some(NoteUpdate { update: RefUpdate { name: NOTES.to_owned(), old, new: Some(new) }, objects }))
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
    fn push_options(&self, updates: &[RefUpdate]) -> PushOptions {
        let only_notes = updates.iter().all(|update| update.name == NOTES);
        PushOptions {
            atomic: self.options.atomic && !only_notes,
            options: if only_notes { Vec::new() } else { self.options.push_options.clone() },
        }
    }

    /// The push options of a topic branch, if its request is made by them. A withdrawal makes no request.
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
