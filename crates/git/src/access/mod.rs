//! What git's own configuration and variables say about a remote: the address to use instead, headers, credential helpers, the program
//! for ssh, authorities, a proxy. Read as git reads it, so that what works for `git push` works here.

mod askpass;
mod helper;
mod settings;
mod url_match;

use std::collections::BTreeMap;
use std::path::Path;

pub use helper::Helpers;
use settings::Settings;

use crate::remote::Remote;

/// git's configuration as it holds in a folder, with the variables that go before it.
pub struct Access {
    settings: Settings,
    variables: BTreeMap<String, String>,
}

impl Access {
    /// What holds for the repository that `dir` lies in; outside of a repository, the user's and the system's configuration. `variables` are the
    /// environment's (`GIT_SSH_COMMAND`, `GIT_ASKPASS`, `GIT_CONFIG_COUNT`, …).
    pub fn of(dir: &Path, variables: &BTreeMap<String, String>) -> Self {
        Self { settings: Settings::read(dir, variables), variables: variables.clone() }
    }

    /// The remote behind a URL: `url.<base>.insteadOf`, `http.<url>.extraHeader`, `http.<url>.sslCAInfo`, `http.<url>.proxy`,
    /// `credential.<url>.helper`, `.username` and `.useHttpPath`, `core.askPass`, `core.sshCommand`. Nothing is asked or started yet.
    pub fn remote(&self, url: &str) -> Remote {
        let url = self.settings.instead_of(url.trim());
        let variable = |name: &str| self.variables.get(name).filter(|value| !value.is_empty()).cloned();
        let mut remote = Remote::new(url.clone());
        remote.ssh_command = variable("GIT_SSH_COMMAND")
            .or_else(|| self.settings.last("core.sshcommand"))
            .or_else(|| variable("GIT_SSH").map(|program| format!("'{}'", program.replace('\'', "'\\''"))));
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return remote;
        }
        let last = |key: &str| self.settings.matching("http", key, &url, false).pop().filter(|value| !value.is_empty());
        remote.headers =
            self.settings.matching("http", "extraheader", &url, false).iter().filter_map(|line| header(line)).collect();
        remote.ca_file = variable("GIT_SSL_CAINFO").or_else(|| last("sslcainfo")).map(|path| settings::path(&path));
        remote.proxy = last("proxy");
        remote.helpers = Some(Helpers::configured(&self.settings, &self.variables, &url));
        remote
    }
}

/// `Name: value`; what is none is left out, as curl does.
fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}
