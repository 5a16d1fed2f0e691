//! Errors of the source repository.

use std::path::PathBuf;

use crate::format::UnsupportedFormat;

/// Why the source repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder is not in a repository.
    #[error("not in a git repository: {}", .0.display())]
    NoRepository(PathBuf),
    /// The repository belongs to another user; git refuses it too (`safe.directory`).
    #[error("repository {} belongs to another user", .0.display())]
    UnsafeOwner(PathBuf),
    /// The repository has a format that hydrant does not support.
    #[error("repository {} uses {format}, which hydrant does not support", path.display())]
    UnsupportedFormat {
        /// The folder in the repository.
        path: PathBuf,
        /// The format.
        format: UnsupportedFormat,
    },
    /// The branch has no commit yet.
    #[error("the repository has no commits: {}", .0.display())]
    NoCommit(PathBuf),
    /// The path is outside of the repository's work tree.
    #[error("{} is outside of the repository {}", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The work tree.
        root: PathBuf,
    },
    /// The revision does not contain the path.
    #[error("{path} not found in revision {revision}")]
    NotInTree {
        /// The revision, as given.
        revision: String,
        /// The path from the repository's root.
        path: String,
    },
    /// The revision does not exist in this clone.
    #[error("revision {revision} not found")]
    NoRevision {
        /// The revision, as given.
        revision: String,
        /// libgit2's error.
        source: git2::Error,
    },
    /// libgit2 failed for another reason.
    #[error("git error in {}: {}", path.display(), source.message())]
    Git {
        /// The repository or folder.
        path: PathBuf,
        /// libgit2's error.
        source: git2::Error,
    },
}

impl SourceError {
    /// Returns what to do about the error, as an imperative sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRepository(_) => "run it in a checkout of the source repository",
            Self::UnsafeOwner(path) => {
                return Some(format!("run `git config --global --add safe.directory {}`", path.display()));
            }
            Self::UnsupportedFormat { format, .. } => format.hint(),
            Self::NoCommit(_) => "commit the source first",
            Self::Outside { .. } => "give a path inside the repository",
            Self::NotInTree { .. } => "commit the file first",
            Self::NoRevision { .. } => {
                "fetch it first; a shallow clone needs fetch-depth: 0 in actions/checkout or GIT_DEPTH: 0 in GitLab CI"
            }
            Self::Git { .. } => "check the repository with `git fsck`",
        };
        Some(hint.to_owned())
    }
}
