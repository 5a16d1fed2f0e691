//! `hydrant completions`: completion scripts for shells.

use clap_complete::Shell;

use crate::outcome::{Failure, Success};
use crate::output;

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant completions bash > /etc/bash_completion.d/hydrant")]
pub(crate) struct Arguments {
    /// Print the script for this shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script for the shell. `program` describes every verb.
///
/// # Errors
/// Stdout cannot be written to.
pub(crate) fn run(arguments: &Arguments, program: &mut clap::Command) -> Result<Success, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(arguments.shell, program, "hydrant", &mut bytes);
    output::result(&String::from_utf8_lossy(&bytes))?;
    Ok(Success::Done)
}
