//! The `hydrant` program: arguments, terminal and exit codes. The work is done by the `delivery` crate.

use std::process::ExitCode;

mod arguments;
mod command_line;
mod commands;
mod exit;
#[cfg(test)]
mod generated_docs;
mod help_groups;
mod interrupt;
mod invocation;
mod logging;
mod open_span;
mod outcome;
mod output;
mod program_name;
mod progress;
mod prompt;
mod run_context;
mod skaffold_commands;
mod terminal;
mod trace;
mod verbosity;

fn main() -> ExitCode {
    exit::report_bugs();
    delivery::host::threads::with_room(|| exit::code(traced()))
        .unwrap_or_else(|error| exit::code(Err(outcome::Failure::Input(error.into()))))
}

/// Runs the request, and then writes its trace, if one is requested; also for a run that failed.
fn traced() -> Result<outcome::Success, outcome::Failure> {
    let ended = run();
    let written = trace::finish();
    ended.and_then(|success| written.map(|()| success))
}

fn run() -> Result<outcome::Success, outcome::Failure> {
    match program_name::read(std::env::args_os().collect())? {
        invocation::Invocation::Hydrant(arguments) => command_line::parse(&arguments).and_then(command_line::run),
        invocation::Invocation::Print(text) => output::result(&text).map(|()| outcome::Success::Done),
    }
}
