//! What a plan and the verdicts on its pushes mean for each unit. Pure.

use std::collections::BTreeSet;

use git::{PushReport, Rejection, lock_file};
use git2::Oid;

use super::push::{PushPart, PushRequest};
use super::queue::PushQueue;
use super::verdict::{RefVerdict, RefusedRef, Verdict};
use super::{Action, BranchPlan, BranchRole, BranchStart, OrderPlace, PlannedUnit, Progress};
use crate::notes::NOTES;
use crate::order_ref::ORDER;
use crate::outcome::{Outcome, TopicState};
use crate::refusal::Refusal;

/// The capability of a server that takes several refs in one transaction.
const ATOMIC: &str = "atomic";

/// What Gitea and Forgejo answer if a request shows this commit already.
const SAME_COMMIT: &str = "same with old commit";

/// A ref that the server refuses with an unknown message, and that has not changed, is refused after this many pushes.
const MAX_UNKNOWN: u32 = 2;

/// The same for a ref that is locked.
const MAX_LOCKED: u32 = 10;

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
        if matches!(request.part, PushPart::Request(_)) {
            return;
        }
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
        self.owed_notes = queue.owed.clone();
        self.owed_notes.retain(|commit, _| !planned.contains(commit));
    }

    /// The notes ref says everything already: settles the units that need nothing else.
    pub(crate) fn settle_written_notes(&mut self, plans: &[BranchPlan]) {
        for plan in plans.iter().filter(|plan| plan.new == plan.old) {
            self.settle_notes(plan);
        }
    }

    /// Settles what a push and the verdict on it decide.
    pub(crate) fn settle(&mut self, queue: &PushQueue, request: &PushRequest, verdict: &Verdict, atomic: bool) {
        if let Some(refused) = verdict.refused(NOTES) {
            self.notes_refused = Some(refused.message.clone());
            self.owed_notes.clear();
        }
        match &request.part {
            PushPart::Starts(starts) => {
                for &start in starts {
                    self.settle_start(&queue.starts[start], verdict);
                }
            }
            PushPart::Branches(members) => {
                self.settle_branches(&queue.plans, verdict, atomic);
                let members: BTreeSet<usize> = members.iter().copied().collect();
                self.settle_records(queue, request, verdict, |plan| members.contains(&plan));
            }
            // A test of the order ref can end the delivery of everything that was to follow.
            PushPart::OrderTest => self.settle_branches(&queue.plans, verdict, atomic),
            PushPart::Records { .. } => self.settle_records(queue, request, verdict, |_| true),
            PushPart::Topic(plan) => {
                self.settle_branches(&queue.plans, verdict, atomic);
                self.settle_records(queue, request, verdict, |other| other == *plan);
            }
            PushPart::Request(_) => {}
        }
    }

    /// Takes over the ids that commits have at the remote.
    pub(crate) fn rename(&mut self, report: &PushReport) {
        self.renamed.extend(&report.rewritten);
    }

    /// The remote cannot keep the order ref: the round starts again, and the order is kept in the records of the branches.
    pub(super) fn keep_order_in_branches(&mut self) {
        self.order = OrderPlace::Branch;
        self.restart = true;
        // The round was no attempt.
        for run in self.units.iter_mut().filter(|run| run.is_pending()) {
            run.attempts = run.attempts.saturating_sub(1);
        }
    }

    /// Settles a push that the server cannot take: it lacks a capability. `false` if that concerns the whole delivery.
    pub(crate) fn settle_unsupported(
        &mut self,
        queue: &mut PushQueue,
        request: &PushRequest,
        lacking: &str,
        message: String,
    ) -> bool {
        if lacking == ATOMIC && self.order == OrderPlace::Ref {
            queue.keep_order_in_branches(self);
            return true;
        }
        match request.part {
            PushPart::Topic(plan) => refuse_commits(self, &queue.plans[plan], &Refusal::RequestUnsupported { message }),
            PushPart::Request(plan) => self.request_failed(&queue.plans[plan], Some(message)),
            PushPart::Starts(_) | PushPart::Branches(_) | PushPart::OrderTest | PushPart::Records { .. } => {
                return false;
            }
        }
        true
    }

    fn settle_start(&mut self, start: &BranchStart, verdict: &Verdict) {
        let refused = match verdict.get(&format!("refs/heads/{}", start.branch)) {
            Some(RefVerdict::Updated) => {
                self.started.insert(self.at_remote(start.commit));
                return;
            }
            // It is pushed again.
            None | Some(RefVerdict::Aborted(_)) => return,
            // The next round finds the branch.
            Some(RefVerdict::Lost(_)) => {
                self.not_started.insert(start.branch.clone());
                return;
            }
            Some(RefVerdict::Refused(refused)) => refused,
        };
        self.not_started.insert(start.branch.clone());
        let refusal = match refusal(refused) {
            Refusal::Rejected { message } => Refusal::TargetRejected { message },
            other => other,
        };
        for &unit in &start.units {
            self.units[unit].attempts += 1;
            self.units[unit].refuse_after(confirmations(refused), None, refusal.clone());
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
                if plan.new.is_none() {
                    self.units[*unit].deleted(plan.old, planned.changes.clone());
                    continue;
                }
                let new = self.at_remote(planned.commit);
                let old = planned.parent.map(|parent| self.at_remote(parent));
                self.units[*unit].commit(new, old, planned.changes.clone());
            }
        }
    }

    fn settle_branches(&mut self, plans: &[BranchPlan], verdict: &Verdict, atomic: bool) {
        let mut first_refused = None;
        for plan in plans {
            match verdict.get(&plan.ref_name()) {
                None | Some(RefVerdict::Aborted(_)) => {}
                Some(RefVerdict::Updated) => {
                    self.settle_branch(plan);
                    for planned in &plan.units {
                        self.units[planned.unit].server_messages.clone_from(&verdict.messages);
                    }
                }
                Some(RefVerdict::Lost(message)) => {
                    self.retry(plan, message);
                    for planned in &plan.units {
                        self.units[planned.unit].forget_refusals();
                    }
                }
                Some(RefVerdict::Refused(refused)) => {
                    self.refuse_branch(plan, refused);
                    let is_final = plan.units.iter().any(|planned| !self.units[planned.unit].is_pending());
                    first_refused = first_refused.or(Some(refused.message.as_str()).filter(|_| is_final));
                }
            }
        }
        for plan in plans {
            let Some(RefVerdict::Aborted(message)) = verdict.get(&plan.ref_name()) else { continue };
            match first_refused {
                Some(refused) if atomic => {
                    refuse_commits(self, plan, &Refusal::AtomicAborted { refused: refused.to_owned() });
                }
                _ => self.retry(plan, message),
            }
        }
    }

    /// The server refuses a branch.
    fn refuse_branch(&mut self, plan: &BranchPlan, refused: &RefusedRef) {
        if let BranchRole::Withdrawal(unit) = plan.role
            && let Some(review) = &mut self.units[unit].review
        {
            review.message = Some(refused.message.clone());
        }
        let refusal = refusal(refused);
        for planned in &plan.units {
            if matches!(planned.action, Action::Commit(_) | Action::Note) {
                self.units[planned.unit].refuse_after(confirmations(refused), plan.old, refusal.clone());
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
            if matches!(planned.action, Action::Note) && self.units[planned.unit].is_pending() {
                self.units[planned.unit].settle(Outcome::NoteUpdated, plan.new);
            }
        }
    }

    /// The order and the notes of these plans were accepted, or not.
    fn settle_records(
        &mut self,
        queue: &PushQueue,
        request: &PushRequest,
        verdict: &Verdict,
        includes: impl Fn(usize) -> bool,
    ) {
        let names: Vec<&str> = [ORDER, NOTES].into_iter().filter(|name| request.has(name)).collect();
        let plans = queue.plans.iter().enumerate().filter(|(index, _)| includes(*index));
        let notes_refused = verdict.refused(NOTES).is_some();
        if names.iter().all(|name| verdict.is_updated(name)) || notes_refused {
            if request.has(NOTES) && !matches!(request.part, PushPart::Topic(_)) {
                self.owed_notes.clear();
            }
            if names.is_empty() || queue.notes_follow() && !notes_refused {
                return;
            }
            for (_, plan) in plans.filter(|(index, _)| queue.is_accepted(*index)) {
                if self.is_in_place(plan) {
                    self.settle_notes(plan);
                }
            }
            return;
        }
        let message = names.iter().find_map(|name| verdict.not_updated(name)).unwrap_or_default();
        let mut owed = Vec::new();
        for (_, plan) in plans {
            self.retry(plan, message);
            if request.has(NOTES) && plan.has_commits() && self.is_in_place(plan) {
                // The branch is written. Only its notes are missing.
                owed.extend(plan.notes.iter().map(|(commit, note)| (self.at_remote(*commit), note.clone())));
            }
        }
        self.owed_notes.extend(owed);
    }

    /// Whether the remote has the branch's new commit.
    pub(super) fn is_in_place(&self, plan: &BranchPlan) -> bool {
        let new = plan.new.map(|new| self.at_remote(new));
        let is_new = |planned: &PlannedUnit| {
            let run = &self.units[planned.unit];
            matches!(planned.action, Action::Commit(_)) && !run.is_pending() && run.settled_commit() == new
        };
        plan.new == plan.old || plan.units.iter().any(is_new)
    }

    /// Settles the push of a request for a topic branch.
    pub(crate) fn settle_request(&mut self, plan: &BranchPlan, report: &PushReport) {
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

/// Why a unit is refused whose branch is.
fn refusal(refused: &RefusedRef) -> Refusal {
    let message = refused.message.clone();
    if let Some(branch) = &refused.in_the_way {
        return Refusal::BranchInTheWay { branch: branch.clone() };
    }
    match Rejection::of(&message) {
        Rejection::Storage => Refusal::Storage { message },
        Rejection::Concurrent if lock_file(&message).is_some() => Refusal::Locked { message },
        Rejection::Concurrent | Rejection::Policy | Rejection::Unknown => Refusal::Rejected { message },
    }
}

/// The number of pushes after which a refused branch, which has not changed, counts as refused.
fn confirmations(refused: &RefusedRef) -> u32 {
    if refused.is_final || refused.in_the_way.is_some() {
        return 1;
    }
    match Rejection::of(&refused.message) {
        Rejection::Policy | Rejection::Storage => 1,
        Rejection::Unknown => MAX_UNKNOWN,
        Rejection::Concurrent => MAX_LOCKED,
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
