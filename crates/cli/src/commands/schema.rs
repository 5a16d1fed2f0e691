//! `hydrant schema`: JSON Schemas for editors.

use clap::ValueEnum;

use crate::outcome::{Failure, Success};
use crate::output;

/// Print the JSON Schema of hydrant.yaml or hydrant.lock, for editors
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant schema > hydrant.schema.json")]
pub(crate) struct Arguments {
    /// Print the schema of this file
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

/// Prints the schema.
///
/// # Errors
/// Stdout cannot be written to.
pub(crate) fn run(arguments: &Arguments) -> Result<Success, Failure> {
    output::result(&match arguments.file {
        File::Config => delivery::verbs::schema::config(),
        File::Lock => delivery::verbs::schema::lock(),
    })?;
    Ok(Success::Done)
}
