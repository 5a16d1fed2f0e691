//! `hydrant schema`: what editors want.

use clap::ValueEnum;

use crate::outcome::{Failure, Success};
use crate::output;

/// Print the JSON Schema of hydrant.yaml or hydrant.lock, for editors
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Of which file
    #[arg(value_enum, value_name = "FILE", default_value = "config")]
    file: File,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum File {
    /// hydrant.yaml
    Config,
    /// hydrant.lock
    Lock,
}

/// Prints.
///
/// # Errors
/// Where stdout cannot be written to.
pub(crate) fn run(arguments: &Arguments) -> Result<Success, Failure> {
    output::result(&match arguments.file {
        File::Config => delivery::verbs::schema::config(),
        File::Lock => delivery::verbs::schema::lock(),
    })?;
    Ok(Success::Done)
}
