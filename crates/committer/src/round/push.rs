//! One push: what it is for, what it holds, and the only function that writes to the remote.

use git::{ObjectStore, PushOptions, PushReport, RefUpdate, Transport, TransportError};
use git2::{ObjectType, Oid};

use super::{BranchPlan, BranchRole, Progress, RefTip};
use crate::notes::NOTES;
use crate::options::Options;
use crate::order_ref::ORDER;
use crate::unit::{RequestMethod, RequestOptions, TargetContent};

/// One push.
pub(crate) struct PushRequest {
    pub part: PushPart,
    pub updates: Vec<RefUpdate>,
    /// The new objects that the remote lacks.
    pub objects: Vec<Oid>,
    pub options: PushOptions,
    /// What the order ref points to if this push is accepted.
    pub order: Option<RefTip>,
    /// What the notes ref points to if this push is accepted.
    pub notes: Option<RefTip>,
}

/// What a push is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PushPart {
    /// Creates branches that units need before they are delivered, by index.
    Starts(Vec<usize>),
    /// The branches of these plans, by index, that need no push of their own, with the order, and the notes if they fit.
    Branches(Vec<usize>),
    /// Tests whether the remote takes the order ref, which gets a commit with the tree that it has.
    OrderTest,
    /// The order and the notes, or one of them.
    Records { order: bool, notes: bool },
    /// The topic branch of this plan, by index, with push options.
    Topic(usize),
    /// The request for the topic branch of this plan, by index, by a push to `refs/for/BRANCH`.
    Request(usize),
}

/// The update of the notes ref or the order ref, and its new objects.
#[derive(Clone)]
pub(super) struct RecordUpdate {
    pub update: RefUpdate,
    pub objects: Vec<Oid>,
    pub new: RefTip,
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

impl PushRequest {
    pub(super) fn new(part: PushPart) -> Self {
        let options = PushOptions::default();
        Self { part, updates: Vec::new(), objects: Vec::new(), options, order: None, notes: None }
    }

    /// Adds a branch, if it moves.
    pub(super) fn add_branch(&mut self, plan: &BranchPlan) {
        let Some(update) = plan.update() else { return };
        self.updates.push(update);
        self.objects.extend(&plan.objects);
    }

    pub(super) fn add_order(&mut self, record: Option<RecordUpdate>) {
        self.order = record.as_ref().map(|record| record.new);
        self.add_record(record);
    }

    pub(super) fn add_notes(&mut self, record: Option<RecordUpdate>) {
        self.notes = record.as_ref().map(|record| record.new);
        self.add_record(record);
    }

    fn add_record(&mut self, record: Option<RecordUpdate>) {
        let Some(record) = record else { return };
        self.updates.push(record.update);
        self.objects.extend(record.objects);
    }

    /// Whether it updates this ref.
    pub(super) fn has(&self, name: &str) -> bool {
        self.updates.iter().any(|update| update.name == name)
    }

    /// The push itself; `None` if it updates nothing.
    pub(super) fn if_any(self) -> Option<Self> {
        if self.updates.is_empty() { None } else { Some(self) }
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
    /// The options of a push of branches.
    pub(super) fn branch_options(&self, request: &PushRequest) -> PushOptions {
        let only_records = request.updates.iter().all(|update| matches!(update.name.as_str(), NOTES | ORDER));
        PushOptions {
            atomic: (self.options.atomic && !only_records) || (request.order.is_some() && request.updates.len() > 1),
            options: if only_records { Vec::new() } else { self.options.push_options.clone() },
        }
    }

    /// The commit that gives a ref this tree, and the ref's update; `None` if the ref has the tree already, unless `again` is set.
    pub(super) fn ref_update(
        &self,
        record: &NewRecord<'_>,
        mut objects: Vec<Oid>,
    ) -> Result<Option<RecordUpdate>, git2::Error> {
        let &NewRecord { name, message, old, tree, again } = record;
        let is_new = again || old.is_none_or(|old| old.tree != tree);
        let Some(run) = self.progress.units.first().filter(|_| is_new) else { return Ok(None) };
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
    pub(super) fn is_apart(&self, plan: &BranchPlan) -> bool {
        let BranchRole::Topic(unit) = plan.role else { return false };
        self.progress.units[unit].unit.requests_by(|method| matches!(method, RequestMethod::PushOptions(_)))
    }

    /// The push options of such a plan.
    pub(super) fn request_options(&self, plan: &BranchPlan) -> Option<Vec<String>> {
        let BranchRole::Topic(unit) = plan.role else { return None };
        match self.progress.units[unit].unit.topic.as_ref().map(|topic| &topic.request) {
            Some(RequestMethod::PushOptions(options)) => Some(self.computed(unit, options)),
            _ => None,
        }
    }

    pub(super) fn computed(&self, unit: usize, RequestOptions(compute): &RequestOptions) -> Vec<String> {
        let review = self.progress.units[unit].review.as_ref();
        let content = review.map(|review| &review.target_content);
        let options = compute(content.unwrap_or(&TargetContent::default()));
        // Servers read options line by line.
        options.iter().map(|option| option.replace(['\n', '\r'], " ")).collect()
    }
}

/// The next commit of the notes ref or the order ref.
pub(super) struct NewRecord<'r> {
    pub name: &'r str,
    pub message: &'r str,
    /// What the ref points to.
    pub old: Option<RefTip>,
    pub tree: Oid,
    /// Whether there is a commit even if the tree does not change.
    pub again: bool,
}
