//! The files of a revision of a remote repository, written to a folder. Fetches with depth 1.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use git2::{FileMode, ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

use crate::connection;
use crate::error::TransportError;
use crate::remote::Remote;
use crate::transport::Transport;
use crate::url::without_credentials;

/// Why the files of a revision could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The connection to the remote repository failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The remote repository does not have the revision.
    #[error("revision {revision} not found in {url}")]
    NoRevision {
        /// The URL without credentials.
        url: String,
        /// The revision, as given.
        revision: String,
    },
    /// A file's name would be outside of the folder.
    #[error("{url} contains the unsafe path {path:?}")]
    UnsafePath {
        /// The URL without credentials.
        url: String,
        /// The path in the tree.
        path: String,
    },
    /// `.gitmodules` has no URL for a submodule.
    #[error("missing url of submodule {path} in .gitmodules of {url}")]
    NoSubmoduleUrl {
        /// The URL without credentials.
        url: String,
        /// The submodule's path.
        path: String,
    },
    /// libgit2 failed.
    #[error("git error in {url}: {}", source.message())]
    Git {
        /// The URL without credentials.
        url: String,
        /// libgit2's error.
        source: git2::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl SnapshotError {
    /// Returns whether a retry without a change of the input may succeed.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_outside())
    }

    /// Returns what to do about the error, as an imperative sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Transport(error) => error.hint(),
            Self::NoRevision { .. } => Some("check the spelling, or give the full commit id".to_owned()),
            Self::UnsafePath { .. } | Self::Git { .. } => None,
            Self::NoSubmoduleUrl { .. } => Some("add it, or append `?submodules=false` to the URL".to_owned()),
            Self::Io { .. } => Some("check the free space and permissions of the folder".to_owned()),
        }
    }
}

/// The maximum depth of submodules in submodules.
const MAX_SUBMODULE_DEPTH: usize = 10;

/// Returns the id of `revision`: a branch, a tag or a full commit id; the default branch if absent. A full commit id is returned without a request.
///
/// # Errors
/// An unknown revision, and a failed connection.
pub fn resolve(remote: &Remote, revision: Option<&str>) -> Result<String, SnapshotError> {
    if let Some(id) = revision.and_then(full_id) {
        return Ok(id.to_string());
    }
    let mut transport = connection::open(remote)?;
    find(transport.as_mut(), remote, revision).map(|id| id.to_string())
}

/// Writes the files of `id`, a commit or a tag as [`resolve`] returns it, to `folder`, which must be empty, with submodules if `submodules`.
/// Returns the id of the commit.
///
/// # Errors
/// See [`SnapshotError`]. The folder may then contain a part of the files.
pub fn write(remote: &Remote, id: &str, submodules: bool, folder: &Path) -> Result<String, SnapshotError> {
    let depth = if submodules { MAX_SUBMODULE_DEPTH } else { 0 };
    let id = full_id(id).ok_or_else(|| no_revision(remote, id))?;
    write_repository(remote, id, depth, folder).map(|commit| commit.to_string())
}

fn write_repository(remote: &Remote, commit: Oid, submodules: usize, folder: &Path) -> Result<Oid, SnapshotError> {
    let git = |source| SnapshotError::Git { url: remote.redacted_url(), source };
    let store = tempfile::tempdir().map_err(|source| SnapshotError::Io { path: std::env::temp_dir(), source })?;
    let repository = Repository::init_bare(store.path()).map_err(git)?;
    let mut transport = connection::open(remote)?;
    transport.fetch(&[commit], 1, &repository)?;
    let peeled = repository.find_object(commit, None).and_then(|object| object.peel_to_commit()).map_err(git)?;
    let entries = entries(&peeled).map_err(git)?;
    let blobs: Vec<Oid> = entries.iter().filter(|entry| entry.mode != Kind::Submodule).map(|entry| entry.id).collect();
    let odb = repository.odb().map_err(git)?;
    let missing: Vec<Oid> = blobs.into_iter().filter(|id| !odb.exists(*id)).collect();
    transport.fetch_objects(&missing, &repository)?;
    for entry in entries.iter().filter(|entry| entry.mode != Kind::Submodule) {
        let path = inside(remote, folder, &entry.path)?;
        let blob = repository.find_blob(entry.id).map_err(git)?;
        write_file(&path, blob.content(), entry.mode).map_err(|source| SnapshotError::Io { path, source })?;
    }
    if submodules > 0 {
        for entry in entries.iter().filter(|entry| entry.mode == Kind::Submodule) {
            let module = Remote { url: module_url(remote, folder, &entry.path)?, ..remote.clone() };
            write_repository(&module, entry.id, submodules - 1, &inside(remote, folder, &entry.path)?)?;
        }
    }
    Ok(peeled.id())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Executable,
    Link,
    Submodule,
}

struct Entry {
    path: String,
    id: Oid,
    mode: Kind,
}

fn entries(commit: &git2::Commit<'_>) -> Result<Vec<Entry>, git2::Error> {
    let tree = commit.tree()?;
    let mut found = Vec::new();
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        let mode = match entry.filemode() {
            mode if mode == i32::from(FileMode::Link) => Kind::Link,
            mode if mode == i32::from(FileMode::Commit) => Kind::Submodule,
            mode if mode == i32::from(FileMode::BlobExecutable) => Kind::Executable,
            _ => Kind::File,
        };
        if entry.kind() != Some(ObjectType::Tree) {
            let name = String::from_utf8_lossy(entry.name_bytes());
            found.push(Entry { path: format!("{folder}{name}"), id: entry.id(), mode });
        }
        TreeWalkResult::Ok
    })?;
    // Links are written last, so that no file is written through one.
    found.sort_by_key(|entry| entry.mode == Kind::Link);
    Ok(found)
}

/// Returns the path in the folder, or an error if it would be outside.
fn inside(remote: &Remote, folder: &Path, path: &str) -> Result<PathBuf, SnapshotError> {
    let unsafe_part = |part: &str| part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git");
    if path.split('/').any(unsafe_part) || path.contains('\0') {
        return Err(SnapshotError::UnsafePath { url: remote.redacted_url(), path: path.to_owned() });
    }
    Ok(folder.join(path))
}

fn write_file(path: &Path, bytes: &[u8], mode: Kind) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if mode == Kind::Link {
        return symlink(PathBuf::from(String::from_utf8_lossy(bytes).into_owned()), path);
    }
    fs::write(path, bytes)?;
    if mode == Kind::Executable {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Returns the URL of a submodule from `.gitmodules`; a relative one (`./`, `../`) is resolved against the remote's.
fn module_url(remote: &Remote, folder: &Path, path: &str) -> Result<String, SnapshotError> {
    let missing = || SnapshotError::NoSubmoduleUrl { url: remote.redacted_url(), path: path.to_owned() };
    let config = git2::Config::open(&folder.join(".gitmodules")).map_err(|_| missing())?;
    let mut url = None;
    let mut entries = config.entries(Some(r"^submodule\..*\.path$")).map_err(|_| missing())?;
    while let Some(entry) = entries.next() {
        let Ok(entry) = entry else { continue };
        let (Ok(name), Ok(value)) = (entry.name(), entry.value()) else { continue };
        if value == path {
            let key = format!("{}url", name.strip_suffix("path").unwrap_or(name));
            url = config.get_string(&key).ok();
        }
    }
    let url = url.ok_or_else(missing)?;
    if !url.starts_with("./") && !url.starts_with("../") {
        return Ok(url);
    }
    let mut base = remote.url.trim_end_matches('/');
    let mut rest = url.as_str();
    loop {
        if let Some(tail) = rest.strip_prefix("../") {
            base = base.rfind(['/', ':']).map_or(base, |index| &base[..index]);
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("./") {
            rest = tail;
        } else {
            return Ok(format!("{base}/{rest}"));
        }
    }
}

fn find(transport: &mut dyn Transport, remote: &Remote, revision: Option<&str>) -> Result<Oid, SnapshotError> {
    let names = match revision {
        None => vec!["HEAD".to_owned()],
        Some(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}"), name.to_owned()],
    };
    let refs = transport.list_refs(&names)?;
    let found = names.iter().find_map(|name| refs.iter().find(|one| one.name == *name));
    found.map(|one| one.id).ok_or_else(|| no_revision(remote, revision.unwrap_or("HEAD")))
}

fn no_revision(remote: &Remote, revision: &str) -> SnapshotError {
    SnapshotError::NoRevision { url: without_credentials(&remote.url), revision: revision.to_owned() }
}

fn full_id(text: &str) -> Option<Oid> {
    (text.len() == 40).then(|| Oid::from_str(text).ok()).flatten()
}
