//! `docker-credential-*`: programs that keep credentials (the protocol of docker-credential-helpers: the server on standard
//! input, JSON on standard output, status 1 and a fixed sentence where nothing is known).

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use manifest::Diagnostic;
use serde::Deserialize;

use crate::credentials::{Credential, Found};
use crate::failure::one_line;

/// What a helper says where it knows nothing.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user that stands for an identity token.
const TOKEN_USER: &str = "<token>";

/// A helper to ask.
pub(crate) struct Helper<'a> {
    /// Such as `ecr-login`, for `docker-credential-ecr-login`.
    pub(crate) name: &'a str,
    /// The folders to look in, as `PATH` has them.
    pub(crate) path: &'a str,
    pub(crate) timeout: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Asks a helper for a server's credentials; nothing where it knows none.
pub(crate) fn get(helper: &Helper<'_>, server: &str) -> Result<Option<Found>, Diagnostic> {
    let source = format!("docker-credential-{}", helper.name);
    let program = find(&source, helper).ok_or_else(|| missing(helper.name, &source, server))?;
    let fail = |words: String| Diagnostic::new(format!("{source}, asked for {server}, {words}"));
    let finished = run(&program, server, helper.timeout).map_err(&fail)?;
    if !finished.success {
        // A failing helper writes what is wrong to standard output; it holds no secret then.
        let said = one_line(&String::from_utf8_lossy(if finished.output.is_empty() {
            &finished.errors
        } else {
            &finished.output
        }));
        return if said.contains(NOT_FOUND) { Ok(None) } else { Err(fail(format!("failed: {said}"))) };
    }
    let answer: Answer =
        serde_json::from_slice(&finished.output).map_err(|_| fail("answered with no JSON".to_owned()))?;
    let credential = match answer.username.as_str() {
        "" if answer.secret.is_empty() => return Ok(None),
        TOKEN_USER => Credential::Identity(answer.secret),
        _ => Credential::Password { user: answer.username, password: answer.secret },
    };
    Ok(Some(Found { credential, source }))
}

fn find(program: &str, helper: &Helper<'_>) -> Option<PathBuf> {
    let plain = helper.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let mut folders = std::env::split_paths(helper.path).filter(|folder| !folder.as_os_str().is_empty());
    folders.find_map(|folder| Some(folder.join(program)).filter(|file| plain && file.is_file()))
}

fn missing(name: &str, program: &str, server: &str) -> Diagnostic {
    let package = match name {
        "ecr-login" => "amazon-ecr-credential-helper",
        "gcr" | "gcloud" => "google-cloud-cli (or docker-credential-gcr)",
        "acr-env" => "the ACR credential helper (acr-docker-credential-helper)",
        "pass" | "secretservice" => "golang-docker-credential-helpers (Debian, Ubuntu) or docker-credential-helpers",
        "osxkeychain" | "wincred" => "docker-credential-helpers",
        "desktop" => "Docker Desktop",
        _ => "whatever package has it",
    };
    Diagnostic::new(format!("{program}, which docker's config names for {server}, is not on the PATH"))
        .hint(format!("Install {package}, or take the helper out of `credHelpers` and `credsStore`."))
}

struct Finished {
    success: bool,
    output: Vec<u8>,
    errors: Vec<u8>,
}

fn run(program: &PathBuf, server: &str, timeout: Duration) -> Result<Finished, String> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not be started: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read its input closes the pipe; its answer says what it made of that.
        let _ = input.write_all(server.as_bytes());
    }
    let output = collect(child.stdout.take());
    let errors = collect(child.stderr.take());
    let end = Instant::now() + timeout;
    let success = wait(&mut child, end)?
        .ok_or_else(|| format!("took longer than {} s and was stopped", timeout.as_secs_f32()))?;
    // A helper's own child may keep the pipe open, so what is read is waited for no longer either.
    let rest = |pipe: mpsc::Receiver<Vec<u8>>| {
        pipe.recv_timeout(end.saturating_duration_since(Instant::now()).max(Duration::from_millis(100)))
    };
    let output = rest(output).map_err(|_| "left its output open and was given up".to_owned())?;
    Ok(Finished { success, output, errors: rest(errors).unwrap_or_default() })
}

/// Whether it ended well; nothing where it had to be stopped.
fn wait(child: &mut Child, end: Instant) -> Result<Option<bool>, String> {
    let mut nap = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().map_err(|error| format!("could not be waited for: {error}"))? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= end {
            // It may have ended this very moment; either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(50));
    }
}

/// Reads a pipe to its end, at most a megabyte, on a thread of its own.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error is still what was said.
            let _ = pipe.take(1 << 20).read_to_end(&mut bytes);
        }
        // Nobody waits any more after a time-out.
        let _ = send.send(bytes);
    });
    receive
}
