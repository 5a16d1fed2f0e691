//! Why a remote base cannot be fetched or read.

use std::io;
use std::path::PathBuf;

use crate::error::TransportError;
use crate::remote::Remote;

/// Why a remote base cannot be fetched or read. URLs are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The connection to the remote repository failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The remote repository does not have the revision.
    #[error("revision {revision} not found in {url}")]
    NoRevision {
        /// The repository.
        url: String,
        /// The revision, as given.
        revision: String,
    },
    /// No branch, tag or commit can have this name.
    #[error("invalid revision {revision:?} of {url}")]
    InvalidRevision {
        /// The repository.
        url: String,
        /// The revision, as given.
        revision: String,
    },
    /// A tree has an entry that it must not have.
    #[error("{url} has the invalid entry {path:?}: {reason}")]
    InvalidEntry {
        /// The repository.
        url: String,
        /// The path in the repository.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The repository has too many files, or folders that are nested too deeply.
    #[error("{url} has more than {limit} {what}")]
    TooLarge {
        /// The repository.
        url: String,
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// `.gitmodules` has no URL for a submodule.
    #[error("missing url of submodule {path} in .gitmodules of {url}")]
    NoSubmoduleUrl {
        /// The repository.
        url: String,
        /// The submodule's path.
        path: String,
    },
    /// A submodule's URL is refused.
    #[error("invalid url {module:?} of submodule {path} in .gitmodules of {url}: {reason}")]
    SubmoduleUrl {
        /// The repository.
        url: String,
        /// The submodule's path.
        path: String,
        /// The submodule's URL.
        module: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// libgit2 failed, or an object is damaged.
    #[error("git error in {url}: {}", source.message())]
    Git {
        /// The repository.
        url: String,
        /// libgit2's error.
        source: git2::Error,
    },
    /// The cache cannot be read or written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl BaseError {
    pub(super) fn git(remote: &Remote) -> impl Fn(git2::Error) -> Self + Copy {
        move |source| BaseError::Git { url: remote.redacted_url(), source }
    }

    /// Returns whether a retry without a change of the input may succeed.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_outside())
    }

    /// Returns what to do about the error, as an imperative sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Transport(error) => error.hint(),
            Self::NoRevision { .. } | Self::InvalidRevision { .. } => {
                Some("check the spelling, or give the full commit id".to_owned())
            }
            Self::InvalidEntry { .. } | Self::TooLarge { .. } | Self::Git { .. } => None,
            Self::NoSubmoduleUrl { .. } | Self::SubmoduleUrl { .. } => {
                Some("correct it, or append `?submodules=false` to the base's URL".to_owned())
            }
            Self::Io { .. } => Some("check the free space and permissions of the folder".to_owned()),
        }
    }
}
