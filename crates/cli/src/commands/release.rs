//! `hydrant release`: ends the holds of units.

use delivery::pipeline::Options;
use delivery::verbs::hold::{Hold, hold};

use crate::arguments::commit_method::CommitMethodArguments;
use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, reported};
use crate::outcome::{Failure, Success};
use crate::run_context::run_context;

/// End the holds of units, so that deliveries change them again
///
/// Only the record on the branch changes. The next delivery writes the output of its source.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant release -s cart -e production")]
pub(crate) struct Arguments {
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

/// Releases the units and prints the report.
///
/// # Errors
/// A branch was never delivered, or the push fails.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let options =
        Options { dry_run: arguments.dry_run, attempts: 50, via: arguments.method.method(), ..Options::default() };
    let settings = arguments.units.settings_to_write()?;
    let report = hold(&settings, &run_context()?, &Hold::Release, &options)?;
    reported(&report, arguments.format, true)
}
