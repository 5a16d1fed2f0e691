//! One round of a delivery: read the branches, decide every pending unit, push once, settle what the server said.

mod push;
mod settle;
mod topic;

use std::collections::{BTreeMap, BTreeSet};

use git::{Change, ObjectStore, Transport, TransportError, Update};
use git2::{ObjectType, Oid};

use crate::decide::{self, Decision, Found};
use crate::deliver::{DeliverError, Options, gave_up};
use crate::metadata::METADATA;
use crate::notes::{self, NOTES, Note};
use crate::outcome::{Outcome, ReviewResult, UnitResult};
use crate::refusal::Refusal;
use crate::unit::{MessageContext, RequestMethod, Unit};

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every unit has its outcome.
    Settled,
    /// Somebody was faster: another round may help.
    Lost,
}

/// Where GitHub, Gitea and Forgejo show what requests propose.
const PULLS: &str = "refs/pull/";

/// A delivery under way.
pub(crate) struct Run<'a> {
    units: &'a [Unit],
    options: &'a Options<'a>,
    transport: &'a mut dyn Transport,
    store: ObjectStore,
    states: Vec<State>,
    /// Notes for commits that are in their branches already.
    owed_notes: BTreeMap<Oid, Note>,
    /// The ids that commits of ours have at the remote, where these are others.
    renamed: BTreeMap<Oid, Oid>,
    pushing: bool,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    commit: Option<Oid>,
    changes: Vec<Change>,
    attempts: u32,
    server_messages: Vec<String>,
    reviewed: Option<ReviewResult>,
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
    /// What requests propose, where the server shows that (`refs/pull/N/head`); asked for where it matters.
    pulls: BTreeSet<Oid>,
}

/// What is to become of one branch.
struct BranchPlan {
    branch: String,
    old: Option<Oid>,
    head: Option<Oid>,
    steps: Vec<(usize, Step)>,
    made: Vec<Oid>,
    note: Option<Note>,
    /// The unit whose topic branch this is.
    topic: Option<usize>,
    /// Takes back what the topic branch proposed; no unit's outcome hangs on it.
    withdraws: bool,
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
        transport: &'a mut dyn Transport,
    ) -> Result<Self, TransportError> {
        let states = units.iter().map(|_| State::default()).collect();
        Ok(Self {
            units,
            options,
            transport,
            store: ObjectStore::open()?,
            states,
            owed_notes: BTreeMap::new(),
            renamed: BTreeMap::new(),
            pushing: false,
        })
    }

    /// One round for the units that have no outcome yet.
    pub(crate) fn round(&mut self) -> Result<Ended, DeliverError> {
        self.pushing = false;
        let mut seen = self.look()?;
        if !self.options.dry_run && self.start_targets(&seen)? {
            seen = self.look()?;
        }
        let mut plans = Vec::new();
        for (branch, units) in self.pending() {
            plans.extend(self.plan(&branch, &units, &seen)?);
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
    pub(crate) fn deliveries(self, attempts: u32) -> Vec<UnitResult> {
        let states = self.units.iter().zip(self.states);
        let deliveries = states.map(|(unit, state)| {
            let outcome = state.outcome.unwrap_or_else(|| gave_up(attempts, &state.last_words));
            let refused = matches!(outcome, Outcome::Refused(_));
            UnitResult {
                unit: unit.name.clone(),
                branch: unit.branch.clone(),
                outcome,
                commit: state.commit.map(|id| id.to_string()),
                changes: state.changes,
                attempts: state.attempts,
                server_messages: state.server_messages,
                reviewed: state.reviewed.filter(|_| !refused),
            }
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
            let topic = unit.topic.as_ref().map(|topic| &topic.branch);
            let branches = [Some(&unit.branch), unit.start_from.as_ref(), topic];
            names.extend(branches.into_iter().flatten().map(|branch| format!("refs/heads/{branch}")));
        }
        let asks_for = pending
            .iter()
            .any(|unit| matches!(&unit.topic, Some(topic) if matches!(topic.request, RequestMethod::AgitPush(_))));
        let prefixes = names.iter().cloned().chain(asks_for.then(|| PULLS.to_owned()));
        let refs = self.transport.list(&prefixes.collect::<Vec<_>>())?;
        let mut seen = Seen::default();
        seen.pulls.extend(refs.iter().filter(|found| found.name.starts_with(PULLS)).map(|found| found.id));
        for found in refs.into_iter().filter(|found| names.contains(&found.name)) {
            match found.name.strip_prefix("refs/heads/") {
                Some(branch) => {
                    seen.heads.insert(branch.to_owned(), found.id);
                }
                None => seen.notes_commit = Some(found.id),
            }
        }
        let tips: BTreeSet<Oid> = seen.heads.values().copied().chain(seen.notes_commit).collect();
        let missing: Vec<Oid> = tips.into_iter().filter(|&id| !self.store.has(id)).collect();
        if !missing.is_empty() {
            self.transport.fetch(&missing, 1, self.store.repository())?;
        }
        if let Some(commit) = seen.notes_commit {
            seen.notes_tree = Some(self.tree_of(commit)?);
        }
        let wanted = self.wanted_blobs(&pending, &seen)?;
        let missing: Vec<Oid> = wanted.into_iter().filter(|&id| !self.store.has(id)).collect();
        if !missing.is_empty() {
            self.transport.objects(&missing, self.store.repository())?;
        }
        Ok(seen)
    }

    fn wanted_blobs(&self, pending: &[&Unit], seen: &Seen) -> Result<BTreeSet<Oid>, git2::Error> {
        let mut wanted = BTreeSet::new();
        for unit in pending {
            let topic = unit.topic.as_ref().and_then(|topic| seen.heads.get(&topic.branch)).copied();
            for head in [base(unit, seen), topic].into_iter().flatten() {
                let tree = self.tree_of(head)?;
                wanted.extend(self.store.entry(tree, &unit.in_branch(METADATA)).map(|(id, _)| id));
                let note = seen.notes_tree.and_then(|notes| notes::find(&self.store, notes, head));
                wanted.extend(note.map(|(_, id)| id));
            }
        }
        Ok(wanted)
    }

    fn tree_of(&self, commit: Oid) -> Result<Oid, git2::Error> {
        Ok(self.store.repository().find_commit(commit)?.tree_id())
    }

    /// The note on a commit; an empty one where there is none.
    fn note_on(&self, commit: Option<Oid>, seen: &Seen) -> Result<Note, git2::Error> {
        let found = commit.zip(seen.notes_tree).and_then(|(head, notes)| notes::find(&self.store, notes, head));
        found.map_or_else(|| Ok(Note::default()), |(_, blob)| Ok(Note::parse(&self.store.blob(blob)?)))
    }

    /// Decides the units of a branch one after the other, each on what the one before leaves; those that are reviewed on what the branch holds
    /// now, each with a topic branch of its own.
    fn plan(&mut self, branch: &str, units: &[usize], seen: &Seen) -> Result<Vec<BranchPlan>, DeliverError> {
        let old = seen.heads.get(branch).copied();
        let mut head = units.first().and_then(|&index| base(&self.units[index], seen));
        let mut note = self.note_on(head, seen)?;
        let before = note.clone();
        let (mut steps, mut made, mut topics) = (Vec::new(), Vec::new(), Vec::new());
        for &index in units {
            let unit = &self.units[index];
            if unit.topic.is_some() {
                let (step, topic) = self.review(index, old, &before, seen)?;
                if let Some(Step::Note) = step {
                    note = note.with(&unit.folder, &unit.source.dry_sha);
                }
                steps.extend(step.map(|step| (index, step)));
                topics.extend(topic);
                continue;
            }
            let state = &mut self.states[index];
            state.attempts += 1;
            let tree = head.map(|head| self.store.repository().find_commit(head)).transpose()?;
            let found = Found { tree: tree.map(|commit| commit.tree_id()), note: &note, base: None };
            let step = match decide::decide(&mut self.store, unit, &found, self.options.ancestors, &mut made)? {
                Decision::Refuse(refusal) => Step::Refuse(refusal),
                Decision::Nothing => Step::Nothing,
                Decision::Note => {
                    note = note.with(&unit.folder, &unit.source.dry_sha);
                    Step::Note
                }
                Decision::Commit { tree, changes, previous } => {
                    let previous = MessageContext {
                        commit: head.map(|id| id.to_string()),
                        trailers: self.trailers(head)?,
                        images: previous.as_ref().map(|record| record.images.clone()).unwrap_or_default(),
                        record: previous.map(|record| record.source),
                        changes: changes.clone(),
                    };
                    let message = unit.message.render(&previous);
                    let commit = self.commit(unit, tree, head.as_slice(), &message, &mut made)?;
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
        let note = noted.then_some(note);
        let branch = branch.to_owned();
        let own = BranchPlan { branch, old, head, steps, made, note, topic: None, withdraws: false };
        Ok(Some(own).filter(|own| !own.steps.is_empty()).into_iter().chain(topics).collect())
    }

    fn trailers(&self, head: Option<Oid>) -> Result<Vec<(String, String)>, git2::Error> {
        let Some(head) = head else { return Ok(Vec::new()) };
        let commit = self.store.repository().find_commit(head)?;
        let trailers = git2::message_trailers_strs(&String::from_utf8_lossy(commit.message_bytes()))?;
        Ok(trailers.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    fn commit(
        &self,
        unit: &Unit,
        tree: Oid,
        parents: &[Oid],
        message: &str,
        made: &mut Vec<Oid>,
    ) -> Result<Oid, DeliverError> {
        let repository = self.store.repository();
        let tree = repository.find_tree(tree)?;
        let parents = parents.iter().map(|&parent| repository.find_commit(parent)).collect::<Result<Vec<_>, _>>()?;
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let (author, committer) = (unit.author.signature()?, unit.committer.signature()?);
        let message = git::normal(message);
        let buffer = repository.commit_create_buffer(&author, &committer, &message, &tree, &parents)?;
        let Some(signing) = self.options.signing.as_ref().filter(|_| !self.options.dry_run) else {
            return Ok(self.store.write(ObjectType::Commit, &buffer, made)?);
        };
        let signature = signing.sign(&buffer, &format!("{} <{}>", unit.committer.name, unit.committer.email))?;
        let text = buffer.as_str().map_err(|error| git2::Error::from_str(&error.to_string()))?;
        let id = repository.commit_signed(text, &signature, None)?;
        made.push(id);
        Ok(id)
    }
}

impl BranchPlan {
    fn commits(&self) -> bool {
        self.steps.iter().any(|(_, step)| matches!(step, Step::Commit { .. }))
    }

    /// What is to be pushed, if anything is.
    fn update(&self) -> Option<Update> {
        let moves = (self.commits() || self.withdraws) && self.head != self.old;
        moves.then(|| Update { name: format!("refs/heads/{}", self.branch), old: self.old, new: self.head })
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
    let Some(refused) = refused.map(|(index, _)| units[*index].name.clone()) else { return };
    for plan in plans {
        for (_, step) in &mut plan.steps {
            if matches!(step, Step::Commit { .. } | Step::Note) {
                *step = Step::Refuse(Refusal::AtomicAborted { refused: refused.clone() });
            }
        }
        plan.note = None;
        plan.withdraws = false;
    }
}
