//! The askpass program (`GIT_ASKPASS`, `core.askPass`, `SSH_ASKPASS`): it takes a prompt as its argument and prints the answer.

use std::time::Duration;

use net::child::{self, Purpose};

use super::program::{self, CredentialError};
use super::value::Credentials;

/// What the program is asked.
pub(super) struct Prompt<'a> {
    /// The URL, without a user name.
    pub(super) url: &'a str,
    /// The user name, if it is known.
    pub(super) username: Option<String>,
    /// Whether the prompt for the password has the user name, as git's has.
    pub(super) shows_username: bool,
}

/// Asks for the password, and for the user name where it is not known, with git's prompts. `None` if the program gives no answer.
/// A terminal is never used.
pub(super) fn ask(
    program: &str,
    prompt: Prompt<'_>,
    timeout: Duration,
) -> Result<Option<Credentials>, CredentialError> {
    let Prompt { url, username, shows_username } = prompt;
    let ask = |prompt: String| {
        let mut command = child::command(program, Purpose::Tool);
        command.arg(prompt);
        let output = program::run(command, program, "", timeout)?;
        let line = output.stdout.lines().next().unwrap_or_default().to_owned();
        Ok::<_, CredentialError>(Some(line).filter(|line| output.success && !line.is_empty()))
    };
    let username = match username {
        Some(username) => Some(username),
        None => ask(format!("Username for '{url}': "))?,
    };
    let Some(username) = username else { return Ok(None) };
    let with_user = if shows_username { url.replacen("://", &format!("://{username}@"), 1) } else { url.to_owned() };
    let password = ask(format!("Password for '{with_user}': "))?;
    Ok(password.map(|password| Credentials { username, password }))
}
