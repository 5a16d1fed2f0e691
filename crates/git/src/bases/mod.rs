//! Remote bases: the objects of a revision of a foreign repository, kept in a folder and read from there. Nothing is checked out.
//!
//! A base is fetched with depth 1 into a temporary repository. There every tree is checked as `git fsck` does; then its pack is moved into the
//! store, and a file says that the revision is complete. Every object is checked by its hash when it is read, so a store that was changed
//! fails. The objects of submodules are in the store of the base.

mod error;
mod fetch;
mod gitmodules;
mod submodule_url;
mod survey;

use std::fs;
use std::path::PathBuf;

use git2::{Oid, Reference};

pub use error::BaseError;

use crate::connection;
use crate::remote::Remote;
use crate::source::CommitFiles;
use crate::transport::Transport;
use fetch::Fetch;

/// Returns the id of `revision`: a branch, a tag or a full commit id; the default branch if absent. A full commit id is returned without a request.
///
/// # Errors
/// An invalid or unknown revision, and a failed connection.
pub fn resolve(remote: &Remote, revision: Option<&str>) -> Result<String, BaseError> {
    if let Some(id) = revision.and_then(full_id) {
        return Ok(id.to_string());
    }
    if let Some(name) = revision
        && (name.starts_with('-') || !Reference::is_valid_name(&format!("refs/heads/{name}")))
    {
        return Err(BaseError::InvalidRevision { url: remote.redacted_url(), revision: name.to_owned() });
    }
    let mut transport = connection::open(remote)?;
    find(transport.as_mut(), remote, revision).map(|id| id.to_string())
}

fn find(transport: &mut dyn Transport, remote: &Remote, revision: Option<&str>) -> Result<Oid, BaseError> {
    let names = match revision {
        None => vec!["HEAD".to_owned()],
        Some(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}"), name.to_owned()],
    };
    let refs = transport.list_refs(&names)?;
    let found = names.iter().find_map(|name| refs.iter().find(|one| one.name == *name));
    found.map(|one| one.id).ok_or_else(|| no_revision(remote, revision.unwrap_or("HEAD")))
}

fn no_revision(remote: &Remote, revision: &str) -> BaseError {
    BaseError::NoRevision { url: remote.redacted_url(), revision: revision.to_owned() }
}

fn full_id(text: &str) -> Option<Oid> {
    (text.len() == 40).then(|| Oid::from_str(text).ok()).flatten()
}

/// The objects of one remote repository, in a folder. Any number of processes may fetch into it at the same time.
#[derive(Clone, Debug)]
pub struct BaseStore {
    folder: PathBuf,
}

/// A revision of a remote base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseRevision<'a> {
    /// The full id of a commit or tag.
    pub id: &'a str,
    /// Whether the submodules belong to it.
    pub submodules: bool,
}

impl BaseStore {
    /// The store in `folder`, whether it exists or not.
    pub fn new(folder: PathBuf) -> Self {
        BaseStore { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Fetches a revision and checks it.
    ///
    /// # Errors
    /// See [`BaseError`]. The store is then as before.
    pub fn fetch(&self, remote: &Remote, revision: BaseRevision<'_>) -> Result<(), BaseError> {
        let id = full_id(revision.id).ok_or_else(|| no_revision(remote, revision.id))?;
        let fetch = Fetch::start(&self.folder)?;
        fetch.fetch(remote, id, revision.submodules)?;
        fetch.install()?;
        let complete = self.complete(revision.id, revision.submodules);
        let written = complete.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&complete, b""));
        written.map_err(|source| BaseError::Io { path: complete, source })
    }

    /// The files of a revision that was fetched, at the path `root`; `None` if it was not, or its commit cannot be read.
    pub fn files(&self, revision: BaseRevision<'_>, root: &str) -> Option<CommitFiles> {
        let id = full_id(revision.id)?;
        let with_submodules = self.complete(revision.id, true).exists();
        if !with_submodules && (revision.submodules || !self.complete(revision.id, false).exists()) {
            return None;
        }
        CommitFiles::foreign(&self.folder.join("objects"), id, revision.submodules, root).ok()
    }

    /// The file that exists when a revision was fetched as a whole.
    fn complete(&self, id: &str, submodules: bool) -> PathBuf {
        let end = if submodules { "-with-submodules" } else { "" };
        self.folder.join("complete").join(format!("{id}{end}"))
    }
}
