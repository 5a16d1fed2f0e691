//! Credential helpers (gitcredentials): programs that provide a user name and a password for a host, and are notified whether the server accepted them.

use std::time::Duration;

use net::child::{self, Purpose};
use url::Url;

use super::askpass;
use super::program::{self, CredentialError};
use super::value::{CredentialSource, Credentials};
use crate::config::GitConfig;
use crate::url::percent_decode;

/// The time limit of one program. It is long because a helper may open a browser window in which a person signs in.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A configured helper.
#[derive(Clone, Debug)]
struct Helper {
    /// The command line for the shell, without the operation that is appended (`get`, `store`, `erase`). It may contain a secret.
    command: String,
    /// What errors call it.
    name: String,
}

/// Credentials, and where they come from.
#[derive(Clone, Debug)]
pub(crate) struct FoundCredentials {
    pub credentials: Credentials,
    pub source: CredentialSource,
}

/// The helpers that git's configuration names for a URL, in order, and the askpass program that follows them.
#[derive(Clone, Debug, Default)]
pub struct CredentialHelpers {
    /// The lines of a request: `protocol`, `host` and, with `useHttpPath`, `path`.
    request: Vec<(&'static str, String)>,
    helpers: Vec<Helper>,
    username: Option<String>,
    /// Whether `username` comes from the URL. It may be a token then, so it is no argument of a program.
    username_in_url: bool,
    askpass: Option<String>,
}

impl CredentialHelpers {
    /// The helpers for `url`, an http or https URL.
    pub(crate) fn configured(config: &GitConfig, url: &str) -> Self {
        let Ok(parsed) = Url::parse(url) else { return Self::default() };
        let values = |key: &str| config.matching("credential", key, url, true);
        let host = parsed.host_str().unwrap_or_default();
        let host = parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mut request = vec![("protocol", parsed.scheme().to_owned()), ("host", host)];
        if values("usehttppath").pop().is_some_and(|value| is_true(&value)) {
            request.push(("path", parsed.path().trim_start_matches('/').to_owned()));
        }
        let in_url = Some(parsed.username()).filter(|name| !name.is_empty()).map(percent_decode);
        Self {
            request,
            helpers: values("helper").iter().map(|value| Helper::configured(value)).collect(),
            username_in_url: in_url.is_some(),
            username: in_url.or_else(|| values("username").pop()),
            askpass: config
                .variable("GIT_ASKPASS")
                .or_else(|| config.last("core.askpass"))
                .or_else(|| config.variable("SSH_ASKPASS")),
        }
    }

    /// Asks the helpers in order until one has the password, then the askpass program. `None` if none has it.
    ///
    /// # Errors
    /// A helper that ends the lookup (`quit=1`), cannot be run or does not answer in time.
    pub(crate) fn get(&self) -> Result<Option<FoundCredentials>, CredentialError> {
        let (mut username, mut password) = (self.username.clone(), None);
        for helper in &self.helpers {
            let answer = helper.run("get", &self.request_text(username.as_deref(), None))?;
            let field = |name: &str| {
                let mut lines = answer.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
                lines.next_back().filter(|value| !value.is_empty()).map(str::to_owned)
            };
            if field("quit").is_some_and(|value| matches!(value.as_str(), "1" | "true")) {
                return Err(CredentialError::Quit { program: helper.name.clone() });
            }
            username = field("username").or(username);
            password = field("password").or(password);
            if let (Some(username), Some(password)) = (&username, &password) {
                let credentials = Credentials { username: username.clone(), password: password.clone() };
                let source = CredentialSource::Helper(helper.name.clone());
                return Ok(Some(FoundCredentials { credentials, source }));
            }
        }
        let Some(program) = &self.askpass else { return Ok(None) };
        let prompt = askpass::Prompt { url: &self.url(), username, shows_username: !self.username_in_url };
        let found = askpass::ask(program, prompt, TIMEOUT)?;
        let source = CredentialSource::Askpass(program.clone());
        Ok(found.map(|credentials| FoundCredentials { credentials, source }))
    }

    /// Tells every helper that the credentials worked (`store`) or did not (`erase`). A failure of a helper is ignored, as git does.
    pub(crate) fn report(&self, credentials: &Credentials, accepted: bool) {
        let request = self.request_text(Some(&credentials.username), Some(&credentials.password));
        for helper in &self.helpers {
            let _ = helper.run(if accepted { "store" } else { "erase" }, &request);
        }
    }

    /// The URL that prompts show: `https://host`, with the path where `useHttpPath` is set.
    fn url(&self) -> String {
        let line = |name: &str| self.request.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        let path = line("path");
        let tail = if path.is_empty() { String::new() } else { format!("/{path}") };
        format!("{}://{}{tail}", line("protocol"), line("host"))
    }

    fn request_text(&self, username: Option<&str>, password: Option<&str>) -> String {
        let known = [("username", username), ("password", password)];
        let known = known.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned())));
        let lines = self.request.iter().cloned().chain(known);
        // A line break in a value would start another line, and could ask for another host's password.
        let lines = lines.filter(|(_, value)| !value.contains(['\n', '\r', '\0']));
        lines.map(|(name, value)| format!("{name}={value}\n")).chain(["\n".to_owned()]).collect()
    }
}

fn is_true(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

impl Helper {
    /// A helper as it is configured: `!line` is a shell command, an absolute path is a program, and any other value is
    /// `git credential-VALUE`.
    fn configured(value: &str) -> Self {
        let name = value.split_whitespace().next().unwrap_or_default().to_owned();
        match value.strip_prefix('!') {
            // The command may contain a password.
            Some(line) => Self { command: line.to_owned(), name: "(a shell command)".to_owned() },
            None if value.starts_with('/') => Self { command: value.to_owned(), name },
            None => Self { command: format!("git credential-{value}"), name },
        }
    }

    /// Returns what the helper prints; nothing if it fails, as git does.
    fn run(&self, operation: &str, request: &str) -> Result<String, CredentialError> {
        let mut command = child::command("sh", Purpose::Tool);
        command.arg("-c").arg(format!("{} {operation}", self.command)).env("GIT_TERMINAL_PROMPT", "0");
        let output = program::run(command, &self.name, request, TIMEOUT)?;
        Ok(if output.success { output.stdout } else { String::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_those_of_git() {
        let helper = |value: &str| {
            let Helper { command, name } = Helper::configured(value);
            [command, name]
        };
        assert_eq!(helper("store --file /a"), ["git credential-store --file /a", "store"]);
        assert_eq!(helper("/opt/helper --x"), ["/opt/helper --x", "/opt/helper"]);
        assert_eq!(helper("!f() { echo password=x; }; f"), ["f() { echo password=x; }; f", "(a shell command)"]);
    }

    #[test]
    fn a_value_with_a_line_break_is_not_sent() {
        let helpers = CredentialHelpers {
            request: vec![("protocol", "https".to_owned()), ("host", "a\nhost=b".to_owned())],
            ..CredentialHelpers::default()
        };
        assert_eq!(helpers.request_text(Some("me"), None), "protocol=https\nusername=me\n\n");
    }
}
