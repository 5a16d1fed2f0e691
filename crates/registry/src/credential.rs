//! A credential and where it came from.

use std::fmt;

/// What a registry accepts in place of a login.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// User and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// An identity token, to be exchanged for access tokens (OAuth 2 refresh grant).
    Identity(String),
    /// An access token, to be sent as it is.
    Access(String),
}

impl fmt::Debug for Credential {
    /// Shows the kind, never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::Password { .. } => "Password",
            Credential::Identity(_) => "Identity",
            Credential::Access(_) => "Access",
        })
    }
}

/// A credential and where it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// The credential.
    pub credential: Credential,
    /// Where it is kept, such as `/home/ci/.docker/config.json` or `docker-credential-ecr-login`.
    pub source: String,
}
