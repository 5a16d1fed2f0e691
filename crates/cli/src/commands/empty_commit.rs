//! `hydrant empty-commit`: ghcp's verb.

use delivery::verbs::ghcp;

use crate::arguments::github::{ApiArguments, CommitArguments, report};
use crate::outcome::{Failure, Success};

/// Make a commit without any change by GitHub's API, to start what runs on a push; ghcp's flags
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The branch; made where it does not exist, and the default branch where none is given
    #[arg(short, long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Taken for ghcp's sake; no file is read
    #[arg(short = 'C', long, value_name = "FOLDER", hide = true)]
    directory: Option<std::path::PathBuf>,
    #[command(flatten)]
    commit: CommitArguments,
    #[command(flatten)]
    api: ApiArguments,
}

/// Commits and reports.
///
/// # Errors
/// GitHub's.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let mut commit = arguments.commit.commit(arguments.branch)?;
    commit.allow_empty = true;
    let outcome = ghcp::commit(&arguments.api.github()?, &commit)?;
    report(&outcome, &commit.repository, commit.dry_run)?;
    Ok(Success::Done)
}
