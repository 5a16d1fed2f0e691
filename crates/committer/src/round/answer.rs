//! What the verdict on a push means for the pushes that follow in the round. Pure.
//!
//! Where a server answers for a push as a whole, its branches are pushed again in two halves, and so on, until the refused ones are alone. An
//! accepted half is delivered. So one refused branch of n takes about 2 · log₂ n pushes, and k of them at most that much each.

use git::{Rejection, lock_file, push_limit};

use super::push::{PushPart, PushRequest};
use super::queue::PushQueue;
use super::verdict::Verdict;
use super::{OrderPlace, Progress};
use crate::notes::NOTES;
use crate::order_ref::ORDER;
use crate::refusal::Refusal;

/// After this many rejected pushes in a row, what is left is refused without another push.
const MAX_REJECTED_PUSHES: u32 = 64;

/// After this many rounds in a row that are rejected as a concurrent update although no ref has changed, a push is split, and an order ref that
/// does not exist counts as refused.
const MAX_UNCHANGED_ROUNDS: u32 = 3;

/// The same for an order ref that exists: another process has it locked, and died or is slow.
const MAX_LOCKED_ROUNDS: u32 = 10;

impl PushQueue {
    /// A push was answered. Decides what is pushed next in this round. If the server rejected a push of one branch as a whole, the verdict says
    /// afterwards that the branch is refused.
    pub(crate) fn answered(
        &mut self,
        request: &PushRequest,
        verdict: &mut Verdict,
        progress: &mut Progress<'_>,
        atomic: bool,
    ) {
        if matches!(request.part, PushPart::Request(_)) {
            return;
        }
        if verdict.is_accepted() {
            self.moved_records(request);
            progress.order_accepted |= request.order.is_some();
            progress.rejected_pushes = 0;
            progress.unchanged_rounds = 0;
            match &request.part {
                PushPart::Branches(members) => self.accepted.extend(members),
                PushPart::Topic(plan) => self.accepted.extend([*plan]),
                PushPart::Starts(_) | PushPart::OrderTest | PushPart::Records { .. } | PushPart::Request(_) => {}
            }
            return;
        }
        if verdict.has_lost() {
            progress.unchanged_rounds = 0;
        }
        match verdict.whole.clone() {
            Some(message) => self.rejected(request, verdict, &message, progress, atomic),
            None => self.rejected_in_part(request, verdict, progress, atomic),
        }
    }

    /// Some refs have an answer of their own. If the push was atomic only to keep branches and order together, the others are pushed again.
    fn rejected_in_part(
        &mut self,
        request: &PushRequest,
        verdict: &mut Verdict,
        progress: &mut Progress<'_>,
        atomic: bool,
    ) {
        if verdict.is_lost(ORDER) {
            return self.stop();
        }
        if let Some(refused) = verdict.refused(ORDER) {
            let message = refused.message.clone();
            return self.order_refused(request, verdict, &message, progress);
        }
        let PushPart::Branches(members) = &request.part else { return };
        let is_aborted = |plan: usize| {
            let name = self.plans[plan].ref_name();
            !self.moves(plan) || !verdict.is_lost(&name) && verdict.refused(&name).is_none()
        };
        if !request.options.atomic {
            let updated = |plan: usize| !self.moves(plan) || verdict.is_updated(&self.plans[plan].ref_name());
            self.accepted.extend(members.iter().filter(|&&plan| updated(plan)).copied().collect::<Vec<_>>());
            return;
        }
        if atomic && verdict.refused(NOTES).is_none() {
            return;
        }
        let rest: Vec<usize> = members.iter().copied().filter(|&plan| is_aborted(plan)).collect();
        let failed = rest.len() < members.len();
        progress.rejected_pushes += u32::from(failed && !verdict.has_lost());
        if verdict.is_lost(NOTES) && !failed || rest.is_empty() {
            return;
        }
        if progress.rejected_pushes >= MAX_REJECTED_PUSHES {
            let message = verdict.first_refused().unwrap_or_default().to_owned();
            return self.give_up(&rest, verdict, &message);
        }
        self.groups.push_front(rest);
    }

    /// The server refuses the order ref by itself.
    fn order_refused(
        &mut self,
        request: &PushRequest,
        verdict: &mut Verdict,
        message: &str,
        progress: &mut Progress<'_>,
    ) {
        let in_place = matches!(request.part, PushPart::Records { .. });
        let kind = Rejection::of(message);
        let old = request.updates.iter().find(|update| update.name == ORDER).and_then(|update| update.old);
        let is_locked = lock_file(message).is_some() || kind == Rejection::Concurrent && old.is_some();
        let may_be_locked = kind == Rejection::Concurrent || kind == Rejection::Unknown && progress.order_accepted;
        let most = if is_locked { MAX_LOCKED_ROUNDS } else { MAX_UNCHANGED_ROUNDS };
        if may_be_locked && progress.order_is_locked(old) < most {
            self.stop();
        } else if kind == Rejection::Storage || progress.order_accepted || is_locked {
            let members = self.rest_with(request);
            self.give_up(&members, verdict, message);
        } else if in_place {
            progress.order = OrderPlace::Branch;
        } else if kind == Rejection::Policy || request.part == PushPart::OrderTest {
            self.keep_order_in_branches(progress);
        } else {
            self.test_order = true;
            self.again(request);
        }
    }

    /// The server answered for the push as a whole.
    fn rejected(
        &mut self,
        request: &PushRequest,
        verdict: &mut Verdict,
        message: &str,
        progress: &mut Progress<'_>,
        atomic: bool,
    ) {
        if let Some(limit) = push_limit(message).filter(|_| request.updates.len() > 1) {
            return self.limited(request, limit, progress, atomic);
        }
        let is_alone = matches!(&request.part, PushPart::Branches(members) if members.len() == 1);
        match Rejection::of(message) {
            // A single branch counts its own rejections.
            Rejection::Concurrent if !is_alone && progress.unchanged_rounds + 1 < MAX_UNCHANGED_ROUNDS => {
                progress.unchanged_rounds += 1;
                return self.stop();
            }
            Rejection::Storage => {
                let members = self.rest_with(request);
                return self.give_up(&members, verdict, message);
            }
            Rejection::Concurrent | Rejection::Policy | Rejection::Unknown => {}
        }
        progress.rejected_pushes += 1;
        if progress.rejected_pushes >= MAX_REJECTED_PUSHES {
            let members = self.rest_with(request);
            return self.give_up(&members, verdict, message);
        }
        let tests_order = request.order.is_some() && !progress.order_accepted;
        match &request.part {
            PushPart::Branches(members) => {
                let is_alone = atomic || members.len() == 1;
                let order_is_suspect = verdict.suspects.contains(ORDER);
                self.test_order = tests_order && (is_alone || self.was_split || order_is_suspect);
                self.was_split = true;
                self.split_branches(request, members, verdict, message, progress, atomic);
            }
            PushPart::Starts(starts) => {
                let (one, other) = starts.split_at(starts.len() / 2);
                self.parts.push_front(PushPart::Starts(other.to_vec()));
                self.parts.push_front(PushPart::Starts(one.to_vec()));
            }
            PushPart::Topic(plan) if tests_order || request.has(NOTES) => {
                self.test_order = tests_order;
                progress.notes_apart = true;
                self.parts.push_front(PushPart::Topic(*plan));
            }
            PushPart::Topic(plan) => verdict.refuse(&self.plans[*plan].ref_name(), message, false),
            PushPart::Records { .. } => {
                self.parts.push_front(PushPart::Records { order: false, notes: true });
                self.parts.push_front(PushPart::Records { order: true, notes: false });
            }
            PushPart::OrderTest | PushPart::Request(_) => {}
        }
    }

    /// Pushes the branches of a rejected push in two parts, or finds the ref that is refused.
    fn split_branches(
        &mut self,
        request: &PushRequest,
        members: &[usize],
        verdict: &mut Verdict,
        message: &str,
        progress: &mut Progress<'_>,
        atomic: bool,
    ) {
        let had_notes = request.has(NOTES);
        progress.notes_apart = true;
        let (moving, staying): (Vec<usize>, Vec<usize>) = members.iter().partition(|&&plan| self.moves(plan));
        if moving.is_empty() && !had_notes {
            // The order ref alone, which is not a push as a whole.
            return;
        }
        let is_alone = atomic || moving.len() + usize::from(!staying.is_empty()) <= 1;
        if is_alone && (had_notes || self.test_order) {
            return self.groups.push_front(members.to_vec());
        }
        if is_alone {
            for plan in moving {
                verdict.refuse(&self.plans[plan].ref_name(), message, atomic);
            }
            return;
        }
        if !staying.is_empty() {
            self.groups.push_back(staying);
        }
        let is_suspect = |plan: &usize| verdict.suspects.contains(&self.plans[*plan].ref_name());
        let (suspects, others): (Vec<usize>, Vec<usize>) = moving.iter().partition(|plan| is_suspect(plan));
        let (one, other) = match suspects.is_empty() || others.is_empty() {
            true => moving.split_at(moving.len() / 2),
            false => (others.as_slice(), suspects.as_slice()),
        };
        for group in [one, other].into_iter().filter(|group| !group.is_empty()) {
            self.groups.push_back(group.to_vec());
        }
    }

    /// The server takes fewer refs in one push.
    fn limited(&mut self, request: &PushRequest, limit: usize, progress: &mut Progress<'_>, atomic: bool) {
        let refs = request.updates.len();
        let limit = limit.min(refs - 1);
        let had_notes = request.has(NOTES);
        progress.max_refs = Some(limit);
        if atomic && (!had_notes || refs - 1 > limit) {
            let PushPart::Branches(members) = &request.part else { return };
            let needed = refs - usize::from(had_notes);
            for planned in members.iter().flat_map(|&plan| &self.plans[plan].units) {
                progress.units[planned.unit].refuse(Refusal::AtomicLimit { refs: needed, limit });
            }
            return self.stop();
        }
        if request.order.is_some() && !had_notes && refs == 2 {
            // A branch and the order do not fit into one push.
            return self.keep_order_in_branches(progress);
        }
        match &request.part {
            PushPart::Branches(_) => {
                let members = self.rest_with(request);
                self.group(members, progress, atomic);
            }
            PushPart::Starts(starts) => {
                let chunks: Vec<&[usize]> = starts.chunks(limit).collect();
                for chunk in chunks.into_iter().rev() {
                    self.parts.push_front(PushPart::Starts(chunk.to_vec()));
                }
            }
            PushPart::Records { .. } => {
                self.parts.push_front(PushPart::Records { order: false, notes: true });
                self.parts.push_front(PushPart::Records { order: true, notes: false });
            }
            PushPart::Topic(_) | PushPart::OrderTest | PushPart::Request(_) => {}
        }
    }

    /// The plans of a rejected push, and of those that were to follow.
    fn rest_with(&mut self, request: &PushRequest) -> Vec<usize> {
        let mut members = match &request.part {
            PushPart::Branches(members) => members.clone(),
            PushPart::Topic(plan) => vec![*plan],
            PushPart::Starts(_) | PushPart::OrderTest | PushPart::Records { .. } | PushPart::Request(_) => Vec::new(),
        };
        members.extend(std::mem::take(&mut self.groups).into_iter().flatten());
        members
    }

    /// Pushes the same again.
    fn again(&mut self, request: &PushRequest) {
        match &request.part {
            PushPart::Branches(members) => self.groups.push_front(members.clone()),
            part => self.parts.push_front(part.clone()),
        }
    }

    /// Refuses these plans with the server's message, without another push.
    fn give_up(&mut self, plans: &[usize], verdict: &mut Verdict, message: &str) {
        for &plan in plans {
            verdict.refuse(&self.plans[plan].ref_name(), message, true);
        }
    }

    /// The remote cannot keep the order ref: the round starts again, and the order is kept in the records of the branches.
    pub(super) fn keep_order_in_branches(&mut self, progress: &mut Progress<'_>) {
        progress.keep_order_in_branches();
        self.stop();
    }
}
