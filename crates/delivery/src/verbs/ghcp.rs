//! ghcp's verbs on any files: commit, empty-commit, fork-commit and pull-request by GitHub's API, without a clone.
//!
//! Flags and semantics are those of ghcp (github.com/int128/ghcp). Where it silently skips symbolic links and takes paths as given, links are kept here, and a path
//! that leaves the folder is an error.

use std::path::{Path, PathBuf};

use git::{File, FileSet, Mode};
use manifest::Diagnostic;

pub use git::Identity;
pub use git::Moment;
pub use github::{
    ApiCommit, ApiOutcome, ForkCommit, GitHub, Login, Parent, PullAction, PullOutcome, PullRequest, Repository, Rewrite,
};

use crate::error::Failure;
use crate::host::{RunContext, github as host_github};

/// The bytes of all files of a commit together, which are in memory.
const MAX_BYTES: usize = 128 << 20;

/// GitHub's API at a URL, with the proxies and certificate authorities of the environment and of git's configuration.
pub fn github(api: String, login: Login, ctx: &RunContext) -> GitHub {
    host_github::api(api, login, ctx)
}

/// The files below these paths as they are committed: their path from `folder`, with `/`.
///
/// Folders are read recursively, without `.git`. Without `modes` every file is a regular one.
///
/// # Errors
/// A path that does not exist, that leaves the folder, or that is neither file, folder nor link.
pub fn files(folder: &Path, paths: &[PathBuf], modes: bool) -> Result<FileSet, Failure> {
    let (mut found, mut bytes) = (FileSet::new(), 0);
    let mut todo = Vec::new();
    for path in paths {
        todo.push(inside(path)?);
    }
    while let Some(path) = todo.pop() {
        let place = folder.join(&path);
        let wrong = |error: std::io::Error| failed(&path, &error.to_string());
        let kind = std::fs::symlink_metadata(&place).map_err(wrong)?;
        if kind.is_dir() {
            for entry in std::fs::read_dir(&place).map_err(wrong)? {
                let name = entry.map_err(wrong)?.file_name();
                if name != ".git" {
                    todo.push(path.join(name));
                }
            }
            continue;
        }
        let name = path.to_str().ok_or_else(|| failed(&path, "its name is not UTF-8"))?.replace('\\', "/");
        let file = read(&place, &kind, modes).map_err(|message| failed(&path, &message))?;
        bytes += file.bytes.len();
        if bytes > MAX_BYTES {
            return Err(failed(
                &path,
                &format!("the files of a commit are larger than {} MiB together", MAX_BYTES >> 20),
            ));
        }
        found.insert(name, file);
    }
    Ok(found)
}

/// The path without `.`. An absolute path, or one outside of the folder, is an error.
fn inside(path: &Path) -> Result<PathBuf, Failure> {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            _ => return Err(failed(path, "leaves the folder: give a path below it, or another folder with -C")),
        }
    }
    Ok(out)
}

fn read(place: &Path, kind: &std::fs::Metadata, modes: bool) -> Result<File, String> {
    if kind.is_symlink() {
        let target = std::fs::read_link(place).map_err(|error| error.to_string())?;
        let target = target.to_str().ok_or("the link's target is not UTF-8")?;
        return Ok(File { bytes: target.as_bytes().into(), mode: Mode::Link });
    }
    if !kind.is_file() {
        return Err("is neither a file, a folder nor a link".to_owned());
    }
    let bytes = net::bounded::read_file(place).map_err(|error| error.to_string())?;
    let mode = if modes && executable(kind) { Mode::Executable } else { Mode::Regular };
    Ok(File { bytes: bytes.into(), mode })
}

#[cfg(unix)]
fn executable(kind: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    kind.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn executable(_kind: &std::fs::Metadata) -> bool {
    false
}

fn failed(path: &Path, message: &str) -> Failure {
    let error =
        Diagnostic { message: message.to_owned(), file: Some(path.display().to_string()), ..Diagnostic::default() };
    Failure::from(error)
}

/// Commits; see [`GitHub::commit`].
///
/// # Errors
/// GitHub's.
pub fn commit(github: &GitHub, commit: &ApiCommit) -> Result<ApiOutcome, Failure> {
    github.commit(commit).map_err(Failure::from)
}

/// Commits to a fork; see [`GitHub::fork_commit`].
///
/// # Errors
/// GitHub's.
pub fn fork_commit(github: &GitHub, fork: &ForkCommit) -> Result<(Repository, ApiOutcome), Failure> {
    github.fork_commit(fork).map_err(Failure::from)
}

/// Opens or updates a pull request; see [`GitHub::pull_request`].
///
/// # Errors
/// GitHub's.
pub fn pull_request(github: &GitHub, wanted: &PullRequest) -> Result<PullOutcome, Failure> {
    github.pull_request(wanted).map_err(Failure::from)
}
