//! A delivery under way, driven one step at a time.
//!
//! A round is: read, plan, push (once or more; the refs of a rejected push are read again), settle. [`Delivery::step`] does one request to the remote and everything pure that follows
//! from its answer, so that a test can interleave the steps of several deliveries in any order. [`crate::deliver`] is the loop over it.

use git::{ObjectStore, PushReport, Transport, TransportError};

use crate::error::DeliverError;
use crate::options::Options;
use crate::outcome::{Outcome, UnitResult};
use crate::refusal::Refusal;
use crate::round::plan::Planner;
use crate::round::push::{self, PushContext, PushPart, PushRequest};
use crate::round::queue::PushQueue;
use crate::round::verdict::{self, Verdict};
use crate::round::{BranchPlan, OrderPlace, Progress, RemoteState, RoundPlan, contents, read};
use crate::unit::Unit;
use crate::validate;

/// A delivery under way. See the [module documentation](self).
pub struct Delivery<'a> {
    options: &'a Options<'a>,
    store: ObjectStore,
    progress: Progress<'a>,
    phase: Phase,
    is_push: bool,
}

/// What the next step does.
enum Phase {
    /// It reads the remote and plans.
    Read,
    /// It sends this push.
    Push { queue: Box<PushQueue>, request: PushRequest },
    /// It reads the refs of this push again, some of which the server rejected.
    Verify { queue: Box<PushQueue>, request: PushRequest, report: PushReport },
    /// Nothing; every unit has its outcome.
    Finished,
}

/// What a step did, and what the next one will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The remote was read and the round planned. The next step pushes.
    Read,
    /// A push was answered. The next step pushes again, or reads the refs of the push again.
    Pushed,
    /// Branches that units need were created, the remote lacks something that the round was planned with, or only units that the round
    /// held back are left. The next step starts the round again; nothing was lost.
    Restarted,
    /// The round ended, and a branch or the notes changed concurrently. The next step starts another round.
    Lost,
    /// Every unit has its outcome.
    Finished,
}

impl<'a> Delivery<'a> {
    /// Prepares the delivery of `units`. Nothing is read or written.
    ///
    /// # Errors
    /// A unit is invalid by itself or together with another one.
    pub fn new(units: impl IntoIterator<Item = &'a Unit>, options: &'a Options<'a>) -> Result<Self, DeliverError> {
        let units: Vec<&Unit> = units.into_iter().collect();
        validate::units(&units)?;
        if options.atomic {
            validate::atomic(&units)?;
        }
        let phase = if units.is_empty() { Phase::Finished } else { Phase::Read };
        let progress = Progress::new(units, options.max_refs);
        Ok(Self { options, store: ObjectStore::open()?, progress, phase, is_push: false })
    }

    /// Does the next step: reads the remote, or sends one push.
    ///
    /// # Errors
    /// The remote cannot be used, or a commit cannot be signed. The next step then starts another round. If the error is a lost connection and
    /// [`Delivery::failed_in_push`] holds, the push may have been accepted; the next round finds out.
    pub fn step(&mut self, transport: &mut dyn Transport) -> Result<Step, DeliverError> {
        self.is_push = false;
        match std::mem::replace(&mut self.phase, Phase::Read) {
            Phase::Read => self.read_and_plan(transport),
            Phase::Push { queue, request } => self.push(transport, queue, request),
            Phase::Verify { queue, request, report } => self.verify(transport, queue, &request, &report),
            Phase::Finished => {
                self.phase = Phase::Finished;
                Ok(Step::Finished)
            }
        }
    }

    /// Whether the last step was a push, or read what one did.
    pub fn failed_in_push(&self) -> bool {
        self.is_push
    }

    /// The results in the units' order. A unit without an outcome is refused as [`crate::Refusal::TooManyAttempts`] with this number of
    /// attempts.
    pub fn finish(self, attempts: u32) -> Vec<UnitResult> {
        let notes_refused = self.progress.notes_refused;
        let mut results: Vec<UnitResult> =
            self.progress.units.into_iter().map(|run| run.into_result(attempts)).collect();
        let is_written =
            |result: &&mut UnitResult| matches!(result.outcome, Outcome::Committed { .. } | Outcome::NoteUpdated);
        for result in results.iter_mut().filter(is_written) {
            result.not_announced.clone_from(&notes_refused);
        }
        results
    }

    fn read_and_plan(&mut self, transport: &mut dyn Transport) -> Result<Step, DeliverError> {
        let state = read::remote_state(transport, &self.store, &self.progress.units)?;
        if !self.options.atomic {
            self.progress.hold_back(&state);
        }
        let plan = self.plan_judged(transport, &state)?;
        let mut plans = match plan {
            RoundPlan::StartBranches(starts) => {
                return self.next(PushQueue::starting(starts, state, &self.progress), Step::Read);
            }
            RoundPlan::Deliver(plans) => plans,
        };
        self.progress.adopt(&mut plans);
        if self.options.dry_run {
            self.progress.settle_dry_run(&plans);
            self.phase = Phase::Finished;
            return Ok(Step::Finished);
        }
        if self.options.atomic && self.exceeds_limit(&plans) {
            self.phase = Phase::Finished;
            return Ok(Step::Finished);
        }
        let contents = contents::for_requests(&self.store, &plans, &self.progress, &state)?;
        read::objects(transport, &self.store, contents.iter().flat_map(|content| content.blobs()).collect())?;
        contents::fill(&self.store, contents, &mut self.progress)?;
        let owed = std::mem::take(&mut self.progress.owed_notes);
        let queue = PushQueue::delivering(plans, state, owed, self.context())?;
        if queue.writes_records() {
            self.progress.keep_owed_notes(&queue);
        } else {
            self.progress.settle_written_notes(&queue.plans);
        }
        self.next(queue, Step::Read)
    }

    /// Plans a round, and again without the changes that the units' checks refuse.
    fn plan_judged(&mut self, transport: &mut dyn Transport, state: &RemoteState) -> Result<RoundPlan, DeliverError> {
        let plan = self.plan(state)?;
        let RoundPlan::Deliver(plans) = &plan else { return Ok(plan) };
        let contents = contents::for_checks(&self.store, plans, &self.progress, state)?;
        if contents.is_empty() {
            return Ok(plan);
        }
        read::objects(transport, &self.store, contents.iter().flat_map(|content| content.blobs()).collect())?;
        if contents::judge(&self.store, contents, &mut self.progress, state)? { self.plan(state) } else { Ok(plan) }
    }

    fn plan(&mut self, state: &RemoteState) -> Result<RoundPlan, DeliverError> {
        let Progress { units, order, held_back, started, not_started, .. } = &self.progress;
        let (options, store, order) = (self.options, &mut self.store, *order);
        Planner { store, options, units, state, order, held_back, started, not_started }.plan()
    }

    /// Whether one push cannot take all branches. If so, all units are refused.
    fn exceeds_limit(&mut self, plans: &[BranchPlan]) -> bool {
        let Some(limit) = self.options.max_refs else { return false };
        let order = usize::from(self.progress.order == OrderPlace::Ref);
        let refs = plans.iter().filter(|plan| plan.update().is_some()).count() + order;
        if refs > limit && refs > 1 + order {
            for run in self.progress.units.iter_mut().filter(|run| run.is_pending()) {
                run.refuse(Refusal::AtomicLimit { refs, limit });
            }
            return true;
        }
        false
    }

    fn push(
        &mut self,
        transport: &mut dyn Transport,
        mut queue: Box<PushQueue>,
        request: PushRequest,
    ) -> Result<Step, DeliverError> {
        self.progress.remember(&request, &queue.plans);
        self.is_push = true;
        match push::send(transport, &self.store, &request) {
            Ok(report) => {
                self.progress.rename(&report);
                if let PushPart::Request(plan) = request.part {
                    self.progress.settle_request(&queue.plans[plan], &report);
                } else if let Some(verdict) = Verdict::of(&report) {
                    self.settle(&mut queue, &request, verdict);
                } else {
                    self.phase = Phase::Verify { queue, request, report };
                    return Ok(Step::Pushed);
                }
            }
            Err(TransportError::Unsupported { url, capability, hint }) => {
                let error = TransportError::Unsupported { url, capability: capability.clone(), hint };
                let required = self.options.atomic && capability == "atomic";
                if required || !self.progress.settle_unsupported(&mut queue, &request, &capability, error.to_string()) {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
        self.next(*queue, Step::Pushed)
    }

    /// Reads the refs of a rejected push: one that has changed was lost to a concurrent update, whatever the server's message says.
    fn verify(
        &mut self,
        transport: &mut dyn Transport,
        mut queue: Box<PushQueue>,
        request: &PushRequest,
        report: &PushReport,
    ) -> Result<Step, DeliverError> {
        self.is_push = true;
        let found = transport.list_refs(&verdict::names_to_read(&request.updates))?;
        let verdict = Verdict::after_reading(&request.updates, report, &found, request.options.atomic);
        self.settle(&mut queue, request, verdict);
        self.next(*queue, Step::Pushed)
    }

    fn settle(&mut self, queue: &mut PushQueue, request: &PushRequest, mut verdict: Verdict) {
        queue.answered(request, &mut verdict, &mut self.progress, self.options.atomic);
        self.progress.settle(queue, request, &verdict, self.options.atomic);
    }

    /// Prepares the next push of the queue, or ends the round.
    fn next(&mut self, mut queue: PushQueue, step: Step) -> Result<Step, DeliverError> {
        if let Some(request) = queue.next(self.context())? {
            self.phase = Phase::Push { queue: Box::new(queue), request };
            return Ok(step);
        }
        if self.progress.is_settled() {
            self.phase = Phase::Finished;
            return Ok(Step::Finished);
        }
        self.phase = Phase::Read;
        let restart = std::mem::take(&mut self.progress.restart) || !queue.starts.is_empty();
        if restart || self.progress.only_held_back_is_left() {
            return Ok(Step::Restarted);
        }
        self.progress.lost_heads = Some(queue.into_heads());
        Ok(Step::Lost)
    }

    fn context(&self) -> PushContext<'_, 'a> {
        PushContext { store: &self.store, options: self.options, progress: &self.progress }
    }
}
