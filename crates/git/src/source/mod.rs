//! The source repository: what the record of a delivery says of it, and what a tag is made of. Reads only.

mod abbreviate;
mod commit_files;
mod lineage;
mod origin;
mod tree_files;

use std::path::{Path, PathBuf};

use git2::{DescribeFormatOptions, DescribeOptions, ErrorCode, Oid, Repository, StatusOptions};

pub use commit_files::{CommitFiles, blob_id};
pub use lineage::{HistoryService, Lineage};
pub use origin::without_credentials;
pub use tree_files::{EntryKind, ReadError};

/// Why the source repository could not be asked. Every text ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No repository holds the folder.
    #[error("{}: no git repository here or above: run inside a checkout, or give the value that was asked of git", .0.display())]
    NoRepository(PathBuf),
    /// The repository is another user's, which git refuses too.
    #[error("{}: {words}: run `git config --global --add safe.directory {}`", path.display(), path.display())]
    Owner {
        /// The folder that was asked for.
        path: PathBuf,
        /// libgit2's words.
        words: String,
    },
    /// The repository has no commit yet.
    #[error("{}: the branch has no commit yet: commit first", .0.display())]
    NoCommit(PathBuf),
    /// The path lies outside of the repository's work tree.
    #[error("{}: outside of the repository {}: give a path below it", path.display(), root.display())]
    Outside {
        /// What was asked for.
        path: PathBuf,
        /// The work tree.
        root: PathBuf,
    },
    /// The revision does not hold the path.
    #[error("{revision}:{path}: not in git at this revision: commit it first")]
    NotInTree {
        /// The revision, as asked.
        revision: String,
        /// The path from the repository's root.
        path: String,
    },
    /// The revision cannot be found.
    #[error(
        "{revision}: {words}: fetch it first (a shallow clone lacks it: fetch-depth: 0 on GitHub Actions, GIT_DEPTH: 0 on GitLab CI)"
    )]
    NoRevision {
        /// The revision, as asked.
        revision: String,
        /// libgit2's words.
        words: String,
    },
    /// Anything else, in libgit2's words.
    #[error("{}: git: {words}: check the repository with `git fsck`", path.display())]
    Git {
        /// The repository or folder.
        path: PathBuf,
        /// libgit2's words.
        words: String,
    },
}

/// A point in time as git writes it: seconds since 1970 and the writer's distance from UTC in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// A person and the time at which they did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name, lossily decoded.
    pub name: String,
    /// The mail address, lossily decoded.
    pub email: String,
    /// When.
    pub time: Moment,
}

/// A commit of the source, as the record of a delivery names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCommit {
    /// The full id, 40 hex digits.
    pub id: String,
    /// The id as `git rev-parse --short` would abbreviate it.
    pub short_id: String,
    /// Who wrote the change.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// The first paragraph on one line.
    pub subject: String,
    /// What follows the subject, trailers included, without blank lines around it.
    pub body: String,
    /// The trailers of the message in their order.
    pub trailers: Vec<(String, String)>,
}

/// What is known of two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ancestry {
    /// The first is the second or one of its ancestors.
    Ancestor,
    /// It is neither.
    NotAncestor,
    /// The history that is here does not tell (a shallow clone, or a commit that is not here), and why no other could be asked.
    Unknown(String),
}

/// The repository that holds the source. Cheap to open; `Send`, not `Sync`: a thread opens its own.
pub struct Source {
    repository: Repository,
    root: PathBuf,
    /// What stands for HEAD; HEAD itself where absent.
    revision: Option<String>,
}

impl Source {
    /// Opens the repository that `dir` lies in, as git finds it (worktrees and submodules included).
    ///
    /// # Errors
    /// No repository there, or one that is another user's.
    pub fn discover(dir: &Path) -> Result<Self, SourceError> {
        let repository = Repository::discover(dir).map_err(|error| match error.code() {
            ErrorCode::NotFound => SourceError::NoRepository(dir.to_owned()),
            ErrorCode::Owner => SourceError::Owner { path: dir.to_owned(), words: error.message().to_owned() },
            _ => git(dir, &error),
        })?;
        let root = repository.workdir().unwrap_or_else(|| repository.path());
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Ok(Self { repository, root, revision: None })
    }

    /// The same repository with `revision` in the place of HEAD: nothing is checked out, so no branch is and nothing is dirty.
    #[must_use]
    pub fn at(mut self, revision: &str) -> Self {
        self.revision = Some(revision.to_owned());
        self
    }

    /// The top folder of the work tree, symbolic links resolved; of a bare repository the repository itself.
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
    pub fn head(&self) -> Result<SourceCommit, SourceError> {
        let commit = self.head_commit()?;
        self.describe_commit(&commit)
    }

    /// The commit that `revision` names (an id, a branch, `HEAD~1`, …).
    ///
    /// # Errors
    /// [`SourceError::NoRevision`].
    pub fn commit(&self, revision: &str) -> Result<SourceCommit, SourceError> {
        let commit = self.peel(revision)?;
        self.describe_commit(&commit)
    }

    /// What `git describe --tags --always` prints for HEAD.
    ///
    /// # Errors
    /// [`SourceError::NoCommit`], and git's own.
    pub fn describe(&self) -> Result<String, SourceError> {
        let head = self.head_commit()?;
        let length = abbreviate::length(&self.repository, head.id());
        let mut options = DescribeOptions::new();
        options.describe_tags().show_commit_oid_as_fallback(true);
        let mut format = DescribeFormatOptions::new();
        format.abbreviated_size(u32::try_from(length).unwrap_or(40));
        let found = head.as_object().describe(&options).and_then(|found| found.format(Some(&format)));
        found.map_err(|error| self.git(&error))
    }

    /// The id of what HEAD holds at `path` (a path on disk), as `git rev-parse HEAD:<path>` prints it; of the root, the whole tree's.
    ///
    /// # Errors
    /// [`SourceError::NotInTree`] for what is not committed.
    pub fn tree_id(&self, path: &Path) -> Result<String, SourceError> {
        Ok(self.tree_oid(path)?.to_string())
    }

    /// [`Source::tree_id`] as `git rev-parse --short HEAD:<path>` prints it.
    ///
    /// # Errors
    /// The same.
    pub fn short_tree_id(&self, path: &Path) -> Result<String, SourceError> {
        let oid = self.tree_oid(path)?;
        Ok(abbreviate::short(&self.repository, oid))
    }

    /// The checked-out branch without `refs/heads/`; `None` when HEAD is detached.
    ///
    /// # Errors
    /// git's own.
    pub fn branch(&self) -> Result<Option<String>, SourceError> {
        if self.revision.is_some() {
            return Ok(None);
        }
        let head = self.repository.find_reference("HEAD").map_err(|error| self.git(&error))?;
        let target = head.symbolic_target_bytes().map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(target.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned)))
    }

    /// Whether `git status . --porcelain` in the folder `path` would print anything: changes, staged or not, and files that git
    /// does not know (unless `status.showUntrackedFiles` is `no`), but not ignored ones.
    ///
    /// # Errors
    /// A path outside of the repository, and git's own.
    pub fn dirty_under(&self, path: &Path) -> Result<bool, SourceError> {
        if self.revision.is_some() {
            return Ok(false);
        }
        let folder = self.sub_path(path)?;
        let mut options = StatusOptions::new();
        let untracked = self.untracked_count();
        options.include_untracked(untracked).recurse_untracked_dirs(untracked).include_ignored(false);
        if !folder.is_empty() {
            options.pathspec(&folder).disable_pathspec_match(true);
        }
        let statuses = self.repository.statuses(Some(&mut options)).map_err(|error| self.git(&error))?;
        Ok(statuses.iter().any(|entry| !entry.status().is_ignored()))
    }

    /// The URL of the remote `origin`, or of the only remote, as the configuration has it, without the credentials that may stand in it.
    pub fn origin(&self) -> Option<String> {
        self.origin_url().map(|url| without_credentials(&url))
    }

    /// [`Source::origin`] with the credentials.
    fn origin_url(&self) -> Option<String> {
        let names = self.repository.remotes().ok()?;
        let names: Vec<&str> = names.iter().filter_map(|name| name.ok().flatten()).collect();
        let name = match names.as_slice() {
            names if names.contains(&"origin") => "origin",
            [only] => only,
            _ => return None,
        };
        self.repository.config().ok()?.get_string(&format!("remote.{name}.url")).ok()
    }

    /// Whether `older` is `newer` or one of its ancestors. Both are full ids.
    ///
    /// # Errors
    /// git's own; what a shallow clone cannot tell is [`Ancestry::Unknown`] and no error.
    pub fn is_ancestor(&self, older: &str, newer: &str) -> Result<Ancestry, SourceError> {
        if older == newer {
            return Ok(Ancestry::Ancestor);
        }
        let (Ok(old), Ok(new)) = (Oid::from_str(older), Oid::from_str(newer)) else {
            return Ok(Ancestry::Unknown("one of them is no commit id".to_owned()));
        };
        let here = |id| self.repository.find_commit(id).is_ok();
        if !here(new) {
            return Ok(Ancestry::Unknown(format!("this clone does not hold {newer}")));
        }
        let shallow = || Ancestry::Unknown("this clone is shallow".to_owned());
        if !here(old) {
            // A complete history that lacks the commit has it nowhere among its ancestors.
            return Ok(if self.is_shallow() { shallow() } else { Ancestry::NotAncestor });
        }
        match self.repository.graph_descendant_of(new, old) {
            Ok(true) => Ok(Ancestry::Ancestor),
            Ok(false) if self.is_shallow() => Ok(shallow()),
            Ok(false) => Ok(Ancestry::NotAncestor),
            Err(_) if self.is_shallow() => Ok(shallow()),
            Err(error) => Err(self.git(&error)),
        }
    }

    /// Whether the clone lacks a part of its history, as CI services make them by default.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }

    /// The last commit of HEAD's history that changed anything under `path`, as `git log -1 -- <path>` finds it; `None` where HEAD
    /// holds nothing there.
    ///
    /// # Errors
    /// git's own.
    pub fn last_change(&self, path: &Path) -> Result<Option<SourceCommit>, SourceError> {
        let folder = self.sub_path(path)?;
        let mut commit = self.head_commit()?;
        let entry = |commit: &git2::Commit<'_>| entry_id(commit, &folder);
        let now = entry(&commit);
        if now.is_none() {
            return Ok(None);
        }
        // As `git log -1 -- path` walks: a merge that equals one of its parents under the path follows that parent.
        loop {
            let parents: Vec<_> = commit.parents().collect();
            match parents.into_iter().find(|parent| entry(parent) == now) {
                Some(same) => commit = same,
                None => return self.describe_commit(&commit).map(Some),
            }
        }
    }

    fn untracked_count(&self) -> bool {
        let value = self.repository.config().and_then(|config| config.get_string("status.showUntrackedFiles"));
        !value.is_ok_and(|value| matches!(value.as_str(), "no" | "false" | "0" | "off"))
    }

    fn head_commit(&self) -> Result<git2::Commit<'_>, SourceError> {
        if let Some(revision) = &self.revision {
            return self.peel(revision);
        }
        let head = self.repository.head().map_err(|error| match error.code() {
            ErrorCode::UnbornBranch | ErrorCode::NotFound => SourceError::NoCommit(self.root.clone()),
            _ => self.git(&error),
        })?;
        head.peel_to_commit().map_err(|error| self.git(&error))
    }

    fn peel(&self, revision: &str) -> Result<git2::Commit<'_>, SourceError> {
        let found = self.repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        found.map_err(|error| SourceError::NoRevision {
            revision: revision.to_owned(),
            words: error.message().to_owned(),
        })
    }

    fn tree_oid(&self, path: &Path) -> Result<Oid, SourceError> {
        let folder = self.sub_path(path)?;
        let commit = self.head_commit()?;
        entry_id(&commit, &folder).ok_or_else(|| SourceError::NotInTree { revision: "HEAD".to_owned(), path: folder })
    }

    fn describe_commit(&self, commit: &git2::Commit<'_>) -> Result<SourceCommit, SourceError> {
        let short = abbreviate::short(&self.repository, commit.id());
        commit_info(commit, short).map_err(|error| self.git(&error))
    }

    fn git(&self, error: &git2::Error) -> SourceError {
        git(&self.root, error)
    }
}

/// The id of what `commit` holds at `path`; of its tree for the empty path.
fn entry_id(commit: &git2::Commit<'_>, path: &str) -> Option<Oid> {
    if path.is_empty() {
        return Some(commit.tree_id());
    }
    commit.tree().ok()?.get_path(path.as_ref()).ok().map(|entry| entry.id())
}

/// A commit in our words.
pub fn commit_info(commit: &git2::Commit<'_>, short_id: String) -> Result<SourceCommit, git2::Error> {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    let trailers = git2::message_trailers_strs(&message)?;
    let trailers = trailers.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let (subject, body) = split_message(&message);
    Ok(SourceCommit {
        id: commit.id().to_string(),
        short_id,
        author: person(&commit.author()),
        committer: person(&commit.committer()),
        subject,
        body,
        trailers,
    })
}

/// Subject and body of a commit message as `git log --format=%s` and `%b` give them, the body without blank lines around it.
fn split_message(message: &str) -> (String, String) {
    let message = message.trim_start_matches('\n');
    let mut lines = message.lines();
    let subject: Vec<&str> = lines.by_ref().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let body: Vec<&str> = lines.collect();
    (subject.join(" "), body.join("\n").trim_matches(['\n', ' ', '\t', '\r']).to_owned())
}

fn person(signature: &git2::Signature<'_>) -> Person {
    let when = signature.when();
    Person {
        name: String::from_utf8_lossy(signature.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(signature.email_bytes()).into_owned(),
        time: Moment { seconds: when.seconds(), offset_minutes: when.offset_minutes() },
    }
}

fn git(path: &Path, error: &git2::Error) -> SourceError {
    SourceError::Git { path: path.to_owned(), words: error.message().to_owned() }
}
