//! `hydrant status`: the state of each unit.

use std::path::PathBuf;

use delivery::verbs::status;

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm, TextOrJson};
use crate::run_context::run_context;

/// Show the state of each unit: source commit, images, age, hold, drift and pending reviews
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant status\n  hydrant status --html board.html")]
pub(crate) struct Arguments {
    /// Print the status in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: TextOrJson,
    /// Write the status to this file, too, as one HTML page without external files
    #[arg(long, value_name = "FILE", env = "HYDRANT_HTML")]
    html: Option<PathBuf>,
    /// Read this many commits of each branch, the current one included
    #[arg(long, value_name = "N", default_value_t = 6, env = "HYDRANT_HISTORY", value_parser = clap::value_parser!(u32).range(1..=1000))]
    history: u32,
    #[command(flatten)]
    units: UnitArguments,
}

/// Reads the branches and prints the status.
///
/// # Errors
/// The config is invalid, or a remote cannot be reached.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let settings = arguments.units.settings_or_all_units()?;
    let ctx = run_context()?;
    let (rows, warnings) = status::status(&settings, &ctx, arguments.history)?;
    warnings.iter().for_each(output::warning);
    if let Some(path) = &arguments.html {
        output::result_file(path, &status::html(&rows, ctx.now))?;
    }
    let form = ReportForm::json_if(matches!(arguments.format, TextOrJson::Json));
    output::report(
        &match arguments.format {
            TextOrJson::Text => status::text(&rows, ctx.now),
            TextOrJson::Json => status::json(&rows),
        },
        form,
    )?;
    Ok(Success::Done)
}
