//! `hydrant fork-commit`: ghcp's verb.

use std::path::PathBuf;

use delivery::verbs::ghcp::{self, ForkCommit};

use crate::arguments::github::{ApiArguments, CommitArguments, report};
use crate::outcome::{Failure, Success};

/// Fork a GitHub repository and commit files to the fork; takes ghcp's options
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant fork-commit -r acme/charts -b update-cart -m 'update cart' charts/cart/values.yaml"
)]
pub(crate) struct Arguments {
    /// Commit these files, and all files in these folders
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Commit to this branch of the fork, and create it from the upstream default branch if it does not exist
    #[arg(short, long, value_name = "BRANCH")]
    branch: String,
    /// Ignore the executable bit of files
    #[arg(long)]
    no_file_mode: bool,
    /// Resolve paths relative to this folder
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    #[command(flatten)]
    commit: CommitArguments,
    #[command(flatten)]
    api: ApiArguments,
}

/// Forks, commits and prints the result.
///
/// # Errors
/// A file cannot be read, or GitHub refuses a request.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let mut commit = arguments.commit.commit(Some(arguments.branch))?;
    commit.files = ghcp::files(&arguments.directory, &arguments.files, !arguments.no_file_mode)?;
    let dry_run = commit.dry_run;
    let (fork, outcome) = ghcp::fork_commit(&arguments.api.github()?, &ForkCommit { commit })?;
    report(&outcome, &fork, dry_run)?;
    Ok(Success::Done)
}
