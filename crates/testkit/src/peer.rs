//! Running the tools that fixtures take their expectations from: kustomize as `kubectl` carries it, and helm.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// The tool's output for a fixture: what it printed, or that it refused the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerResult {
    /// It printed this.
    Printed(String),
    /// It failed with this message.
    Refused(String),
}

/// Compares a fixture's expectation with the output of the tool that its file `about` names.
///
/// A message in `expected.err` is hydrant's own: there the tool must refuse the input as well.
///
/// # Errors
/// If they differ, or the tool is not installed. Fixtures of a helm that is not installed are left out, with a message.
pub fn check(folder: &Path, source: &str) -> Result<(), String> {
    let result = match result(folder, source)? {
        Some(result) => result,
        // helm's newest version is a build of several minutes, so a machine may lack it.
        None if source.starts_with("helm ") => {
            report_missing(source, folder);
            return Ok(());
        }
        None => return Err(format!("{source} not found in PATH and /opt/peers")),
    };
    let expected = fs::read_to_string(folder.join("expected.yaml"));
    match (result, expected) {
        (PeerResult::Printed(text), Ok(expected)) if text == expected => Ok(()),
        (PeerResult::Refused(_), Err(_)) => Ok(()),
        (PeerResult::Printed(text), _) => Err(format!("{}: {source} prints\n{text}", folder.display())),
        (PeerResult::Refused(text), _) => Err(format!("{}: {source} fails: {text}", folder.display())),
    }
}

#[allow(clippy::print_stderr, reason = "what a test leaves out is visible")]
fn report_missing(source: &str, folder: &Path) {
    eprintln!("{source} is not installed: left out {}", folder.display());
}

/// Runs kustomize on a fixture: on the folder `in/` (or the sub-folder that the file `folder` names), or on `in.yaml` as the
/// only resource. `source` names the tool and its version, such as `kustomize 5.8.1`. Returns `None` if
/// that is not installed.
///
/// # Errors
/// If kubectl cannot be run, or the fixture has no input of that kind.
pub fn result(folder: &Path, source: &str) -> Result<Option<PeerResult>, String> {
    if let Some(version) = source.strip_prefix("helm ") {
        return template(folder, version);
    }
    let version = source.strip_prefix("kustomize ").ok_or_else(|| format!("unknown tool in `from: {source}`"))?;
    let Some(kubectl) = kubectl(version) else { return Ok(None) };
    let output = if folder.join("in").is_dir() {
        let below = fs::read_to_string(folder.join("folder")).unwrap_or_default();
        build(&kubectl, &folder.join("in").join(below.trim().trim_start_matches('/')))?
    } else {
        let copy = tempfile::tempdir().map_err(|error| error.to_string())?;
        let kustomization = "resources: [in.yaml]\nsortOptions: {order: fifo}\n";
        fs::copy(folder.join("in.yaml"), copy.path().join("in.yaml")).map_err(|error| error.to_string())?;
        fs::write(copy.path().join("kustomization.yaml"), kustomization).map_err(|error| error.to_string())?;
        build(&kubectl, copy.path())?
    };
    Ok(Some(if output.status.success() {
        PeerResult::Printed(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        PeerResult::Refused(String::from_utf8_lossy(&output.stderr).into_owned())
    }))
}

/// Runs `helm template` in the folder `in/` with the arguments in the file `arguments`.
fn template(folder: &Path, version: &str) -> Result<Option<PeerResult>, String> {
    let Some(helm) = helm(version) else { return Ok(None) };
    let arguments = fs::read_to_string(folder.join("arguments")).map_err(|error| error.to_string())?;
    let output = Command::new(&helm)
        .arg("template")
        .args(arguments.split_whitespace())
        .current_dir(folder.join("in"))
        .output()
        .map_err(|error| format!("{}: {error}", helm.display()))?;
    Ok(Some(if output.status.success() {
        PeerResult::Printed(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        PeerResult::Refused(String::from_utf8_lossy(&output.stderr).into_owned())
    }))
}

/// Returns the path of a helm of this version from `PATH`. `go install` builds a program that knows its minor version only.
fn helm(version: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    let has_version = |path: &PathBuf| {
        let output = Command::new(path).args(["version", "--template", "{{.Version}}"]).output();
        output.is_ok_and(|output| {
            let found = String::from_utf8_lossy(&output.stdout);
            found == format!("v{version}") || found == format!("v{minor}")
        })
    };
    std::env::split_paths(&path).map(|folder| folder.join("helm")).find(has_version)
}

/// Runs kustomize with limits on memory and time: some inputs make it use all there is.
fn build(kubectl: &Path, folder: &Path) -> Result<Output, String> {
    let script = "ulimit -v 4000000; exec timeout 30 \"$0\" kustomize \"$1\"";
    let output = Command::new("sh").args(["-c", script]).arg(kubectl).arg(folder).output();
    output.map_err(|error| format!("{}: {error}", kubectl.display()))
}

/// Returns the path of a kubectl that carries the kustomize of this version: from `PATH`, or from `/opt/peers`.
fn kubectl(version: &str) -> Option<PathBuf> {
    static FOUND: Mutex<BTreeMap<String, Option<PathBuf>>> = Mutex::new(BTreeMap::new());
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/opt/peers")]);
    let has_version = |path: &PathBuf| {
        let output = Command::new(path).args(["version", "--client"]).output();
        let wanted = format!("Kustomize Version: v{version}");
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == wanted))
    };
    let search = || folders.map(|folder| folder.join("kubectl")).find(has_version);
    found.entry(version.to_owned()).or_insert_with(search).clone()
}
