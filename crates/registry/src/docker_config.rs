//! One file of docker's or podman's credentials.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use base64::Engine as _;
use manifest::Diagnostic;
use manifest::image::DEFAULT_REGISTRY;
use serde::Deserialize;

use crate::credential::{Credential, StoredCredential};

/// The key under which docker keeps Docker Hub's credentials.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// One file of docker's or podman's credentials.
#[derive(Debug)]
pub(crate) struct DockerConfig {
    /// The file, or the variable that has the text.
    pub(crate) source: String,
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

impl DockerConfig {
    /// Reads a file; nothing where it does not exist.
    pub(crate) fn read(file: &Path) -> Result<Option<DockerConfig>, Diagnostic> {
        let source = file.display().to_string();
        match net::bounded::read_file(file) {
            Ok(bytes) => DockerConfig::parse(&source, &bytes).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(Diagnostic::new(format!("cannot read credentials: {error}")).in_file(source).caused_by(error))
            }
        }
    }

    /// Parses a file's content; `source` is its name in messages.
    pub(crate) fn parse(source: &str, bytes: &[u8]) -> Result<DockerConfig, Diagnostic> {
        let empty = bytes.iter().all(u8::is_ascii_whitespace);
        let raw = if empty { Ok(RawConfig::default()) } else { serde_json::from_slice(bytes) };
        // The parser's message may repeat a part of the file, so only the position is shown.
        let raw = raw.map_err(|error| {
            let message = format!("invalid docker credentials (line {}, column {})", error.line(), error.column());
            Diagnostic::new(message).in_file(source)
        })?;
        Ok(DockerConfig { source: source.to_owned(), raw })
    }

    /// The helper in `credHelpers` for a repository.
    pub(crate) fn helper_for(&self, registry: &str, repository: &str) -> Option<&str> {
        let names = names(registry, repository);
        names.iter().find_map(|name| by_name(&self.raw.cred_helpers, name)).map(String::as_str)
    }

    /// The helper in `credsStore`.
    pub(crate) fn store(&self) -> Option<&str> {
        Some(self.raw.creds_store.as_str()).filter(|store| !store.is_empty())
    }

    /// The entry in `auths` for a repository.
    pub(crate) fn entry(&self, registry: &str, repository: &str) -> Result<Option<StoredCredential>, Diagnostic> {
        let names = names(registry, repository);
        let entry = names.iter().find_map(|name| by_name(&self.raw.auths, name));
        let credential = entry.map_or(Ok(None), |entry| entry.credential(&self.source, registry))?;
        Ok(credential.map(|credential| StoredCredential { credential, source: self.source.clone() }))
    }
}

impl RawAuth {
    fn credential(&self, source: &str, registry: &str) -> Result<Option<Credential>, Diagnostic> {
        if !self.registrytoken.is_empty() {
            return Ok(Some(Credential::Access(self.registrytoken.clone())));
        }
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credential::Identity(self.identitytoken.clone())));
        }
        if self.auth.is_empty() {
            let pair = Credential::Password { user: self.username.clone(), password: self.password.clone() };
            return Ok(Some(pair).filter(|_| !self.username.is_empty()));
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(self.auth.trim()).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        let (user, password) = pair.ok_or_else(|| {
            Diagnostic::new(format!("invalid \"auth\" in the entry for {registry}: expected user:password in base64"))
                .in_file(source)
                .hint(format!("run `docker login {registry}` again"))
        })?;
        let password = password.trim_matches('\0').to_owned();
        Ok(Some(Credential::Password { user: user.to_owned(), password }))
    }
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

/// The value whose key is this name, or a URL of it (`https://host`, `https://host/v1/`).
fn by_name<'a, V>(map: &'a BTreeMap<String, V>, name: &str) -> Option<&'a V> {
    map.get(name).or_else(|| map.iter().find(|(key, _)| plain(key) == name).map(|(_, value)| value))
}

fn plain(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key)
}

/// The server name of a registry in the protocol of helpers.
pub(crate) fn server_of(registry: &str) -> &str {
    if names(registry, "")[0] == DEFAULT_REGISTRY { HUB_KEY } else { registry }
}
