//! Who asks: credentials as docker and podman keep them.
//!
//! Looked at in this order, the first place that knows the registry wins: `DOCKER_AUTH_CONFIG` (the text itself, as
//! GitLab CI and docker have it), the file `REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json` or
//! `~/.docker/config.json`, `$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json`. Within one
//! place: `credHelpers`, then `credsStore`, then `auths` (docker's `cli/config/configfile`, podman's
//! `containers-auth.json(5)`). A registry that nobody knows is asked anonymously.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use manifest::Diagnostic;
use manifest::image::DEFAULT_REGISTRY;
use serde::Deserialize;

use crate::helper::{self, Helper};

/// The key under which docker keeps Docker Hub's credentials.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// What is known of who asks.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// User and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// An identity token, to be traded for access tokens (OAuth 2 refresh grant).
    Identity(String),
    /// An access token, to be sent as it is.
    Access(String),
}

impl fmt::Debug for Credential {
    /// Says which sort it is, never what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::Password { .. } => "Password",
            Credential::Identity(_) => "Identity",
            Credential::Access(_) => "Access",
        })
    }
}

/// A credential and where it came from, in words fit for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The credential.
    pub credential: Credential,
    /// Such as `/home/ci/.docker/config.json` or `docker-credential-ecr-login`.
    pub source: String,
}

/// The credentials of one run. Files are read once; a helper is asked once for each registry.
#[derive(Debug, Default)]
pub struct Credentials {
    configs: Vec<Config>,
    helpers: HelperSettings,
    asked: Mutex<BTreeMap<(String, String), Slot>>,
}

type Slot = Arc<Mutex<Option<Result<Option<Found>, Diagnostic>>>>;

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

#[derive(Debug)]
struct Config {
    source: String,
    raw: RawConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawConfig {
    #[serde(default)]
    auths: BTreeMap<String, RawAuth>,
    #[serde(default)]
    creds_store: String,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct RawAuth {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    identitytoken: String,
    #[serde(default)]
    registrytoken: String,
}

impl fmt::Debug for RawAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Credentials {
    /// No credentials: everybody is asked anonymously.
    pub fn none() -> Self {
        Credentials::default()
    }

    /// Reads the places that the variables point to; see the module for which and in what order. `variable` answers for
    /// `DOCKER_AUTH_CONFIG`, `REGISTRY_AUTH_FILE`, `DOCKER_CONFIG`, `HOME`, `XDG_RUNTIME_DIR`, `XDG_CONFIG_HOME` and
    /// `PATH` (where helpers are looked for).
    ///
    /// # Errors
    /// Where a file is there and cannot be read or is no JSON. Its content is never shown.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Diagnostic> {
        let get = |name: &str| variable(name).filter(|text| !text.is_empty());
        let mut configs = Vec::new();
        if let Some(text) = get("DOCKER_AUTH_CONFIG") {
            configs.push(parse("DOCKER_AUTH_CONFIG", text.as_bytes())?);
        }
        for file in files(&get) {
            configs.extend(read(&file)?);
        }
        let helpers = HelperSettings { path: get("PATH").unwrap_or_default(), ..HelperSettings::default() };
        Ok(Credentials { configs, helpers, ..Credentials::default() })
    }

    /// How long a helper may take; 30 seconds unless this is called.
    #[must_use]
    pub fn helper_timeout(mut self, timeout: Duration) -> Self {
        self.helpers.timeout = timeout;
        self
    }

    /// Where was looked, in words fit for a message.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.configs.iter().map(|config| config.source.as_str())
    }

    /// What is known for a repository (without its registry) of a registry; nothing where nobody knows it.
    ///
    /// # Errors
    /// Where a helper is missing, fails or takes too long, or an entry cannot be understood.
    pub fn find(&self, registry: &str, repository: &str) -> Result<Option<Found>, Diagnostic> {
        for config in &self.configs {
            let found = self.find_in(config, registry, repository)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn find_in(&self, config: &Config, registry: &str, repository: &str) -> Result<Option<Found>, Diagnostic> {
        let names = names(registry, repository);
        let own = names.iter().find_map(|name| by_name(&config.raw.cred_helpers, name));
        let store = Some(&config.raw.creds_store).filter(|store| !store.is_empty());
        if let Some(helper) = own.or(store) {
            let found = self.ask(helper, server(registry))?;
            if found.is_some() || own.is_some() {
                return Ok(found);
            }
        }
        let entry = names.iter().find_map(|name| by_name(&config.raw.auths, name));
        entry.map_or(Ok(None), |entry| entry.credential(&config.source, registry))
    }

    fn ask(&self, name: &str, server: &str) -> Result<Option<Found>, Diagnostic> {
        let key = (name.to_owned(), server.to_owned());
        let slot = self.asked.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let mut answer = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let helper = Helper { name, path: &self.helpers.path, timeout: self.helpers.timeout };
        answer.get_or_insert_with(|| helper::get(&helper, server)).clone()
    }
}

impl RawAuth {
    fn credential(&self, source: &str, registry: &str) -> Result<Option<Found>, Diagnostic> {
        let found = |credential| Some(Found { credential, source: source.to_owned() });
        if !self.registrytoken.is_empty() {
            return Ok(found(Credential::Access(self.registrytoken.clone())));
        }
        if !self.identitytoken.is_empty() {
            return Ok(found(Credential::Identity(self.identitytoken.clone())));
        }
        if self.auth.is_empty() {
            let pair = Credential::Password { user: self.username.clone(), password: self.password.clone() };
            return Ok(if self.username.is_empty() { None } else { found(pair) });
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(self.auth.trim()).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        let (user, password) = pair.ok_or_else(|| {
            Diagnostic::new(format!("the entry for {registry} has an `auth` that is not base64 of user:password"))
                .in_file(source)
                .hint(format!("Run `docker login {registry}` again."))
        })?;
        let password = password.trim_matches('\0').to_owned();
        Ok(found(Credential::Password { user: user.to_owned(), password }))
    }
}

/// The files to look at, in order, none twice.
fn files(get: &impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let home = get("HOME").map(PathBuf::from);
    let docker = get("DOCKER_CONFIG").map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".docker")));
    let config = get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".config")));
    let all = [
        get("REGISTRY_AUTH_FILE").map(PathBuf::from),
        docker.map(|folder| folder.join("config.json")),
        get("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("containers/auth.json")),
        config.map(|folder| folder.join("containers/auth.json")),
    ];
    let mut unique: Vec<PathBuf> = Vec::new();
    for file in all.into_iter().flatten() {
        if !unique.contains(&file) {
            unique.push(file);
        }
    }
    unique
}

fn read(file: &Path) -> Result<Option<Config>, Diagnostic> {
    let source = file.display().to_string();
    match std::fs::read(file) {
        Ok(bytes) => parse(&source, &bytes).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Diagnostic::new(format!("the credentials cannot be read: {error}")).in_file(source)),
    }
}

fn parse(source: &str, bytes: &[u8]) -> Result<Config, Diagnostic> {
    let empty = bytes.iter().all(u8::is_ascii_whitespace);
    let raw = if empty { Ok(RawConfig::default()) } else { serde_json::from_slice(bytes) };
    // The parser's own words may repeat a piece of the file, so only the place is told.
    let raw = raw.map_err(|error| {
        let message =
            format!("holds no credentials in docker's form (line {}, column {})", error.line(), error.column());
        Diagnostic::new(message).in_file(source)
    })?;
    Ok(Config { source: source.to_owned(), raw })
}

/// The names under which a repository's credentials may be kept, the closest first: `host/a/b`, `host/a`, `host`.
fn names(registry: &str, repository: &str) -> Vec<String> {
    let hosts: &[&str] = match registry {
        DEFAULT_REGISTRY | "index.docker.io" | "registry-1.docker.io" => {
            &[DEFAULT_REGISTRY, "index.docker.io", "registry-1.docker.io"]
        }
        _ => &[registry],
    };
    let mut paths = vec![repository];
    while let Some((parent, _)) = paths.last().and_then(|path| path.rsplit_once('/')) {
        paths.push(parent);
    }
    let scoped = paths.iter().filter(|path| !path.is_empty());
    let scoped = scoped.flat_map(|path| hosts.iter().map(move |host| format!("{host}/{path}")));
    scoped.chain(hosts.iter().map(|host| (*host).to_owned())).collect()
}

/// The value whose key is this name, as it stands or as a URL of it (`https://host`, `https://host/v1/`).
fn by_name<'a, V>(map: &'a BTreeMap<String, V>, name: &str) -> Option<&'a V> {
    map.get(name).or_else(|| map.iter().find(|(key, _)| plain(key) == name).map(|(_, value)| value))
}

fn plain(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key)
}

/// What helpers know a registry as.
fn server(registry: &str) -> &str {
    if names(registry, "")[0] == DEFAULT_REGISTRY { HUB_KEY } else { registry }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let told = match known.find(registry, repository).unwrap().map(|found| found.credential) {
                Some(Credential::Password { user, password }) => format!("{user}/{password}"),
                Some(Credential::Identity(token)) => format!("identity {token}"),
                Some(Credential::Access(token)) => format!("access {token}"),
                None => "none".to_owned(),
            };
            assert_eq!(told, want, "{registry}/{repository}");
        }
        assert!(!format!("{known:?}").contains("pass"), "debug output must not hold secrets");
    }

    #[test]
    fn a_bad_file_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), r#"{"auths": {"a.io": {"auth": "c2VjcmV0"}, secret"#)
            .unwrap();
        let place = folder.path().display().to_string();
        let error = Credentials::from_variables(|name| (name == "DOCKER_CONFIG").then(|| place.clone())).unwrap_err();
        let told = error.to_string();
        assert!(told.contains("config.json") && told.contains("line 1") && !told.contains("secret"), "{told}");
        let odd = r#"{"auths": {"a.io": {"auth": "c2VjcmV0"}}}"#.to_owned();
        let known = Credentials::from_variables(|name| (name == "DOCKER_AUTH_CONFIG").then(|| odd.clone())).unwrap();
        let told = known.find("a.io", "x").unwrap_err().to_string();
        assert!(told.contains("docker login a.io") && !told.contains("c2VjcmV0") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn places_are_asked_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, user: &str, hosts: &[&str]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let entries = hosts.iter().map(|host| format!(r#""{host}":{{"username":"{user}","password":"x"}}"#));
            std::fs::write(path, format!(r#"{{"auths":{{{}}}}}"#, entries.collect::<Vec<_>>().join(","))).unwrap();
        };
        write("registry-auth.json", "1", &["a"]);
        write(".docker/config.json", "2", &["a", "b"]);
        write("run/containers/auth.json", "3", &["b", "c"]);
        write(".config/containers/auth.json", "4", &["c", "d"]);
        let place = |name: &str| Some(folder.path().join(name).display().to_string());
        let known = Credentials::from_variables(|name| match name {
            "HOME" => place(""),
            "REGISTRY_AUTH_FILE" => place("registry-auth.json"),
            "XDG_RUNTIME_DIR" => place("run"),
            _ => None,
        })
        .unwrap();
        for (host, want) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")] {
            let found = known.find(host, "x").unwrap().unwrap();
            assert_eq!(found.credential, Credential::Password { user: want.to_owned(), password: "x".to_owned() });
        }
        assert_eq!(known.sources().count(), 4);
    }
}
