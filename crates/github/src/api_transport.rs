//! A transport whose commits GitHub creates and signs: by `createCommitOnBranch`, many branches in one request, and by the Git Data API
//! otherwise.
//!
//! `createCommitOnBranch` takes files without modes for an existing branch and checks the expected tip. New branches, executable files,
//! links, mode changes and merges take a tree with its texts, a commit and a ref each. GitHub signs these for Apps and workflows, because
//! they name no author. Their update is checked as a fast-forward.

use std::collections::BTreeMap;

use base64::Engine as _;
use git::{
    CredentialSource, File, HistoryFetch, Mode, Pack, PushOptions, PushReport, RefUpdate, RemoteRef, Transport,
    TransportError,
};
use git2::{Delta, Oid};
use serde_json::{Value, json};

use crate::connection::{Connection, GitHub, GraphQl, text};
use crate::error::GitHubError;
use crate::types::Repository;

/// The maximum number of commits in a request.
const MAX_COMMITS: usize = 20;
/// The maximum number of bytes of files in a commit by `createCommitOnBranch`.
const MAX_BYTES: usize = 4 << 20;
/// git's mode of a file that is not executable.
const REGULAR: i32 = 0o100_644;
/// The name of the server in errors.
const API_NAME: &str = "GitHub's API";
/// The empty tree, which exists in every repository and cannot be created by the API.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A repository that is read over git and written by GitHub's API.
pub struct GitHubApiTransport {
    git: Box<dyn Transport>,
    connection: std::sync::Arc<Connection>,
    repository: Repository,
}

/// A commit to create.
struct NewCommit {
    /// Its id in the local object store.
    local: Oid,
    parents: Vec<Oid>,
    message: String,
    /// The tree of the first parent.
    base: Option<Oid>,
    edits: Vec<Edit>,
}

/// A change of one path.
struct Edit {
    path: String,
    /// The blob and its mode; `None` if the path is deleted.
    new: Option<(Oid, i32)>,
    /// Whether the path is a regular file, before and after.
    is_regular: bool,
}

/// A branch with the commits that are still to be created.
struct BranchProgress<'a> {
    branch: &'a str,
    /// The tip on GitHub.
    tip: Option<Oid>,
    commits: std::vec::IntoIter<NewCommit>,
    rejection: Option<String>,
}

/// A commit for `createCommitOnBranch`.
struct Mutation<'a, 'b> {
    branch: &'a mut BranchProgress<'b>,
    commit: NewCommit,
    input: Value,
}

impl GitHubApiTransport {
    /// Connects to the API. `git` is the connection over which the repository is read.
    ///
    /// # Errors
    /// A failed connection, and credentials that GitHub does not accept.
    pub fn open(github: &GitHub, repository: &Repository, git: Box<dyn Transport>) -> Result<Self, TransportError> {
        let connection = github.connect(repository).map_err(transport_error)?;
        Ok(Self { git, connection, repository: repository.clone() })
    }

    /// Creates the commits of each branch in order: first the first commit of every branch, then the second, and so on.
    fn write(
        &self,
        updates: &[&RefUpdate],
        pack: &Pack<'_>,
        rewritten: &mut BTreeMap<Oid, Oid>,
    ) -> Result<Vec<Result<(), String>>, TransportError> {
        let mut branches = Vec::new();
        for update in updates {
            let commits = new_commits(pack, update).map_err(TransportError::object_store)?.into_iter();
            let branch = update.name.strip_prefix("refs/heads/").unwrap_or(&update.name);
            branches.push(BranchProgress { branch, tip: update.old, commits, rejection: None });
        }
        loop {
            let mut mutations = Vec::new();
            let mut finished = true;
            for branch in branches.iter_mut().filter(|branch| branch.rejection.is_none()) {
                let Some(mut commit) = branch.commits.next() else { continue };
                finished = false;
                for parent in &mut commit.parents {
                    *parent = rewritten.get(parent).copied().unwrap_or(*parent);
                }
                match self.mutation_input(branch, &commit, pack) {
                    Some(input) => mutations.push(Mutation { branch, commit, input }),
                    None => {
                        let result = self.create_by_data_api(branch, &commit, pack);
                        settle(branch, &commit, result, rewritten)?;
                    }
                }
            }
            for batch in batches(mutations) {
                self.create_by_mutation(batch, rewritten)?;
            }
            if finished {
                return Ok(branches.into_iter().map(|branch| branch.rejection.map_or(Ok(()), Err)).collect());
            }
        }
    }

    /// Returns the input of `createCommitOnBranch`; `None` if it cannot create the commit.
    fn mutation_input(&self, branch: &BranchProgress<'_>, commit: &NewCommit, pack: &Pack<'_>) -> Option<Value> {
        let tip = branch.tip.filter(|_| commit.parents.len() == 1 && !commit.edits.is_empty())?;
        let (mut additions, mut deletions) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for edit in &commit.edits {
            match edit.new {
                None => deletions.push(json!({"path": edit.path})),
                Some((id, _)) => {
                    let content = pack.blob(id).filter(|_| edit.is_regular)?;
                    bytes += content.len();
                    let content = base64::engine::general_purpose::STANDARD.encode(content);
                    additions.push(json!({"path": edit.path, "contents": content}));
                }
            }
        }
        let (headline, body) = commit.message.split_once('\n').unwrap_or((&commit.message, ""));
        (bytes <= MAX_BYTES).then(|| {
            json!({
                "branch": {"repositoryNameWithOwner": self.repository.to_string(), "branchName": branch.branch},
                "message": {"headline": headline, "body": body.trim_matches('\n')},
                "fileChanges": {"additions": additions, "deletions": deletions},
                "expectedHeadOid": tip.to_string(),
            })
        })
    }

    /// Creates several commits in one request. Each of them may be rejected.
    fn create_by_mutation(
        &self,
        batch: Vec<Mutation<'_, '_>>,
        rewritten: &mut BTreeMap<Oid, Oid>,
    ) -> Result<(), TransportError> {
        let (mut names, mut calls, mut variables) = (Vec::new(), Vec::new(), serde_json::Map::new());
        for (number, mutation) in batch.iter().enumerate() {
            names.push(format!("$i{number}: CreateCommitOnBranchInput!"));
            calls.push(format!("m{number}: createCommitOnBranch(input: $i{number}) {{ commit {{ oid }} }}"));
            variables.insert(format!("i{number}"), mutation.input.clone());
        }
        let query = format!("mutation({}) {{ {} }}", names.join(", "), calls.join(" "));
        let response = self.connection.graphql_parts(&query, &Value::Object(variables)).map_err(transport_error)?;
        let response = match response {
            GraphQl::Data(response) => response,
            GraphQl::Rejected(message) => json!({"errors": [{ "message": message }]}),
        };
        for (number, Mutation { branch, commit, .. }) in batch.into_iter().enumerate() {
            let name = format!("m{number}");
            let id = response["data"][&name]["commit"]["oid"].as_str().and_then(|id| Oid::from_str(id).ok());
            let result = id.ok_or_else(|| CommitFailure::Rejected(rejection(&response, &name)));
            settle(branch, &commit, result, rewritten)?;
        }
        Ok(())
    }

    /// Creates a tree and a commit, and updates the ref.
    fn create_by_data_api(
        &self,
        branch: &BranchProgress<'_>,
        commit: &NewCommit,
        pack: &Pack<'_>,
    ) -> Result<Oid, CommitFailure> {
        let (connection, repository) = (&self.connection, &self.repository);
        let entries = commit.edits.iter().map(|edit| self.tree_entry(edit, pack)).collect::<Result<Vec<_>, _>>()?;
        let base = commit.base.map(|id| id.to_string());
        let tree = if entries.is_empty() {
            base.unwrap_or_else(|| EMPTY_TREE.to_owned())
        } else {
            connection.tree(repository, base.as_deref().filter(|base| *base != EMPTY_TREE), &entries)?
        };
        let parents: Vec<String> = commit.parents.iter().map(ToString::to_string).collect();
        let body = json!({"message": commit.message, "tree": tree, "parents": parents});
        let response = connection.post(&format!("/repos/{repository}/git/commits"), &body)?;
        let new = text(&response, "/sha", "the commit")?;
        let old = branch.tip.map(|id| id.to_string());
        connection.update_ref(repository, branch.branch, old.as_deref(), &new)?;
        Oid::from_str(&new).map_err(|error| CommitFailure::Rejected(error.message().to_owned()))
    }

    fn tree_entry(&self, edit: &Edit, pack: &Pack<'_>) -> Result<Value, GitHubError> {
        let Some((id, mode)) = edit.new else {
            return self.connection.entry(&self.repository, &edit.path, None);
        };
        match pack.blob(id) {
            Some(bytes) => {
                let file = File { bytes: bytes.into(), mode: file_mode(mode) };
                self.connection.entry(&self.repository, &edit.path, Some(&file))
            }
            // GitHub has the blob.
            None => {
                Ok(json!({"path": edit.path, "mode": format!("{mode:06o}"), "type": "blob", "sha": id.to_string()}))
            }
        }
    }
}

/// Why a commit was not created.
enum CommitFailure {
    /// GitHub's message for this branch.
    Rejected(String),
    /// The whole push failed.
    Failed(GitHubError),
}

impl From<GitHubError> for CommitFailure {
    fn from(error: GitHubError) -> Self {
        match error {
            GitHubError::Response { status: 409 | 422, message, .. } => {
                let concurrent = ["not a fast forward", "Reference already exists", "Reference does not exist"];
                let concurrent = concurrent.iter().any(|part| message.contains(part));
                Self::Rejected(if concurrent { format!("non-fast-forward: {message}") } else { message })
            }
            error => Self::Failed(error),
        }
    }
}

fn settle(
    branch: &mut BranchProgress<'_>,
    commit: &NewCommit,
    result: Result<Oid, CommitFailure>,
    rewritten: &mut BTreeMap<Oid, Oid>,
) -> Result<(), TransportError> {
    match result {
        Ok(id) => {
            rewritten.insert(commit.local, id);
            branch.tip = Some(id);
        }
        Err(CommitFailure::Rejected(message)) => branch.rejection = Some(message),
        Err(CommitFailure::Failed(error)) => return Err(transport_error(error)),
    }
    Ok(())
}

/// Returns GitHub's messages for one of several mutations, or for all of them.
fn rejection(response: &Value, name: &str) -> String {
    let errors = response["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let errors = errors.iter().filter(|error| error["path"][0].as_str().is_none_or(|path| path == name));
    let messages: Vec<String> = errors
        .map(|error| {
            let message = error["message"].as_str().unwrap_or("no reason given");
            if error["type"] == "STALE_DATA" { format!("stale info: {message}") } else { message.to_owned() }
        })
        .collect();
    if messages.is_empty() { "GitHub created no commit and gave no reason".to_owned() } else { messages.join("; ") }
}

/// Returns the commits of an update that the remote lacks, oldest first.
fn new_commits(pack: &Pack<'_>, update: &RefUpdate) -> Result<Vec<NewCommit>, git2::Error> {
    let mut commits = Vec::new();
    let mut next = update.new;
    while let Some(id) = next.filter(|id| Some(*id) != update.old && pack.contains(*id)) {
        let commit = pack.repository().find_commit(id)?;
        let parents: Vec<Oid> = commit.parent_ids().collect();
        let before = parents.first().map(|&parent| pack.repository().find_commit(parent)?.tree()).transpose()?;
        let edits = edits(pack, before.as_ref(), &commit.tree()?)?;
        let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
        next = parents.first().copied();
        commits.push(NewCommit { local: id, parents, message, base: before.map(|tree| tree.id()), edits });
    }
    commits.reverse();
    Ok(commits)
}

fn edits(pack: &Pack<'_>, before: Option<&git2::Tree<'_>>, after: &git2::Tree<'_>) -> Result<Vec<Edit>, git2::Error> {
    let diff = pack.repository().diff_tree_to_tree(before, Some(after), None)?;
    let edit = |delta: git2::DiffDelta<'_>| {
        let (old, new) = (delta.old_file(), delta.new_file());
        let path = new.path_bytes().or_else(|| old.path_bytes()).unwrap_or_default();
        let mode = i32::from(new.mode());
        let old_mode = (delta.status() != Delta::Added).then(|| i32::from(old.mode()));
        Edit {
            path: String::from_utf8_lossy(path).into_owned(),
            new: (delta.status() != Delta::Deleted).then(|| (new.id(), mode)),
            is_regular: mode == REGULAR && old_mode.is_none_or(|old| old == REGULAR),
        }
    };
    Ok(diff.deltas().map(edit).collect())
}

fn file_mode(mode: i32) -> Mode {
    match mode {
        0o100_755 => Mode::Executable,
        0o120_000 => Mode::Link,
        _ => Mode::Regular,
    }
}

/// Splits the mutations into requests of limited size.
fn batches<'a, 'b>(mutations: Vec<Mutation<'a, 'b>>) -> Vec<Vec<Mutation<'a, 'b>>> {
    let mut batches: Vec<Vec<Mutation<'_, '_>>> = Vec::new();
    let mut bytes = 0;
    for mutation in mutations {
        let files = mutation.input["fileChanges"]["additions"].as_array().into_iter().flatten();
        let size: usize = files.map(|file| file["contents"].as_str().map_or(0, str::len)).sum();
        match batches.last_mut().filter(|batch| batch.len() < MAX_COMMITS && bytes + size <= 2 * MAX_BYTES) {
            Some(batch) => batch.push(mutation),
            None => {
                bytes = 0;
                batches.push(vec![mutation]);
            }
        }
        bytes += size;
    }
    batches
}

fn transport_error(error: GitHubError) -> TransportError {
    let (url, message) = (API_NAME.to_owned(), error.to_string());
    match error {
        GitHubError::Response { status: 401 | 403, .. } => {
            TransportError::Denied { url, message, credentials: CredentialSource::ApiToken }
        }
        GitHubError::Http(error) => {
            TransportError::Unreachable { url, message: error.kind.to_string(), source: Some(Box::new(error)) }
        }
        GitHubError::Response { status: 500.., .. } | GitHubError::MissingField { .. } => {
            TransportError::unreachable(url, message)
        }
        GitHubError::NotBuilt => {
            let hint = error.hint().unwrap_or_default();
            TransportError::Unsupported {
                url: "this build of hydrant".to_owned(),
                capability: API_NAME.to_owned(),
                hint,
            }
        }
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
        let mut rewritten = BTreeMap::new();
        let created = self.write(&by_api, pack, &mut rewritten)?;
        let names = by_api.iter().map(|update| update.name.as_str());
        let mut results: BTreeMap<&str, Result<(), String>> = names.zip(created).collect();
        let report =
            if over_git.is_empty() { PushReport::default() } else { self.git.push(&over_git, pack, options)? };
        results.extend(report.statuses.iter().map(|status| (status.name.as_str(), status.result.clone())));
        let missing = || Err("no result".to_owned());
        let results: Vec<_> =
            updates.iter().map(|update| results.remove(update.name.as_str()).unwrap_or_else(missing)).collect();
        Ok(PushReport { messages: report.messages, rewritten, ..PushReport::new(updates, results) })
    }
}
