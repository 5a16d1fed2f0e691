//! `hydrant promote`: delivers the images of one environment to another.

use delivery::pipeline::Options;
use delivery::verbs::promote::{Promotion, promote};

use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, ended, reported};
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Deliver the exact images of one environment to another
///
/// The images of --from are rendered with the overlay of --to, at the source commit that --from was delivered from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant promote --from staging --to production -s cart")]
pub(crate) struct Arguments {
    /// Take the images of this environment
    #[arg(long, value_name = "ENV")]
    from: String,
    /// Deliver to this environment
    #[arg(long, value_name = "ENV")]
    to: String,
    /// Do everything except writing
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Deliver even if a rollback holds the branch, and end the hold
    #[arg(long, env = "HYDRANT_RELEASE")]
    release: bool,
    /// Deliver to a branch with files that no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Deliver even if the branch has the output of a newer source commit
    #[arg(long, env = "HYDRANT_ALLOW_OLDER")]
    allow_older: bool,
    /// Print the report in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    units: UnitArguments,
}

/// Promotes the units and prints the report.
///
/// # Errors
/// An environment was never delivered, a source commit no longer exists, or the delivery fails.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let options = Options {
        dry_run: arguments.dry_run,
        release: arguments.release,
        adopt: arguments.adopt,
        allow_older: arguments.allow_older,
        attempts: 50,
        ..Options::default()
    };
    let settings = arguments.units.settings_or_all_units()?;
    let environments = Promotion { from: arguments.from, to: arguments.to };
    let done = promote(&settings, &run_context()?, &environments, &options)?;
    output::child_stderr(&done.stderr);
    done.warnings.iter().for_each(output::warning);
    match arguments.format {
        ReportFormat::Text => {
            output::result(&done.text())?;
            ended(&done.report)
        }
        other => reported(&done.report, other),
    }
}
