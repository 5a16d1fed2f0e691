//! Errors of GitHub's API.

use net::{AuthorityError, HttpError};

/// Why a request to GitHub failed.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// GitHub answered with an error.
    #[error("{request} failed: HTTP {status}: {message}")]
    Response {
        /// The method and path of the request.
        request: String,
        /// The status.
        status: u16,
        /// GitHub's message with the details of its errors.
        message: String,
    },
    /// There was no response.
    #[error("cannot reach GitHub: {0}")]
    Http(#[from] HttpError),
    /// A field is missing in a response.
    #[error("missing field {field:?} in GitHub's response for {object}")]
    MissingField {
        /// What the response describes.
        object: String,
        /// The field.
        field: String,
    },
    /// The API's URL is invalid.
    #[error("invalid URL of GitHub's API {url:?}: {reason}")]
    InvalidUrl {
        /// The URL without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of certificate authorities cannot be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The client could not be created, or the private key of the App is invalid.
    #[error("cannot sign in to GitHub: {0}")]
    Login(String),
    /// The head branch of a pull request does not exist.
    #[error("branch {branch} not found in {repository}")]
    BranchNotFound {
        /// The repository.
        repository: String,
        /// The branch.
        branch: String,
    },
    /// GitHub did not create a fork in time.
    #[error("fork {repository} is not ready after {seconds} s")]
    ForkNotReady {
        /// The fork.
        repository: String,
        /// The time limit.
        seconds: u64,
    },
    /// The program was built without the feature `octocrab`.
    #[error("this build of hydrant has no support for GitHub's API")]
    NotBuilt,
}

impl GitHubError {
    /// Returns whether a retry without a change of the input may succeed.
    pub fn is_outside(&self) -> bool {
        match self {
            Self::Http(_) | Self::MissingField { .. } => true,
            Self::Response { status, .. } => *status >= 500 || matches!(status, 401 | 403 | 429),
            _ => false,
        }
    }

    /// Returns what to do about the error, as an imperative sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Response { status, .. } => match status {
                401 => "check the token (GITHUB_TOKEN)",
                403 => "check the token's permissions: contents: write and, for pull requests, pull requests: write",
                404 => "check the names, and that the token has access to the repository",
                409 => "push a first commit; the API cannot write to an empty repository",
                429 => "try again later, when GitHub's rate limit is reset",
                500.. => "try again later; see https://www.githubstatus.com",
                _ => return None,
            },
            Self::Http(error) => return error.hint(),
            Self::Authority(error) => return error.hint(),
            Self::MissingField { .. } | Self::InvalidUrl { .. } => "check the URL of the API (`--api`)",
            Self::Login(_) => "check the credentials and the private key of the App",
            Self::BranchNotFound { .. } => "push or commit to the branch first",
            Self::ForkNotReady { .. } => "run the command again",
            Self::NotBuilt => "use a build with the feature `github`, or push over git",
        };
        Some(hint.to_owned())
    }

    /// Returns the status of GitHub's response, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        if let Self::Response { status, .. } = self { Some(*status) } else { None }
    }

    /// An error for a response without a required field.
    pub(crate) fn missing_field(object: &str, field: &str) -> Self {
        Self::MissingField { object: object.to_owned(), field: field.trim_start_matches('/').to_owned() }
    }
}
