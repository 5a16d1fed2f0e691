//! A repository to connect to, with everything that a connection needs.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use net::InputTrust;

use crate::config::{GitConfig, expand_home};
use crate::credentials::{CredentialHelpers, Credentials};
use crate::url::RemoteUrl;

/// A repository to connect to. `Debug` prints the URL without credentials.
#[derive(Clone, Default)]
pub struct Remote {
    /// `https://…`, `http://…`, `ssh://…`, `user@host:path`, `file://…` or a path. Credentials in it are used.
    pub url: RemoteUrl,
    /// Credentials for HTTP; they take precedence over those in the URL.
    pub credentials: Option<Credentials>,
    /// Where `credentials` come from, such as the name of a variable, for errors.
    pub credentials_name: String,
    /// A file with PEM certificates that are trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// Additional HTTP headers (`http.<url>.extraHeader`), sent to this host only. `credentials` replace an `Authorization` among them.
    pub headers: Vec<(String, String)>,
    /// The proxy's URL; the environment's (`HTTPS_PROXY`, …) if absent.
    pub proxy: Option<String>,
    /// The helpers that are asked when the server requires credentials and none are given.
    pub helpers: Option<CredentialHelpers>,
    /// The private key for `ssh` (`-i`); ssh's own configuration and agent if absent.
    pub ssh_key: Option<PathBuf>,
    /// The command line to run instead of `ssh`, as in `GIT_SSH_COMMAND`.
    pub ssh_command: Option<String>,
    /// The `known_hosts` file for `ssh`; ssh's own if absent.
    pub ssh_known_hosts: Option<PathBuf>,
    /// The time at which every request to the remote has ended. Each request has a limit of its own besides.
    pub deadline: Option<Instant>,
    /// Whether programs and credentials may be used, and which addresses may be connected to.
    pub trust: InputTrust,
}

impl Remote {
    /// A remote with a URL and nothing else.
    pub fn new(url: impl Into<RemoteUrl>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The remote for `url` with what git's configuration says about it: `url.<base>.insteadOf`, `http.<url>.extraHeader`,
    /// `http.<url>.sslCAInfo`, `http.<url>.proxy`, `credential.<url>.helper`, `.username` and `.useHttpPath`, `core.askPass`,
    /// `core.sshCommand`, and the environment variables that override them. Starts no program and no connection. For an
    /// [untrusted](GitConfig::untrusted) run, nothing is configured.
    pub fn configured(url: &str, config: &GitConfig) -> Self {
        let url = config.instead_of(url.trim());
        let mut remote = Remote { trust: config.trust(), ..Remote::new(url.clone()) };
        if config.trust().is_untrusted() {
            return remote;
        }
        remote.ssh_command = config
            .variable("GIT_SSH_COMMAND")
            .or_else(|| config.last("core.sshcommand"))
            .or_else(|| config.variable("GIT_SSH").map(|program| format!("'{}'", program.replace('\'', "'\\''"))));
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return remote;
        }
        let last = |key: &str| config.matching("http", key, &url, false).pop().filter(|value| !value.is_empty());
        let headers = config.matching("http", "extraheader", &url, false);
        remote.headers = headers.iter().filter_map(|line| header(line)).collect();
        remote.ca_file = config.variable("GIT_SSL_CAINFO").or_else(|| last("sslcainfo")).map(|path| expand_home(&path));
        remote.proxy = last("proxy");
        remote.helpers = Some(CredentialHelpers::configured(config, &url));
        remote
    }

    /// Returns the URL without credentials, for messages and records.
    pub fn redacted_url(&self) -> String {
        self.url.to_string()
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.redacted_url()).finish()
    }
}

/// Parses `Name: value`. Other lines are ignored, as curl does.
fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}
