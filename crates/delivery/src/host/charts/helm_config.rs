//! helm's own files: where they are, and what `repositories.yaml` knows of repositories.
//!
//! Source of the rules: `helm pkg/cli/environment.go`, `pkg/helmpath` and `pkg/repo/v1/repo.go`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use manifest::Diagnostic;
use serde::Deserialize;

/// A repository of `repositories.yaml`. It has no `Debug`: it has a password.
#[derive(Clone, Default, Deserialize)]
pub(super) struct KnownRepository {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) url: String,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) password: String,
    #[serde(default, rename = "certFile")]
    pub(super) cert_file: String,
    #[serde(default, rename = "caFile")]
    pub(super) ca_file: String,
    #[serde(default)]
    pub(super) insecure_skip_tls_verify: bool,
    /// Whether the credentials are sent to other hosts that the index names.
    #[serde(default)]
    pub(super) pass_credentials_all: bool,
}

#[derive(Deserialize)]
struct RepositoryFile {
    #[serde(default)]
    repositories: Vec<KnownRepository>,
}

/// Returns the repositories of helm's `repositories.yaml`; none where there is no such file.
///
/// # Errors
/// A file that cannot be read or is invalid. Its content is never shown.
pub(super) fn repositories(variables: &BTreeMap<String, String>) -> Result<Vec<KnownRepository>, Diagnostic> {
    let Some(file) = file(variables, "HELM_REPOSITORY_CONFIG", "repositories.yaml") else { return Ok(Vec::new()) };
    let shown = file.display().to_string();
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Diagnostic::new(format!("cannot read the file: {error}")).in_file(shown)),
    };
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    // The parser's message may repeat a part of the file, so only the position is shown.
    let parsed: Result<RepositoryFile, _> = serde_saphyr::from_str(&text);
    match parsed {
        Ok(parsed) => Ok(parsed.repositories),
        Err(error) => {
            let line = error.location().map_or(1, |place| place.line());
            Err(Diagnostic::new(format!("invalid helm repositories (line {line})")).in_file(shown))
        }
    }
}

/// The file with helm's credentials for registries.
pub(super) fn registry_file(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    file(variables, "HELM_REGISTRY_CONFIG", "registry/config.json")
}

fn file(variables: &BTreeMap<String, String>, variable: &str, name: &str) -> Option<PathBuf> {
    let set = |name: &str| variables.get(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    set(variable).or_else(|| {
        let in_home = if cfg!(target_os = "macos") { "Library/Preferences" } else { ".config" };
        let config = || set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(in_home)));
        set("HELM_CONFIG_HOME").or_else(|| config().map(|folder| folder.join("helm"))).map(|folder| folder.join(name))
    })
}

/// Returns the repository with a URL, however many slashes end it.
pub(super) fn by_url<'r>(known: &'r [KnownRepository], url: &str) -> Option<&'r KnownRepository> {
    let plain = |url: &str| url.trim_end_matches('/').to_owned();
    known.iter().find(|one| plain(&one.url) == plain(url))
}

impl KnownRepository {
    /// Refuses settings that are not supported.
    ///
    /// # Errors
    /// The first such setting.
    pub(super) fn check(&self) -> Result<(), Diagnostic> {
        let message = |what: &str| Diagnostic::new(format!("repository {}: {what} is not supported", self.name));
        if self.insecure_skip_tls_verify {
            return Err(message("insecure_skip_tls_verify").hint("set `caFile` to the authority of its certificate"));
        }
        if !self.cert_file.is_empty() {
            return Err(message("a client certificate (certFile)").hint("use a user name and password or an archive"));
        }
        Ok(())
    }

    /// The file of the authority to trust.
    pub(super) fn authority(&self) -> Option<&Path> {
        Some(Path::new(&self.ca_file)).filter(|file| !file.as_os_str().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_where_helm_has_them() {
        let of = |set: &[(&str, &str)]| {
            let variables = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let paths = [registry_file(&variables), file(&variables, "HELM_REPOSITORY_CONFIG", "repositories.yaml")];
            paths.map(|path| path.map(|path| path.display().to_string()).unwrap_or_default()).join(" ")
        };
        assert_eq!(of(&[("XDG_CONFIG_HOME", "/x")]), "/x/helm/registry/config.json /x/helm/repositories.yaml");
        assert_eq!(of(&[("HELM_CONFIG_HOME", "/h"), ("HOME", "/u")]), "/h/registry/config.json /h/repositories.yaml");
        assert_eq!(
            of(&[("HELM_CONFIG_HOME", "/h"), ("HELM_REGISTRY_CONFIG", "/r"), ("HELM_REPOSITORY_CONFIG", "/c")]),
            "/r /c"
        );
        assert_eq!(of(&[]), " ");
    }

    #[test]
    fn an_invalid_file_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.yaml").display().to_string();
        std::fs::write(&path, "repositories:\n- {name: a, url: b, password: [secret\n").unwrap();
        let variables = BTreeMap::from([("HELM_REPOSITORY_CONFIG".to_owned(), path.clone())]);
        let Err(error) = repositories(&variables) else { panic!("invalid") };
        assert!(!error.to_string().contains("secret") && error.to_string().contains("r.yaml"), "{error}");
        std::fs::write(&path, "apiVersion: \"\"\nrepositories:\n- {name: a, url: 'https://h/c/', x: 1}\n").unwrap();
        let known = repositories(&variables).unwrap_or_default();
        assert!(by_url(&known, "https://h/c").is_some_and(|one| one.name == "a"));
    }
}
