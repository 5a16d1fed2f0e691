//! The exit codes, and the one place that chooses them.
//!
//! 0 success, or nothing to do · 1 invalid input · 2 invalid usage · 3 differences found, where requested ·
//! 4 an external service failed, a retry may succeed · 70 a bug in hydrant.

use std::process::ExitCode;

use crate::outcome::{Failure, Success};
use crate::output;

/// Prints the failure, if there is one, and returns the exit code.
pub(crate) fn code(ended: Result<Success, Failure>) -> ExitCode {
    match ended {
        Ok(Success::Done) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Ok(Success::Different) => ExitCode::from(3),
        Err(Failure::Usage(error)) => {
            output::usage(&error);
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
        Err(Failure::Input(error)) => failed(&error, 1),
        Err(Failure::Verbatim(text)) => {
            output::verbatim(&text);
            ExitCode::from(1)
        }
        Err(Failure::External(error)) => failed(&error, 4),
    }
}

fn failed(error: &anyhow::Error, status: u8) -> ExitCode {
    output::error(error);
    ExitCode::from(status)
}

/// Installs a panic hook that reports a bug in hydrant and exits with code 70.
pub(crate) fn report_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        output::bug(&panic.to_string());
        std::process::exit(70);
    }));
}
