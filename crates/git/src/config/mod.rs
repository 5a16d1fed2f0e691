//! git's configuration and the environment variables that override it.

mod url_match;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{Config, ConfigLevel};

use net::InputTrust;

use crate::discover::discover;
use url_match::{Match, matches};

/// git's configuration as it applies in a folder, with the environment variables that take precedence.
#[derive(Debug, Default)]
pub struct GitConfig {
    /// Keys (section and name in lower case) and values, in the order in which git reads them.
    entries: Vec<(String, String)>,
    variables: BTreeMap<String, String>,
    trust: InputTrust,
}

impl GitConfig {
    /// The configuration of a run whose input is not trusted: it is empty, so that no program, credential or other URL comes from it, and
    /// [`Remote`](crate::Remote)s that are configured by it are untrusted.
    pub fn untrusted() -> Self {
        Self { trust: InputTrust::Untrusted, ..Self::default() }
    }

    /// Whether the run's input is trusted.
    pub(crate) fn trust(&self) -> InputTrust {
        self.trust
    }

    /// Reads the configuration of the repository that contains `dir`; without a repository, the user's and the system's. `variables` are the
    /// environment's: `GIT_CONFIG_GLOBAL`, `GIT_CONFIG_SYSTEM`, `GIT_CONFIG_NOSYSTEM` and `GIT_CONFIG_COUNT` apply. A file that cannot be
    /// read counts as empty.
    pub fn load(dir: &Path, variables: &BTreeMap<String, String>) -> Self {
        let config = match discover(dir) {
            Ok(repository) => repository.config(),
            Err(_) => Config::open_default(),
        };
        let mut found = config.map(|config| entries(&config)).unwrap_or_default();
        let global = |level: ConfigLevel| matches!(level, ConfigLevel::Global | ConfigLevel::XDG);
        let system = |level: ConfigLevel| matches!(level, ConfigLevel::System | ConfigLevel::ProgramData);
        for (name, level, replaced) in [
            ("GIT_CONFIG_GLOBAL", ConfigLevel::Global, &global as &dyn Fn(ConfigLevel) -> bool),
            ("GIT_CONFIG_SYSTEM", ConfigLevel::System, &system),
        ] {
            if let Some(path) = variables.get(name) {
                found.retain(|(known, _, _)| !replaced(*known));
                let file = Config::open(Path::new(path)).map(|config| entries(&config)).unwrap_or_default();
                found.extend(file.into_iter().map(|(_, key, value)| (level, key, value)));
            }
        }
        if variables
            .get("GIT_CONFIG_NOSYSTEM")
            .is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "no"))
        {
            found.retain(|(known, _, _)| !system(*known));
        }
        found.sort_by_key(|(level, _, _)| rank(*level));
        let mut list: Vec<(String, String)> = found.into_iter().map(|(_, key, value)| (key, value)).collect();
        let count = variables.get("GIT_CONFIG_COUNT").and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
        for number in 0..count.min(1000) {
            let part = |part: &str| variables.get(&format!("GIT_CONFIG_{part}_{number}"));
            if let (Some(key), Some(value)) = (part("KEY"), part("VALUE")) {
                list.push((normalize(key), value.clone()));
            }
        }
        Self { entries: list, variables: variables.clone(), trust: InputTrust::Trusted }
    }

    /// A configuration with these entries.
    #[cfg(test)]
    fn with_entries(list: &[(&str, &str)]) -> Self {
        let entries = list.iter().map(|(key, value)| (normalize(key), (*value).to_owned())).collect();
        Self { entries, ..Self::default() }
    }

    /// Returns an environment variable; an empty one counts as absent.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// Returns the last value of a key, given in lower case; an empty one counts as absent.
    pub(crate) fn last(&self, key: &str) -> Option<String> {
        let found = self.entries.iter().rev().find(|(known, _)| known == key);
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }

    /// Returns `url` with its longest `url.<base>.insteadOf` prefix replaced by the base.
    pub(crate) fn instead_of(&self, url: &str) -> String {
        let rules = self.entries.iter().filter_map(|(key, prefix)| {
            let base = key.strip_prefix("url.")?.strip_suffix(".insteadof")?;
            Some((prefix, base, url.strip_prefix(prefix.as_str())?))
        });
        // git takes the first of two prefixes of the same length.
        let best = rules
            .filter(|(prefix, ..)| !prefix.is_empty())
            .reduce(|best, rule| if rule.0.len() > best.0.len() { rule } else { best });
        best.map_or_else(|| url.to_owned(), |(_, base, rest)| format!("{base}{rest}"))
    }

    /// Returns the values of `<section>.<key>` and `<section>.<url>.<key>` that apply to `url`. After a more specific pattern, a less specific one
    /// is ignored; an empty value removes those before it (git's urlmatch). `allow_no_scheme` accepts patterns without a scheme.
    pub(crate) fn matching(&self, section: &str, key: &str, url: &str, allow_no_scheme: bool) -> Vec<String> {
        let mut closest = Match::default();
        let mut values = Vec::new();
        for (known, value) in &self.entries {
            let Some(rest) = known.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let found = match rest.rsplit_once('.') {
                None if rest == key => Some(Match::default()),
                Some((pattern, last)) if last == key => matches(pattern, url, allow_no_scheme),
                _ => None,
            };
            let Some(found) = found.filter(|found| *found >= closest) else { continue };
            closest = found;
            if value.is_empty() {
                values.clear();
            } else {
                values.push(value.clone());
            }
        }
        values
    }
}

/// Lower-cases the section and the name of a key, but not the subsection between them.
fn normalize(key: &str) -> String {
    match (key.split_once('.'), key.rsplit_once('.')) {
        (Some((section, _)), Some((front, name))) if front.len() > section.len() => {
            format!("{}{}.{}", section.to_lowercase(), &front[section.len()..], name.to_lowercase())
        }
        _ => key.to_lowercase(),
    }
}

fn entries(config: &Config) -> Vec<(ConfigLevel, String, String)> {
    let mut found = Vec::new();
    let Ok(entries) = config.entries(None) else { return found };
    let _ = entries.for_each(|entry| {
        let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
        let value = if entry.has_value() {
            String::from_utf8_lossy(entry.value_bytes()).into_owned()
        } else {
            "true".to_owned()
        };
        found.push((entry.level(), name, value));
    });
    found
}

fn rank(level: ConfigLevel) -> u8 {
    match level {
        ConfigLevel::ProgramData => 0,
        ConfigLevel::System => 1,
        ConfigLevel::XDG => 2,
        ConfigLevel::Global => 3,
        ConfigLevel::Local => 4,
        ConfigLevel::Worktree => 5,
        _ => 6,
    }
}

/// Expands `~/` at the start of a path to the user's home folder.
pub(crate) fn expand_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_instead_of_wins() {
        let config = GitConfig::with_entries(&[
            ("url.https://mirror/.insteadOf", "https://github.com/"),
            ("url.ssh://git@host/Acme/.insteadOf", "https://github.com/acme/"),
        ]);
        assert_eq!(config.instead_of("https://github.com/acme/a"), "ssh://git@host/Acme/a");
        assert_eq!(config.instead_of("https://github.com/b/a"), "https://mirror/b/a");
        assert_eq!(config.instead_of("/srv/a"), "/srv/a");
    }

    #[test]
    fn specific_values_win_and_empty_ones_reset() {
        let config = GitConfig::with_entries(&[
            ("http.extraHeader", "A: everywhere"),
            ("http.https://host.example/.extraHeader", "A: host"),
            ("http.extraHeader", "A: too wide now"),
            ("http.https://host.example/team.extraHeader", "A: team"),
        ]);
        let headers = |url: &str| config.matching("http", "extraheader", url, false);
        assert_eq!(headers("https://host.example/team/a.git"), ["A: everywhere", "A: host", "A: team"]);
        assert_eq!(headers("https://host.example/teams/a.git"), ["A: everywhere", "A: host"]);
        assert_eq!(headers("https://other.example/team/a.git"), ["A: everywhere", "A: too wide now"]);
        let reset = GitConfig::with_entries(&[
            ("credential.helper", "store"),
            ("credential.helper", ""),
            ("credential.helper", "x"),
        ]);
        assert_eq!(reset.matching("credential", "helper", "https://host/a", true), ["x"]);
    }

    #[test]
    fn files_and_variables_are_read_in_gits_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, "[core]\n\tsshCommand = from file\n[credential \"https://Host/\"]\n\thelper = file\n")
            .unwrap();
        let variables = [
            ("GIT_CONFIG_GLOBAL", file.to_str().unwrap()),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "Core.SshCommand"),
            ("GIT_CONFIG_VALUE_0", "from variables"),
        ];
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let config = GitConfig::load(folder.path(), &variables);
        assert_eq!(config.last("core.sshcommand").as_deref(), Some("from variables"));
        assert_eq!(config.matching("credential", "helper", "https://host/a", true), ["file"]);
    }
}
