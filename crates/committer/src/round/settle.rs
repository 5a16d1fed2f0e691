//! What a round's decisions and the server's report mean for each unit.

use std::collections::BTreeMap;

use git::{PushReport, Update, fell_with_others, lost_race};
use git2::Oid;

use super::{BranchPlan, Run, Step};
use crate::notes::{NOTES, Note};
use crate::outcome::{Outcome, ReviewResult, TopicState};
use crate::refusal::Refusal;

impl Run<'_> {
    /// Settles what needs no push: refusals, and what the branch holds already.
    pub(super) fn settle_unpushed(&mut self, plans: &[BranchPlan]) {
        for plan in plans {
            for (index, step) in &plan.steps {
                let lost = self.lost_answer(*index, plan);
                let state = &mut self.states[*index];
                match step {
                    Step::Refuse(refusal) => state.outcome = Some(Outcome::Refused(refusal.clone())),
                    Step::Nothing => {
                        state.commit = plan.old;
                        state.outcome = Some(match (state.sent.take().filter(|_| lost), plan.old) {
                            (Some((old, _, changes)), Some(new)) => {
                                state.changes = changes;
                                Outcome::Committed { old: old.map(|id| id.to_string()), new: new.to_string() }
                            }
                            _ => Outcome::Unchanged,
                        });
                    }
                    Step::Commit { .. } | Step::Note => {}
                }
            }
        }
    }

    /// Whether a push was taken whose answer was lost: the branch holds the commit that was sent, or one that the other side made of it.
    fn lost_answer(&self, index: usize, plan: &BranchPlan) -> bool {
        let (Some((parent, sent, _)), Some(now)) = (&self.states[index].sent, plan.old) else { return false };
        let change = |id: Oid| {
            let commit = self.store.repository().find_commit(id).ok()?;
            Some((commit.tree_id(), commit.parent_id(0).ok()))
        };
        now == *sent || self.transport.renames() && change(now) == change(*sent).map(|(tree, _)| (tree, *parent))
    }

    pub(super) fn settle_dry(&mut self, plans: &[BranchPlan]) {
        for plan in plans {
            self.settle_branch(plan);
            self.settle_notes(plan);
        }
    }

    pub(super) fn settle_branch(&mut self, plan: &BranchPlan) {
        if let Some(reviewed) = self.withdrawn(plan) {
            reviewed.state = TopicState::Withdrawn;
        }
        for (index, step) in &plan.steps {
            if let Step::Commit { commit, parent, changes } = step {
                let (new, old) = (self.there(*commit), parent.map(|parent| self.there(parent).to_string()));
                let state = &mut self.states[*index];
                state.commit = Some(new);
                state.changes.clone_from(changes);
                state.outcome = Some(Outcome::Committed { old, new: new.to_string() });
            }
        }
    }

    /// Whose proposal the plan takes back.
    fn withdrawn(&mut self, plan: &BranchPlan) -> Option<&mut ReviewResult> {
        let index = plan.topic.filter(|_| plan.withdraws)?;
        self.states[index].reviewed.as_mut()
    }

    pub(super) fn settle_notes(&mut self, plan: &BranchPlan) {
        for (index, step) in &plan.steps {
            if matches!(step, Step::Note) {
                self.states[*index].commit = plan.head;
                self.states[*index].outcome = Some(Outcome::NoteUpdated);
            }
        }
    }

    pub(super) fn settle_branches(&mut self, moving: &[&BranchPlan], updates: &[Update], report: &PushReport) {
        let refused = report.refs.iter().filter_map(|told| told.as_ref().err());
        let first_no = refused.clone().find(|words| !lost_race(words)).cloned();
        for plan in moving {
            let name = format!("refs/heads/{}", plan.branch);
            let Some(at) = updates.iter().position(|update| update.name == name) else { continue };
            match &report.refs[at] {
                Ok(()) => {
                    self.settle_branch(plan);
                    for (index, _) in &plan.steps {
                        self.states[*index].server_messages.clone_from(&report.words);
                    }
                }
                Err(words)
                    if self.options.atomic && fell_with_others(words) && lost_race(words) && first_no.is_some() =>
                {
                    let refused = first_no.clone().unwrap_or_default();
                    self.settle_refused(plan, &Refusal::AtomicAborted { refused });
                }
                Err(words) if lost_race(words) => self.lost(plan, words),
                Err(words) => {
                    let said = report.words.iter().map(String::as_str);
                    let words = std::iter::once(words.as_str()).chain(said).collect::<Vec<_>>().join("; ");
                    if let Some(reviewed) = self.withdrawn(plan) {
                        reviewed.message = Some(words.clone());
                    }
                    self.settle_refused(plan, &Refusal::Rejected { message: words });
                }
            }
        }
    }

    pub(super) fn settle_refused(&mut self, plan: &BranchPlan, refusal: &Refusal) {
        for (index, step) in &plan.steps {
            if matches!(step, Step::Commit { .. }) {
                self.states[*index].outcome = Some(Outcome::Refused(refusal.clone()));
            }
        }
    }

    pub(super) fn lost(&mut self, plan: &BranchPlan, words: &str) {
        for (index, _) in &plan.steps {
            words.clone_into(&mut self.states[*index].last_words);
        }
    }

    pub(super) fn settle_note_push(
        &mut self,
        plans: &[BranchPlan],
        notes: &BTreeMap<Oid, Note>,
        updates: &[Update],
        report: &PushReport,
    ) {
        let Some(at) = updates.iter().position(|update| update.name == NOTES) else { return };
        let taken = |run: &Self, plan: &BranchPlan| {
            let there = plan.head.map(|head| run.there(head));
            plan.head == plan.old
                || plan
                    .steps
                    .iter()
                    .any(|(index, step)| matches!(step, Step::Commit { .. }) && run.states[*index].commit == there)
        };
        match &report.refs[at] {
            Ok(()) => {
                self.owed_notes.clear();
                for plan in plans {
                    if taken(self, plan) {
                        self.settle_notes(plan);
                    }
                }
            }
            Err(words) if lost_race(words) => {
                for plan in plans {
                    self.lost(plan, words);
                    // The branch is written; only its note is owed still.
                    if plan.commits() && taken(self, plan) {
                        let head = plan.head.map(|head| self.there(head));
                        self.owed_notes.extend(head.and_then(|head| Some((head, notes.get(&head)?.clone()))));
                    }
                }
            }
            Err(words) => {
                self.owed_notes.clear();
                let refusal = Refusal::Rejected { message: format!("{NOTES}: {words}") };
                for (index, step) in plans.iter().flat_map(|plan| &plan.steps) {
                    if matches!(step, Step::Note) {
                        self.states[*index].outcome = Some(Outcome::Refused(refusal.clone()));
                    }
                }
            }
        }
    }
}
