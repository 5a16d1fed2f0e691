//! What a plan and the answers of the server mean for each unit. Pure.

use std::collections::{BTreeMap, BTreeSet};

use git::{PushReport, is_atomic_failure, is_concurrent_update};
use git2::Oid;

use super::push::{PushPart, PushQueue, PushRequest};
use super::{Action, BranchPlan, BranchRole, BranchStart, OrderPlace, PlannedUnit, Progress};
use crate::notes::{NOTES, Note};
use crate::order_ref::ORDER;
use crate::outcome::{Outcome, TopicState};
use crate::refusal::Refusal;

/// The capability of a server that takes several refs in one transaction.
const ATOMIC: &str = "atomic";

/// What Gitea and Forgejo answer if a request shows this commit already.
const SAME_COMMIT: &str = "same with old commit";

/// The server's answers by ref name: accepted, or its message.
struct Answers<'a> {
    refs: BTreeMap<&'a str, &'a Result<(), String>>,
    report: &'a PushReport,
}

impl<'a> Answers<'a> {
    fn new(report: &'a PushReport) -> Self {
        let refs = report.statuses.iter().map(|status| (status.name.as_str(), &status.result));
        Self { refs: refs.collect(), report }
    }

    fn get(&self, name: &str) -> Option<&'a Result<(), String>> {
        self.refs.get(name).copied()
    }

    /// Whether the server refuses a ref, other than by a lost race.
    fn refuses(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Err(message)) if !is_concurrent_update(message))
    }

    /// The first refusal that is not a lost race.
    fn refusal(&self) -> Option<&'a str> {
        let mut messages = self.report.statuses.iter().filter_map(|status| status.result.as_ref().err());
        messages.find(|message| !is_concurrent_update(message)).map(String::as_str)
    }

    /// A message about one ref with the messages about the whole push.
    fn with_push(&self, message: &str) -> String {
        let messages = std::iter::once(message).chain(self.report.messages.iter().map(String::as_str));
        messages.collect::<Vec<_>>().join("; ")
    }
}

impl Progress<'_> {
    /// Takes over what a plan decides without a push: attempts, refusals, units whose output is on the branch, and review states.
    pub(crate) fn adopt(&mut self, plans: &mut [BranchPlan]) {
        for plan in plans {
            for planned in &mut plan.units {
                let run = &mut self.units[planned.unit];
                run.attempts += 1;
                if planned.review.is_some() {
                    run.review = planned.review.take();
                }
                match &planned.action {
                    Action::Refuse(refusal) => run.refuse(refusal.clone()),
                    Action::Unchanged => run.settle(Outcome::Unchanged, plan.old),
                    Action::Recovered(sent) => match plan.old {
                        Some(new) => run.commit(new, sent.parent, sent.changes.clone()),
                        None => run.settle(Outcome::Unchanged, None),
                    },
                    Action::Commit(_) | Action::Note => {}
                }
            }
        }
    }

    /// Settles every plan as if its push had been accepted, for a dry run.
    pub(crate) fn settle_dry_run(&mut self, plans: &[BranchPlan]) {
        for plan in plans {
            self.settle_branch(plan);
            self.settle_notes(plan);
        }
    }

    /// Remembers the commits that a push sends, in case its answer is lost.
    pub(crate) fn remember(&mut self, request: &PushRequest, plans: &[BranchPlan]) {
        let sent: BTreeSet<&str> = request.updates.iter().map(|update| update.name.as_str()).collect();
        let plans = match request.part {
            PushPart::Branches => plans,
            PushPart::Topic(plan) => std::slice::from_ref(&plans[plan]),
            PushPart::Targets | PushPart::Records | PushPart::Request(_) => return,
        };
        for plan in plans.iter().filter(|plan| sent.contains(plan.ref_name().as_str())) {
            for planned in &plan.units {
                if let Action::Commit(commit) = &planned.action {
                    self.units[planned.unit].remember(commit);
                }
            }
        }
    }

    /// Of the notes that the queue writes, those for commits of earlier rounds stay owed until they are written.
    pub(crate) fn keep_owed_notes(&mut self, queue: &PushQueue) {
        let planned: BTreeSet<Oid> = queue.plans.iter().flat_map(|plan| plan.notes.keys().copied()).collect();
        self.owed_notes = queue.notes.clone();
        self.owed_notes.retain(|commit, _| !planned.contains(commit));
    }

    /// The notes ref says everything already: settles the units that need nothing else.
    pub(crate) fn settle_written_notes(&mut self, plans: &[BranchPlan]) {
        for plan in plans.iter().filter(|plan| plan.new == plan.old) {
            self.settle_notes(plan);
        }
    }

    /// Settles what a push and its answers decide.
    pub(crate) fn settle(&mut self, queue: &PushQueue, request: &PushRequest, report: &PushReport, atomic: bool) {
        self.renamed.extend(&report.rewritten);
        let answers = Answers::new(report);
        if answers.refuses(ORDER) && self.order == OrderPlace::Ref {
            if request.part != PushPart::Records {
                return self.keep_order_in_branches();
            }
            self.order = OrderPlace::Branch;
        }
        if answers.refuses(NOTES) {
            self.notes_refused = answers.get(NOTES).and_then(|answer| answer.as_ref().err()).cloned();
            self.owed_notes.clear();
            self.restart = true;
            if request.options.atomic {
                return self.forget_attempt();
            }
        }
        match request.part {
            PushPart::Targets => self.settle_starts(&queue.starts, &answers),
            PushPart::Branches => {
                for plan in &queue.plans {
                    self.settle_branch_answer(plan, &answers, atomic);
                }
                self.settle_record_answers(&queue.plans, &queue.notes, &answers);
            }
            PushPart::Records => self.settle_record_answers(&queue.plans, &queue.notes, &answers),
            PushPart::Topic(plan) => {
                let plan = std::slice::from_ref(&queue.plans[plan]);
                self.settle_branch_answer(&plan[0], &answers, atomic);
                self.settle_record_answers(plan, &plan[0].notes, &answers);
            }
            PushPart::Request(plan) => self.settle_request(&queue.plans[plan], report),
        }
    }

    /// The remote cannot keep the order ref: the round starts again, and the order is kept in the records of the branches.
    fn keep_order_in_branches(&mut self) {
        self.order = OrderPlace::Branch;
        self.restart = true;
        self.forget_attempt();
    }

    /// The round starts again, so it was no attempt.
    fn forget_attempt(&mut self) {
        for run in self.units.iter_mut().filter(|run| run.is_pending()) {
            run.attempts = run.attempts.saturating_sub(1);
        }
    }

    /// Settles a push that the server cannot take: it lacks a capability. `false` if that concerns the whole delivery.
    pub(crate) fn settle_unsupported(
        &mut self,
        queue: &PushQueue,
        request: &PushRequest,
        lacking: &str,
        message: String,
    ) -> bool {
        if lacking == ATOMIC && self.order == OrderPlace::Ref {
            self.keep_order_in_branches();
            return true;
        }
        match request.part {
            PushPart::Topic(plan) => refuse_commits(self, &queue.plans[plan], &Refusal::RequestUnsupported { message }),
            PushPart::Request(plan) => self.request_failed(&queue.plans[plan], Some(message)),
            PushPart::Targets | PushPart::Branches | PushPart::Records => return false,
        }
        true
    }

    fn settle_starts(&mut self, starts: &[BranchStart], answers: &Answers<'_>) {
        for start in starts {
            let Some(Err(message)) = answers.get(&format!("refs/heads/{}", start.branch)) else {
                self.started.insert(self.at_remote(start.commit));
                continue;
            };
            // After a lost race the next round finds the branch.
            self.not_started.insert(start.branch.clone());
            if is_concurrent_update(message) {
                continue;
            }
            for &unit in &start.units {
                self.units[unit].attempts += 1;
                self.units[unit].refuse(Refusal::TargetRejected { message: message.clone() });
            }
        }
    }

    /// The branch was accepted (or would be): its commits are the units' outcomes.
    fn settle_branch(&mut self, plan: &BranchPlan) {
        if let BranchRole::Withdrawal(unit) = plan.role
            && let Some(review) = &mut self.units[unit].review
        {
            review.state = TopicState::Withdrawn;
        }
        for PlannedUnit { unit, action, .. } in &plan.units {
            if let Action::Commit(planned) = action {
                let new = self.at_remote(planned.commit);
                let old = planned.parent.map(|parent| self.at_remote(parent));
                self.units[*unit].commit(new, old, planned.changes.clone());
            }
        }
    }

    fn settle_branch_answer(&mut self, plan: &BranchPlan, answers: &Answers<'_>, atomic: bool) {
        match answers.get(&plan.ref_name()) {
            None => {}
            Some(Ok(())) => {
                self.settle_branch(plan);
                for planned in &plan.units {
                    self.units[planned.unit].server_messages.clone_from(&answers.report.messages);
                }
            }
            Some(Err(message)) if is_concurrent_update(message) => match answers.refusal() {
                Some(refused) if atomic && is_atomic_failure(message) => {
                    refuse_commits(self, plan, &Refusal::AtomicAborted { refused: refused.to_owned() });
                }
                _ => self.retry(plan, message),
            },
            Some(Err(message)) => {
                let message = answers.with_push(message);
                if let BranchRole::Withdrawal(unit) = plan.role
                    && let Some(review) = &mut self.units[unit].review
                {
                    review.message = Some(message.clone());
                }
                refuse_commits(self, plan, &Refusal::Rejected { message });
            }
        }
    }

    /// The plan's units go into another round.
    fn retry(&mut self, plan: &BranchPlan, message: &str) {
        for planned in &plan.units {
            self.units[planned.unit].retry(message);
        }
    }

    /// The notes are as they have to be: units whose output is unchanged are done.
    fn settle_notes(&mut self, plan: &BranchPlan) {
        for planned in &plan.units {
            if matches!(planned.action, Action::Note) {
                self.units[planned.unit].settle(Outcome::NoteUpdated, plan.new);
            }
        }
    }

    /// The order and the notes were accepted, or not.
    fn settle_record_answers(&mut self, plans: &[BranchPlan], notes: &BTreeMap<Oid, Note>, answers: &Answers<'_>) {
        let order = Some(ORDER).filter(|_| self.order == OrderPlace::Ref);
        let answers_to = order.into_iter().chain([NOTES]).filter_map(|name| answers.get(name)?.as_ref().err());
        let messages: Vec<&String> = answers_to.collect();
        match messages.first() {
            None if answers.get(NOTES).or(answers.get(ORDER)).is_none() => {}
            None => {
                self.owed_notes.clear();
                for plan in plans {
                    if self.is_in_place(plan) {
                        self.settle_notes(plan);
                    }
                }
            }
            Some(message) if is_concurrent_update(message) => {
                for plan in plans {
                    self.retry(plan, message);
                    if plan.has_commits() && self.is_in_place(plan) {
                        // The branch is written. Only its notes are missing.
                        let commits = plan.notes.keys().map(|&commit| self.at_remote(commit));
                        let owed = commits.filter_map(|commit| Some((commit, notes.get(&commit)?.clone())));
                        self.owed_notes.extend(owed.collect::<Vec<_>>());
                    }
                }
            }
            // The remote does not take notes. The next round leaves them out.
            Some(_) => {}
        }
    }

    /// Whether the remote has the branch's new commit.
    pub(super) fn is_in_place(&self, plan: &BranchPlan) -> bool {
        let new = plan.new.map(|new| self.at_remote(new));
        let is_new = |planned: &PlannedUnit| {
            matches!(planned.action, Action::Commit(_)) && self.units[planned.unit].settled_commit() == new
        };
        plan.new == plan.old || plan.units.iter().any(is_new)
    }

    fn settle_request(&mut self, plan: &BranchPlan, report: &PushReport) {
        if let BranchRole::Topic(unit) | BranchRole::Withdrawal(unit) = plan.role {
            self.units[unit].server_messages.extend(report.messages.iter().cloned());
        }
        let message = report.statuses.first().and_then(|status| status.result.as_ref().err());
        self.request_failed(plan, message.filter(|message| !message.contains(SAME_COMMIT)).cloned());
    }

    /// `message` is why there is no request; `None` if there is one.
    fn request_failed(&mut self, plan: &BranchPlan, message: Option<String>) {
        if let BranchRole::Topic(unit) | BranchRole::Withdrawal(unit) = plan.role
            && let Some(review) = &mut self.units[unit].review
        {
            review.message = message;
        }
    }
}

/// Refuses the units of a plan that need its push.
fn refuse_commits(progress: &mut Progress<'_>, plan: &BranchPlan, refusal: &Refusal) {
    for planned in &plan.units {
        if matches!(planned.action, Action::Commit(_)) {
            progress.units[planned.unit].refuse(refusal.clone());
        }
    }
}
