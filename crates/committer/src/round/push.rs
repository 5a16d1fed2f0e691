//! The pushes of a round: one for all branches and the notes, and one for each branch that has options of its own.

use std::collections::{BTreeMap, BTreeSet};

use git::{PushOptions, PushReport, TransportError, Update, lost_race};
use git2::{ObjectType, Oid};

use super::{BranchPlan, Run, Seen, Step};
use crate::deliver::DeliverError;
use crate::notes::{self, NOTES, Note};
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::unit::{RequestMethod, RequestOptions, TargetContent, Unit};

/// Gitea and Forgejo, of a request that shows this commit already.
const ASKED_ALREADY: &str = "same with old commit";

impl Run<'_> {
    /// One push for all branches and the notes; with `atomic` a second one for the notes, so that their ref, which everybody writes, cannot
    /// make the branches fail.
    pub(super) fn push(&mut self, plans: &[BranchPlan], seen: &Seen) -> Result<(), DeliverError> {
        self.read_before(plans, seen)?;
        let moving = plans.iter().filter(|plan| plan.update().is_some());
        let (alone, moving): (Vec<&BranchPlan>, Vec<&BranchPlan>) =
            moving.partition(|plan| self.options_of(plan).is_some());
        let mut notes: BTreeMap<Oid, Note> = std::mem::take(&mut self.owed_notes);
        for plan in plans {
            notes.extend(plan.head.zip(plan.note.clone()));
        }
        self.owed_notes.clone_from(&notes);
        self.owed_notes.retain(|commit, _| !plans.iter().any(|plan| plan.head == Some(*commit)));
        let mut updates: Vec<Update> = moving.iter().filter_map(|plan| plan.update()).collect();
        let mut made: Vec<Oid> = moving.iter().flat_map(|plan| plan.made.iter().copied()).collect();
        let mut made_notes = Vec::new();
        let mut note_update = self.note_update(&notes, seen, &mut made_notes)?;
        if note_update.is_none() {
            self.owed_notes.clear();
            plans.iter().filter(|plan| plan.head == plan.old).for_each(|plan| self.settle_notes(plan));
        }
        let together = !(self.options.atomic || self.transport.renames()) || updates.is_empty();
        if together {
            updates.extend(note_update.clone());
            made.append(&mut made_notes);
        }
        if !updates.is_empty() {
            self.remember(&moving);
            let report = self.send(&updates, &made)?;
            self.settle_branches(&moving, &updates, &report);
            self.settle_note_push(plans, &notes, &updates, &report);
        }
        if !together && note_update.is_some() && !self.renamed.is_empty() {
            // The notes are on commits that have other ids there.
            notes = notes.into_iter().map(|(commit, note)| (self.there(commit), note)).collect();
            made_notes.clear();
            note_update = self.note_update(&notes, seen, &mut made_notes)?;
        }
        if let (false, Some(update)) = (together, note_update) {
            let report = self.send(std::slice::from_ref(&update), &made_notes)?;
            self.settle_note_push(plans, &notes, &[update], &report);
        }
        for plan in alone {
            self.push_alone(plan)?;
        }
        for plan in plans {
            self.ask_for(plan, seen)?;
        }
        Ok(())
    }

    fn send(&mut self, updates: &[Update], made: &[Oid]) -> Result<PushReport, TransportError> {
        let only_notes = updates.iter().all(|update| update.name == NOTES);
        let options = PushOptions {
            atomic: self.options.atomic && !only_notes,
            options: if only_notes { Vec::new() } else { self.options.push_options.clone() },
        };
        self.send_with(updates, made, &options)
    }

    fn send_with(
        &mut self,
        updates: &[Update],
        made: &[Oid],
        options: &PushOptions,
    ) -> Result<PushReport, TransportError> {
        let pack = self.store.pack(made);
        self.pushing = true;
        let report = self.transport.push(updates, &pack, options)?;
        self.renamed.extend(&report.renamed);
        Ok(report)
    }

    /// The id that a commit has at the remote.
    pub(super) fn there(&self, commit: Oid) -> Oid {
        self.renamed.get(&commit).copied().unwrap_or(commit)
    }

    /// A topic branch whose request is made by options: they hold for a whole push, so it has one of its own. A server that takes no options
    /// refuses this unit and not the others.
    fn push_alone(&mut self, plan: &BranchPlan) -> Result<(), DeliverError> {
        let (Some(update), Some(options)) = (plan.update(), self.options_of(plan)) else { return Ok(()) };
        self.remember(&[plan]);
        match self.send_with(std::slice::from_ref(&update), &plan.made, &options) {
            Ok(report) => self.settle_branches(&[plan], &[update], &report),
            Err(error @ TransportError::Lacks { .. }) => {
                self.settle_refused(plan, &Refusal::RequestUnsupported { message: error.to_string() });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// The options that go with a topic branch.
    fn options_of(&self, plan: &BranchPlan) -> Option<PushOptions> {
        // What is only deleted asks for nothing.
        let index = plan.topic.filter(|_| plan.head.is_some() && !plan.withdraws)?;
        let Some(RequestMethod::PushOptions(describe)) = self.units[index].topic.as_ref().map(|topic| &topic.request)
        else {
            return None;
        };
        Some(PushOptions { atomic: false, options: self.described(index, describe) })
    }

    fn described(&self, index: usize, RequestOptions(describe): &RequestOptions) -> Vec<String> {
        let before = self.states[index].reviewed.as_ref().map(|reviewed| &reviewed.target_content);
        // A line break would end an option where it is read line by line.
        describe(before.unwrap_or(&TargetContent::default()))
            .iter()
            .map(|option| option.replace(['\n', '\r'], " "))
            .collect()
    }

    /// Asks for a request by a push to `refs/for/BRANCH`, where the topic branch has moved, or stands where no request shows it.
    fn ask_for(&mut self, plan: &BranchPlan, seen: &Seen) -> Result<(), DeliverError> {
        let (Some(index), Some(head)) = (plan.topic, plan.head) else { return Ok(()) };
        let unit: &Unit = &self.units[index];
        let Some(RequestMethod::AgitPush(describe)) = unit.topic.as_ref().map(|topic| &topic.request) else {
            return Ok(());
        };
        let moved = matches!(self.states[index].outcome, Some(Outcome::Committed { .. })) && plan.commits();
        let unasked = plan.old == Some(head) && !seen.pulls.contains(&head);
        if !(moved || unasked || plan.withdraws) {
            return Ok(());
        }
        let options = PushOptions { atomic: false, options: self.described(index, describe) };
        let update = Update { name: format!("refs/for/{}", unit.branch), old: None, new: Some(head) };
        let words = match self.send_with(&[update], &[], &options) {
            Ok(report) => {
                self.states[index].server_messages.extend(report.words);
                report.refs.into_iter().next().and_then(Result::err).filter(|words| !words.contains(ASKED_ALREADY))
            }
            Err(error @ TransportError::Lacks { .. }) => Some(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        if let Some(reviewed) = &mut self.states[index].reviewed {
            reviewed.message = words;
        }
        Ok(())
    }

    /// Makes the targets that are not there: each a commit without files, so that a review has something to compare with. Gives whether any
    /// was missing.
    pub(super) fn start_targets(&mut self, seen: &Seen) -> Result<bool, DeliverError> {
        let mut missing: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (branch, units) in self.pending() {
            let units: Vec<usize> = units.into_iter().filter(|&index| self.units[index].topic.is_some()).collect();
            if !units.is_empty() && !seen.heads.contains_key(&branch) {
                missing.insert(branch, units);
            }
        }
        let (mut updates, mut made) = (Vec::new(), Vec::new());
        for (branch, units) in &missing {
            let tree = self.store.empty_tree(&mut made)?;
            let words = format!("start {branch}\n\nNothing stands here yet: what is delivered comes by review.\n");
            let new = self.commit(&self.units[units[0]], tree, &[], &words, &mut made)?;
            updates.push(Update { name: format!("refs/heads/{branch}"), old: None, new: Some(new) });
        }
        if updates.is_empty() {
            return Ok(false);
        }
        let report = self.send_with(&updates, &made, &PushOptions::default())?;
        for (told, units) in report.refs.iter().zip(missing.values()) {
            let Some(words) = told.as_ref().err().filter(|words| !lost_race(words)) else { continue };
            for &index in units {
                self.states[index].attempts += 1;
                let message = words.clone();
                self.states[index].outcome = Some(Outcome::Refused(Refusal::TargetRejected { message }));
            }
        }
        Ok(true)
    }

    /// Reads what the targets hold of the units for which a request is made or changed, all at once.
    fn read_before(&mut self, plans: &[BranchPlan], seen: &Seen) -> Result<(), DeliverError> {
        let mut wanted = Vec::new();
        for plan in plans.iter().filter(|plan| plan.head.is_some() && !plan.withdraws) {
            let Some(index) = plan.topic else { continue };
            let asks =
                matches!(&self.units[index].topic, Some(topic) if matches!(topic.request, RequestMethod::AgitPush(_)));
            // A commit whose push was answered by nobody is found on the branch.
            let found = matches!(self.states[index].outcome, Some(Outcome::Committed { .. }));
            if plan.commits() || asks || found {
                wanted.push((index, self.held(index, seen)?));
            }
        }
        let blobs: BTreeSet<Oid> = wanted.iter().flat_map(|(_, held)| held.iter().map(|(_, id, _)| *id)).collect();
        let missing: Vec<Oid> = blobs.into_iter().filter(|&id| !self.store.has(id)).collect();
        if !missing.is_empty() {
            self.transport.objects(&missing, self.store.repository())?;
        }
        for (index, held) in wanted {
            let before = TargetContent { files: self.files(&held)?, record: self.recorded(index, seen)? };
            if let Some(reviewed) = &mut self.states[index].reviewed {
                reviewed.target_content = before;
            }
        }
        Ok(())
    }

    fn remember(&mut self, moving: &[&BranchPlan]) {
        for plan in moving {
            for (index, step) in &plan.steps {
                if let Step::Commit { commit, parent, changes } = step {
                    self.states[*index].sent = Some((*parent, *commit, changes.clone()));
                }
            }
        }
    }

    fn note_update(
        &self,
        notes: &BTreeMap<Oid, Note>,
        seen: &Seen,
        made: &mut Vec<Oid>,
    ) -> Result<Option<Update>, git2::Error> {
        let Some(unit) = self.units.first().filter(|_| !notes.is_empty()) else { return Ok(None) };
        let repository = self.store.repository();
        let tree = repository.find_tree(notes::write(&self.store, seen.notes_tree, notes, made)?)?;
        let parent = seen.notes_commit.map(|id| repository.find_commit(id)).transpose()?;
        if parent.as_ref().is_some_and(|parent| parent.tree_id() == tree.id()) {
            return Ok(None);
        }
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let (author, committer) = (unit.author.signature()?, unit.committer.signature()?);
        let words = "Notes added by 'hydrant deliver'\n";
        let buffer = repository.commit_create_buffer(&author, &committer, words, &tree, &parents)?;
        let new = self.store.write(ObjectType::Commit, &buffer, made)?;
        Ok(Some(Update { name: NOTES.to_owned(), old: seen.notes_commit, new: Some(new) }))
    }
}
