//! The pipeline, which every verb goes through that renders:
//!
//! ```text
//! PlannedUnit ──load──▶ LoadedUnit ──render, assign──▶ RenderedUnit ──pin──▶ PinnedUnit ──check──▶ CheckedUnit ──print──▶ PrintedUnit ──deliver──▶ UnitReport
//! ```
//!
//! [`Pipeline`] has a method for each stage. A verb chooses where it stops: `render` and `diff` after pin, `artifact push` after print,
//! `deliver` and `promote` after deliver, `--changed-since` after render.

use std::collections::BTreeSet;

use manifest::Diagnostic;

use crate::error::Failure;
use crate::host::RunContext;
use crate::lock::Lock;
use crate::plan::{Plan, PlannedUnit};
use crate::report::{FailedUnit, Report, UnitReport};

mod assign;
mod changed;
mod chart_images;
mod check;
mod committed;
mod deliver;
pub mod file_set;
pub(crate) mod findings;
pub mod helm;
pub(crate) mod identity;
mod load;
mod manifests;
pub(crate) mod object_fields;
mod output;
mod outside;
mod pin;
pub mod policy;
mod print;
pub(crate) mod push;
pub(crate) mod random;
pub mod record;
pub(crate) mod recorded;
mod reference_trailers;
mod render;
pub(crate) mod risks;
mod secrets;
mod session;
mod signature_rules;
mod signatures;
mod skaffold;
pub(crate) mod source_commit;
mod unit;
mod variables;
pub(crate) mod verified_signatures;

pub use changed::keep_changed;
pub(crate) use deliver::unique_warnings;
pub use output::Output;
pub use session::{Pipeline, SourceTree};
pub(crate) use source_commit::RecordedCommit;
pub use unit::{CheckedUnit, PinnedUnit, PrintedUnit, RenderedUnit};

/// How to deliver what was rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Write nothing anywhere.
    pub dry_run: bool,
    /// All units or none.
    pub atomic: bool,
    /// Take over branches that hold files of others.
    pub adopt: bool,
    /// Deliver even if a branch has the output of a newer source.
    pub allow_older: bool,
    /// Deliver even if a rollback holds the branch, and end the hold.
    pub release: bool,
    /// Query registries for the source repository and revision of each image, and record them.
    pub origins: bool,
    /// Deliver files of the work tree that differ from its commit.
    pub allow_dirty: bool,
    /// Maximum attempts when a branch changes concurrently; at least 1.
    pub attempts: u32,
    /// How commits are written.
    pub via: CommitMethod,
    /// Create a provenance statement: [`Delivered::statement`].
    pub attest: bool,
}

/// How commits are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitMethod {
    /// By git: one push for all branches.
    #[default]
    Git,
    /// By GitHub's API, so that GitHub signs them; author and committer are the token's owner.
    Api,
}

/// The result of a delivery.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// What became of each unit.
    pub report: Report,
    /// Each warning once, in the units' order.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
    /// The lock file's new content, where it is to be written.
    pub lock: Option<Lock>,
    /// The in-toto provenance statement, where it was requested.
    pub statement: Option<String>,
}

/// Renders, pins, checks and delivers every unit of the plan. A unit that fails does not stop the others, unless `atomic` is set; nothing is
/// written before all units have passed every stage up to the last.
///
/// # Errors
/// With `atomic` everything that is wrong with any unit, otherwise if no unit can be delivered. A refused unit is not an error: the report
/// has it.
pub fn deliver(plan: &Plan, ctx: &RunContext, source: SourceTree<'_>, options: &Options) -> Result<Delivered, Failure> {
    let mut pipeline = Pipeline::open(plan, ctx, source)?;
    let mut units = plan.units.clone();
    recorded::read_needed(&mut units, plan, ctx)?;
    let mut delivered = Delivered::default();
    delivered.report.dry_run = options.dry_run;
    for attempt in 1..=options.attempts.max(1) {
        let printed = pipeline.print(&mut units, options)?;
        delivered.add(pipeline.push(printed, options, attempt == 1)?);
        // Another delivery changed the image assignments of these units: they are rendered again with them.
        units = recorded::reassigned(&units, &delivered.report, options.atomic);
        if units.is_empty() {
            break;
        }
    }
    let mut asked = recorded::to_be_reviewed(&plan.units, &delivered.report, options.atomic);
    if !asked.is_empty() {
        recorded::read_needed(&mut asked, plan, ctx)?;
        let printed = pipeline.print(&mut asked, options)?;
        delivered.add(pipeline.push(printed, options, false)?);
    }
    pipeline.finish(delivered, options)
}

impl Delivered {
    /// Adds the units of another push, in place of those that were delivered before.
    fn add(&mut self, more: Delivered) {
        let delivered = more.report.units.iter().map(UnitReport::name);
        let names: BTreeSet<String> = delivered.chain(more.report.failed.iter().map(FailedUnit::name)).collect();
        self.report.units.retain(|unit| !names.contains(&unit.name()));
        self.report.units.extend(more.report.units);
        self.report.failed.retain(|unit| !names.contains(&unit.name()));
        self.report.failed.extend(more.report.failed);
        for warning in more.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self.stderr.extend(more.stderr);
    }
}

impl Pipeline<'_> {
    /// Runs the stages that write nothing: load, render, assign, pin. The result is what a delivery would write, unchecked.
    ///
    /// # Errors
    /// Everything that is wrong with any unit.
    pub fn run_to_pinned(&mut self, units: Vec<PlannedUnit>) -> Result<Vec<PinnedUnit>, Failure> {
        let loaded = self.load(units)?;
        let rendered = self.render(loaded)?;
        let assigned = self.assign(rendered)?;
        self.pin(assigned)
    }
}
