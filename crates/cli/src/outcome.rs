//! How a command ends: with success, or with one kind of failure.

/// The result of a command that did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    /// Done, or nothing to do.
    Done,
    /// Differences were found, and the command was asked to report them by its exit code.
    Different,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are invalid, or help was requested.
    Usage(clap::Error),
    /// The input is wrong: a file, a field, a name.
    Input(anyhow::Error),
    /// The input is wrong, and the message is the one that another tool prints, byte for byte.
    Verbatim(String),
    /// A registry, a git server or a disk failed; a retry may succeed.
    External(anyhow::Error),
    /// The reader of stdout closed it, which is not an error.
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
            delivery::error::Failure::External(errors) => Failure::External(errors.into()),
        }
    }
}

impl From<delivery::Diagnostic> for Failure {
    fn from(error: delivery::Diagnostic) -> Self {
        Failure::Input(error.into())
    }
}
