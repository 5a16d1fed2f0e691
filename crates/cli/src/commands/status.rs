//! `hydrant status`: the board.

use std::path::PathBuf;

use delivery::verbs::status;

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, TextOrJson};
use crate::run_context::run_context;

/// Show what stands where: services x environments, source commit, images, age, holds, drift, and what waits for review
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How the answer is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: TextOrJson,
    /// Write the board into this file too, as one page that stands alone
    #[arg(long, value_name = "FILE", env = "HYDRANT_HTML")]
    html: Option<PathBuf>,
    /// How many commits of each branch are looked at: the one that stands there, and those before it
    #[arg(long, value_name = "N", default_value_t = 6, env = "HYDRANT_HISTORY", value_parser = clap::value_parser!(u32).range(1..=1000))]
    history: u32,
    #[command(flatten)]
    units: UnitArguments,
}

/// Looks and prints.
///
/// # Errors
/// A config that is wrong, a remote that cannot be reached.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let settings = arguments.units.settings_of_a_look()?;
    let ctx = run_context()?;
    let (rows, warnings) = status::status(&settings, &ctx, arguments.history)?;
    warnings.iter().for_each(output::warning);
    if let Some(path) = &arguments.html {
        output::result_file(path, &status::html(&rows, ctx.now))?;
    }
    output::result(&match arguments.format {
        TextOrJson::Text => status::text(&rows, ctx.now),
        TextOrJson::Json => status::json(&rows),
    })?;
    Ok(Success::Done)
}
