//! The credentials of one run, as docker and podman keep them.
//!
//! Lookup order; the first source that knows the registry wins: `DOCKER_AUTH_CONFIG` (the JSON itself, as in GitLab CI and docker), the
//! file `REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, `$XDG_RUNTIME_DIR/containers/auth.json`,
//! `~/.config/containers/auth.json`. Within one source: `credHelpers`, then `credsStore`, then `auths` (docker's
//! `cli/config/configfile`, podman's `containers-auth.json(5)`). A registry without credentials is accessed anonymously.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use manifest::Diagnostic;

use crate::credential::StoredCredential;
use crate::docker_config::{self, DockerConfig};
use crate::helper::{self, Helper};

/// The credentials of one run. Files are read once; a helper runs once for each registry.
#[derive(Debug, Default)]
pub struct Credentials {
    configs: Vec<DockerConfig>,
    helpers: HelperSettings,
    /// The output of helpers, by helper and server.
    helper_results: Mutex<BTreeMap<(String, String), Slot>>,
}

type Slot = Arc<Mutex<Option<Result<Option<StoredCredential>, Diagnostic>>>>;

#[derive(Debug)]
struct HelperSettings {
    path: String,
    timeout: Duration,
}

impl Default for HelperSettings {
    fn default() -> Self {
        HelperSettings { path: String::new(), timeout: Duration::from_secs(30) }
    }
}

impl Credentials {
    /// No credentials: every registry is accessed anonymously.
    pub fn none() -> Self {
        Credentials::default()
    }

    /// Reads the sources that environment variables point to; the module's documentation lists them in their order. `variable`
    /// returns the values of `DOCKER_AUTH_CONFIG`, `REGISTRY_AUTH_FILE`, `DOCKER_CONFIG`, `HOME`, `XDG_RUNTIME_DIR`,
    /// `XDG_CONFIG_HOME` and `PATH` (where helpers are searched).
    ///
    /// # Errors
    /// Where a file exists and cannot be read or is not JSON. Its content is never shown.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Diagnostic> {
        let get = |name: &str| variable(name).filter(|text| !text.is_empty());
        let mut configs = Vec::new();
        if let Some(text) = get("DOCKER_AUTH_CONFIG") {
            configs.push(DockerConfig::parse("DOCKER_AUTH_CONFIG", text.as_bytes())?);
        }
        for file in files(&get) {
            configs.extend(DockerConfig::read(&file)?);
        }
        let helpers = HelperSettings { path: get("PATH").unwrap_or_default(), ..HelperSettings::default() };
        Ok(Credentials { configs, helpers, ..Credentials::default() })
    }

    /// Returns these credentials with those of a file in docker's format before them, where it exists: helm's `registry/config.json`.
    ///
    /// # Errors
    /// Where the file cannot be read or is not JSON. Its content is never shown.
    pub fn with_first(mut self, file: &Path) -> Result<Self, Diagnostic> {
        if let Some(config) = DockerConfig::read(file)? {
            self.configs.insert(0, config);
        }
        Ok(self)
    }

    /// Sets how long a helper may take; the default is 30 seconds.
    #[must_use]
    pub fn helper_timeout(mut self, timeout: Duration) -> Self {
        self.helpers.timeout = timeout;
        self
    }

    /// The names of the sources that were read.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.configs.iter().map(|config| config.source.as_str())
    }

    /// Returns the credential for a repository (without its registry) of a registry; nothing where no source has one.
    ///
    /// # Errors
    /// Where a helper is missing, fails or takes too long, or an entry is invalid.
    pub fn find(&self, registry: &str, repository: &str) -> Result<Option<StoredCredential>, Diagnostic> {
        for config in &self.configs {
            let stored = self.find_in(config, registry, repository)?;
            if stored.is_some() {
                return Ok(stored);
            }
        }
        Ok(None)
    }

    fn find_in(
        &self,
        config: &DockerConfig,
        registry: &str,
        repository: &str,
    ) -> Result<Option<StoredCredential>, Diagnostic> {
        let own = config.helper_for(registry, repository);
        if let Some(helper) = own.or(config.store()) {
            let stored = self.run_helper(helper, docker_config::server_of(registry))?;
            if stored.is_some() || own.is_some() {
                return Ok(stored);
            }
        }
        config.entry(registry, repository)
    }

    fn run_helper(&self, name: &str, server: &str) -> Result<Option<StoredCredential>, Diagnostic> {
        let key = (name.to_owned(), server.to_owned());
        let slot = self.helper_results.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let mut result = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let helper = Helper { name, path: &self.helpers.path, timeout: self.helpers.timeout };
        result.get_or_insert_with(|| helper::get(&helper, server)).clone()
    }
}

/// The files to read, in order, none twice.
fn files(get: &impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let home = get("HOME").map(PathBuf::from);
    let docker = get("DOCKER_CONFIG").map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".docker")));
    let config = get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".config")));
    let all = [
        get("REGISTRY_AUTH_FILE").map(PathBuf::from),
        docker.map(|dir| dir.join("config.json")),
        get("XDG_RUNTIME_DIR").map(|dir| Path::new(&dir).join("containers/auth.json")),
        config.map(|dir| dir.join("containers/auth.json")),
    ];
    let mut unique: Vec<PathBuf> = Vec::new();
    for file in all.into_iter().flatten() {
        if !unique.contains(&file) {
            unique.push(file);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::credential::Credential;

    #[test]
    fn entries_are_found_under_every_key_in_use() {
        let auth = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let json = format!(
            r#"{{"auths":{{"https://index.docker.io/v1/":{{"auth":"{}"}},"quay.io/org":{{"auth":"{}"}},"quay.io":{{"username":"q","password":"p:w d"}},
                "https://gcr.io":{{"auth":"{}"}},"ghcr.io":{{}},"acr.io":{{"auth":"{}","identitytoken":"id"}},"t.io":{{"registrytoken":"rt"}}}},"psFormat":"x"}}"#,
            auth("hub:pass\0\0"),
            auth("org:a:b"),
            auth("g:"),
            auth("0000:")
        );
        let known = Credentials::from_variables(|name| (name == "DOCKER_AUTH_CONFIG").then(|| json.clone())).unwrap();
        let table = [
            ("docker.io", "library/nginx", "hub/pass"),
            ("registry-1.docker.io", "x", "hub/pass"),
            ("quay.io", "org/app", "org/a:b"),
            ("quay.io", "orgs/app", "q/p:w d"),
            ("gcr.io", "a/b", "g/"),
            ("ghcr.io", "a", "none"),
            ("acr.io", "a", "identity id"),
            ("t.io", "a", "access rt"),
            ("other.io", "a", "none"),
        ];
        for (registry, repository, want) in table {
            let got = match known.find(registry, repository).unwrap().map(|stored| stored.credential) {
                Some(Credential::Password { user, password }) => format!("{user}/{password}"),
                Some(Credential::Identity(token)) => format!("identity {token}"),
                Some(Credential::Access(token)) => format!("access {token}"),
                None => "none".to_owned(),
            };
            assert_eq!(got, want, "{registry}/{repository}");
        }
        assert!(!format!("{known:?}").contains("pass"), "debug output must not hold secrets");
    }

    #[test]
    fn a_bad_file_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), r#"{"auths": {"a.io": {"auth": "c2VjcmV0"}, secret"#)
            .unwrap();
        let path = folder.path().display().to_string();
        let error = Credentials::from_variables(|name| (name == "DOCKER_CONFIG").then(|| path.clone())).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains("config.json") && shown.contains("line 1") && !shown.contains("secret"), "{shown}");
        let invalid = r#"{"auths": {"a.io": {"auth": "c2VjcmV0"}}}"#.to_owned();
        let known =
            Credentials::from_variables(|name| (name == "DOCKER_AUTH_CONFIG").then(|| invalid.clone())).unwrap();
        let shown = known.find("a.io", "x").unwrap_err().to_string();
        assert!(
            shown.contains("docker login a.io") && !shown.contains("c2VjcmV0") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[test]
    fn sources_are_searched_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, user: &str, hosts: &[&str]| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let entries = hosts.iter().map(|host| format!(r#""{host}":{{"username":"{user}","password":"x"}}"#));
            std::fs::write(file, format!(r#"{{"auths":{{{}}}}}"#, entries.collect::<Vec<_>>().join(","))).unwrap();
        };
        write("registry-auth.json", "1", &["a"]);
        write(".docker/config.json", "2", &["a", "b"]);
        write("run/containers/auth.json", "3", &["b", "c"]);
        write(".config/containers/auth.json", "4", &["c", "d"]);
        let path = |name: &str| Some(folder.path().join(name).display().to_string());
        let known = Credentials::from_variables(|name| match name {
            "HOME" => path(""),
            "REGISTRY_AUTH_FILE" => path("registry-auth.json"),
            "XDG_RUNTIME_DIR" => path("run"),
            _ => None,
        })
        .unwrap();
        for (host, want) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")] {
            let stored = known.find(host, "x").unwrap().unwrap();
            assert_eq!(stored.credential, Credential::Password { user: want.to_owned(), password: "x".to_owned() });
        }
        assert_eq!(known.sources().count(), 4);
    }
}
