//! `hydrant retire`: removes the output of short-lived environments.

use delivery::pipeline::Options;
use delivery::verbs::retire::retire;

use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, reported};
use crate::outcome::{Failure, Success};
use crate::run_context::run_context;

/// Remove the output of short-lived environments from their branches
///
/// An environment is short-lived if hydrant.yaml declares it by a pattern such as "pr-*". A branch that is the environment's own is deleted,
/// with its topic branch. From a branch that others share, the unit's files and record are removed; in review mode, a pull request asks for
/// that. A later delivery to the same name starts anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant retire -e pr-123\n  hydrant retire -e pr-123 -s cart --dry-run")]
pub(crate) struct Arguments {
    /// Also retire environments that are declared by name or by the source, held units, and files that no delivery wrote
    #[arg(long)]
    force: bool,
    /// Do everything except writing
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Retire all selected units or none
    #[arg(long, env = "HYDRANT_ATOMIC")]
    atomic: bool,
    /// Print the report in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    units: UnitArguments,
}

/// Retires the units and prints the report.
///
/// # Errors
/// No environment is selected, one is not short-lived, or the push fails.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let Arguments { force, dry_run, atomic, format, units } = arguments;
    let options = Options { dry_run, atomic, attempts: 50, ..Options::default() };
    let settings = units.settings_to_write()?;
    let report = retire(&settings, &run_context()?, force, &options)?;
    reported(&report, format, true)
}
