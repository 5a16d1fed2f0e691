//! A push whose commits GitHub makes, so that it signs them: by `createCommitOnBranch`, many branches in one request, and by the Git Data API
//! what that cannot do.
//!
//! `createCommitOnBranch` takes files without modes for a branch that exists, and checks the commit that the branch must point to. New branches,
//! executable files, links, changed modes and merges take a tree (texts inside of it), a commit and a ref each; GitHub signs these for Apps and
//! actions, as they name no author. Its check there is that of a fast forward.

use std::collections::BTreeMap;

use base64::Engine as _;
use git::{File, HistoryFetch, Mode, Pack, PushOptions, PushReport, RefUpdate, RemoteRef, Transport, TransportError};
use git2::{Delta, Oid};
use serde_json::{Value, json};

use crate::{Connection, GitHub, GitHubError, Repository};

/// One request makes at most so many commits, with so many bytes of files.
const COMMITS: usize = 20;
const BYTES: usize = 4 << 20;
/// git's mode of a file that is not executable.
const REGULAR: i32 = 0o100_644;
/// The name of the server in errors.
const API_NAME: &str = "GitHub's API";
/// The tree that holds nothing, which GitHub knows and lets nobody make.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A repository that is read over git and written by GitHub's API.
pub struct GitHubApiTransport {
    git: Box<dyn Transport>,
    connection: Connection,
    repository: Repository,
}

/// A commit that is to be made.
struct Wanted {
    here: Oid,
    parents: Vec<Oid>,
    message: String,
    base: Option<Oid>,
    edits: Vec<Edit>,
}

/// A path that a commit changes.
struct Edit {
    path: String,
    /// The blob and its mode; `None` where the path goes.
    new: Option<(Oid, i32)>,
    /// A regular file that was one before, or was not there.
    plain: bool,
}

/// One branch under way.
struct Moving<'a> {
    branch: &'a str,
    /// What it points to there.
    head: Option<Oid>,
    chain: std::vec::IntoIter<Wanted>,
    failed: Option<String>,
}

/// A commit for `createCommitOnBranch`, with what that is to be told.
type Asked<'a, 'b> = (&'a mut Moving<'b>, Wanted, Value);

impl GitHubApiTransport {
    /// Connects to the API; `git` is the way over which the repository is read.
    ///
    /// # Errors
    /// A GitHub that cannot be asked, or that does not know us.
    pub fn open(github: &GitHub, repository: &Repository, git: Box<dyn Transport>) -> Result<Self, TransportError> {
        let connection = github.connect(repository).map_err(|error| failed(&error))?;
        Ok(Self { git, connection, repository: repository.clone() })
    }

    /// Makes the commits of each branch one after the other; the first ones of all branches go together, then the second ones.
    fn write(
        &self,
        updates: &[&RefUpdate],
        pack: &Pack<'_>,
        report: &mut PushReport,
    ) -> Result<Vec<Result<(), String>>, TransportError> {
        let mut moving = Vec::new();
        for update in updates {
            let chain = chain(pack, update).map_err(TransportError::object_store)?;
            let branch = update.name.strip_prefix("refs/heads/").unwrap_or(&update.name);
            moving.push(Moving { branch, head: update.old, chain: chain.into_iter(), failed: None });
        }
        loop {
            let mut together = Vec::new();
            let mut idle = true;
            for one in moving.iter_mut().filter(|one| one.failed.is_none()) {
                let Some(mut wanted) = one.chain.next() else { continue };
                idle = false;
                for parent in &mut wanted.parents {
                    *parent = report.rewritten.get(parent).copied().unwrap_or(*parent);
                }
                match self.input(one, &wanted, pack) {
                    Some(input) => together.push((one, wanted, input)),
                    None => {
                        let made = self.by_data(one, &wanted, pack);
                        settle(one, &wanted, made, report)?;
                    }
                }
            }
            for part in batches(together) {
                self.by_mutation(part, report)?;
            }
            if idle {
                return Ok(moving.into_iter().map(|one| one.failed.map_or(Ok(()), Err)).collect());
            }
        }
    }

    /// What `createCommitOnBranch` is to be told; `None` where it cannot do it.
    fn input(&self, one: &Moving<'_>, wanted: &Wanted, pack: &Pack<'_>) -> Option<Value> {
        let head = one.head.filter(|_| wanted.parents.len() == 1 && !wanted.edits.is_empty())?;
        let (mut additions, mut deletions) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for edit in &wanted.edits {
            match edit.new {
                None => deletions.push(json!({"path": edit.path})),
                Some((id, _)) => {
                    let content = pack.blob(id).filter(|_| edit.plain)?;
                    bytes += content.len();
                    let content = base64::engine::general_purpose::STANDARD.encode(content);
                    additions.push(json!({"path": edit.path, "contents": content}));
                }
            }
        }
        let (headline, body) = wanted.message.split_once('\n').unwrap_or((&wanted.message, ""));
        (bytes <= BYTES).then(|| {
            json!({
                "branch": {"repositoryNameWithOwner": self.repository.to_string(), "branchName": one.branch},
                "message": {"headline": headline, "body": body.trim_matches('\n')},
                "fileChanges": {"additions": additions, "deletions": deletions},
                "expectedHeadOid": head.to_string(),
            })
        })
    }

    /// Several commits in one request, each of which may be refused.
    fn by_mutation(&self, part: Vec<Asked<'_, '_>>, report: &mut PushReport) -> Result<(), TransportError> {
        let (mut names, mut calls, mut variables) = (Vec::new(), Vec::new(), serde_json::Map::new());
        for (number, (_, _, input)) in part.iter().enumerate() {
            names.push(format!("$i{number}: CreateCommitOnBranchInput!"));
            calls.push(format!("m{number}: createCommitOnBranch(input: $i{number}) {{ commit {{ oid }} }}"));
            variables.insert(format!("i{number}"), input.clone());
        }
        let query = format!("mutation({}) {{ {} }}", names.join(", "), calls.join(" "));
        let answer = self.connection.graphql_in_parts(&query, &Value::Object(variables));
        let answer = answer.map_err(|error| failed(&error))?;
        let answer = answer.unwrap_or_else(|words| json!({"errors": [{"message": words}]}));
        for (number, (one, wanted, _)) in part.into_iter().enumerate() {
            let name = format!("m{number}");
            let made = answer["data"][&name]["commit"]["oid"].as_str().and_then(|id| Oid::from_str(id).ok());
            settle(one, &wanted, made.ok_or_else(|| Told::No(refusal(&answer, &name))), report)?;
        }
        Ok(())
    }

    /// A tree, a commit and a ref.
    fn by_data(&self, one: &Moving<'_>, wanted: &Wanted, pack: &Pack<'_>) -> Result<Oid, Told> {
        let mut entries = Vec::new();
        for edit in &wanted.edits {
            let Some((id, mode)) = edit.new else {
                entries.push(self.connection.entry(&self.repository, &edit.path, None)?);
                continue;
            };
            entries.push(match pack.blob(id) {
                Some(bytes) => {
                    let file = File { bytes: bytes.into(), mode: mode_of(mode) };
                    self.connection.entry(&self.repository, &edit.path, Some(&file))?
                }
                // What is there already is named by its id.
                None => {
                    json!({"path": edit.path, "mode": format!("{mode:06o}"), "type": "blob", "sha": id.to_string()})
                }
            });
        }
        let base = wanted.base.map(|id| id.to_string());
        let tree = match (entries.is_empty(), base) {
            (true, base) => base.unwrap_or_else(|| EMPTY_TREE.to_owned()),
            (false, base) => {
                self.connection.tree(&self.repository, base.as_deref().filter(|base| *base != EMPTY_TREE), &entries)?
            }
        };
        let parents: Vec<String> = wanted.parents.iter().map(ToString::to_string).collect();
        let body = json!({"message": wanted.message, "tree": tree, "parents": parents});
        let made = self.connection.post(&format!("/repos/{}/git/commits", self.repository), &body)?;
        let new = crate::text(&made, "/sha", "the commit")?;
        let old = one.head.map(|id| id.to_string());
        self.connection.point(&self.repository, one.branch, old.as_deref(), &new)?;
        Oid::from_str(&new).map_err(|error| Told::No(error.message().to_owned()))
    }
}

/// Why a commit was not made.
enum Told {
    /// GitHub's words for this branch.
    No(String),
    /// Nothing can be done.
    Failed(GitHubError),
}

impl From<GitHubError> for Told {
    fn from(error: GitHubError) -> Self {
        match error {
            GitHubError::Answer { status: 409 | 422, words, .. } => {
                let moved = ["not a fast forward", "Reference already exists", "Reference does not exist"];
                let race = moved.iter().any(|part| words.contains(part));
                Self::No(if race { format!("non-fast-forward: {words}") } else { words })
            }
            error => Self::Failed(error),
        }
    }
}

fn settle(
    one: &mut Moving<'_>,
    wanted: &Wanted,
    made: Result<Oid, Told>,
    report: &mut PushReport,
) -> Result<(), TransportError> {
    match made {
        Ok(there) => {
            report.rewritten.insert(wanted.here, there);
            one.head = Some(there);
        }
        Err(Told::No(words)) => one.failed = Some(words),
        Err(Told::Failed(error)) => return Err(failed(&error)),
    }
    Ok(())
}

/// GitHub's words for one of several mutations, or for all of them.
fn refusal(answer: &Value, name: &str) -> String {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let about = errors.iter().filter(|error| error["path"][0].as_str().is_none_or(|path| path == name));
    let told: Vec<String> = about
        .map(|error| {
            let words = error["message"].as_str().unwrap_or("no reason given");
            if error["type"] == "STALE_DATA" { format!("stale info: {words}") } else { words.to_owned() }
        })
        .collect();
    if told.is_empty() { "GitHub made no commit and gave no reason".to_owned() } else { told.join("; ") }
}

/// The commits from what the branch has to what it is to get, oldest first. A new branch starts from a commit that is there.
fn chain(pack: &Pack<'_>, update: &RefUpdate) -> Result<Vec<Wanted>, git2::Error> {
    let mut chain = Vec::new();
    let mut next = update.new;
    while let Some(id) = next.filter(|id| Some(*id) != update.old && pack.contains(*id)) {
        let commit = pack.repository().find_commit(id)?;
        let parents: Vec<Oid> = commit.parent_ids().collect();
        let before = parents.first().map(|&parent| pack.repository().find_commit(parent)?.tree()).transpose()?;
        let edits = edits(pack, before.as_ref(), &commit.tree()?)?;
        let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
        next = parents.first().copied();
        chain.push(Wanted { here: id, parents, message, base: before.map(|tree| tree.id()), edits });
    }
    chain.reverse();
    Ok(chain)
}

fn edits(pack: &Pack<'_>, before: Option<&git2::Tree<'_>>, after: &git2::Tree<'_>) -> Result<Vec<Edit>, git2::Error> {
    let diff = pack.repository().diff_tree_to_tree(before, Some(after), None)?;
    let edit = |delta: git2::DiffDelta<'_>| {
        let (old, new) = (delta.old_file(), delta.new_file());
        let path = new.path_bytes().or_else(|| old.path_bytes()).unwrap_or_default();
        let mode = i32::from(new.mode());
        let was = (delta.status() != Delta::Added).then(|| i32::from(old.mode()));
        Edit {
            path: String::from_utf8_lossy(path).into_owned(),
            new: (delta.status() != Delta::Deleted).then(|| (new.id(), mode)),
            plain: mode == REGULAR && was.is_none_or(|was| was == REGULAR),
        }
    };
    Ok(diff.deltas().map(edit).collect())
}

fn mode_of(mode: i32) -> Mode {
    match mode {
        0o100_755 => Mode::Executable,
        0o120_000 => Mode::Link,
        _ => Mode::Regular,
    }
}

/// Requests of at most so many commits and bytes.
fn batches<'a, 'b>(together: Vec<Asked<'a, 'b>>) -> Vec<Vec<Asked<'a, 'b>>> {
    let mut parts: Vec<Vec<Asked<'_, '_>>> = Vec::new();
    let mut bytes = 0;
    for one in together {
        let files = one.2["fileChanges"]["additions"].as_array().into_iter().flatten();
        let size: usize = files.map(|file| file["contents"].as_str().map_or(0, str::len)).sum();
        match parts.last_mut().filter(|part| part.len() < COMMITS && bytes + size <= 2 * BYTES) {
            Some(part) => part.push(one),
            None => {
                bytes = 0;
                parts.push(vec![one]);
            }
        }
        bytes += size;
    }
    parts
}

fn failed(error: &GitHubError) -> TransportError {
    let (url, message) = (API_NAME.to_owned(), error.to_string());
    match error {
        GitHubError::Answer { status: 401 | 403, .. } => TransportError::Denied { url, message },
        GitHubError::Answer { status: 500.., .. } => TransportError::unreachable(url, message),
        GitHubError::Unreachable { .. } | GitHubError::Incomplete { .. } => TransportError::unreachable(url, message),
        _ => TransportError::Server { url, message },
    }
}

impl Transport for GitHubApiTransport {
    fn list_refs(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError> {
        self.git.list_refs(prefixes)
    }

    fn fetch(&mut self, tips: &[Oid], depth: u32, store: &git2::Repository) -> Result<(), TransportError> {
        self.git.fetch(tips, depth, store)
    }

    fn fetch_since(
        &mut self,
        tips: &[Oid],
        commit: Oid,
        store: &git2::Repository,
    ) -> Result<HistoryFetch, TransportError> {
        self.git.fetch_since(tips, commit, store)
    }

    fn fetch_objects(&mut self, ids: &[Oid], store: &git2::Repository) -> Result<(), TransportError> {
        self.git.fetch_objects(ids, store)
    }

    fn rewrites_commits(&self) -> bool {
        true
    }

    fn push(
        &mut self,
        updates: &[RefUpdate],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError> {
        let is_commit = |update: &RefUpdate| update.new.is_some() && update.name.starts_with("refs/heads/");
        let by_api: Vec<&RefUpdate> = updates.iter().filter(|update| is_commit(update)).collect();
        let over_git: Vec<RefUpdate> = updates.iter().filter(|update| !is_commit(update)).cloned().collect();
        for (requested, capability) in [
            (options.atomic && updates.len() > 1, "atomic updates"),
            (!options.options.is_empty() && !by_api.is_empty(), "push options"),
        ] {
            if requested {
                let (url, hint) = (API_NAME.to_owned(), "push over git, without `--via api`".to_owned());
                return Err(TransportError::Unsupported { url, capability: capability.to_owned(), hint });
            }
        }
        let mut report = PushReport::default();
        let made = self.write(&by_api, pack, &mut report)?;
        let mut results: BTreeMap<&str, Result<(), String>> =
            by_api.iter().map(|update| update.name.as_str()).zip(made).collect();
        let over_git =
            if over_git.is_empty() { PushReport::default() } else { self.git.push(&over_git, pack, options)? };
        results.extend(over_git.statuses.iter().map(|status| (status.name.as_str(), status.result.clone())));
        let missing = || Err("no result".to_owned());
        let results: Vec<_> =
            updates.iter().map(|update| results.remove(update.name.as_str()).unwrap_or_else(missing)).collect();
        Ok(PushReport { messages: over_git.messages, rewritten: report.rewritten, ..PushReport::new(updates, results) })
    }
}
