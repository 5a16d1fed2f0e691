//! Commits by the Git Data API. Only changes are sent: text within the tree, other files as blobs.

use std::collections::BTreeMap;

use base64::Engine as _;
use git::{Change, ChangeKind, File, FileSet, Identity, Mode, filemode, normalize_message};
use git2::{ObjectType, Oid};
use serde_json::{Value, json};

use crate::connection::{Connection, GitHub, text};
use crate::error::GitHubError;
use crate::request::encode_path;
use crate::types::Repository;

/// The maximum number of attempts if the branch is updated concurrently.
const MAX_ATTEMPTS: u32 = 10;
/// The maximum number of entries in a request for a tree; the next request builds on it.
const MAX_ENTRIES: usize = 500;
/// The maximum number of bytes of files in a request for a tree.
const MAX_BYTES: usize = 5 << 20;

/// The parent of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// The tip of the branch, or of the default branch if the branch does not exist.
    Branch,
    /// A branch, tag or commit.
    Ref(String),
    /// No parent: the commit contains only the given files.
    None,
}

/// A commit to create by the API.
#[derive(Clone, Debug)]
pub struct ApiCommit {
    /// The repository.
    pub repository: Repository,
    /// The branch; the default branch if absent.
    pub branch: Option<String>,
    /// The parent.
    pub parent: Parent,
    /// The files by their path from the root. Other files stay.
    pub files: FileSet,
    /// Paths to delete.
    pub delete: Vec<String>,
    /// Commit even if nothing changes.
    pub allow_empty: bool,
    /// The message.
    pub message: String,
    /// The author; the login if absent. GitHub then signs the commits of Apps and workflows.
    pub author: Option<Identity>,
    /// The committer; the author if absent.
    pub committer: Option<Identity>,
    /// Write nothing.
    pub dry_run: bool,
}

/// The result of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiOutcome {
    /// The branch.
    pub branch: String,
    /// The previous tip; `None` for a new branch.
    pub old: Option<String>,
    /// The commit; `None` if nothing changes, and in a dry run.
    pub new: Option<String>,
    /// The files that the commit changes, or would change.
    pub changes: Vec<Change>,
}

impl GitHub {
    /// Commits files without a clone. If the branch is updated concurrently, it is read again; an update is never forced.
    ///
    /// # Errors
    /// GitHub's, and a parent that would need a forced update.
    pub fn commit(&self, commit: &ApiCommit) -> Result<ApiOutcome, GitHubError> {
        let connection = self.connect(&commit.repository)?;
        connection.commit(commit, &commit.repository)
    }
}

/// The files of a tree by path.
type TreeFiles = BTreeMap<String, TreeFile>;

/// A file of a tree.
#[derive(PartialEq, Eq)]
struct TreeFile {
    id: String,
    mode: String,
}

/// The parent of the new commit.
struct Base {
    commit: String,
    tree: String,
}

impl Connection {
    /// `source` is the repository in which the parent is looked up: for a fork, its upstream.
    pub(super) fn commit(&self, commit: &ApiCommit, source: &Repository) -> Result<ApiOutcome, GitHubError> {
        let default = match (&commit.branch, &commit.parent) {
            (Some(_), Parent::Ref(_) | Parent::None) => None,
            _ => Some(text(&self.get(&format!("/repos/{source}"))?, "/default_branch", "the repository")?),
        };
        let branch = commit.branch.clone().or_else(|| default.clone()).unwrap_or_default();
        let mut attempt = 1;
        loop {
            let old = self.head(&commit.repository, &branch)?;
            let base = self.base(commit, source, old.as_deref(), default.as_deref())?;
            let existing = base.as_ref().map(|base| self.listed(source, &base.tree)).transpose()?.flatten();
            let changes = changes(commit, existing.as_ref(), base.is_some());
            let unchanged = changes.is_empty() && !commit.allow_empty && base.is_some();
            if unchanged || commit.dry_run {
                return Ok(ApiOutcome { branch, old, new: None, changes });
            }
            let new = self.build(commit, base.as_ref(), &changes)?;
            match self.update_ref(&commit.repository, &branch, old.as_deref(), &new) {
                Ok(()) => return Ok(ApiOutcome { branch, old, new: Some(new), changes }),
                Err(error)
                    if error.status() == Some(422) && commit.parent == Parent::Branch && attempt < MAX_ATTEMPTS =>
                {
                    std::thread::sleep(std::time::Duration::from_millis(u64::from(100 * attempt)));
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the tip of a branch.
    pub(super) fn head(&self, repository: &Repository, branch: &str) -> Result<Option<String>, GitHubError> {
        let found = self.find(&format!("/repos/{repository}/git/ref/heads/{}", encode_path(branch)))?;
        found.map(|found| text(&found, "/object/sha", "the branch")).transpose()
    }

    fn base(
        &self,
        commit: &ApiCommit,
        source: &Repository,
        old: Option<&str>,
        default: Option<&str>,
    ) -> Result<Option<Base>, GitHubError> {
        let parent = match (&commit.parent, old, default) {
            (Parent::None, _, _) => return Ok(None),
            (Parent::Ref(name), _, _) => name.clone(),
            (Parent::Branch, Some(old), _) => old.to_owned(),
            (Parent::Branch, None, default) => format!("heads/{}", default.unwrap_or_default()),
        };
        let found = self.get(&format!("/repos/{source}/commits/{}", encode_path(&parent)))?;
        Ok(Some(Base {
            commit: text(&found, "/sha", "the parent")?,
            tree: text(&found, "/commit/tree/sha", "the parent")?,
        }))
    }

    /// Returns the files of a tree. `None` if GitHub truncates the list.
    fn listed(&self, repository: &Repository, tree: &str) -> Result<Option<TreeFiles>, GitHubError> {
        let found = self.get(&format!("/repos/{repository}/git/trees/{tree}?recursive=1"))?;
        if found["truncated"].as_bool().unwrap_or(true) {
            return Ok(None);
        }
        let entries = found["tree"].as_array().map(Vec::as_slice).unwrap_or_default();
        let entries = entries.iter().filter(|entry| entry["type"] != "tree").map(|entry| {
            let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (field("path"), TreeFile { id: field("sha"), mode: field("mode") })
        });
        Ok(Some(entries.collect()))
    }

    fn build(&self, commit: &ApiCommit, base: Option<&Base>, changes: &[Change]) -> Result<String, GitHubError> {
        let repository = &commit.repository;
        let mut tree = base.map(|base| base.tree.clone());
        let mut entries = Vec::new();
        let mut bytes = 0;
        for change in changes {
            let file = commit.files.get(&change.path).filter(|_| change.kind != ChangeKind::Removed);
            bytes += file.map_or(0, |file| file.bytes.len());
            entries.push(self.entry(repository, &change.path, file)?);
            if entries.len() >= MAX_ENTRIES || bytes >= MAX_BYTES {
                tree = Some(self.tree(repository, tree.as_deref(), &std::mem::take(&mut entries))?);
                bytes = 0;
            }
        }
        if !entries.is_empty() || tree.is_none() {
            tree = Some(self.tree(repository, tree.as_deref(), &entries)?);
        }
        let mut body = json!({
            "message": normalize_message(&commit.message),
            "tree": tree,
            "parents": base.iter().map(|base| base.commit.clone()).collect::<Vec<_>>(),
        });
        for (name, who) in [("author", &commit.author), ("committer", &commit.committer)] {
            if let Some(who) = who {
                body[name] = json!({"name": who.name, "email": who.email, "date": date(who)});
            }
        }
        text(&self.post(&format!("/repos/{repository}/git/commits"), &body)?, "/sha", "the commit")
    }

    pub(super) fn tree(
        &self,
        repository: &Repository,
        base: Option<&str>,
        entries: &[Value],
    ) -> Result<String, GitHubError> {
        let mut body = json!({ "tree": entries });
        if let Some(base) = base {
            body["base_tree"] = json!(base);
        }
        text(&self.post(&format!("/repos/{repository}/git/trees"), &body)?, "/sha", "the tree")
    }

    pub(super) fn entry(&self, repository: &Repository, path: &str, file: Option<&File>) -> Result<Value, GitHubError> {
        let Some(file) = file else {
            return Ok(json!({"path": path, "mode": "100644", "type": "blob", "sha": null}));
        };
        let mode = mode(file.mode);
        if let Ok(content) = std::str::from_utf8(&file.bytes) {
            return Ok(json!({"path": path, "mode": mode, "type": "blob", "content": content}));
        }
        let content = base64::engine::general_purpose::STANDARD.encode(&file.bytes);
        let body = json!({"content": content, "encoding": "base64"});
        let blob = self.post(&format!("/repos/{repository}/git/blobs"), &body)?;
        Ok(json!({"path": path, "mode": mode, "type": "blob", "sha": text(&blob, "/sha", "the blob")?}))
    }

    /// Creates the branch or moves it; never with force.
    pub(super) fn update_ref(
        &self,
        repository: &Repository,
        branch: &str,
        old: Option<&str>,
        new: &str,
    ) -> Result<(), GitHubError> {
        let done = match old {
            Some(_) => self.patch(
                &format!("/repos/{repository}/git/refs/heads/{}", encode_path(branch)),
                &json!({"sha": new, "force": false}),
            ),
            None => self.post(
                &format!("/repos/{repository}/git/refs"),
                &json!({"ref": format!("refs/heads/{branch}"), "sha": new}),
            ),
        };
        match done {
            Ok(_) => Ok(()),
            // The request was repeated after its response was lost.
            Err(error) if error.status() == Some(422) && self.head(repository, branch)?.as_deref() == Some(new) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn mode(mode: Mode) -> String {
    format!("{:06o}", filemode(mode))
}

/// Returns the changes against the parent's files; all files if these are unknown.
fn changes(commit: &ApiCommit, existing: Option<&TreeFiles>, has_parent: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for (path, file) in &commit.files {
        let id = Oid::hash_object(ObjectType::Blob, &file.bytes).map(|id| id.to_string()).unwrap_or_default();
        let kind = match existing.and_then(|existing| existing.get(path)) {
            Some(known) if *known == (TreeFile { id, mode: mode(file.mode) }) => continue,
            Some(_) => ChangeKind::Modified,
            None => ChangeKind::Added,
        };
        changes.push(Change { path: path.clone(), kind });
    }
    let known = |path: &String| existing.is_none_or(|existing| existing.contains_key(path));
    let deleted = commit.delete.iter().filter(|path| has_parent && known(path) && !commit.files.contains_key(*path));
    changes.extend(deleted.map(|path| Change { path: path.clone(), kind: ChangeKind::Removed }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn date(who: &Identity) -> String {
    let offset = time::UtcOffset::from_whole_seconds(who.time.offset_minutes * 60).unwrap_or(time::UtcOffset::UTC);
    let time = time::OffsetDateTime::from_unix_timestamp(who.time.seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    time.to_offset(offset).format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
