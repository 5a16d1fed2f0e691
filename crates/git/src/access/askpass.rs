//! The program that asks a person (`GIT_ASKPASS`, `core.askPass`, `SSH_ASKPASS`): it gets the question and prints the answer.

use std::process::Command;
use std::time::Duration;

use super::helper::answer;
use crate::remote::Credentials;

/// Asks for what is missing, in git's words. `None` where the program has no answer. Never on a terminal.
pub(super) fn ask(
    program: &str,
    place: &str,
    username: &mut Option<String>,
    longest: Duration,
) -> Result<Option<Credentials>, String> {
    let question = |question: String| {
        let mut command = Command::new(program);
        command.arg(question);
        let (text, good) = answer(command, "", longest).map_err(|words| format!("{program} {words}"))?;
        let line = text.lines().next().unwrap_or_default().to_owned();
        Ok::<_, String>(Some(line).filter(|line| good && !line.is_empty()))
    };
    if username.is_none() {
        *username = question(format!("Username for '{place}': "))?;
    }
    let Some(username) = username.clone() else { return Ok(None) };
    let named = place.replacen("://", &format!("://{username}@"), 1);
    let password = question(format!("Password for '{named}': "))?;
    Ok(password.map(|password| Credentials { username, password }))
}
