//! `hydrant verify`: compares branches with their records.

use delivery::verbs::verify::{self, RecordedCommits};

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm, TextOrJson};
use crate::run_context::run_context;

/// Render the recorded source with the recorded images, and verify that the branch has exactly that output
///
/// No registry is queried. Exits with code 3 if a branch differs, and with 1 if a unit cannot be verified.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant verify -e production")]
pub(crate) struct Arguments {
    /// Print the result in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: TextOrJson,
    /// Render also recorded commits that no branch or tag of the source contains; their code may run
    #[arg(long)]
    any_commit: bool,
    #[command(flatten)]
    units: UnitArguments,
}

/// Verifies the units and prints the result.
///
/// # Errors
/// The config is invalid, a remote cannot be reached, or a unit cannot be verified.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let settings = arguments.units.settings_or_all_units()?;
    let commits = if arguments.any_commit { RecordedCommits::Any } else { RecordedCommits::OfKnownBranches };
    let verdicts = verify::verify(&settings, &run_context()?, commits)?;
    let form = ReportForm::json_if(matches!(arguments.format, TextOrJson::Json));
    output::report(
        &match arguments.format {
            TextOrJson::Text => verify::text(&verdicts),
            TextOrJson::Json => verify::json(&verdicts),
        },
        form,
    )?;
    delivery::Errors::check(verify::unknown(&verdicts))?;
    Ok(if verify::verified(&verdicts) { Success::Done } else { Success::Different })
}
