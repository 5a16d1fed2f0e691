//! ReviewResult units: what the target means for a unit, and what then goes to its topic branch.
//!
//! A topic branch is only ever moved forward. It carries on while the target holds of the unit what it held when the change was proposed
//! (`base` in the record tells); where the target has moved on, by a squash for instance, the next commit has the target as its second
//! parent. See docs/decisions/review-branches.md.

use git::{File, FileSet, Mode};
use git2::Oid;

use super::{BranchPlan, Run, Seen, Step};
use crate::decide::{self, Decision, Found};
use crate::deliver::DeliverError;
use crate::metadata::{self, METADATA, Record};
use crate::notes::Note;
use crate::outcome::{ReviewResult, TopicState};
use crate::refusal::Refusal;
use crate::unit::{MessageContext, TargetContent, Topic, Unit};

/// What waits on a topic branch.
struct Waiting {
    head: Oid,
    tree: Oid,
    note: Note,
    /// Whether it stands on what the target holds of the unit now.
    based: bool,
    /// Files that no delivery wrote and the target lacks: a commit that stands on the target anew would drop them.
    strange: Vec<String>,
    /// Whether a delivery made all that waits there.
    ours: bool,
}

/// A unit's target as it is found.
struct Target {
    head: Option<Oid>,
    tree: Option<Oid>,
    /// The hash over what it holds of the unit.
    holds: String,
}

type Decided = (Option<Step>, Option<BranchPlan>);

impl Run<'_> {
    /// Decides a reviewed unit: a step that is settled on the target, or a plan for the topic branch, or both.
    pub(super) fn review(
        &mut self,
        index: usize,
        head: Option<Oid>,
        note: &Note,
        seen: &Seen,
    ) -> Result<Decided, DeliverError> {
        let unit = &self.units[index];
        let Some(topic) = &unit.topic else { return Ok((None, None)) };
        if head.is_none() && !self.options.dry_run {
            // Somebody has removed the target again; another round makes it.
            return Ok((None, None));
        }
        self.states[index].attempts += 1;
        let tree = head.map(|head| self.tree_of(head)).transpose()?;
        let target = Target { head, tree, holds: self.holds(unit, tree)? };
        let waiting = match seen.heads.get(&topic.branch) {
            Some(&found) => self.waiting(unit, found, &target, seen)?,
            None => None,
        };
        if let Some(cause) = waiting.as_ref().map(|waiting| self.keeps_away(unit, waiting)).transpose()?.flatten() {
            return Ok((Some(Step::Refuse(on_topic(topic, cause))), None));
        }
        let found = Found { tree, note, base: Some(&target.holds) };
        let mut made = Vec::new();
        let decision = decide::decide(&mut self.store, unit, &found, self.options.ancestors, &mut made)?;
        let settled = match decision {
            Decision::Refuse(refusal) => return Ok((Some(Step::Refuse(refusal)), None)),
            Decision::Nothing => Step::Nothing,
            Decision::Note => Step::Note,
            commit @ Decision::Commit { .. } => {
                return self.propose(index, topic, &target, waiting.as_ref(), (commit, made), seen);
            }
        };
        let standing = if waiting.is_some() { TopicState::Left } else { TopicState::Settled };
        self.states[index].reviewed = Some(reviewed(topic, standing, &target, seen));
        let withdrawn = waiting.filter(|waiting| waiting.ours);
        let plan = withdrawn.map(|waiting| self.withdraw(index, topic, &target, &waiting)).transpose()?;
        Ok((Some(settled), plan))
    }

    /// What waits on the topic branch; nothing where the target holds it, however it was merged.
    fn waiting(&self, unit: &Unit, head: Oid, target: &Target, seen: &Seen) -> Result<Option<Waiting>, git2::Error> {
        let commit = self.store.repository().find_commit(head)?;
        let holds = self.holds(unit, Some(commit.tree_id()))?;
        if self.merged(head, target)? || holds == target.holds {
            return Ok(None);
        }
        let tree = commit.tree_id();
        let record = decide::record(&self.store, unit, tree)?.ok().flatten();
        let base = record.as_ref().and_then(|record| record.base.as_ref());
        let strange = self.strange(unit, tree, target)?;
        let brought = target.head.is_some_and(|target| commit.parent_ids().any(|parent| parent == target));
        Ok(Some(Waiting {
            head,
            tree,
            note: self.note_on(Some(head), seen)?,
            based: brought || base.is_some_and(|base| *base == target.holds),
            ours: strange.is_empty() && base.is_some() && self.intact(unit, tree, record.as_ref())?,
            strange,
        }))
    }

    /// Whether the target is this commit, or was merged with it last.
    fn merged(&self, head: Oid, target: &Target) -> Result<bool, git2::Error> {
        let Some(target) = target.head else { return Ok(false) };
        let commit = self.store.repository().find_commit(target)?;
        Ok(target == head || commit.parent_ids().any(|parent| parent == head))
    }

    /// The hash over the record and the files of the unit in a tree.
    fn holds(&self, unit: &Unit, tree: Option<Oid>) -> Result<String, git2::Error> {
        let listed = self.listed(unit, tree)?;
        metadata::content(listed.iter().map(|(path, id, mode)| (path.as_str(), *id, *mode)))
    }

    /// The record and the files that it lists: path in the branch, id, mode.
    fn listed(&self, unit: &Unit, tree: Option<Oid>) -> Result<Vec<(String, Oid, i32)>, git2::Error> {
        let Some(tree) = tree else { return Ok(Vec::new()) };
        let record = decide::record(&self.store, unit, tree)?.ok().flatten();
        let paths = std::iter::once(METADATA.to_owned()).chain(decide::owned(record.as_ref()));
        let entry = |path: String| {
            let path = unit.in_branch(&path);
            let (id, mode) = self.store.entry(tree, &path)?;
            Some((path, id, mode))
        };
        Ok(paths.filter_map(entry).collect())
    }

    /// The unit's files on the target, without the record.
    pub(super) fn held(&self, index: usize, seen: &Seen) -> Result<Vec<(String, Oid, i32)>, git2::Error> {
        let unit = &self.units[index];
        let tree = seen.heads.get(&unit.branch).map(|&head| self.tree_of(head)).transpose()?;
        let record = unit.in_branch(METADATA);
        Ok(self.listed(unit, tree)?.into_iter().filter(|(path, ..)| *path != record).collect())
    }

    /// The unit's record on the target.
    pub(super) fn recorded(&self, index: usize, seen: &Seen) -> Result<Option<Record>, git2::Error> {
        let unit = &self.units[index];
        let tree = seen.heads.get(&unit.branch).map(|&head| self.tree_of(head)).transpose()?;
        let record = tree.map(|tree| decide::record(&self.store, unit, tree)).transpose()?;
        Ok(record.and_then(Result::ok).flatten())
    }

    /// Those files with their bytes, which are here by now.
    pub(super) fn files(&self, held: &[(String, Oid, i32)]) -> Result<FileSet, git2::Error> {
        let mut files = FileSet::new();
        for (path, id, mode) in held {
            let mode = match mode {
                0o100_755 => Mode::Executable,
                0o120_000 => Mode::Link,
                0o100_644 | 0o100_664 => Mode::Regular,
                _ => continue,
            };
            files.insert(path.clone(), File { bytes: self.store.blob(*id)?.into(), mode });
        }
        Ok(files)
    }

    /// Why what waits there keeps the unit away: it is newer, or a rollback, or no delivery's.
    fn keeps_away(&self, unit: &Unit, waiting: &Waiting) -> Result<Option<Refusal>, git2::Error> {
        let record = match decide::record(&self.store, unit, waiting.tree)? {
            Ok(record) => record,
            Err(refusal) => return Ok(Some(refusal)),
        };
        let hold = record.as_ref().and_then(|record| record.hold.clone());
        let held = hold.filter(|_| unit.hold.is_none() && !unit.release).map(|reason| Refusal::Held { reason });
        Ok(decide::older(unit, record.as_ref(), &waiting.note, self.options.ancestors).or(held))
    }

    /// The unit's output differs from the target: a commit for the topic branch, unless it waits there already.
    fn propose(
        &mut self,
        index: usize,
        topic: &Topic,
        target: &Target,
        waiting: Option<&Waiting>,
        (decision, mut made): (Decision, Vec<Oid>),
        seen: &Seen,
    ) -> Result<Decided, DeliverError> {
        let unit = &self.units[index];
        let Decision::Commit { mut tree, mut changes, previous } = decision else { return Ok((None, None)) };
        let old = seen.heads.get(&topic.branch).copied();
        let mut parents: Vec<Oid> = old.into_iter().chain(target.head).collect();
        if let Some(waiting) = waiting {
            if waiting.based {
                let base = Some(target.holds.as_str());
                let found = Found { tree: Some(waiting.tree), note: &waiting.note, base };
                let step = match decide::decide(&mut self.store, unit, &found, self.options.ancestors, &mut made)? {
                    Decision::Refuse(refusal) => {
                        return Ok((Some(Step::Refuse(on_topic(topic, refusal))), None));
                    }
                    Decision::Nothing => Some(Step::Nothing),
                    Decision::Note => Some(Step::Note),
                    Decision::Commit { tree: on_top, changes: since, .. } => {
                        (tree, changes) = (on_top, since);
                        parents = vec![waiting.head];
                        None
                    }
                };
                if let Some(step) = step {
                    return Ok((None, Some(self.leave(index, topic, (target, waiting), step, seen))));
                }
            } else if !waiting.strange.is_empty() && !unit.adopt {
                let refusal = Refusal::WouldDropFiles { files: waiting.strange.clone() };
                return Ok((Some(Step::Refuse(on_topic(topic, refusal))), None));
            }
        } else if let Some(old) = old
            && self.merged(old, target)?
        {
            // The topic branch's last commit is in the target's history, so the target's is a step forward.
            parents = target.head.into_iter().collect();
        }
        let told = MessageContext {
            commit: target.head.map(|id| id.to_string()),
            trailers: self.trailers(target.head)?,
            images: previous.as_ref().map(|record| record.images.clone()).unwrap_or_default(),
            record: previous.map(|record| record.source),
            changes: changes.clone(),
        };
        let message = unit.message.render(&told);
        let commit = self.commit(unit, tree, &parents, &message, &mut made)?;
        self.states[index].reviewed = Some(reviewed(topic, TopicState::Waiting, target, seen));
        let step = Step::Commit { commit, parent: old, changes };
        let steps = vec![(index, step)];
        Ok((None, Some(plan(index, topic, old, Some(commit), steps, made))))
    }

    /// The change waits there already: at most a note.
    fn leave(
        &mut self,
        index: usize,
        topic: &Topic,
        (target, waiting): (&Target, &Waiting),
        step: Step,
        seen: &Seen,
    ) -> BranchPlan {
        self.states[index].reviewed = Some(reviewed(topic, TopicState::Waiting, target, seen));
        let unit = &self.units[index];
        let noted = matches!(step, Step::Note).then(|| waiting.note.clone().with(&unit.folder, &unit.source.dry_sha));
        let head = Some(waiting.head);
        BranchPlan { note: noted, ..plan(index, topic, head, head, vec![(index, step)], Vec::new()) }
    }

    fn strange(&self, unit: &Unit, tree: Oid, target: &Target) -> Result<Vec<String>, git2::Error> {
        let ours = self.listed(unit, Some(tree))?;
        let strange = |path: &String| {
            let known = ours.iter().any(|(ours, ..)| ours == path);
            let there = target.tree.is_some_and(|tree| self.store.entry(tree, path).is_some());
            !known && !there
        };
        Ok(self.store.paths(tree, usize::MAX).into_iter().filter(strange).collect())
    }

    /// Whether the files in a tree are what their record says.
    fn intact(&self, unit: &Unit, tree: Oid, record: Option<&Record>) -> Result<bool, git2::Error> {
        let files = record.and_then(|record| record.files.as_ref()).map(Vec::as_slice).unwrap_or_default();
        let entries = files.iter().filter_map(|path| {
            let (id, mode) = self.store.entry(tree, &unit.in_branch(path))?;
            Some((path.as_str(), id, mode))
        });
        let content = metadata::content(entries)?;
        Ok(record.is_some_and(|record| record.content.as_ref() == Some(&content)))
    }

    /// The topic branch proposes what is no longer wanted: it is deleted, or brought back to what the target holds.
    fn withdraw(
        &self,
        index: usize,
        topic: &Topic,
        target: &Target,
        waiting: &Waiting,
    ) -> Result<BranchPlan, DeliverError> {
        let (old, mut made) = (Some(waiting.head), Vec::new());
        let taken = match target.tree.filter(|_| !topic.closes_on_branch_delete) {
            None => plan(index, topic, old, None, Vec::new(), made),
            Some(tree) => {
                let unit = &self.units[index];
                let words = format!("take back what was proposed: {} holds what is to be there", unit.branch);
                let parents: Vec<Oid> = old.into_iter().chain(target.head).collect();
                let commit = self.commit(unit, tree, &parents, &words, &mut made)?;
                plan(index, topic, old, Some(commit), Vec::new(), made)
            }
        };
        Ok(BranchPlan { withdraws: true, ..taken })
    }
}

fn plan(
    index: usize,
    topic: &Topic,
    old: Option<Oid>,
    head: Option<Oid>,
    steps: Vec<(usize, Step)>,
    made: Vec<Oid>,
) -> BranchPlan {
    let branch = topic.branch.clone();
    BranchPlan { branch, old, head, steps, made, note: None, topic: Some(index), withdraws: false }
}

fn reviewed(topic: &Topic, state: TopicState, target: &Target, seen: &Seen) -> ReviewResult {
    ReviewResult {
        topic: topic.branch.clone(),
        state,
        target: target.head.map(|id| id.to_string()),
        head: seen.heads.get(&topic.branch).map(ToString::to_string),
        target_content: TargetContent::default(),
        message: None,
    }
}

fn on_topic(topic: &Topic, cause: Refusal) -> Refusal {
    Refusal::Topic { branch: topic.branch.clone(), cause: Box::new(cause) }
}
