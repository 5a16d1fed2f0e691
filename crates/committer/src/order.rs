//! The order of deliveries: a branch never goes back to the output of an older source commit.

use git::same_repository;
use git::source::Ancestry;

use crate::metadata::Record;
use crate::notes::Note;
use crate::options::{Ancestors, Options};
use crate::order_ref::Entry;
use crate::refusal::Refusal;
use crate::unit::Unit;

/// What is known of a unit's last delivery.
#[derive(Clone, Copy)]
pub(crate) struct LastDelivery<'a> {
    /// The record in the branch.
    pub record: Option<&'a Record>,
    /// The note on the branch's commit.
    pub note: &'a Note,
    /// The unit's entry in the order ref.
    pub order: Option<&'a Entry>,
}

impl LastDelivery<'_> {
    /// The source commit in the branch: of the note, otherwise of the record. Empty if there is none.
    fn in_branch(&self, unit: &Unit) -> &str {
        let record = self.record.map_or("", |record| &record.source.dry_sha);
        self.note.sha(&unit.folder).filter(|_| self.record.is_some()).unwrap_or(record)
    }

    /// The source commit in the order ref. Empty if there is none from the unit's source repository.
    fn in_order(&self, unit: &Unit) -> &str {
        let entry = self.order.filter(|entry| same_repository(&entry.repo_url, &unit.source.repo_url));
        entry.map_or("", |entry| &entry.dry_sha)
    }

    /// Whether both name the unit's source commit, as far as they name one.
    pub(crate) fn is_current(&self, unit: &Unit) -> bool {
        let (in_order, ours) = (self.in_order(unit), unit.source.dry_sha.as_str());
        self.in_branch(unit) == ours && (in_order.is_empty() || in_order == ours)
    }
}

/// Returns why the unit must not replace the last delivery: that one comes from another source repository, or from a source commit that
/// is not older. `None` if it may.
pub(crate) fn violation(unit: &Unit, last: LastDelivery<'_>, options: &Options<'_>) -> Option<Refusal> {
    let named = last.record.filter(|record| !names_destination(record, options));
    let other = named.map(|record| &record.source.repo_url).filter(|url| !url.trim().is_empty());
    let other = other.filter(|_| !unit.source.repo_url.trim().is_empty());
    if let Some(recorded) = other.filter(|url| !same_repository(url, &unit.source.repo_url)) {
        let refusal = Refusal::OtherSource { recorded: recorded.clone(), ours: unit.source.repo_url.clone() };
        return (!unit.adopt).then_some(refusal);
    }
    if unit.allow_older {
        return None;
    }
    let (in_order, in_branch) = (last.in_order(unit), last.in_branch(unit));
    let both = [Some(in_order), Some(in_branch).filter(|in_branch| *in_branch != in_order)];
    both.into_iter().flatten().find_map(|recorded| newer(unit, recorded, options.ancestors))
}

/// Whether another tool wrote the record and names the destination repository in it, as Argo CD's hydrator does.
fn names_destination(record: &Record, options: &Options<'_>) -> bool {
    record.files.is_none() && same_repository(&record.source.repo_url, &options.repository)
}

/// Whether the unit's source commit becomes that of the branch as a whole, which was `recorded` (empty if unknown). If the unit goes back,
/// it does only if `is_alone` finds no other unit on the branch.
pub(crate) fn is_newest(unit: &Unit, recorded: &str, is_alone: impl Fn() -> bool, ancestors: Ancestors<'_>) -> bool {
    let ours = unit.source.dry_sha.as_str();
    let is_older = |one: &str, other: &str| !one.is_empty() && matches!(ancestors(one, other), Ancestry::Ancestor);
    if recorded == ours {
        return true;
    }
    if unit.hold.is_some() || (unit.allow_older && !is_older(recorded, ours)) {
        return is_alone();
    }
    recorded.is_empty() || is_older(recorded, ours) || !is_older(ours, recorded)
}

/// Refuses the unit if `recorded` is not an ancestor of its source commit.
fn newer(unit: &Unit, recorded: &str, ancestors: Ancestors<'_>) -> Option<Refusal> {
    let (recorded, ours) = (recorded.to_owned(), unit.source.dry_sha.clone());
    if recorded.is_empty() || recorded == ours {
        return None;
    }
    match ancestors(&recorded, &ours) {
        Ancestry::Ancestor => None,
        Ancestry::NotAncestor => Some(match ancestors(&ours, &recorded) {
            Ancestry::Ancestor => Refusal::Older { recorded, ours },
            Ancestry::NotAncestor | Ancestry::Unknown(_) => Refusal::Diverged { recorded, ours },
        }),
        Ancestry::Unknown(reason) => Some(Refusal::UnknownAncestry { recorded, ours, reason }),
    }
}
