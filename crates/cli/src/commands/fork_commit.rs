//! `hydrant fork-commit`: ghcp's verb on any files.

use std::path::PathBuf;

use delivery::verbs::ghcp::{self, ForkCommit};

use crate::arguments::github::{ApiArguments, CommitArguments, report};
use crate::outcome::{Failure, Success};

/// Fork a GitHub repository and commit files to the fork; ghcp's flags
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The files, and folders with everything in them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The fork's branch; made where it does not exist, from upstream's default branch
    #[arg(short, long, value_name = "BRANCH")]
    branch: String,
    /// Take every file as not executable
    #[arg(long)]
    no_file_mode: bool,
    /// The folder that the files' paths start from
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    #[command(flatten)]
    commit: CommitArguments,
    #[command(flatten)]
    api: ApiArguments,
}

/// Forks, commits and reports.
///
/// # Errors
/// Files that cannot be read, and GitHub's.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let mut commit = arguments.commit.commit(Some(arguments.branch))?;
    commit.files = ghcp::files(&arguments.directory, &arguments.files, !arguments.no_file_mode)?;
    let dry_run = commit.dry_run;
    let (fork, outcome) = ghcp::fork_commit(&arguments.api.github()?, &ForkCommit { commit })?;
    report(&outcome, &fork, dry_run)?;
    Ok(Success::Done)
}
