//! The source repository.

use std::path::{Path, PathBuf};

use git2::{DescribeFormatOptions, DescribeOptions, ErrorCode, Oid, Repository, StatusOptions};

use super::abbreviate;
use super::commit::CommitInfo;
use super::error::SourceError;
use crate::discover::discover;
use crate::format::UnsupportedFormat;
use crate::url::without_credentials;

/// The repository that contains the source. It is cheap to open; it is not `Sync`, so each thread opens its own.
pub struct SourceRepository {
    pub(super) repository: Repository,
    pub(super) root: PathBuf,
    /// The revision to read instead of HEAD.
    revision: Option<String>,
}

/// The user of git's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserConfig {
    /// `user.name`
    pub name: Option<String>,
    /// `user.email`
    pub email: Option<String>,
}

impl SourceRepository {
    /// Opens the repository that contains `dir`, as git finds it, including worktrees and submodules.
    ///
    /// # Errors
    /// A folder without a repository, or with one of another user.
    pub fn discover(dir: &Path) -> Result<Self, SourceError> {
        let repository = discover(dir).map_err(|error| match error.code() {
            ErrorCode::NotFound => SourceError::NoRepository(dir.to_owned()),
            ErrorCode::Owner => SourceError::UnsafeOwner(dir.to_owned()),
            _ => match UnsupportedFormat::of(&error) {
                Some(format) => SourceError::UnsupportedFormat { path: dir.to_owned(), format },
                None => SourceError::Git { path: dir.to_owned(), source: error },
            },
        })?;
        let root = repository.workdir().unwrap_or_else(|| repository.path());
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Ok(Self { repository, root, revision: None })
    }

    /// Reads `revision` instead of HEAD. Nothing is checked out, so there is no branch and nothing is dirty.
    #[must_use]
    pub fn at(mut self, revision: &str) -> Self {
        self.revision = Some(revision.to_owned());
        self
    }

    /// Returns the top folder of the work tree with symbolic links resolved; for a bare repository, the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `path` as seen from the repository's root, with `/` and without a trailing one; empty for the root itself.
    ///
    /// # Errors
    /// [`SourceError::Outside`] where the path does not lie in the work tree.
    pub fn sub_path(&self, path: &Path) -> Result<String, SourceError> {
        let outside = || SourceError::Outside { path: path.to_owned(), root: self.root.clone() };
        let absolute = path.canonicalize().or_else(|_| std::path::absolute(path)).map_err(|_| outside())?;
        let tail = absolute.strip_prefix(&self.root).map_err(|_| outside())?;
        let parts: Vec<_> = tail.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        Ok(parts.join("/"))
    }

    /// The commit that HEAD points to.
    ///
    /// # Errors
    /// [`SourceError::NoCommit`] before the first commit.
    pub fn head(&self) -> Result<CommitInfo, SourceError> {
        let commit = self.head_commit()?;
        self.describe_commit(&commit)
    }

    /// The commit that `revision` names (an id, a branch, `HEAD~1`, …).
    ///
    /// # Errors
    /// [`SourceError::NoRevision`].
    pub fn commit(&self, revision: &str) -> Result<CommitInfo, SourceError> {
        let commit = self.peel(revision)?;
        self.describe_commit(&commit)
    }

    /// Returns what `git describe --tags --always` prints for HEAD.
    ///
    /// # Errors
    /// [`SourceError::NoCommit`], and [`SourceError::Git`].
    pub fn describe(&self) -> Result<String, SourceError> {
        let head = self.head_commit()?;
        let length = abbreviate::length(&self.repository, head.id());
        let mut options = DescribeOptions::new();
        options.describe_tags().show_commit_oid_as_fallback(true);
        let mut format = DescribeFormatOptions::new();
        format.abbreviated_size(u32::try_from(length).unwrap_or(40));
        let found = head.as_object().describe(&options).and_then(|found| found.format(Some(&format)));
        found.map_err(|error| self.git(error))
    }

    /// Returns the id of the entry at `path`, a path on disk, as `git rev-parse HEAD:<path>` prints it; for the root, the id of the tree.
    ///
    /// # Errors
    /// [`SourceError::NotInTree`] for a path that is not committed.
    pub fn tree_id(&self, path: &Path) -> Result<String, SourceError> {
        Ok(self.tree_oid(path)?.to_string())
    }

    /// Returns [`SourceRepository::tree_id`] as `git rev-parse --short HEAD:<path>` prints it.
    ///
    /// # Errors
    /// See [`SourceRepository::tree_id`].
    pub fn short_tree_id(&self, path: &Path) -> Result<String, SourceError> {
        let oid = self.tree_oid(path)?;
        Ok(abbreviate::short(&self.repository, oid))
    }

    /// Returns the checked-out branch without `refs/heads/`; `None` if HEAD is detached.
    ///
    /// # Errors
    /// [`SourceError::Git`].
    pub fn branch(&self) -> Result<Option<String>, SourceError> {
        if self.revision.is_some() {
            return Ok(None);
        }
        let head = self.repository.find_reference("HEAD").map_err(|error| self.git(error))?;
        let target = head.symbolic_target_bytes().map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(target.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned)))
    }

    /// Returns whether `git status . --porcelain` in the folder `path` would print anything: staged and unstaged changes, and untracked files
    /// unless `status.showUntrackedFiles` is `no`, but not ignored files.
    ///
    /// # Errors
    /// A path outside of the repository, and [`SourceError::Git`].
    pub fn dirty_under(&self, path: &Path) -> Result<bool, SourceError> {
        if self.revision.is_some() {
            return Ok(false);
        }
        let folder = self.sub_path(path)?;
        let mut options = StatusOptions::new();
        let untracked = self.counts_untracked();
        options.include_untracked(untracked).recurse_untracked_dirs(untracked).include_ignored(false);
        if !folder.is_empty() {
            options.pathspec(&folder).disable_pathspec_match(true);
        }
        let statuses = self.repository.statuses(Some(&mut options)).map_err(|error| self.git(error))?;
        Ok(statuses.iter().any(|entry| !entry.status().is_ignored()))
    }

    /// Returns the configured URL of the remote `origin`, or of the only remote, without credentials.
    pub fn origin(&self) -> Option<String> {
        self.origin_url().map(|url| without_credentials(&url))
    }

    /// [`SourceRepository::origin`] with credentials.
    pub(super) fn origin_url(&self) -> Option<String> {
        let names = self.repository.remotes().ok()?;
        let names: Vec<&str> = names.iter().filter_map(|name| name.ok().flatten()).collect();
        let name = match names.as_slice() {
            names if names.contains(&"origin") => "origin",
            [only] => only,
            _ => return None,
        };
        self.repository.config().ok()?.get_string(&format!("remote.{name}.url")).ok()
    }

    /// Returns `user.name` and `user.email` of git's configuration, as `git commit` would use them.
    pub fn user(&self) -> UserConfig {
        let text = |key: &str| {
            let config = self.repository.config().ok()?;
            config.get_string(key).ok().filter(|text| !text.trim().is_empty())
        };
        UserConfig { name: text("user.name"), email: text("user.email") }
    }

    /// Returns whether the clone lacks a part of its history, as CI services create them by default.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }

    /// Returns the last commit in the history of HEAD that changed anything under `path`, as `git log -1 -- <path>` does; `None` if HEAD
    /// does not contain the path.
    ///
    /// # Errors
    /// [`SourceError::Git`].
    pub fn last_change(&self, path: &Path) -> Result<Option<CommitInfo>, SourceError> {
        let folder = self.sub_path(path)?;
        let mut commit = self.head_commit()?;
        let entry = |commit: &git2::Commit<'_>| entry_id(commit, &folder);
        let now = entry(&commit);
        if now.is_none() {
            return Ok(None);
        }
        // `git log -1 -- path` follows the parent of a merge that has the same content under the path.
        loop {
            let parents: Vec<_> = commit.parents().collect();
            match parents.into_iter().find(|parent| entry(parent) == now) {
                Some(same) => commit = same,
                None => return self.describe_commit(&commit).map(Some),
            }
        }
    }

    fn counts_untracked(&self) -> bool {
        let value = self.repository.config().and_then(|config| config.get_string("status.showUntrackedFiles"));
        !value.is_ok_and(|value| matches!(value.as_str(), "no" | "false" | "0" | "off"))
    }

    fn head_commit(&self) -> Result<git2::Commit<'_>, SourceError> {
        if let Some(revision) = &self.revision {
            return self.peel(revision);
        }
        let head = self.repository.head().map_err(|error| match error.code() {
            ErrorCode::UnbornBranch | ErrorCode::NotFound => SourceError::NoCommit(self.root.clone()),
            _ => self.git(error),
        })?;
        head.peel_to_commit().map_err(|error| self.git(error))
    }

    pub(super) fn peel(&self, revision: &str) -> Result<git2::Commit<'_>, SourceError> {
        let found = self.repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        found.map_err(|source| {
            let is_unborn = self.repository.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch);
            if revision == "HEAD" && is_unborn {
                return SourceError::NoCommit(self.root.clone());
            }
            SourceError::NoRevision { revision: revision.to_owned(), source }
        })
    }

    fn tree_oid(&self, path: &Path) -> Result<Oid, SourceError> {
        let folder = self.sub_path(path)?;
        let commit = self.head_commit()?;
        entry_id(&commit, &folder).ok_or_else(|| SourceError::NotInTree { revision: "HEAD".to_owned(), path: folder })
    }

    fn describe_commit(&self, commit: &git2::Commit<'_>) -> Result<CommitInfo, SourceError> {
        let short = abbreviate::short(&self.repository, commit.id());
        CommitInfo::read(commit, short).map_err(|error| self.git(error))
    }

    pub(super) fn git(&self, source: git2::Error) -> SourceError {
        SourceError::Git { path: self.root.clone(), source }
    }
}

/// Returns the id of the entry of `commit` at `path`; of its tree for the empty path.
fn entry_id(commit: &git2::Commit<'_>, path: &str) -> Option<Oid> {
    if path.is_empty() {
        return Some(commit.tree_id());
    }
    commit.tree().ok()?.get_path(path.as_ref()).ok().map(|entry| entry.id())
}
