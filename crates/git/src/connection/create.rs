//! Creates a bare repository together with the first push to it.
//!
//! The repository is built in a folder beside its path, with the objects and refs of the push, and then renamed. So other processes see either no
//! repository or a complete one, `HEAD` names a branch that exists, and a process that is killed leaves nothing at the path.

use std::fs::File;
use std::path::Path;

use git2::{Repository, RepositoryInitOptions};

use super::transaction::swap;
use crate::discover::check_files;
use crate::error::TransportError;
use crate::pack::Pack;
use crate::transport::RefUpdate;

/// The branch that `HEAD` names if the first push has no branch.
const DEFAULT_BRANCH: &str = "refs/heads/main";

/// The names that a bare repository can have at its root while it is being created.
const REPOSITORY_ENTRIES: &[&str] =
    &["HEAD", "branches", "config", "config.lock", "description", "hooks", "info", "objects", "refs"];

/// Opens the repository at exactly this path.
pub(super) fn open_exact(folder: &Path) -> Result<Repository, git2::Error> {
    check_files(folder)?;
    check_files(&folder.join(".git"))?;
    Repository::open_ext(folder, git2::RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&std::ffi::OsStr>())
}

/// What [`create`] did.
pub(super) enum Creation {
    /// The repository was created, and holds the push.
    Created(Repository),
    /// The repository exists, without the push: another process created it, or it had to be created in place.
    Exists(Repository),
}

/// Whether the folder can become a repository: it does not exist, is empty, or holds a repository whose creation was interrupted.
pub(super) fn is_vacant(folder: &Path) -> bool {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
    };
    let names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let is_partial = || {
        let has = |name: &str| names.iter().any(|found| found == name);
        let is_known = |name: &String| REPOSITORY_ENTRIES.contains(&name.as_str());
        (has("refs") || has("objects")) && !(has("HEAD") && has("refs") && has("objects")) && names.iter().all(is_known)
    };
    names.is_empty() || is_partial()
}

/// Creates the repository at `folder` with these refs, all of which are new. They are written together.
///
/// # Errors
/// A folder that cannot be written, and libgit2's errors.
pub(super) fn create(folder: &Path, updates: &[RefUpdate], pack: &Pack<'_>) -> Result<Creation, TransportError> {
    if let Ok(repository) = open_exact(folder) {
        return Ok(Creation::Exists(repository));
    }
    let failed = |source| TransportError::Io { location: folder.display().to_string(), source };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(failed)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let temporary = tempfile::Builder::new().prefix(&format!(".{name}.new-")).tempdir_in(parent).map_err(failed)?;
    // The temporary folder is readable by its owner alone; the one in it has the usual permissions.
    let built = temporary.path().join("repository");
    build(&built, updates, pack).map_err(|source| error(folder, source))?;
    let renamed = std::fs::rename(&built, folder);
    match (renamed, open_exact(folder)) {
        (Ok(()), Ok(repository)) => Ok(Creation::Created(repository)),
        (Err(_), Ok(repository)) => Ok(Creation::Exists(repository)),
        (Ok(()), Err(source)) => Err(error(folder, source)),
        // A folder that cannot be replaced, such as a mount point, or one with a part of a repository.
        (Err(_), Err(_)) if folder.is_dir() && is_vacant(folder) => create_in_place(folder, updates),
        (Err(source), Err(_)) => Err(failed(source)),
    }
}

/// Creates an empty repository in an existing folder. Other processes wait; the lock ends with the process.
fn create_in_place(folder: &Path, updates: &[RefUpdate]) -> Result<Creation, TransportError> {
    let failed = |source| TransportError::Io { location: folder.display().to_string(), source };
    let lock = File::open(folder).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if let Ok(repository) = open_exact(folder) {
        return Ok(Creation::Exists(repository));
    }
    let made = init(folder, updates).and_then(|_| open_exact(folder));
    made.map(Creation::Exists).map_err(|source| error(folder, source))
}

fn build(folder: &Path, updates: &[RefUpdate], pack: &Pack<'_>) -> Result<(), git2::Error> {
    let repository = init(folder, updates)?;
    pack.store(&repository.odb()?)?;
    swap(&repository, updates).map_err(|failure| git2::Error::from_str(&failure.reason))
}

fn init(folder: &Path, updates: &[RefUpdate]) -> Result<Repository, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).mkpath(true).external_template(false).initial_head(first_branch(updates));
    Repository::init_opts(folder, &options)
}

/// The branch that `HEAD` names: `main`, or the first one, if the push has branches.
fn first_branch(updates: &[RefUpdate]) -> &str {
    let mut branches = updates.iter().map(|update| update.name.as_str()).filter(|name| name.starts_with("refs/heads/"));
    if updates.iter().any(|update| update.name == DEFAULT_BRANCH) {
        return DEFAULT_BRANCH;
    }
    branches.next().unwrap_or(DEFAULT_BRANCH)
}

fn error(folder: &Path, source: git2::Error) -> TransportError {
    TransportError::Git { location: folder.display().to_string(), source }
}
