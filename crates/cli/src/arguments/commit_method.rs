//! How commits are created.

use clap::ValueEnum;
use delivery::pipeline::CommitMethod;

/// The method of creating commits.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CommitMethodArguments {
    /// Create commits by git, or by GitHub's API, which signs them for the owner of the token
    #[arg(long, value_enum, value_name = "METHOD", default_value = "git", env = "HYDRANT_VIA")]
    via: CommitMethodArgument,
}

/// `--via`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CommitMethodArgument {
    /// By git, with one push for all branches
    Git,
    /// By GitHub's API, with commits that GitHub signs
    Api,
}

impl CommitMethodArguments {
    /// The method.
    pub(crate) fn method(self) -> CommitMethod {
        match self.via {
            CommitMethodArgument::Git => CommitMethod::Git,
            CommitMethodArgument::Api => CommitMethod::Api,
        }
    }
}
