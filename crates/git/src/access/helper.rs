//! Credential helpers (gitcredentials): programs that know a user name and a password for a host, and are told whether they were right.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use url::Url;

use super::askpass;
use super::settings::Settings;
use crate::remote::Credentials;

/// A helper may open a window where a person signs in; after so long it is ended.
const LONGEST: Duration = Duration::from_secs(120);

/// The helpers that are configured for a URL, in their order, and the program that asks a person after them.
#[derive(Clone, Debug, Default)]
pub struct Helpers {
    /// What is asked for: lines of the helpers' protocol (`protocol=https`, …).
    lines: Vec<(&'static str, String)>,
    /// Command lines for the shell, without the word that follows (`get`, `store`, `erase`).
    commands: Vec<String>,
    username: Option<String>,
    askpass: Option<String>,
}

impl Helpers {
    /// What the configuration says for `url`, an http or https one.
    pub(super) fn configured(settings: &Settings, variables: &BTreeMap<String, String>, url: &str) -> Self {
        let Ok(parsed) = Url::parse(url) else { return Self::default() };
        let values = |key: &str| settings.matching("credential", key, url, true);
        let host = parsed.host_str().unwrap_or_default();
        let host = parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mut lines = vec![("protocol", parsed.scheme().to_owned()), ("host", host)];
        if values("usehttppath")
            .pop()
            .is_some_and(|value| matches!(value.to_lowercase().as_str(), "true" | "yes" | "on" | "1"))
        {
            lines.push(("path", parsed.path().trim_start_matches('/').to_owned()));
        }
        let inside = Some(parsed.username()).filter(|name| !name.is_empty()).map(crate::transport::percent_decoded);
        let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        Self {
            lines,
            commands: values("helper").iter().map(|value| command(value)).collect(),
            username: inside.or_else(|| values("username").pop()),
            askpass: variable("GIT_ASKPASS")
                .or_else(|| settings.last("core.askpass"))
                .or_else(|| variable("SSH_ASKPASS")),
        }
    }

    /// Asks the helpers in turn until one knows, then the asking program. `None` where nobody knows.
    ///
    /// # Errors
    /// A helper that ends the search (`quit=1`), or that does not answer in time: its words.
    pub(crate) fn fill(&self) -> Result<Option<Credentials>, String> {
        let (mut username, mut password) = (self.username.clone(), None);
        for command in &self.commands {
            let told = run(command, "get", &self.request(username.as_deref(), None))?;
            let field = |name: &str| {
                let mut lines = told.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
                lines.next_back().filter(|value| !value.is_empty()).map(str::to_owned)
            };
            if field("quit").is_some_and(|value| matches!(value.as_str(), "1" | "true")) {
                return Err(format!("the credential helper `{command}` ended the search"));
            }
            username = field("username").or(username);
            password = field("password").or(password);
            if let (Some(username), Some(password)) = (&username, &password) {
                return Ok(Some(Credentials { username: username.clone(), password: password.clone() }));
            }
        }
        let Some(program) = &self.askpass else { return Ok(None) };
        askpass::ask(program, &self.place(None), &mut username, LONGEST)
    }

    /// Tells every helper that the credentials were right (`store`) or wrong (`erase`). What they say to it changes nothing.
    pub(crate) fn tell(&self, credentials: &Credentials, right: bool) {
        let request = self.request(Some(&credentials.username), Some(&credentials.password));
        for command in &self.commands {
            let _ = run(command, if right { "store" } else { "erase" }, &request);
        }
    }

    /// `https://host`, as git asks for it.
    fn place(&self, path: Option<&str>) -> String {
        let line = |name: &str| self.lines.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        let path = path.unwrap_or_else(|| line("path"));
        let tail = if path.is_empty() { String::new() } else { format!("/{path}") };
        format!("{}://{}{tail}", line("protocol"), line("host"))
    }

    fn request(&self, username: Option<&str>, password: Option<&str>) -> String {
        let more = [("username", username), ("password", password)];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned())));
        let lines = self.lines.iter().cloned().chain(more);
        // A line break in a value would be a line of its own, and a request for another host's password.
        let lines = lines.filter(|(_, value)| !value.contains(['\n', '\r', '\0']));
        lines.map(|(name, value)| format!("{name}={value}\n")).chain(["\n".to_owned()]).collect()
    }
}

/// The command line of a helper, as git makes it: `!line` is for the shell, a path is a program, anything else is `git credential-…`.
fn command(value: &str) -> String {
    match value.strip_prefix('!') {
        Some(line) => line.to_owned(),
        None if value.starts_with('/') => value.to_owned(),
        None => format!("git credential-{value}"),
    }
}

/// What the helper prints. A helper that fails knows nothing, as with git.
fn run(line: &str, verb: &str, request: &str) -> Result<String, String> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{line} {verb}")).env("GIT_TERMINAL_PROMPT", "0");
    let (text, good) =
        answer(command, request, LONGEST).map_err(|words| format!("the credential helper `{line}` {words}"))?;
    Ok(if good { text } else { String::new() })
}

/// Runs a program with some input, and ends it after `longest`: what it printed, and whether it ended well.
pub(super) fn answer(mut command: Command, input: &str, longest: Duration) -> Result<(String, bool), String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("could not be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads nothing is no failure.
        let _ = stdin.write_all(input.as_bytes());
    }
    let (told, heard) = mpsc::channel();
    if let Some(mut stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stdout.read_to_end(&mut text);
            let _ = told.send(text);
        });
    }
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                // A helper may leave a daemon behind (`cache` does) that holds its standard output open: what was said counts.
                let text = heard.recv_timeout(Duration::from_secs(2)).unwrap_or_default();
                return Ok((String::from_utf8_lossy(&text).into_owned(), status.success()));
            }
            Ok(None) if start.elapsed() < longest => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("did not answer within {} s", longest.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_are_called_as_git_calls_them() {
        assert_eq!(command("store --file /a"), "git credential-store --file /a");
        assert_eq!(command("/opt/helper --x"), "/opt/helper --x");
        assert_eq!(command("!f() { echo; }; f"), "f() { echo; }; f");
    }

    #[test]
    fn a_line_break_is_no_second_line() {
        let helpers = Helpers {
            lines: vec![("protocol", "https".to_owned()), ("host", "a\nhost=b".to_owned())],
            ..Helpers::default()
        };
        assert_eq!(helpers.request(Some("me"), None), "protocol=https\nusername=me\n\n");
    }

    #[test]
    fn one_that_does_not_answer_is_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "exec sleep 60"]);
        let start = Instant::now();
        let error = answer(command, "", Duration::from_millis(50)).unwrap_err();
        assert!(error.contains("did not answer") && start.elapsed() < Duration::from_secs(10), "{error}");
    }
}
