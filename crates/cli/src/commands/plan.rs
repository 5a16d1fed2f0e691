//! `hydrant plan`: the units that a delivery works on.

use clap::ValueEnum;
use delivery::report::plan as print;

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm};
use crate::run_context::run_context;

/// Print the units that a delivery would work on, and their destinations
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant plan --all\n  hydrant plan --changed-since origin/main --format github-matrix"
)]
pub(crate) struct Arguments {
    /// Print the plan in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    /// Select the I-th of N parts of the units, to spread them over CI jobs
    #[arg(long, value_name = "I/N", env = "HYDRANT_SHARD")]
    shard: Option<delivery::plan::Shard>,
    /// Select only units whose inputs changed since this revision: files that rendering reads, tags, the config
    #[arg(long, value_name = "REV", env = "HYDRANT_CHANGED_SINCE")]
    changed_since: Option<String>,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// All values of each unit as JSON
    Json,
    /// `{"include": […]}` for `strategy.matrix` of GitHub Actions
    GithubMatrix,
}

/// Plans the units and prints them.
///
/// # Errors
/// The config or the selection is invalid.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let mut plan =
        delivery::plan::plan(&delivery::host::disk::DiskFiles::default(), &arguments.units.settings_or_all_units()?)?;
    if let Some(revision) = &arguments.changed_since {
        delivery::pipeline::keep_changed(&mut plan, &run_context()?, revision)?;
    }
    if let Some(shard) = arguments.shard {
        plan.keep(shard);
    }
    print::undeclared(&plan).iter().for_each(|line| output::note(line));
    print::assumed_kubernetes(&plan).iter().for_each(|line| output::note(line));
    let form = ReportForm::json_if(!matches!(arguments.format, Format::Text));
    output::report(
        &match arguments.format {
            Format::Text => print::text(&plan),
            Format::Json => print::json(&plan),
            Format::GithubMatrix => print::github_matrix(&plan),
        },
        form,
    )?;
    Ok(Success::Done)
}
