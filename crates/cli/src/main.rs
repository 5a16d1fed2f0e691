//! The `hydrant` program: arguments, terminal and exit codes. The work is done by the `delivery` crate.

use std::process::ExitCode;

mod arguments;
mod command_line;
mod commands;
mod exit;
#[cfg(test)]
mod generated_docs;
mod interrupt;
mod logging;
mod outcome;
mod output;
mod progress;
mod prompt;
mod run_context;
mod terminal;
mod verbosity;

fn main() -> ExitCode {
    exit::report_bugs();
    delivery::host::threads::with_room(|| exit::code(command_line::parse().and_then(command_line::run)))
        .unwrap_or_else(|error| exit::code(Err(outcome::Failure::Input(error.into()))))
}
