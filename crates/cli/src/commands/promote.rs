//! `hydrant promote`: from one environment to the next.

use delivery::pipeline::Options;
use delivery::verbs::promote::promote;

use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, ended, reported};
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Bring one environment's exact images to another
///
/// The images that stand in --from are rendered with the overlay of --to, at the source commit that --from was delivered from.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The environment that the images run in
    #[arg(long, value_name = "ENV")]
    from: String,
    /// The environment that they go to
    #[arg(long, value_name = "ENV")]
    to: String,
    /// Do everything but write
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Deliver even where a rollback holds the branch, and end the hold
    #[arg(long, env = "HYDRANT_RELEASE")]
    release: bool,
    /// Take over a branch that holds files which no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Deliver even where the branch holds a newer source commit's output
    #[arg(long, env = "HYDRANT_ALLOW_OLDER")]
    allow_older: bool,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    units: UnitArguments,
}

/// Promotes and reports.
///
/// # Errors
/// An environment that was never delivered, a source commit that is gone, whatever a delivery may end with.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let options = Options {
        dry_run: arguments.dry_run,
        release: arguments.release,
        adopt: arguments.adopt,
        allow_older: arguments.allow_older,
        attempts: 50,
        ..Options::default()
    };
    let settings = arguments.units.settings_of_a_look()?;
    let done = promote(&settings, &run_context()?, (&arguments.from, &arguments.to), &options)?;
    output::child_stderr(&done.said);
    done.warnings.iter().for_each(output::warning);
    match arguments.format {
        ReportFormat::Text => {
            output::result(&done.text())?;
            ended(&done.report)
        }
        other => reported(&done.report, other),
    }
}
