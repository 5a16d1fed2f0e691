//! `hydrant hold`: deliveries leave units alone.

use delivery::pipeline::Options;
use delivery::verbs::hold::{Hold, hold};

use crate::arguments::commit_method::CommitMethodArguments;
use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, reported};
use crate::outcome::{Failure, Success};
use crate::run_context::run_context;

/// Hold units, so that deliveries leave them as they are
///
/// Only the record on the branch changes. Later deliveries list the units as held and write nothing to them. `hydrant release` ends the hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant hold -s cart -e production --reason 'sale until Monday'")]
pub(crate) struct Arguments {
    /// Record this reason; later deliveries print it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do everything except writing
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Print the report in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    method: CommitMethodArguments,
    #[command(flatten)]
    units: UnitArguments,
}

/// Holds the units and prints the report.
///
/// # Errors
/// A branch was never delivered, or the push fails.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let options =
        Options { dry_run: arguments.dry_run, attempts: 50, via: arguments.method.method(), ..Options::default() };
    let settings = arguments.units.settings_to_write()?;
    let report = hold(&settings, &run_context()?, &Hold::Set(arguments.reason), &options)?;
    reported(&report, arguments.format, true)
}
