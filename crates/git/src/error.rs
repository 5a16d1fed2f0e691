//! Errors of connections to repositories.

use std::io;

use net::{AuthorityError, HttpError};

use crate::credentials::{CredentialError, CredentialSource};
use crate::format::UnsupportedFormat;
use crate::rejection::Rejection;

/// Why a repository could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The URL has an unsupported scheme or is malformed.
    #[error("invalid repository URL {url:?}: {reason}")]
    InvalidUrl {
        /// The URL without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of certificate authorities cannot be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A setting of the remote cannot be used.
    #[error("invalid {setting}: {reason}")]
    InvalidSetting {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The path does not exist, and neither does the folder that it would be created in.
    #[error("repository {path} does not exist, and neither does the folder for it")]
    NoRepository {
        /// The path.
        path: String,
    },
    /// The path exists and is not a git repository.
    #[error("not a git repository: {path}")]
    NotARepository {
        /// The path.
        path: String,
    },
    /// The repository belongs to another user; git refuses it too (`safe.directory`).
    #[error("repository {path} belongs to another user")]
    UnsafeOwner {
        /// The path.
        path: String,
    },
    /// The connection failed or ended early.
    #[error("cannot reach {url}: {message}")]
    Unreachable {
        /// The URL without credentials.
        url: String,
        /// What failed.
        message: String,
        /// The error of the HTTP request, if there was one.
        source: Option<Box<HttpError>>,
    },
    /// The server did not accept the credentials, or there were none.
    #[error("access to {url} denied: {message} ({credentials})")]
    Denied {
        /// The URL without credentials.
        url: String,
        /// The server's message.
        message: String,
        /// Where the credentials of the request come from.
        credentials: CredentialSource,
    },
    /// The server has no such repository, or hides it from these credentials.
    #[error("repository {url} not found: {message} ({credentials})")]
    NotFound {
        /// The URL without credentials.
        url: String,
        /// The server's message.
        message: String,
        /// Where the credentials of the request come from.
        credentials: CredentialSource,
    },
    /// The server refused a request, and would refuse it again.
    #[error("{url}: {message}")]
    Refused {
        /// The URL without credentials.
        url: String,
        /// The server's message.
        message: String,
        /// What to do about it, as an imperative sentence.
        hint: String,
    },
    /// A credential helper or askpass program failed.
    #[error("cannot get credentials for {url}: {source}")]
    Credentials {
        /// The URL without credentials.
        url: String,
        /// What failed.
        source: CredentialError,
    },
    /// The run's input is not trusted, and the connection needs a program.
    #[error("cannot reach {url}: {source}")]
    Untrusted {
        /// The URL without credentials.
        url: String,
        /// The program that was not run.
        source: net::ProgramRefused,
    },
    /// The server answered with an error.
    #[error("{url}: {message}")]
    Server {
        /// The URL without credentials.
        url: String,
        /// The server's message.
        message: String,
    },
    /// The response does not follow git's protocol.
    #[error("invalid git protocol response from {url}: {reason}")]
    Protocol {
        /// The URL without credentials.
        url: String,
        /// What was unexpected.
        reason: String,
    },
    /// The response is larger than hydrant accepts.
    #[error("response from {url} is too large: {reason}")]
    TooLarge {
        /// The URL without credentials.
        url: String,
        /// The limit that is exceeded.
        reason: String,
    },
    /// The repository has a format that hydrant does not support.
    #[error("{url} uses {format}, which hydrant does not support")]
    UnsupportedFormat {
        /// The URL without credentials, or the path.
        url: String,
        /// The format.
        format: UnsupportedFormat,
    },
    /// The server does not support a requested capability.
    #[error("{url} does not support {capability}")]
    Unsupported {
        /// The URL without credentials.
        url: String,
        /// The capability.
        capability: String,
        /// What to do instead, as an imperative sentence.
        hint: String,
    },
    /// libgit2 failed on a local repository or the temporary object store.
    #[error("git error in {location}: {}", source.message())]
    Git {
        /// The repository.
        location: String,
        /// libgit2's error.
        source: git2::Error,
    },
    /// A temporary file could not be written or read.
    #[error("cannot write {location}: {source}")]
    Io {
        /// The file or its purpose.
        location: String,
        /// The system's error.
        source: io::Error,
    },
}

impl TransportError {
    /// Returns whether a retry without a change of the input may succeed.
    pub fn is_outside(&self) -> bool {
        self.is_storage()
            || matches!(
                self,
                Self::Unreachable { .. }
                    | Self::Credentials { .. }
                    | Self::Server { .. }
                    | Self::Protocol { .. }
                    | Self::TooLarge { .. }
            )
    }

    /// Returns whether a disk of this machine is full or read-only.
    fn is_storage(&self) -> bool {
        match self {
            Self::Git { source, .. } => Rejection::of(source.message()) == Rejection::Storage,
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem
            ),
            _ => false,
        }
    }

    /// Returns what to do about the error, as an imperative sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Git { location, .. } | Self::Io { location, .. } if self.is_storage() => {
                return Some(format!("free space on the disk of {location}, or make it writable"));
            }
            Self::InvalidUrl { .. } => "use an https://, ssh:// or file:// URL, or a path",
            Self::Authority(error) => return error.hint(),
            Self::InvalidSetting { .. } => {
                "check http.proxy in git's configuration, HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"
            }
            Self::Unreachable { source: Some(error), .. } if error.hint().is_some() => return error.hint(),
            Self::NoRepository { .. } => {
                "correct the path, or create the folder: the first delivery creates a repository in a folder that exists"
            }
            Self::NotARepository { .. } => "choose another path, or remove what is there",
            Self::UnsafeOwner { path } => {
                return Some(format!("run `git config --global --add safe.directory {path}`"));
            }
            Self::Unreachable { .. } => "check the address and the network, then try again",
            Self::Denied { credentials: CredentialSource::Absent, .. } => {
                "set HYDRANT_GIT_TOKEN, or configure a credential helper for git"
            }
            Self::Denied { credentials: CredentialSource::Withheld(_), .. } => {
                "use the URL that the server redirects to, with credentials for its host"
            }
            Self::Denied { .. } => "check that the credentials are valid and permit access to this repository",
            Self::NotFound { .. } => "check the URL, and that the credentials permit access to the repository",
            Self::Refused { hint, .. } => hint,
            Self::Credentials { .. } => {
                "check the credentials (HYDRANT_GIT_TOKEN, GITHUB_TOKEN, a credential helper or an ssh key) and their permissions"
            }
            Self::Untrusted { .. } => "use an https URL of a public repository, or run without `--untrusted`",
            Self::Server { .. } => "check that the URL points to a git repository",
            Self::Protocol { .. } => {
                "check that the URL points to a git repository and that no proxy answers in its place"
            }
            Self::TooLarge { .. } => "check the repository; the documentation lists the limits under Security",
            Self::UnsupportedFormat { format, .. } => format.hint(),
            Self::Unsupported { hint, .. } => hint,
            Self::Git { .. } => "check the repository with `git fsck`",
            Self::Io { .. } => "check the free space and permissions of the temporary folder",
        };
        Some(hint.to_owned())
    }

    /// A connection that failed without an HTTP request.
    pub fn unreachable(url: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Unreachable { url: url.into(), message: message.into(), source: None }
    }

    /// An error of the temporary object store.
    pub fn object_store(source: git2::Error) -> Self {
        Self::Git { location: "the temporary object store".to_owned(), source }
    }
}
