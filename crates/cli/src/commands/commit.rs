//! `hydrant commit`: ghcp's verb on any files.

use std::path::PathBuf;

use delivery::verbs::ghcp::{self, Parent};

use crate::arguments::github::{ApiArguments, CommitArguments, report};
use crate::outcome::{Failure, Success};

/// Commit files to a GitHub repository by its API, without a clone; ghcp's flags
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The files, and folders with everything in them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The branch; made where it does not exist, and the default branch where none is given
    #[arg(short, long, value_name = "BRANCH")]
    branch: Option<String>,
    /// A commit without a parent, holding these files alone
    #[arg(long, conflicts_with = "parent")]
    no_parent: bool,
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

/// Commits and reports.
///
/// # Errors
/// Files that cannot be read, and GitHub's.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let mut commit = arguments.commit.commit(arguments.branch)?;
    commit.files = ghcp::files(&arguments.directory, &arguments.files, !arguments.no_file_mode)?;
    if arguments.no_parent {
        commit.parent = Parent::None;
    }
    let outcome = ghcp::commit(&arguments.api.github()?, &commit)?;
    report(&outcome, &commit.repository, commit.dry_run)?;
    Ok(Success::Done)
}
