//! Logins and repositories.

use std::fmt;

/// The credentials for GitHub. `Debug` does not print them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Login {
    /// A token of a user, a workflow or an installation.
    Token(String),
    /// A GitHub App. Its installation is looked up by repository.
    App {
        /// The App's id.
        id: u64,
        /// Its private key, PEM.
        key: String,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::App { .. } => "App(…)",
        })
    }
}

/// A repository on GitHub. Prints as `OWNER/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository {
    /// The user or organization.
    pub owner: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}
