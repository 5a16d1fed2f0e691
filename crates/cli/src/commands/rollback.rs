//! `hydrant rollback`: restores earlier output.

use delivery::pipeline::Options;
use delivery::verbs::hold::{Hold, hold};
use delivery::verbs::rollback::{Target, rollback};

use crate::arguments::commit_method::CommitMethodArguments;
use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, reported};
use crate::outcome::{Failure, Success};
use crate::run_context::run_context;

/// Restore the earlier output of branches in new commits, and hold the branches
///
/// Nothing is rendered: the files of an earlier commit of the branch are committed again. Deliveries refuse a held branch, so that
/// automation does not undo the rollback. `hydrant release` ends the hold. A second rollback goes one more version back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant rollback -s cart -e production --reason 'errors after 1.4.2'")]
pub(crate) struct Arguments {
    /// Go back this many versions; commits with the same files are one version
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// End the hold of a rollback, as `hydrant release` does
    #[arg(long, conflicts_with_all = ["steps", "to", "reason"])]
    release: bool,
    /// Restore this commit of the branch
    #[arg(long, value_name = "COMMIT", conflicts_with = "steps")]
    to: Option<String>,
    /// Record this reason; later deliveries print it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do everything except writing
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Deliver to a branch with files that no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Print the report in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    method: CommitMethodArguments,
    #[command(flatten)]
    units: UnitArguments,
}

/// Rolls back the units and prints the report.
///
/// # Errors
/// A branch was never delivered, or a commit does not exist.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let target = arguments.to.map_or(Target::Steps(arguments.steps), Target::Commit);
    let options = Options {
        dry_run: arguments.dry_run,
        adopt: arguments.adopt,
        attempts: 50,
        via: arguments.method.method(),
        ..Options::default()
    };
    let settings = arguments.units.settings_to_write()?;
    if arguments.release {
        let report = hold(&settings, &run_context()?, &Hold::Release, &options)?;
        return reported(&report, arguments.format, true);
    }
    let report = rollback(&settings, &run_context()?, &target, arguments.reason.as_deref(), &options)?;
    reported(&report, arguments.format, true)
}
