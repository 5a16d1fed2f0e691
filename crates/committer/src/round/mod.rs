//! One round of a delivery: read the branches, decide every pending unit, push once, settle what the server said.

mod settle;

use std::collections::{BTreeMap, BTreeSet};

use git2::{ObjectType, Oid};

use crate::decide::{self, Decision, Found};
use crate::deliver::{DeliverError, Options, gave_up};
use crate::metadata::METADATA;
use crate::notes::{self, NOTES, Note};
use crate::outcome::{Change, Delivery, Outcome, Refusal};
use crate::transport::{PushOptions, PushReport, Transport, TransportError, Update};
use crate::unit::{Previous, Unit};
use crate::workshop::Workshop;

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every unit has its outcome.
    Settled,
    /// Somebody was faster: another round may help.
    Lost,
}

/// A delivery under way.
pub(crate) struct Run<'a> {
    units: &'a [Unit],
    options: &'a Options<'a>,
    transport: Box<dyn Transport>,
    workshop: Workshop,
    states: Vec<State>,
    /// Notes for commits that are in their branches already.
    owed_notes: BTreeMap<Oid, Note>,
    pushing: bool,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    commit: Option<Oid>,
    changes: Vec<Change>,
    attempts: u32,
    server_words: Vec<String>,
    /// The last commit that was sent for the unit, and what the branch was then.
    sent: Option<(Option<Oid>, Oid, Vec<Change>)>,
    last_words: String,
}

/// What a round found at the remote.
#[derive(Default)]
struct Seen {
    heads: BTreeMap<String, Oid>,
    notes_commit: Option<Oid>,
    notes_tree: Option<Oid>,
}

/// What is to become of one branch.
struct BranchPlan {
    branch: String,
    old: Option<Oid>,
    head: Option<Oid>,
    steps: Vec<(usize, Step)>,
    made: Vec<Oid>,
    note: Option<Note>,
}

enum Step {
    Commit { commit: Oid, parent: Option<Oid>, changes: Vec<Change> },
    Note,
    Nothing,
    Refuse(Refusal),
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        units: &'a [Unit],
        options: &'a Options<'a>,
        transport: Box<dyn Transport>,
    ) -> Result<Self, TransportError> {
        let states = units.iter().map(|_| State::default()).collect();
        Ok(Self {
            units,
            options,
            transport,
            workshop: Workshop::open()?,
            states,
            owed_notes: BTreeMap::new(),
            pushing: false,
        })
    }

    /// One round for the units that have no outcome yet.
    pub(crate) fn round(&mut self) -> Result<Ended, DeliverError> {
        self.pushing = false;
        let seen = self.look()?;
        let mut plans = Vec::new();
        for (branch, units) in self.pending() {
            plans.push(self.plan(&branch, &units, &seen)?);
        }
        if self.options.atomic {
            hold_back(&mut plans, self.units);
        }
        self.settle_unpushed(&plans);
        if self.options.dry_run {
            self.settle_dry(&plans);
            return Ok(Ended::Settled);
        }
        self.push(&plans, &seen)?;
        let settled = self.states.iter().all(|state| state.outcome.is_some()) && self.owed_notes.is_empty();
        Ok(if settled { Ended::Settled } else { Ended::Lost })
    }

    /// Whether the last round came to its push, so that an error leaves open what was taken.
    pub(crate) fn was_pushing(&self) -> bool {
        self.pushing
    }

    /// The results, in the units' order.
    pub(crate) fn deliveries(self, attempts: u32) -> Vec<Delivery> {
        let states = self.units.iter().zip(self.states);
        let deliveries = states.map(|(unit, state)| Delivery {
            unit: unit.name.clone(),
            branch: unit.branch.clone(),
            outcome: state.outcome.unwrap_or_else(|| gave_up(attempts, &state.last_words)),
            commit: state.commit.map(|id| id.to_string()),
            changes: state.changes,
            attempts: state.attempts,
            server_words: state.server_words,
        });
        deliveries.collect()
    }

    /// The pending units by branch, in their order within it.
    fn pending(&self) -> BTreeMap<String, Vec<usize>> {
        let mut branches: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, unit) in self.units.iter().enumerate() {
            if self.states[index].outcome.is_none() {
                branches.entry(unit.branch.clone()).or_default().push(index);
            }
        }
        branches
    }

    /// Reads the refs, then the commits, trees, records and notes that the decisions need.
    fn look(&mut self) -> Result<Seen, DeliverError> {
        let pending: Vec<&Unit> = self.pending().values().flatten().map(|&index| &self.units[index]).collect();
        let mut names = BTreeSet::from([NOTES.to_owned()]);
        for unit in &pending {
            let branches = [Some(&unit.branch), unit.start_from.as_ref()];
            names.extend(branches.into_iter().flatten().map(|branch| format!("refs/heads/{branch}")));
        }
        let refs = self.transport.list(&names.iter().cloned().collect::<Vec<_>>())?;
        let mut seen = Seen::default();
        for found in refs.into_iter().filter(|found| names.contains(&found.name)) {
            match found.name.strip_prefix("refs/heads/") {
                Some(branch) => {
                    seen.heads.insert(branch.to_owned(), found.id);
                }
                None => seen.notes_commit = Some(found.id),
            }
        }
        let tips: BTreeSet<Oid> = seen.heads.values().copied().chain(seen.notes_commit).collect();
        let missing: Vec<Oid> = tips.into_iter().filter(|&id| !self.workshop.has(id)).collect();
        if !missing.is_empty() {
            self.transport.fetch(&missing, 1, self.workshop.repository())?;
        }
        if let Some(commit) = seen.notes_commit {
            seen.notes_tree = Some(self.tree_of(commit)?);
        }
        let wanted = self.wanted_blobs(&pending, &seen)?;
        let missing: Vec<Oid> = wanted.into_iter().filter(|&id| !self.workshop.has(id)).collect();
        if !missing.is_empty() {
            self.transport.objects(&missing, self.workshop.repository())?;
        }
        Ok(seen)
    }

    fn wanted_blobs(&self, pending: &[&Unit], seen: &Seen) -> Result<BTreeSet<Oid>, git2::Error> {
        let mut wanted = BTreeSet::new();
        for unit in pending {
            let Some(head) = base(unit, seen) else { continue };
            let tree = self.tree_of(head)?;
            wanted.extend(self.workshop.entry(tree, &unit.in_branch(METADATA)).map(|(id, _)| id));
            let note = seen.notes_tree.and_then(|notes| notes::find(&self.workshop, notes, head));
            wanted.extend(note.map(|(_, id)| id));
        }
        Ok(wanted)
    }

    fn tree_of(&self, commit: Oid) -> Result<Oid, git2::Error> {
        Ok(self.workshop.repository().find_commit(commit)?.tree_id())
    }

    /// Decides the units of a branch one after the other, each on what the one before leaves.
    fn plan(&mut self, branch: &str, units: &[usize], seen: &Seen) -> Result<BranchPlan, DeliverError> {
        let old = seen.heads.get(branch).copied();
        let mut head = units.first().and_then(|&index| base(&self.units[index], seen));
        let found = head.zip(seen.notes_tree).and_then(|(head, notes)| notes::find(&self.workshop, notes, head));
        let mut note = match found {
            Some((_, blob)) => Note::parse(&self.workshop.blob(blob)?),
            None => Note::default(),
        };
        let before = note.clone();
        let (mut steps, mut made) = (Vec::new(), Vec::new());
        for &index in units {
            let unit = &self.units[index];
            let state = &mut self.states[index];
            state.attempts += 1;
            let tree = head.map(|head| self.workshop.repository().find_commit(head)).transpose()?;
            let found = Found { tree: tree.map(|commit| commit.tree_id()), note: &note };
            let step = match decide::decide(&mut self.workshop, unit, &found, self.options.ancestors, &mut made)? {
                Decision::Refuse(refusal) => Step::Refuse(refusal),
                Decision::Nothing => Step::Nothing,
                Decision::Note => {
                    note = note.with(&unit.folder, &unit.source.dry_sha);
                    Step::Note
                }
                Decision::Commit { tree, changes, previous } => {
                    let previous = Previous {
                        commit: head.map(|id| id.to_string()),
                        trailers: self.trailers(head)?,
                        record: previous.map(|record| record.source),
                        changes: changes.clone(),
                    };
                    let commit = self.commit(unit, tree, head, &previous, &mut made)?;
                    note = if note.folders.is_empty() {
                        Note::default()
                    } else {
                        note.with(&unit.folder, &unit.source.dry_sha)
                    };
                    let parent = head.replace(commit);
                    Step::Commit { commit, parent, changes }
                }
            };
            steps.push((index, step));
        }
        let moved = steps.iter().any(|(_, step)| matches!(step, Step::Commit { .. }));
        let noted = note != Note::default() && (note != before || moved && !note.folders.is_empty());
        Ok(BranchPlan { branch: branch.to_owned(), old, head, steps, made, note: noted.then_some(note) })
    }

    fn trailers(&self, head: Option<Oid>) -> Result<Vec<(String, String)>, git2::Error> {
        let Some(head) = head else { return Ok(Vec::new()) };
        let commit = self.workshop.repository().find_commit(head)?;
        let trailers = git2::message_trailers_strs(&String::from_utf8_lossy(commit.message_bytes()))?;
        Ok(trailers.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    fn commit(
        &self,
        unit: &Unit,
        tree: Oid,
        parent: Option<Oid>,
        previous: &Previous,
        made: &mut Vec<Oid>,
    ) -> Result<Oid, DeliverError> {
        let repository = self.workshop.repository();
        let tree = repository.find_tree(tree)?;
        let parent = parent.map(|parent| repository.find_commit(parent)).transpose()?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let (author, committer) = (unit.author.signature()?, unit.committer.signature()?);
        let message = crate::message::normal(&unit.message.tell(previous));
        let buffer = repository.commit_create_buffer(&author, &committer, &message, &tree, &parents)?;
        let Some(signing) = self.options.signing.as_ref().filter(|_| !self.options.dry_run) else {
            return Ok(self.workshop.write(ObjectType::Commit, &buffer, made)?);
        };
        let signature = signing.sign(&buffer, &format!("{} <{}>", unit.committer.name, unit.committer.email))?;
        let text = buffer.as_str().map_err(|error| git2::Error::from_str(&error.to_string()))?;
        let id = repository.commit_signed(text, &signature, None)?;
        made.push(id);
        Ok(id)
    }

    /// One push for all branches and the notes; with `atomic` a second one for the notes, so that their ref, which everybody writes, cannot
    /// make the branches fail.
    fn push(&mut self, plans: &[BranchPlan], seen: &Seen) -> Result<(), DeliverError> {
        let moving: Vec<&BranchPlan> = plans.iter().filter(|plan| plan.head != plan.old && plan.commits()).collect();
        let mut notes: BTreeMap<Oid, Note> = std::mem::take(&mut self.owed_notes);
        for plan in plans {
            notes.extend(plan.head.zip(plan.note.clone()));
        }
        self.owed_notes.clone_from(&notes);
        self.owed_notes.retain(|commit, _| !plans.iter().any(|plan| plan.head == Some(*commit)));
        let mut updates: Vec<Update> = moving.iter().filter_map(|plan| plan.update()).collect();
        let mut made: Vec<Oid> = moving.iter().flat_map(|plan| plan.made.iter().copied()).collect();
        let note_update = self.note_update(&notes, seen, &mut made)?;
        if note_update.is_none() {
            self.owed_notes.clear();
            plans.iter().filter(|plan| plan.head == plan.old).for_each(|plan| self.settle_notes(plan));
        }
        let together = !self.options.atomic || updates.is_empty();
        if together {
            updates.extend(note_update.clone());
        }
        if !updates.is_empty() {
            self.remember(&moving);
            let report = self.send(&updates, &made)?;
            self.settle_branches(&moving, &updates, &report);
            self.settle_note_push(plans, &notes, &updates, &report);
        }
        if let (false, Some(update)) = (together, note_update) {
            let report = self.send(std::slice::from_ref(&update), &made)?;
            self.settle_note_push(plans, &notes, &[update], &report);
        }
        Ok(())
    }

    fn send(&mut self, updates: &[Update], made: &[Oid]) -> Result<PushReport, TransportError> {
        let pack = self.workshop.pack(made);
        let only_notes = updates.iter().all(|update| update.name == NOTES);
        let options = PushOptions {
            atomic: self.options.atomic && !only_notes,
            options: if only_notes { Vec::new() } else { self.options.push_options.clone() },
        };
        self.pushing = true;
        self.transport.push(updates, &pack, &options)
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
        let repository = self.workshop.repository();
        let tree = repository.find_tree(notes::write(&self.workshop, seen.notes_tree, notes, made)?)?;
        let parent = seen.notes_commit.map(|id| repository.find_commit(id)).transpose()?;
        if parent.as_ref().is_some_and(|parent| parent.tree_id() == tree.id()) {
            return Ok(None);
        }
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let (author, committer) = (unit.author.signature()?, unit.committer.signature()?);
        let words = "Notes added by 'hydrant deliver'\n";
        let buffer = repository.commit_create_buffer(&author, &committer, words, &tree, &parents)?;
        let new = self.workshop.write(ObjectType::Commit, &buffer, made)?;
        Ok(Some(Update { name: NOTES.to_owned(), old: seen.notes_commit, new }))
    }
}

impl BranchPlan {
    fn commits(&self) -> bool {
        self.steps.iter().any(|(_, step)| matches!(step, Step::Commit { .. }))
    }

    fn update(&self) -> Option<Update> {
        self.head.map(|new| Update { name: format!("refs/heads/{}", self.branch), old: self.old, new })
    }
}

/// What a unit's commit stands on: its branch, or what a new branch starts from.
fn base(unit: &Unit, seen: &Seen) -> Option<Oid> {
    let start = || unit.start_from.as_ref().and_then(|start| seen.heads.get(start));
    seen.heads.get(&unit.branch).or_else(start).copied()
}

/// All or nothing: one refusal, and the others are not pushed.
fn hold_back(plans: &mut [BranchPlan], units: &[Unit]) {
    let refused = plans.iter().flat_map(|plan| &plan.steps).find(|(_, step)| matches!(step, Step::Refuse(_)));
    let Some(because_of) = refused.map(|(index, _)| units[*index].name.clone()) else { return };
    for plan in plans {
        for (_, step) in &mut plan.steps {
            if matches!(step, Step::Commit { .. } | Step::Note) {
                *step = Step::Refuse(Refusal::HeldBack { because_of: because_of.clone() });
            }
        }
        plan.note = None;
    }
}
