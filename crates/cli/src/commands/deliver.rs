//! `hydrant deliver`: the main job.

use clap::ValueEnum;
use delivery::disk::DiskFiles;
use delivery::pipeline::{self, Options, Sourced};

use crate::exit::{Done, Failure};
use crate::output;
use crate::settings::{SelectionArguments, ValueArguments, settings};
use crate::surroundings::surroundings;

/// Render, pin, check, commit and push: one unit, several, or all
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Do everything but write: no commit, no push, no repository made
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    /// All units or none: one that is refused holds the others back
    #[arg(long, env = "HYDRANT_ATOMIC")]
    atomic: bool,
    /// Take over a branch that holds files which no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Deliver even where the branch holds a newer source commit's output
    #[arg(long, env = "HYDRANT_ALLOW_OLDER")]
    allow_older: bool,
    /// How often a branch that others move meanwhile is read and decided anew
    #[arg(long, value_name = "N", default_value_t = 50, env = "HYDRANT_ATTEMPTS", value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    values: ValueArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line a unit
    Text,
    /// One JSON document
    Json,
    /// A table for a pull request or `$GITHUB_STEP_SUMMARY`
    Markdown,
}

/// Delivers and reports.
///
/// # Errors
/// Whatever is wrong with any unit; then nothing was written. Units that their branches refused, after the report.
pub(crate) fn run(arguments: Arguments) -> Result<Done, Failure> {
    let settings = settings(arguments.selection, arguments.values)?;
    let files = DiskFiles::default();
    let plan = delivery::plan::plan(&files, &settings)?;
    let options = Options {
        dry_run: arguments.dry_run,
        atomic: arguments.atomic,
        adopt: arguments.adopt,
        allow_older: arguments.allow_older,
        attempts: arguments.attempts,
    };
    let delivered = pipeline::deliver(&plan, &surroundings()?, Sourced { files: &files, revision: None }, &options)?;
    output::said(&delivered.said);
    delivered.warnings.iter().for_each(output::warning);
    let report = &delivered.report;
    output::result(&match arguments.format {
        Format::Text => report.text(),
        Format::Json => report.json(),
        Format::Markdown => report.markdown(),
    })?;
    if !report.refused() {
        return Ok(Done::Well);
    }
    let words = anyhow::anyhow!(report.refusals().collect::<Vec<_>>().join("\n"));
    Err(if report.may_be_tried_again() { Failure::Outside(words) } else { Failure::Input(words) })
}
