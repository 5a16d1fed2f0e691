//! Transcripts of commands: each folder of `fixtures/cli`, and each of `fixtures/skaffold` with a `command`, is a case.
//!
//! | file | content |
//! | --- | --- |
//! | `in/` | the files of the working directory, copied for each run |
//! | `setup` | a shell script that runs first and must succeed |
//! | `command` | the shell lines to run, one per line, with `hydrant` and git on PATH |
//! | `registry` | starts a registry at `$REGISTRY`; each line is `image NAME TAG [LABEL=VALUE …]`, `signed CASE NAME` (an image with tag 1 and signatures of cosign, see `signed`), `basic USER PASSWORD` (required credentials), `trouble PATH WHAT` (a fault for paths that contain PATH), or `tls` (a second registry at `$TLS_REGISTRY` with a certificate of an unknown authority) |
//! | `github` | starts a GitHub with the repository that the file names; lines of `command` that begin with `github` act on it, see `github_case` |
//! | `expected` | the transcript: each line, its stdout, its stderr behind `! `, and its status unless it is 0 |
//!
//! Commits have fixed times, so that their ids are stable.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

mod github_case;

use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testkit::expect::Expect;
use testkit::fixtures::{self, Case, Suite};
use testkit::github::FakeGitHub;
use testkit::http::Response;
use testkit::registry::{Auth, Fault, Registry, Setup, faults};
use testkit::tls::Identity;

fn main() -> ExitCode {
    fixtures::run(&[
        Suite { name: "cli", area: "cli", marker: "command", run },
        Suite { name: "skaffold", area: "skaffold", marker: "command", run },
    ])
}

fn run(case: &Case, expect: &mut Expect) {
    expect.file(&case.folder.join("expected"), &transcript(case));
}

fn transcript(case: &Case) -> String {
    let stage = Stage::set(case);
    let setup = stage.run(&format!("set -e\n{}", case.text("setup").unwrap_or_default()));
    assert!(setup.status.success(), "{}: setup: {}", case.name, String::from_utf8_lossy(&setup.stderr));
    let mut text = String::new();
    let commands = case.text("command").unwrap_or_default();
    for line in commands.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        writeln!(text, "$ {line}").unwrap();
        if let (Some(rest), Some(github)) = (line.strip_prefix("github "), &stage.github) {
            text.push_str(&stage.quoted(github_case::act(github, rest).as_bytes(), ""));
            continue;
        }
        let output = stage.run(line);
        text.push_str(&stage.quoted(&output.stdout, ""));
        text.push_str(&stage.quoted(&output.stderr, "! "));
        match output.status.code() {
            Some(0) => {}
            Some(code) => writeln!(text, "status {code}").unwrap(),
            None => writeln!(text, "ended by a signal").unwrap(),
        }
    }
    // The number of requests with a fault depends on the delays between retries.
    let troubled = case.text("registry").is_some_and(|setup| setup.contains("trouble "));
    if let Some(registry) = stage.registry.as_ref().filter(|_| !troubled) {
        writeln!(text, "the registry answered {} requests for manifests", registry.count("HEAD")).unwrap();
    }
    text
}

/// The working directory and the servers of a case.
struct Stage {
    work: PathBuf,
    home: PathBuf,
    registry: Option<Registry>,
    secure: Option<Registry>,
    github: Option<FakeGitHub>,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn set(case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap();
        let work = home.join("work");
        std::fs::create_dir_all(&work).unwrap();
        for (name, bytes) in case.files("in") {
            let path = work.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let registry = case.text("registry").map(|setup| registry(&setup));
        let secure = case.text("registry").filter(|setup| setup.lines().any(|line| line == "tls"));
        let secure =
            secure.map(|_| Registry::start(Setup { identity: Some(Identity::generate()), ..Setup::default() }));
        let github = case.text("github").map(|name| github_case::start(name.trim()));
        Stage { work, home, registry, secure, github, _folder: folder }
    }

    /// Runs a line in a shell with an empty environment except for PATH.
    fn run(&self, line: &str) -> Output {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_hydrant"));
        let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
        Command::new("sh")
            .args(["-c", line])
            .current_dir(&self.work)
            .env_clear()
            .env("PATH", path)
            .env("HOME", &self.home)
            .env("ROOT", fixtures::root())
            .env("REGISTRY", self.registry.as_ref().map_or_else(String::new, Registry::host))
            .env("TLS_REGISTRY", self.secure.as_ref().map_or_else(String::new, Registry::host))
            .envs(self.github.iter().flat_map(github_case::variables))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann Author")
            .env("GIT_AUTHOR_EMAIL", "ann@example.com")
            .env("GIT_AUTHOR_DATE", "2026-11-21T10:00:00Z")
            .env("GIT_COMMITTER_NAME", "Carl Committer")
            .env("GIT_COMMITTER_EMAIL", "carl@example.com")
            .env("GIT_COMMITTER_DATE", "2026-11-21T10:00:00Z")
            .env("SOURCE_DATE_EPOCH", "1795255200")
            .env("TZ", "UTC")
            .output()
            .unwrap()
    }

    /// The text of a stream, each line behind `mark`, with the temporary folder as `DIR` and the port of the registry as `REGISTRY`.
    fn quoted(&self, bytes: &[u8], mark: &str) -> String {
        let mut text = String::from_utf8_lossy(bytes).replace(self.work.to_str().unwrap(), "DIR");
        for (registry, name) in [(&self.secure, "TLS_REGISTRY"), (&self.registry, "REGISTRY")] {
            if let Some(registry) = registry {
                text = text.replace(&registry.host(), name);
            }
        }
        if let Some(github) = &self.github {
            text = text.replace(&github.api(), "GITHUB").replace(github.root().to_str().unwrap(), "GITHUB_ROOT");
        }
        text.lines().fold(String::new(), |mut all, line| {
            writeln!(all, "{}", format!("{mark}{line}").trim_end()).unwrap();
            all
        })
    }
}

fn registry(setup: &str) -> Registry {
    let lines: Vec<Vec<&str>> = setup.lines().map(|line| line.split_whitespace().collect()).collect();
    let basic = lines.iter().find_map(|line| match line.as_slice() {
        ["basic", user, password] => Some(Auth::Basic((*user).to_owned(), (*password).to_owned())),
        _ => None,
    });
    let registry = Registry::start(Setup { auth: basic.unwrap_or_default(), ..Setup::default() });
    for line in &lines {
        match line.as_slice() {
            ["image", name, tag, labels @ ..] => {
                let labels: Vec<_> = labels.iter().filter_map(|label| label.split_once('=')).collect();
                drop(registry.put_image(name, tag, &labels));
            }
            ["signed", case, name] => signed(&registry, case, name),
            ["trouble", path, what] => registry.inject(Fault::always(path, trouble(what))),
            ["basic", ..] | ["tls"] | [] => {}
            other => panic!("`registry` has a line {other:?}"),
        }
    }
    registry
}

/// Puts an image with its signatures in: a case of `crates/registry/tests/cosign/recorded.json`.
fn signed(registry: &Registry, case: &str, repository: &str) {
    let path = fixtures::root().join("crates/registry/tests/cosign/recorded.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let case = &recorded["cases"][case];
    for blob in case["blobs"].as_object().unwrap().values() {
        registry.put_blob(&STANDARD.decode(blob.as_str().unwrap()).unwrap());
    }
    for (tag, manifest) in case["manifests"].as_object().unwrap() {
        let tag = Some(tag.as_str()).filter(|tag| !tag.contains(':')).unwrap_or_default();
        let text = |key: &str| manifest[key].as_str().unwrap();
        registry.put_manifest(repository, tag, text("mediaType"), text("text").as_bytes());
    }
}

fn trouble(what: &str) -> Response {
    match what {
        "rate-limit" => faults::too_many(None),
        "rate-limit-for-an-hour" => faults::too_many(Some("3600")),
        "unavailable" => faults::unavailable(),
        "page" => faults::html(),
        "huge" => faults::huge(false),
        "cut" => faults::cut(),
        "hang-up" => faults::hangup(),
        "elsewhere" => faults::redirect(307, "http://storage.invalid/blob"),
        "who" => {
            Response::new(401, "application/json", r#"{"errors":[{"code":"UNAUTHORIZED","message":"log in first"}]}"#)
                .header("www-authenticate", "Basic realm=\"test\"")
        }
        "denied" => Response::new(403, "application/json", r#"{"errors":[{"code":"DENIED","message":"not for you"}]}"#),
        other => panic!("`registry` has a trouble {other}"),
    }
}
