//! The files of one revision of a remote repository, written into a folder: a fetch of depth 1, no history, no checkout machinery.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use git2::{FileMode, ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

use crate::remote::Remote;
use crate::source::without_credentials;
use crate::transport::{self, Transport, TransportError};

/// Why a revision could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The remote, or the way to it.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The remote has no such revision.
    #[error("{url}: no branch, tag or commit {revision}: check its spelling, or give the whole commit id")]
    NoRevision {
        /// The URL without credentials.
        url: String,
        /// What was asked for.
        revision: String,
    },
    /// The revision has a file or link whose name does not stay in the folder.
    #[error("{url}: the revision holds {path:?}, which no file may be called: do not use this repository")]
    Name {
        /// The URL without credentials.
        url: String,
        /// The path in the tree.
        path: String,
    },
    /// A submodule that `.gitmodules` does not tell the URL of.
    #[error("{url}: the submodule {path} has no url in .gitmodules: add it, or append ?submodules=false")]
    Submodule {
        /// The URL without credentials.
        url: String,
        /// Where the submodule stands.
        path: String,
    },
    /// git's objects.
    #[error("{url}: git: {source}")]
    Git {
        /// The URL without credentials.
        url: String,
        /// libgit2's words.
        source: git2::Error,
    },
    /// The folder.
    #[error("{path}: {source}", path = path.display())]
    Disk {
        /// What could not be written.
        path: PathBuf,
        /// The operating system's words.
        source: io::Error,
    },
}

impl SnapshotError {
    /// Whether trying again may help, without a change of the input.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_outside())
    }
}

/// Submodules in submodules are followed this deep.
const SUBMODULES: usize = 10;

/// The id that `revision` stands for (a branch's commit, a tag's object, a whole commit id); the default branch where absent.
///
/// # Errors
/// No such revision, or the remote cannot be reached. A commit id is returned as it is, without asking.
pub fn id_of(remote: &Remote, revision: Option<&str>) -> Result<String, SnapshotError> {
    if let Some(id) = revision.and_then(whole_id) {
        return Ok(id.to_string());
    }
    let mut way = transport::open(remote)?;
    find(way.as_mut(), remote, revision).map(|id| id.to_string())
}

/// Writes the files of `id` (a commit, or a tag as [`id_of`] finds it) into `folder`, which must be empty; submodules too where
/// asked for. Returns the commit's id.
///
/// # Errors
/// See [`SnapshotError`]; the folder then holds a part.
pub fn snapshot(remote: &Remote, id: &str, submodules: bool, folder: &Path) -> Result<String, SnapshotError> {
    let depth = if submodules { SUBMODULES } else { 0 };
    let id = whole_id(id).ok_or_else(|| no_revision(remote, id))?;
    one(remote, id, depth, folder).map(|commit| commit.to_string())
}

fn one(remote: &Remote, commit: Oid, submodules: usize, folder: &Path) -> Result<Oid, SnapshotError> {
    let git = |source| SnapshotError::Git { url: remote.shown(), source };
    let store = tempfile::tempdir().map_err(|source| SnapshotError::Disk { path: std::env::temp_dir(), source })?;
    let here = Repository::init_bare(store.path()).map_err(git)?;
    let mut way = transport::open(remote)?;
    way.fetch(&[commit], 1, &here)?;
    let peeled = here.find_object(commit, None).and_then(|object| object.peel_to_commit()).map_err(git)?;
    let entries = entries(&peeled).map_err(git)?;
    let blobs: Vec<Oid> = entries.iter().filter(|entry| entry.mode != Kind::Submodule).map(|entry| entry.id).collect();
    let odb = here.odb().map_err(git)?;
    let missing: Vec<Oid> = blobs.into_iter().filter(|id| !odb.exists(*id)).collect();
    way.objects(&missing, &here)?;
    for entry in entries.iter().filter(|entry| entry.mode != Kind::Submodule) {
        let path = inside(remote, folder, &entry.path)?;
        let blob = here.find_blob(entry.id).map_err(git)?;
        write(&path, blob.content(), entry.mode).map_err(|source| SnapshotError::Disk { path, source })?;
    }
    if submodules > 0 {
        for entry in entries.iter().filter(|entry| entry.mode == Kind::Submodule) {
            let module = Remote { url: module_url(remote, folder, &entry.path)?, ..remote.clone() };
            one(&module, entry.id, submodules - 1, &inside(remote, folder, &entry.path)?)?;
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
    // Links last, so that no file is ever written through one.
    found.sort_by_key(|entry| entry.mode == Kind::Link);
    Ok(found)
}

/// The path in the folder, if the name stays inside of it.
fn inside(remote: &Remote, folder: &Path, path: &str) -> Result<PathBuf, SnapshotError> {
    let bad = |part: &str| part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git");
    if path.split('/').any(bad) || path.contains('\0') {
        return Err(SnapshotError::Name { url: remote.shown(), path: path.to_owned() });
    }
    Ok(folder.join(path))
}

fn write(path: &Path, bytes: &[u8], mode: Kind) -> io::Result<()> {
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

/// A submodule's URL: as `.gitmodules` says, a relative one (`./`, `../`) against the remote's.
fn module_url(remote: &Remote, folder: &Path, path: &str) -> Result<String, SnapshotError> {
    let unknown = || SnapshotError::Submodule { url: remote.shown(), path: path.to_owned() };
    let config = git2::Config::open(&folder.join(".gitmodules")).map_err(|_| unknown())?;
    let mut url = None;
    let mut entries = config.entries(Some(r"^submodule\..*\.path$")).map_err(|_| unknown())?;
    while let Some(entry) = entries.next() {
        let Ok(entry) = entry else { continue };
        let (Ok(name), Ok(value)) = (entry.name(), entry.value()) else { continue };
        if value == path {
            let key = format!("{}url", name.strip_suffix("path").unwrap_or(name));
            url = config.get_string(&key).ok();
        }
    }
    let url = url.ok_or_else(unknown)?;
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

fn find(way: &mut dyn Transport, remote: &Remote, revision: Option<&str>) -> Result<Oid, SnapshotError> {
    let names = match revision {
        None => vec!["HEAD".to_owned()],
        Some(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}"), name.to_owned()],
    };
    let refs = way.list(&names)?;
    let found = names.iter().find_map(|name| refs.iter().find(|one| one.name == *name));
    found.map(|one| one.id).ok_or_else(|| no_revision(remote, revision.unwrap_or("HEAD")))
}

fn no_revision(remote: &Remote, revision: &str) -> SnapshotError {
    SnapshotError::NoRevision { url: without_credentials(&remote.url), revision: revision.to_owned() }
}

fn whole_id(text: &str) -> Option<Oid> {
    (text.len() == 40).then(|| Oid::from_str(text).ok()).flatten()
}
