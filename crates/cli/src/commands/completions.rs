//! `hydrant completions`: completion scripts for shells.

use clap_complete::Shell;

use crate::outcome::{Failure, Success};
use crate::output;

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script for the shell. `program` describes every verb.
///
/// # Errors
/// Where stdout cannot be written to.
pub(crate) fn run(arguments: &Arguments, program: &mut clap::Command) -> Result<Success, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(arguments.shell, program, "hydrant", &mut bytes);
    output::result(&String::from_utf8_lossy(&bytes))?;
    Ok(Success::Done)
}
