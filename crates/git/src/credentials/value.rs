//! The value that helpers provide and HTTP sends.

use std::fmt;

/// A user name with a password or token for HTTP. `Debug` does not print them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name. Hosts that only check the token accept any; `x-access-token` is common.
    pub username: String,
    /// The password or token.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Where the credentials of a request come from, for errors. Its text names a variable or program, never a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub enum CredentialSource {
    /// No credentials were sent.
    #[default]
    #[error("no credentials")]
    Absent,
    /// No credentials were sent, because a redirect led to this other host.
    #[error("no credentials, since the request was redirected to {0}")]
    Withheld(String),
    /// What the caller passes, such as a variable.
    #[error("credentials from {0}")]
    Named(String),
    /// The URL of the remote.
    #[error("credentials from the URL")]
    Url,
    /// A header of git's configuration.
    #[error("credentials from http.extraHeader")]
    Header,
    /// A credential helper.
    #[error("credentials from credential helper {0}")]
    Helper(String),
    /// An askpass program.
    #[error("credentials from askpass program {0}")]
    Askpass(String),
    /// The token for a host's API.
    #[error("the token for the API")]
    ApiToken,
    /// The keys and the configuration of `ssh`.
    #[error("credentials from ssh")]
    Ssh,
}
