//! `hydrant completions`: what shells want.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::exit::{Done, Failure};
use crate::output;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints.
///
/// # Errors
/// Where stdout cannot be written to.
pub(crate) fn run(arguments: &Arguments) -> Result<Done, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::args::Arguments::command(), "hydrant", &mut bytes);
    output::result(&String::from_utf8_lossy(&bytes))?;
    Ok(Done::Well)
}
