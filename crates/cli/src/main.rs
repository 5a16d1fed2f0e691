//! The program hydrant, thin: arguments, terminal, exit codes.

use std::process::ExitCode;

mod args;
mod ask;
mod commands;
mod exit;
mod github;
mod interrupt;
mod locking;
mod output;
mod progress;
#[cfg(test)]
mod reference;
mod registries;
mod review;
mod run_context;
mod search;
mod settings;

fn main() -> ExitCode {
    exit::report_bugs();
    delivery::host::threads::with_room(|| exit::code(args::parse().and_then(commands::run)))
}
