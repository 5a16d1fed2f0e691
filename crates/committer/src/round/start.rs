//! The branches that must exist before units are delivered: targets of reviewed units, and branches that others propose changes to.

use std::collections::BTreeSet;

use git2::Oid;

use super::commit::{self, NewCommit};
use super::plan::Planner;
use super::{BranchPlan, BranchRole, BranchStart};
use crate::error::DeliverError;

impl Planner<'_> {
    /// The missing branches that must be created before anything is planned: the targets of reviewed units, and the active branches of new
    /// branches that propose changes to them.
    pub(super) fn starts(&mut self) -> Result<Vec<BranchStart>, DeliverError> {
        let mut starts = Vec::new();
        for (branch, mut units) in self.pending_by_branch() {
            units.retain(|&index| {
                let unit = self.units[index].unit;
                unit.topic.is_some() && unit.retirement.is_none()
            });
            let Some(&first) = units.first().filter(|_| self.state.head(branch).is_none()) else { continue };
            let reason = "The branch is empty: its content is delivered by review.";
            starts.push(BranchStart { units, ..self.new_start(first, branch, reason)? });
        }
        let mut active = BTreeSet::new();
        for (branch, units) in self.pending_by_branch() {
            if self.state.head(branch).is_none() {
                starts.extend(self.active_start(&units, &mut active)?);
            }
        }
        Ok(starts)
    }

    /// The missing active branches of branches that exist and get a commit. That commit becomes a child of the start, too.
    pub(super) fn late_starts(&mut self, plans: &[BranchPlan]) -> Result<Vec<BranchStart>, DeliverError> {
        let mut starts = Vec::new();
        let mut active = BTreeSet::new();
        for plan in plans.iter().filter(|plan| plan.role == BranchRole::Target && plan.has_commits()) {
            let units: Vec<usize> = plan.units.iter().map(|planned| planned.unit).collect();
            starts.extend(self.active_start(&units, &mut active)?);
        }
        Ok(starts)
    }

    /// The commit of an active branch that this delivery created, if the unit's branch is not based on it.
    pub(super) fn unrelated_active(&self, index: usize) -> Option<Oid> {
        let unit = self.units[index].unit;
        let active = unit.active.as_ref().and_then(|active| self.state.head(active));
        active.filter(|active| self.state.head(&unit.branch).is_some() && self.started.contains(active))
    }

    fn active_start(
        &mut self,
        units: &[usize],
        seen: &mut BTreeSet<String>,
    ) -> Result<Option<BranchStart>, DeliverError> {
        let mut direct = units.iter().copied().filter(|&index| self.units[index].unit.topic.is_none());
        let Some((index, active)) = direct.find_map(|index| Some((index, self.units[index].unit.active.clone()?)))
        else {
            return Ok(None);
        };
        let is_known = self.state.head(&active).is_some() || self.not_started.contains(&active);
        if is_known || !seen.insert(active.clone()) {
            return Ok(None);
        }
        let start_from = self.units[index].unit.start_from.as_ref();
        if let Some(commit) = start_from.and_then(|start| self.state.head(start)) {
            return Ok(Some(BranchStart { branch: active, commit, units: Vec::new(), objects: Vec::new() }));
        }
        let reason = format!("The branch is empty: {} proposes its content.", self.units[index].unit.branch);
        self.new_start(index, &active, &reason).map(Some)
    }

    /// A commit without files.
    fn new_start(&mut self, unit: usize, branch: &str, reason: &str) -> Result<BranchStart, DeliverError> {
        let mut objects = Vec::new();
        let tree = self.store.empty_tree(&mut objects)?;
        let message = format!("start {branch}\n\n{reason}\n");
        let new = NewCommit { tree, parents: &[], message: &message };
        let commit = commit::write(self.store, self.options, self.units[unit].unit, &new, &mut objects)?;
        Ok(BranchStart { branch: branch.to_owned(), commit, units: Vec::new(), objects })
    }
}
