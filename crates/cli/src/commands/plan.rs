//! `hydrant plan`: the units that a delivery would work on.

use clap::ValueEnum;
use delivery::report::plan as print;

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Print the units that a delivery would work on, and where each would go
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How the answer is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    /// The I-th of N parts of the units, to spread them over CI jobs
    #[arg(long, value_name = "I/N", env = "HYDRANT_SHARD")]
    shard: Option<delivery::plan::Shard>,
    /// Only the units whose inputs differ from this revision's: every file that rendering reads, the tags, the config
    #[arg(long, value_name = "REV", env = "HYDRANT_CHANGED_SINCE")]
    changed_since: Option<String>,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// Everything that was decided
    Json,
    /// `{"include": […]}` for `strategy.matrix` of GitHub Actions
    GithubMatrix,
}

/// Decides and prints.
///
/// # Errors
/// A config or a selection that is wrong.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let mut plan =
        delivery::plan::plan(&delivery::host::disk::DiskFiles::default(), &arguments.units.settings_of_a_look()?)?;
    if let Some(revision) = &arguments.changed_since {
        delivery::pipeline::keep_changed(&mut plan, &run_context()?, revision)?;
    }
    if let Some(shard) = arguments.shard {
        plan.keep(shard);
    }
    output::result(&match arguments.format {
        Format::Text => print::text(&plan),
        Format::Json => print::json(&plan),
        Format::GithubMatrix => print::github_matrix(&plan),
    })?;
    Ok(Success::Done)
}
