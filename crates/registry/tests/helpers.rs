//! Credential helpers: programs written by the test, found on a PATH of its own.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::result_large_err,
    reason = "a test that panics has failed, as it should"
)]
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use registry::Credential;
use registry::Credentials;

fn helper(folder: &Path, name: &str, script: &str) {
    let path = folder.join(format!("docker-credential-{name}"));
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn load(folder: &Path, config: &str) -> Credentials {
    let path = folder.display().to_string();
    let variable = |name: &str| match name {
        "PATH" => Some(path.clone()),
        "DOCKER_AUTH_CONFIG" => Some(config.to_owned()),
        _ => None,
    };
    Credentials::from_variables(variable).unwrap()
}

fn shown(credentials: &Credentials, registry: &str) -> String {
    match credentials.find(registry, "a/b") {
        Ok(Some(stored)) => match stored.credential {
            Credential::Password { user, password } => format!("{user}/{password} from {}", stored.source),
            Credential::Identity(token) => format!("identity {token} from {}", stored.source),
            Credential::Access(token) => format!("access {token} from {}", stored.source),
        },
        Ok(None) => "anonymous".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn helpers_are_chosen_and_run_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let log = log.display();
    helper(
        folder.path(),
        "store",
        &format!(r#"read -r server; echo "$1 $server" >> {log}; echo '{{"Username":"s","Secret":"'$server'"}}'"#),
    );
    helper(folder.path(), "token", r#"echo '{"ServerURL":"x","Username":"<token>","Secret":"id"}'"#);
    helper(folder.path(), "none", r#"echo "credentials not found in native keychain"; exit 1"#);
    helper(folder.path(), "broken", r#"echo "cannot reach the vault"; exit 1"#);
    helper(folder.path(), "silent", "exit 0");
    let config = r#"{"credsStore":"store","credHelpers":{"t.io":"token","n.io":"none","b.io":"broken","q.io":"silent","m.io":"ecr-login"},
        "auths":{"a.io":{"auth":"ZmlsZTpmaWxl"},"n.io":{"auth":"ZmlsZTpmaWxl"}}}"#;
    let known = load(folder.path(), config);
    let table = [
        ("a.io", "s/a.io from docker-credential-store"),
        ("docker.io", "s/https://index.docker.io/v1/ from docker-credential-store"),
        ("t.io", "identity id from docker-credential-token"),
        ("n.io", "anonymous"),
        ("b.io", "credential helper docker-credential-broken for b.io: failed: cannot reach the vault"),
        ("q.io", "credential helper docker-credential-silent for q.io: invalid JSON output"),
        (
            "m.io",
            "credential helper docker-credential-ecr-login for m.io not found on the PATH\n  \
             hint: install amazon-ecr-credential-helper, or remove the helper from `credHelpers` and `credsStore` in docker's config",
        ),
    ];
    for (registry, want) in table {
        assert_eq!(shown(&known, registry), want);
        assert_eq!(shown(&known, registry), want, "the second time");
    }
    let asked = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(asked, "get a.io\nget https://index.docker.io/v1/\n", "once for each server");
}

#[test]
fn the_file_is_used_where_the_store_has_nothing() {
    let folder = tempfile::tempdir().unwrap();
    helper(folder.path(), "none", r#"echo "credentials not found in native keychain"; exit 1"#);
    let known = load(folder.path(), r#"{"credsStore":"none","auths":{"a.io":{"auth":"ZmlsZTpmaWxl"},"e.io":{}}}"#);
    assert_eq!(shown(&known, "a.io"), "file/file from DOCKER_AUTH_CONFIG");
    assert_eq!(shown(&known, "e.io"), "anonymous");
}

#[test]
fn a_helper_that_hangs_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    helper(folder.path(), "slow", "/bin/sleep 20");
    let known = load(folder.path(), r#"{"credsStore":"slow"}"#).helper_timeout(Duration::from_millis(200));
    let begun = Instant::now();
    assert_eq!(shown(&known, "a.io"), "credential helper docker-credential-slow for a.io: stopped after 0.2 s");
    assert!(begun.elapsed() < Duration::from_secs(3));
}
