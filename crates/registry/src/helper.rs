//! `docker-credential-*`: programs that keep credentials (the protocol of docker-credential-helpers: the server on standard
//! input, JSON on standard output, status 1 and a fixed message where there are no credentials).

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use manifest::Diagnostic;
use net::child::{self, Purpose};
use net::redact::one_line;
use serde::Deserialize;

use crate::credential::{Credential, StoredCredential};

/// The message of a helper that has no credentials for a server.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user that stands for an identity token.
const TOKEN_USER: &str = "<token>";

/// A helper.
pub(crate) struct Helper<'a> {
    /// Such as `ecr-login`, for `docker-credential-ecr-login`.
    pub(crate) name: &'a str,
    /// The directories to search, as `PATH` has them.
    pub(crate) path: &'a str,
    pub(crate) timeout: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperOutput {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Returns the credential that a helper has for a server; nothing where it has none.
pub(crate) fn get(helper: &Helper<'_>, server: &str) -> Result<Option<StoredCredential>, Diagnostic> {
    let source = format!("docker-credential-{}", helper.name);
    let program = find(&source, helper).ok_or_else(|| missing(helper.name, &source, server))?;
    let fail = |message: String| Diagnostic::new(format!("credential helper {source} for {server}: {message}"));
    let finished = run(&program, server, helper.timeout).map_err(&fail)?;
    if !finished.success {
        // A failing helper writes its message, without secrets, to standard output.
        let message = one_line(&String::from_utf8_lossy(if finished.output.is_empty() {
            &finished.errors
        } else {
            &finished.output
        }));
        return if message.contains(NOT_FOUND) { Ok(None) } else { Err(fail(format!("failed: {message}"))) };
    }
    // The parser's message may repeat a part of the output, so it is not shown.
    let output: HelperOutput =
        serde_json::from_slice(&finished.output).map_err(|_| fail("invalid JSON output".to_owned()))?;
    let credential = match output.username.as_str() {
        "" if output.secret.is_empty() => return Ok(None),
        TOKEN_USER => Credential::Identity(output.secret),
        _ => Credential::Password { user: output.username, password: output.secret },
    };
    Ok(Some(StoredCredential { credential, source }))
}

fn find(program: &str, helper: &Helper<'_>) -> Option<PathBuf> {
    let is_name = helper.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let mut dirs = std::env::split_paths(helper.path).filter(|dir| !dir.as_os_str().is_empty());
    dirs.find_map(|dir| Some(dir.join(program)).filter(|file| is_name && file.is_file()))
}

fn missing(name: &str, program: &str, server: &str) -> Diagnostic {
    let package = match name {
        "ecr-login" => "amazon-ecr-credential-helper",
        "gcr" | "gcloud" => "google-cloud-cli (or docker-credential-gcr)",
        "acr-env" => "the ACR credential helper (acr-docker-credential-helper)",
        "pass" | "secretservice" => "golang-docker-credential-helpers (Debian, Ubuntu) or docker-credential-helpers",
        "osxkeychain" | "wincred" => "docker-credential-helpers",
        "desktop" => "Docker Desktop",
        _ => "the package that has it",
    };
    Diagnostic::new(format!("credential helper {program} for {server} not found on the PATH"))
        .hint(format!("install {package}, or remove the helper from `credHelpers` and `credsStore` in docker's config"))
}

struct Finished {
    success: bool,
    output: Vec<u8>,
    errors: Vec<u8>,
}

fn run(program: &PathBuf, server: &str, timeout: Duration) -> Result<Finished, String> {
    let mut child = child::command(program, Purpose::Tool)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read its input closes the pipe; its output and status say whether that matters.
        let _ = input.write_all(server.as_bytes());
    }
    let output = collect(child.stdout.take());
    let errors = collect(child.stderr.take());
    let end = Instant::now() + timeout;
    let success = wait(&mut child, end)?.ok_or_else(|| format!("stopped after {} s", timeout.as_secs_f32()))?;
    // A child of the helper may keep the pipe open, so the output is not awaited for longer either.
    let rest = |pipe: mpsc::Receiver<Vec<u8>>| {
        pipe.recv_timeout(end.saturating_duration_since(Instant::now()).max(Duration::from_millis(100)))
    };
    let output = rest(output).map_err(|_| "its output was still open after it ended".to_owned())?;
    Ok(Finished { success, output, errors: rest(errors).unwrap_or_default() })
}

/// Whether the child ended with success; nothing where it was killed at the time limit.
fn wait(child: &mut Child, end: Instant) -> Result<Option<bool>, String> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().map_err(|error| format!("cannot be waited for: {error}"))? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= end {
            // It may have ended at this moment; either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Reads a pipe to its end, at most a megabyte, on a thread of its own.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error counts.
            let _ = pipe.take(1 << 20).read_to_end(&mut bytes);
        }
        // The receiver is gone after a timeout.
        let _ = send.send(bytes);
    });
    receive
}
