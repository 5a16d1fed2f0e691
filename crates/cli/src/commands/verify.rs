//! `hydrant verify`: the proof that a branch holds what its record says.

use delivery::verbs::verify;

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, TextOrJson};
use crate::run_context::run_context;

/// Render the recorded source again, with the recorded images, and prove that the branch holds exactly that
///
/// No registry is asked. Exits with 3 where a branch holds anything else, with 1 where it cannot be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How the answer is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: TextOrJson,
    #[command(flatten)]
    units: UnitArguments,
}

/// Proves and prints.
///
/// # Errors
/// A config that is wrong, a remote that cannot be reached; a unit of which nothing can be told.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let settings = arguments.units.settings_of_a_look()?;
    let verdicts = verify::verify(&settings, &run_context()?)?;
    output::result(&match arguments.format {
        TextOrJson::Text => verify::text(&verdicts),
        TextOrJson::Json => verify::json(&verdicts),
    })?;
    delivery::Errors::check(verify::unknown(&verdicts))?;
    Ok(if verify::verified(&verdicts) { Success::Done } else { Success::Different })
}
