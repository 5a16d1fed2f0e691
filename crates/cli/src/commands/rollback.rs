//! `hydrant rollback`: back to what was.

use delivery::pipeline::Options;
use delivery::verbs::rollback::{Target, rollback};

use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, reported};
use crate::outcome::{Failure, Success};
use crate::run_context::run_context;

/// Put branches back to what they held, in a new commit, and hold later deliveries back
///
/// Nothing is rendered: the files of an earlier commit of the branch are committed again. Deliveries refuse the branch from then on,
/// so that automation does not undo the rollback, until one is given --release.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// So many deliveries back
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// To this commit of the branch
    #[arg(long, value_name = "COMMIT", conflicts_with = "steps")]
    to: Option<String>,
    /// Why, for the record and for those whose delivery is held back
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do everything but write
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Take over a branch that holds files which no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    units: UnitArguments,
}

/// Rolls back and reports.
///
/// # Errors
/// A branch that was never delivered, a commit that is not there.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let target = arguments.to.map_or(Target::Steps(arguments.steps), Target::Commit);
    let options = Options { dry_run: arguments.dry_run, adopt: arguments.adopt, attempts: 50, ..Options::default() };
    let settings = arguments.units.settings()?;
    let report = rollback(&settings, &run_context()?, &target, arguments.reason.as_deref(), &options)?;
    reported(&report, arguments.format)
}
