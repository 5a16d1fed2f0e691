//! A commit with the files of an earlier one, for rollbacks, holds and their release. Nothing is rendered.

use committer::Record;
use git::Moment;
use manifest::Diagnostic;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip};
use crate::pipeline::Options;
use crate::pipeline::identity::{CommitIdentities, identities};
use crate::pipeline::record;
use crate::plan::{Plan, PlannedUnit};
use crate::review::PreparedUnit;

/// A commit with the files and the record of an earlier one.
pub(super) struct Recommit<'a> {
    pub(super) unit: &'a PlannedUnit,
    /// The earlier commit, with its files.
    pub(super) tip: &'a BranchTip,
    pub(super) subject: String,
    pub(super) trailers: &'a [(&'a str, &'a String)],
    /// The author's time.
    pub(super) time: Moment,
}

impl Recommit<'_> {
    /// The unit as it is pushed. It replaces a newer source and any image assignments; those of the earlier commit are restored.
    ///
    /// # Errors
    /// A commit without a record, an invalid author.
    pub(super) fn prepare(self, plan: &Plan, ctx: &RunContext, options: &Options) -> Result<PreparedUnit, Failure> {
        let Recommit { unit, tip, subject, trailers, time } = self;
        let Some(Record { source, assignments, outside, signatures, .. }) = &tip.record else {
            let found =
                Diagnostic::new(format!("{}: {} has no record of a delivery", unit.name(), tip.commit.short_id));
            return Err(found.hint("choose a commit with hydrant's trailers in the branch's `git log`").into());
        };
        let images: Vec<String> = branches::images(tip).iter().map(ToString::to_string).collect();
        let committed = PlannedUnit { message: subject.clone(), ..unit.clone() };
        let message = record::message(&committed, source, &images, assignments, trailers, ctx);
        let CommitIdentities { author, committer } = identities(plan, ctx, time)?;
        let content = committer::Unit {
            name: unit.name(),
            branch: unit.branch.clone(),
            topic: None,
            start_from: None,
            active: unit.active.clone(),
            folder: unit.branch_folder(),
            files: tip.files.clone(),
            images: images.clone(),
            promoted_from: branches::promoted_from(tip).map(str::to_owned),
            assignments: assignments.clone(),
            expected_assignments: None,
            kept_from: None,
            restores: None,
            outside: outside.clone(),
            signatures: signatures.clone(),
            check: None,
            source: source.clone(),
            message,
            author,
            committer,
            adopt: options.adopt,
            allow_older: true,
            hold: None,
            release: false,
            retirement: None,
        };
        Ok(PreparedUnit { unit: unit.clone(), content, subject, images, ended: Vec::new(), origins: Vec::new() })
    }
}

/// The finding about a branch that holds nothing.
pub(super) fn never_delivered(unit: &PlannedUnit) -> Diagnostic {
    Diagnostic::new(format!("{}: branch {} was never delivered", unit.name(), unit.branch))
        .hint("run `hydrant status` to see what was delivered")
}
