//! The exit codes, and the one place that chooses them.
//!
//! 0 done, or nothing to do · 1 the input is wrong · 2 wrong usage · 3 differences found, where they were asked for ·
//! 4 the outside failed and trying again may help · 70 a bug in hydrant.

use std::process::ExitCode;

use crate::output;

/// How a command ended that did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Done, or nothing to do.
    Well,
    /// Differences were asked for and found.
    Different,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments make no sense, or help was asked for.
    Usage(clap::Error),
    /// The input is wrong: a file, a field, a name.
    Input(anyhow::Error),
    /// A registry, a git host or a disk failed.
    Outside(anyhow::Error),
    /// Whoever read our output has closed it. No failure of anybody's.
    Closed,
}

impl From<delivery::Errors> for Failure {
    fn from(errors: delivery::Errors) -> Self {
        Failure::Input(errors.into())
    }
}

impl From<delivery::error::Failure> for Failure {
    fn from(failure: delivery::error::Failure) -> Self {
        match failure {
            delivery::error::Failure::Input(errors) => Failure::Input(errors.into()),
            delivery::error::Failure::Outside(errors) => Failure::Outside(errors.into()),
        }
    }
}

impl From<delivery::Diagnostic> for Failure {
    fn from(error: delivery::Diagnostic) -> Self {
        Failure::Input(error.into())
    }
}

/// Says what went wrong on stderr and gives the exit code.
pub(crate) fn code(ended: Result<Done, Failure>) -> ExitCode {
    match ended {
        Ok(Done::Well) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Ok(Done::Different) => ExitCode::from(3),
        Err(Failure::Usage(error)) => {
            output::usage(&error);
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
        Err(Failure::Input(error)) => failed(&error, 1),
        Err(Failure::Outside(error)) => failed(&error, 4),
    }
}

fn failed(error: &anyhow::Error, status: u8) -> ExitCode {
    output::error(error);
    ExitCode::from(status)
}

/// From here on a panic is reported as the bug it is, with exit code 70.
pub(crate) fn report_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        output::bug(&panic.to_string());
        std::process::exit(70);
    }));
}
