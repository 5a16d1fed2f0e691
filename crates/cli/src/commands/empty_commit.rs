//! `hydrant empty-commit`: ghcp's verb.

use delivery::verbs::ghcp;

use crate::arguments::github::{ApiArguments, CommitArguments, report};
use crate::outcome::{Failure, Success};

/// Create a commit without changes by GitHub's API, to trigger workflows; takes ghcp's options
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant empty-commit -r acme/shop -b main -m 'run the workflow'")]
pub(crate) struct Arguments {
    /// Commit to this branch, and create it if it does not exist [default: the default branch]
    #[arg(short, long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Accepted for compatibility with ghcp; no file is read
    #[arg(short = 'C', long, value_name = "FOLDER", hide = true)]
    directory: Option<std::path::PathBuf>,
    #[command(flatten)]
    commit: CommitArguments,
    #[command(flatten)]
    api: ApiArguments,
}

/// Commits and prints the result.
///
/// # Errors
/// GitHub refuses a request.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let mut commit = arguments.commit.commit(arguments.branch)?;
    commit.allow_empty = true;
    let outcome = ghcp::commit(&arguments.api.github()?, &commit)?;
    report(&outcome, &commit.repository, commit.dry_run)?;
    Ok(Success::Done)
}
