//! Child processes: the only place that creates one. A child gets the environment variables that its purpose needs, and none that
//! holds a credential.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::process::Command;

/// The variable that names further variables for children, separated by commas.
pub const PASSED_VARIABLES: &str = "HYDRANT_PASS_ENV";

/// What a child process is for, which decides the variables that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A program that the source configures: an exec function, a hook, a command in a template.
    Source,
    /// helm.
    Helm,
    /// ssh, git, a signing program, or a credential helper.
    Tool,
}

/// The variables of every child: where programs and files are, the user, language, time zone and certificates.
const EVERY: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "TMP",
    "TEMP",
    "TERM",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_DIRS",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "SYSTEMROOT",
    "SystemRoot",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PATHEXT",
    "COMSPEC",
];

/// The proxies. A proxy's URL with a password is left out.
const PROXIES: &[&str] =
    &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/// The folders and files of helm, and docker's folder, in which helm finds the logins of registries.
const HELM: &[&str] = &[
    "DOCKER_CONFIG",
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_PLUGINS",
    "HELM_REGISTRY_CONFIG",
    "HELM_REPOSITORY_CACHE",
    "HELM_REPOSITORY_CONFIG",
];

/// The agents and keyrings of ssh, gpg and credential helpers, git's configuration files, and the settings of cloud helpers that
/// name a profile, a role or a file.
const TOOL: &[&str] = &[
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GNUPGHOME",
    "GPG_TTY",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
    "DOCKER_CONFIG",
    "PASSWORD_STORE_DIR",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_ID",
    "AZURE_CONFIG_DIR",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_TENANT_ID",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_CONFIG",
    "CLOUDSDK_CORE_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
];

/// A command that is not started yet, with the variables for its purpose and no others. The caller has checked that the run may start
/// programs ([`InputTrust::check_program`](crate::InputTrust::check_program)).
pub fn command(program: impl AsRef<OsStr>, purpose: Purpose) -> Command {
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let given: BTreeMap<String, OsString> = variables.collect();
    let passed = given.get(PASSED_VARIABLES).and_then(|names| names.to_str()).unwrap_or_default().to_owned();
    let kept = given.into_iter().filter(|(name, value)| is_for(name, value, purpose, &passed));
    let mut command = Command::new(program);
    command.env_clear().envs(kept);
    command
}

/// Whether a child gets a variable.
fn is_for(name: &str, value: &OsStr, purpose: Purpose, passed: &str) -> bool {
    let listed = match purpose {
        Purpose::Source => &[][..],
        Purpose::Helm => HELM,
        Purpose::Tool => TOOL,
    };
    if passed.split(',').any(|passed| passed.trim() == name) {
        return true;
    }
    let proxy = PROXIES.contains(&name) && !value.to_string_lossy().contains('@');
    proxy || EVERY.contains(&name) || listed.contains(&name) || name.starts_with("LC_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_get_no_variable_with_a_credential() {
        let gets = |name: &str, value: &str, purpose| is_for(name, OsStr::new(value), purpose, "ONE, TWO");
        for purpose in [Purpose::Source, Purpose::Helm, Purpose::Tool] {
            for name in ["PATH", "HOME", "LC_ALL", "ONE", "TWO"] {
                assert!(gets(name, "x", purpose), "{name}");
            }
            for name in [
                "HYDRANT_GIT_TOKEN",
                "GITHUB_TOKEN",
                "GH_TOKEN",
                "CI_JOB_TOKEN",
                "DOCKER_AUTH_CONFIG",
                "GIT_CONFIG_VALUE_0",
                "GIT_CONFIG_PARAMETERS",
                "AWS_SECRET_ACCESS_KEY",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                "CI_REPOSITORY_URL",
                "HYDRANT_PASS_ENV",
                "LD_PRELOAD",
            ] {
                assert!(!gets(name, "x", purpose), "{name}");
            }
            assert!(gets("HTTPS_PROXY", "http://proxy:3128", purpose));
            assert!(!gets("HTTPS_PROXY", "http://user:secret@proxy:3128", purpose));
            assert_eq!(gets("SSH_AUTH_SOCK", "/run/agent", purpose), purpose == Purpose::Tool);
            assert_eq!(gets("HELM_CONFIG_HOME", "/etc/helm", purpose), purpose == Purpose::Helm);
        }
    }
}
