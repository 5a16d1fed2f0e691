//! `hydrant commit`: ghcp's verb.

use std::path::PathBuf;

use delivery::verbs::ghcp::{self, Parent};

use crate::arguments::github::{ApiArguments, CommitArguments, report};
use crate::outcome::{Failure, Success};

/// Commit files to a GitHub repository by its API, without a clone; takes ghcp's options
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant commit -r acme/manifests -b main -m 'update cart' manifests/cart.yaml")]
pub(crate) struct Arguments {
    /// Commit these files, and all files in these folders
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Commit to this branch, and create it if it does not exist [default: the default branch]
    #[arg(short, long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Create a commit without a parent that contains only these files
    #[arg(long, conflicts_with = "parent")]
    no_parent: bool,
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

/// Commits and prints the result.
///
/// # Errors
/// A file cannot be read, or GitHub refuses a request.
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
