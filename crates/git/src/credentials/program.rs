//! Running a program that provides credentials, with a time limit.

use std::io::{self, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The bytes of a program's output that are read.
const MAX_OUTPUT: u64 = 1 << 20;

/// Why a credential helper or askpass program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The program could not be run.
    #[error("cannot run `{program}`: {source}")]
    Run {
        /// Its name.
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// The program did not end in time.
    #[error("`{program}` did not answer within {seconds} s")]
    Timeout {
        /// Its name.
        program: String,
        /// The time limit.
        seconds: u64,
    },
    /// A helper answered `quit=1`: no further helper is asked.
    #[error("credential helper `{program}` ended the lookup (quit=1)")]
    Quit {
        /// Its name.
        program: String,
    },
}

/// What a program printed, and whether its exit status was zero.
pub(super) struct ProgramOutput {
    pub(super) stdout: String,
    pub(super) success: bool,
}

/// Runs `command` with `input` on its standard input and kills it after `timeout`. `name` is for errors.
pub(super) fn run(
    mut command: Command,
    name: &str,
    input: &str,
    timeout: Duration,
) -> Result<ProgramOutput, CredentialError> {
    let failed = |source: io::Error| CredentialError::Run { program: name.to_owned(), source };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program may ignore its input.
        let _ = stdin.write_all(input.as_bytes());
    }
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stdout.take(MAX_OUTPUT).read_to_end(&mut text);
            let _ = sender.send(text);
        });
    }
    let start = Instant::now();
    loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => {
                // A helper may leave a daemon behind that keeps its standard output open, as git-credential-cache does.
                let text = receiver.recv_timeout(Duration::from_secs(2)).unwrap_or_default();
                let stdout = String::from_utf8_lossy(&text).into_owned();
                return Ok(ProgramOutput { stdout, success: status.success() });
            }
            None if start.elapsed() < timeout => std::thread::sleep(Duration::from_millis(5)),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(CredentialError::Timeout { program: name.to_owned(), seconds: timeout.as_secs() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_killed() {
        let mut command = net::child::command("sh", net::child::Purpose::Tool);
        command.args(["-c", "exec sleep 60"]);
        let start = Instant::now();
        let result = run(command, "sleep", "", Duration::from_millis(50));
        assert!(matches!(result, Err(CredentialError::Timeout { .. })) && start.elapsed() < Duration::from_secs(10));
    }
}
