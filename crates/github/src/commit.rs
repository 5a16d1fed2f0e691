//! A commit by the Git Data API: only what differs is sent, text inside of the tree, the rest as blobs.

use std::collections::BTreeMap;

use base64::Engine as _;
use git::{Change, ChangeKind, File, FileSet, Identity, Mode, filemode, normalize_message};
use git2::{ObjectType, Oid};
use serde_json::{Value, json};

use crate::{Connection, GitHub, GitHubError, Repository, escaped, text};

/// How often a branch that others move is read and written again.
const ATTEMPTS: u32 = 10;
/// One request for a tree holds so many entries and bytes at most; the next one builds on it.
const ENTRIES: usize = 500;
const BYTES: usize = 5 << 20;

/// What the commit stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// The branch, or the default branch for a branch that does not exist.
    Branch,
    /// This branch, tag or commit.
    Ref(String),
    /// Nothing: a commit without a parent, holding these files alone.
    None,
}

/// A commit to be made by the API.
#[derive(Clone, Debug)]
pub struct ApiCommit {
    /// Where.
    pub repository: Repository,
    /// The branch; without one the default branch.
    pub branch: Option<String>,
    /// What it stands on.
    pub parent: Parent,
    /// The files, by path from the root. Files that are not named stay.
    pub files: FileSet,
    /// Paths to delete.
    pub delete: Vec<String>,
    /// Commit even where nothing changes.
    pub allow_empty: bool,
    /// The message.
    pub message: String,
    /// The author; without one whom the token stands for (GitHub signs the commits of Apps and actions then).
    pub author: Option<Identity>,
    /// The committer; without one the author.
    pub committer: Option<Identity>,
    /// Look, and write nothing.
    pub dry_run: bool,
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiOutcome {
    /// The branch.
    pub branch: String,
    /// What it pointed to; `None` for a new branch.
    pub old: Option<String>,
    /// The commit; `None` where nothing changes, and in a dry run.
    pub new: Option<String>,
    /// What the commit changes (or would).
    pub changes: Vec<Change>,
}

impl GitHub {
    /// Commits files without a clone. A branch that moves meanwhile is read again and written again; it is never forced.
    ///
    /// # Errors
    /// GitHub's, and a parent on which an existing branch cannot be moved without force.
    pub fn commit(&self, commit: &ApiCommit) -> Result<ApiOutcome, GitHubError> {
        let connection = self.connect(&commit.repository)?;
        connection.commit(commit, &commit.repository)
    }
}

/// Files by path: id and mode.
type Listed = BTreeMap<String, (String, String)>;

/// The commit that a new one stands on.
struct Base {
    commit: String,
    tree: String,
}

impl Connection {
    /// `source` is the repository in which the parent is looked up; a fork's is its upstream.
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
            let there = base.as_ref().map(|base| self.listed(source, &base.tree)).transpose()?.flatten();
            let changes = changes(commit, there.as_ref(), base.is_some());
            let idle = changes.is_empty() && !commit.allow_empty && base.is_some();
            if idle || commit.dry_run {
                return Ok(ApiOutcome { branch, old, new: None, changes });
            }
            let new = self.build(commit, base.as_ref(), &changes)?;
            match self.point(&commit.repository, &branch, old.as_deref(), &new) {
                Ok(()) => return Ok(ApiOutcome { branch, old, new: Some(new), changes }),
                Err(error) if error.status() == 422 && commit.parent == Parent::Branch && attempt < ATTEMPTS => {
                    std::thread::sleep(std::time::Duration::from_millis(u64::from(100 * attempt)));
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What a branch points to.
    pub(super) fn head(&self, repository: &Repository, branch: &str) -> Result<Option<String>, GitHubError> {
        let found = self.find(&format!("/repos/{repository}/git/ref/heads/{}", escaped(branch)))?;
        found.map(|found| text(&found, "/object/sha", "the branch")).transpose()
    }

    fn base(
        &self,
        commit: &ApiCommit,
        source: &Repository,
        old: Option<&str>,
        default: Option<&str>,
    ) -> Result<Option<Base>, GitHubError> {
        let wanted = match (&commit.parent, old, default) {
            (Parent::None, _, _) => return Ok(None),
            (Parent::Ref(name), _, _) => name.clone(),
            (Parent::Branch, Some(old), _) => old.to_owned(),
            (Parent::Branch, None, default) => format!("heads/{}", default.unwrap_or_default()),
        };
        let found = self.get(&format!("/repos/{source}/commits/{}", escaped(&wanted)))?;
        Ok(Some(Base {
            commit: text(&found, "/sha", "the parent")?,
            tree: text(&found, "/commit/tree/sha", "the parent")?,
        }))
    }

    /// What a tree holds by path: id and mode. `None` where GitHub does not list all of it.
    fn listed(&self, repository: &Repository, tree: &str) -> Result<Option<Listed>, GitHubError> {
        let found = self.get(&format!("/repos/{repository}/git/trees/{tree}?recursive=1"))?;
        if found["truncated"].as_bool().unwrap_or(true) {
            return Ok(None);
        }
        let entries = found["tree"].as_array().map(Vec::as_slice).unwrap_or_default();
        let entries = entries.iter().filter(|entry| entry["type"] != "tree").map(|entry| {
            let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (field("path"), (field("sha"), field("mode")))
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
            if entries.len() >= ENTRIES || bytes >= BYTES {
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

    /// Moves or makes the branch; never with force.
    pub(super) fn point(
        &self,
        repository: &Repository,
        branch: &str,
        old: Option<&str>,
        new: &str,
    ) -> Result<(), GitHubError> {
        let done = match old {
            Some(_) => self.patch(
                &format!("/repos/{repository}/git/refs/heads/{}", escaped(branch)),
                &json!({"sha": new, "force": false}),
            ),
            None => self.post(
                &format!("/repos/{repository}/git/refs"),
                &json!({"ref": format!("refs/heads/{branch}"), "sha": new}),
            ),
        };
        match done {
            Ok(_) => Ok(()),
            // A request whose answer was lost and that was sent again: the branch is where it is to be.
            Err(error) if error.status() == 422 && self.head(repository, branch)?.as_deref() == Some(new) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn mode(mode: Mode) -> String {
    format!("{:06o}", filemode(mode))
}

/// What differs from the parent's files; everything, where these are not known.
fn changes(commit: &ApiCommit, there: Option<&Listed>, has_parent: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for (path, file) in &commit.files {
        let id = Oid::hash_object(ObjectType::Blob, &file.bytes).map(|id| id.to_string()).unwrap_or_default();
        let kind = match there.and_then(|there| there.get(path)) {
            Some(known) if *known == (id, mode(file.mode)) => continue,
            Some(_) => ChangeKind::Modified,
            None => ChangeKind::Added,
        };
        changes.push(Change { path: path.clone(), kind });
    }
    let known = |path: &String| there.is_none_or(|there| there.contains_key(path));
    let gone = commit.delete.iter().filter(|path| has_parent && known(path) && !commit.files.contains_key(*path));
    changes.extend(gone.map(|path| Change { path: path.clone(), kind: ChangeKind::Removed }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn date(who: &Identity) -> String {
    let offset = time::UtcOffset::from_whole_seconds(who.time.offset_minutes * 60).unwrap_or(time::UtcOffset::UTC);
    let time = time::OffsetDateTime::from_unix_timestamp(who.time.seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    time.to_offset(offset).format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
