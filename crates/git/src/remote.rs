//! Where the branches are, and how to be let in.

use std::fmt;
use std::path::PathBuf;

use crate::access::Helpers;

/// A user name and a password or token for HTTP. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name; hosts that take a token alone accept any, `x-access-token` is usual.
    pub username: String,
    /// The password or token.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// A repository that is delivered to.
#[derive(Clone, Default)]
pub struct Remote {
    /// `https://…`, `http://…`, `ssh://…`, `user@host:path`, `file://…` or a path. Credentials inside are used and never shown.
    pub url: String,
    /// For HTTP; win over those inside of the URL.
    pub credentials: Option<Credentials>,
    /// A file of PEM certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Headers for HTTP (`http.<url>.extraHeader`), to this host alone. An `Authorization` among them gives way to `credentials`. Never shown.
    pub headers: Vec<(String, String)>,
    /// A proxy's URL; without it the environment decides.
    pub proxy: Option<String>,
    /// Who is asked for credentials when the server wants some and none are given.
    pub helpers: Option<Helpers>,
    /// A private key for `ssh`, passed as `-i`; without it ssh's own configuration and agent decide.
    pub ssh_key: Option<PathBuf>,
    /// The command line to run instead of `ssh`, as `GIT_SSH_COMMAND` gives it.
    pub ssh_command: Option<String>,
    /// The known_hosts file for `ssh`; without it ssh's own.
    pub ssh_known_hosts: Option<PathBuf>,
}

impl Remote {
    /// A remote by its URL alone.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The URL as it may be shown.
    pub fn shown(&self) -> String {
        crate::source::without_credentials(&self.url)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.shown()).finish()
    }
}
