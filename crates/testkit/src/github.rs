//! A GitHub on loopback: the parts of the API that commit, fork and open pull requests, over real bare repositories, so that no object or
//! ref exists that git would not have. Pull requests are in `pulls`.

mod commits;
mod pulls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use git2::{ObjectType, Oid, Repository};
use serde_json::{Value, json};

use crate::http::{Request, Response, Server};

/// The token that is known.
pub const TOKEN: &str = "ghp_testkit";
/// What an App's installation gets.
pub const INSTALLED: &str = "ghs_testkit";

/// A fault of the server.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The next requests get this status with this message, and `Retry-After: 0`.
    Status(u16, String, u32),
    /// The next changes of a ref are done and answered with 502.
    LostAnswer(u32),
    /// Another client commits to this branch before each of its next changes.
    Move(String, u32),
    /// The next requests whose `METHOD path` holds this text get this status with this message, and `Retry-After: 0`.
    On(String, u16, String, u32),
    /// The next pull requests are opened and answered with 502.
    LostPull(u32),
}

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// With a merge commit.
    Commit,
    /// As one commit.
    Squash,
}

/// A running GitHub with one person, `me`. It is stopped when dropped.
pub struct FakeGitHub {
    server: Server,
    state: Arc<Mutex<State>>,
}

struct State {
    folder: tempfile::TempDir,
    pulls: Vec<Value>,
    faults: Vec<Fault>,
    requests: Vec<String>,
    auto_merge: Option<String>,
}

type Answer = Result<(u16, Value), (u16, String)>;

impl FakeGitHub {
    /// Starts it, without any repository.
    ///
    /// # Panics
    /// Where no folder or port can be had.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let state = State { folder, pulls: Vec::new(), faults: Vec::new(), requests: Vec::new(), auto_merge: None };
        let state = Arc::new(Mutex::new(state));
        let answering = state.clone();
        let server = Server::start(None, move |request| {
            let mut state = answering.lock().unwrap_or_else(PoisonError::into_inner);
            state.requests.push(format!("{} {}", request.method, request.path));
            respond(state.answer(request))
        });
        FakeGitHub { server, state }
    }

    /// The API's URL.
    pub fn api(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The folder of the repositories, as `OWNER/NAME.git`.
    pub fn root(&self) -> PathBuf {
        self.state().folder.path().to_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a repository `owner/name` with a first commit of these files on `main`; gives the bare repository's path.
    ///
    /// # Panics
    /// Where the repository cannot be made.
    pub fn repository(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        let path = self.state().path(name);
        let repository = init(&path).expect("a bare repository can be made");
        let entries: Vec<Value> =
            files.iter().map(|(path, text)| json!({"path": path, "mode": "100644", "content": text})).collect();
        let tree = write_tree(&repository, None, &entries).expect("the files make a tree");
        commit(&repository, "refs/heads/main", tree, "first").expect("the tree can be committed");
        path
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// The requests, `METHOD path` each, since the last call.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
    }

    /// The pull requests as they are now.
    pub fn pulls(&self) -> Vec<Value> {
        let mut state = self.state();
        state.follow_branches();
        state.pulls.clone()
    }

    /// Merges the pull request of this number, as a user does on the page; the topic branch stays.
    ///
    /// # Panics
    /// Where there is none, or git finds a conflict.
    pub fn merge(&self, number: usize, how: Merge) {
        self.state().merge(number, how);
    }

    /// Edits a pull request as a user: `{"title": …, "body": …, "state": "closed"}`.
    pub fn edit(&self, number: usize, change: &Value) {
        let mut state = self.state();
        state.follow_branches();
        state.change_pull(&number.to_string(), change).expect("there is such a pull request");
    }

    /// From now on turning on auto-merge fails with this message, as with `Pull request is in clean status`.
    pub fn refuse_auto_merge(&self, message: &str) {
        self.state().auto_merge = Some(message.to_owned());
    }
}

fn respond(answer: Answer) -> Response {
    let (status, body) = match answer {
        Ok(answer) => answer,
        Err((status, message)) => (status, json!({"message": message, "documentation_url": "https://docs.github.com"})),
    };
    let response = Response::new(status, "application/json", body.to_string());
    if status < 400 { response } else { response.header("retry-after", "0") }
}

fn init(path: &Path) -> Result<Repository, git2::Error> {
    let mut options = git2::RepositoryInitOptions::new();
    options.bare(true).mkpath(true).external_template(false).initial_head("main");
    Repository::init_opts(path, &options)
}

fn commit(repository: &Repository, name: &str, tree: Oid, message: &str) -> Result<Oid, git2::Error> {
    let who = git2::Signature::new("Another", "another@example.com", &git2::Time::new(1_600_000_000, 0))?;
    let parent = repository.refname_to_id(name).ok().map(|id| repository.find_commit(id)).transpose()?;
    let parents: Vec<_> = parent.iter().collect();
    repository.commit(Some(name), &who, &who, message, &repository.find_tree(tree)?, &parents)
}

fn http_error(status: u16, message: &str) -> (u16, String) {
    (status, message.to_owned())
}

fn invalid(error: &git2::Error) -> (u16, String) {
    (422, error.message().to_owned())
}

impl State {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.git"))
    }

    fn answer(&mut self, request: &Request) -> Answer {
        if let Some(Fault::Status(status, message, left)) =
            self.faults.iter_mut().find(|fault| matches!(fault, Fault::Status(_, _, 1..)))
        {
            *left -= 1;
            return Err((*status, message.clone()));
        }
        if let Some(answer) = self.faulty(&format!("{} {}", request.method, request.path)) {
            return answer;
        }
        let path = decoded(request.path.trim_matches('/'));
        // GitHub Enterprise: /api/v3 and /api/graphql.
        let path = path.strip_prefix("api/").map_or(path.as_str(), |rest| rest.strip_prefix("v3/").unwrap_or(rest));
        let parts: Vec<&str> = path.split('/').collect();
        let sent = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
        let signed = sent.split('.').count() == 3;
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["app", "installations", "7", "access_tokens"]) if signed => {
                return Ok((201, json!({"token": INSTALLED, "expires_at": "2099-01-01T00:00:00Z", "permissions": {}})));
            }
            ("GET", ["repos", _, _, "installation"]) if signed => return Ok((200, json!({"id": 7}))),
            _ if sent != TOKEN && sent != INSTALLED => return Err(http_error(401, "Bad credentials")),
            _ => {}
        }
        self.follow_branches();
        if (request.method.as_str(), parts.as_slice()) == ("POST", &["graphql"]) {
            let commits = body["query"].as_str().is_some_and(|query| query.contains("createCommitOnBranch"));
            return if commits { self.create_commits(&body) } else { self.graphql(&body) };
        }
        let ["repos", owner, name, rest @ ..] = parts.as_slice() else { return Err(http_error(404, "Not Found")) };
        let full = format!("{owner}/{name}");
        let repository = Repository::open_bare(self.path(&full)).map_err(|_| http_error(404, "Not Found"))?;
        match (request.method.as_str(), rest) {
            ("GET", []) => Ok((200, described(&full))),
            ("POST", ["forks"]) => self.fork(&full, &repository),
            ("GET", ["pulls"]) => Ok((200, self.list_pulls(&full, request))),
            ("POST", ["pulls"]) => self.open(&full, &repository, &body),
            ("GET", ["pulls", _, "reviews"]) => Ok((200, json!([]))),
            ("PATCH", ["pulls", number]) => self.change_pull(number, &body),
            ("POST", ["issues", number, "labels"]) => self.label(number, &body),
            ("POST", ["issues", number, "comments"]) => self.comment(number, &body),
            ("POST", ["pulls", number, "requested_reviewers"]) => self.ask(number, &body),
            ("PATCH", ["git", "refs", "heads", branch @ ..]) => self.move_ref(&repository, &branch.join("/"), &body),
            ("POST", ["git", "refs"]) => self.make_ref(&repository, &body),
            (method, rest) => data(&repository, method, rest, &body),
        }
    }

    fn fork(&self, full: &str, upstream: &Repository) -> Answer {
        let name = full.rsplit('/').next().unwrap_or(full);
        let fork = format!("me/{name}");
        let path = self.path(&fork);
        if !path.exists() {
            let made = init(&path).map_err(|error| invalid(&error))?;
            let alternates = path.join("objects/info/alternates");
            let objects = self.path(full).join("objects").display().to_string();
            std::fs::create_dir_all(path.join("objects/info")).map_err(|error| (500, error.to_string()))?;
            std::fs::write(alternates, format!("{objects}\n")).map_err(|error| (500, error.to_string()))?;
            drop(made);
            let made = Repository::open_bare(&path).map_err(|error| invalid(&error))?;
            let head = upstream.refname_to_id("refs/heads/main").map_err(|error| invalid(&error))?;
            made.reference("refs/heads/main", head, true, "fork").map_err(|error| invalid(&error))?;
        }
        Ok((202, described(&fork)))
    }

    /// The answer of a fault that is about this request.
    fn faulty(&mut self, asked: &str) -> Option<Answer> {
        self.faults.iter_mut().find_map(|fault| match fault {
            Fault::On(part, status, message, left @ 1..) if asked.contains(part.as_str()) => {
                *left -= 1;
                Some(Err((*status, message.clone())))
            }
            _ => None,
        })
    }

    fn lost(&mut self) -> bool {
        let lost = self.faults.iter_mut().find_map(|fault| match fault {
            Fault::LostAnswer(left @ 1..) => Some(left),
            _ => None,
        });
        lost.map(|left| *left -= 1).is_some()
    }

    fn move_ref(&mut self, repository: &Repository, branch: &str, body: &Value) -> Answer {
        let name = format!("refs/heads/{branch}");
        let mut now = repository.refname_to_id(&name).map_err(|_| http_error(422, "Reference does not exist"))?;
        for fault in &mut self.faults {
            if let Fault::Move(moved, left @ 1..) = fault
                && moved == branch
            {
                *left -= 1;
                let tree = repository.find_commit(now).map_err(|error| invalid(&error))?.tree_id();
                now = commit(repository, &name, tree, "another was faster").map_err(|error| invalid(&error))?;
            }
        }
        let new = oid(&body["sha"])?;
        repository.find_commit(new).map_err(|_| http_error(422, "Object does not exist"))?;
        let forward = new == now || repository.graph_descendant_of(new, now).map_err(|error| invalid(&error))?;
        if !forward && body["force"] != true {
            return Err(http_error(422, "Update is not a fast forward"));
        }
        repository.reference(&name, new, true, "api").map_err(|error| invalid(&error))?;
        if self.lost() { Err(http_error(502, "Bad Gateway")) } else { Ok((200, reference(&name, new))) }
    }

    fn make_ref(&mut self, repository: &Repository, body: &Value) -> Answer {
        let name = body["ref"].as_str().unwrap_or_default();
        let new = oid(&body["sha"])?;
        repository.find_commit(new).map_err(|_| http_error(422, "Object does not exist"))?;
        repository.reference(name, new, false, "api").map_err(|_| http_error(422, "Reference already exists"))?;
        if self.lost() { Err(http_error(502, "Bad Gateway")) } else { Ok((201, reference(name, new))) }
    }
}

/// The Git Data API.
fn data(repository: &Repository, method: &str, rest: &[&str], body: &Value) -> Answer {
    match (method, rest) {
        ("GET", ["git", "ref", "heads", branch @ ..]) => {
            let name = format!("refs/heads/{}", branch.join("/"));
            let id = repository.refname_to_id(&name).map_err(|_| http_error(404, "Not Found"))?;
            Ok((200, reference(&name, id)))
        }
        ("GET", ["git", "matching-refs", "heads"]) => {
            let names = repository.references_glob("refs/heads/*").map_err(|error| invalid(&error))?;
            let found = names.flatten().filter_map(|found| Some(reference(found.name().ok()?, found.target()?)));
            Ok((200, found.collect()))
        }
        ("GET", ["commits", name @ ..]) => {
            let name = name.join("/");
            let found = repository.revparse_single(&name).and_then(|found| found.peel_to_commit());
            let found = found.map_err(|_| http_error(422, "No commit found for SHA"))?;
            Ok((200, json!({"sha": found.id().to_string(), "commit": {"tree": {"sha": found.tree_id().to_string()}}})))
        }
        ("GET", ["compare", both]) => compared(repository, both),
        ("GET", ["git", "trees", id]) => listed(repository, id),
        ("POST", ["git", "blobs"]) => {
            let content = body["content"].as_str().unwrap_or_default();
            let bytes = match body["encoding"].as_str() {
                Some("base64") => {
                    base64::engine::general_purpose::STANDARD.decode(content).map_err(|_| http_error(422, "content"))?
                }
                _ => content.as_bytes().to_vec(),
            };
            let id = repository.blob(&bytes).map_err(|error| invalid(&error))?;
            Ok((201, json!({"sha": id.to_string()})))
        }
        ("POST", ["git", "trees"]) => {
            let base = body.get("base_tree").map(oid).transpose()?;
            let entries = body["tree"].as_array().ok_or_else(|| http_error(422, "tree"))?;
            let id = write_tree(repository, base, entries).map_err(|error| invalid(&error))?;
            Ok((201, json!({"sha": id.to_string()})))
        }
        ("POST", ["git", "commits"]) => write_commit(repository, body),
        _ => Err(http_error(404, "Not Found")),
    }
}

fn compared(repository: &Repository, both: &str) -> Answer {
    let (base, head) = both.split_once("...").ok_or_else(|| http_error(404, "Not Found"))?;
    let commit =
        |name: &str| repository.revparse_single(name).map(|found| found.id()).map_err(|_| http_error(404, "Not Found"));
    let (base, head) = (commit(base)?, commit(head)?);
    let (ahead, behind) = repository.graph_ahead_behind(head, base).map_err(|error| invalid(&error))?;
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    Ok((200, json!({"status": status, "ahead_by": ahead, "behind_by": behind})))
}

fn listed(repository: &Repository, id: &str) -> Answer {
    let tree = repository.find_tree(oid(&json!(id))?).map_err(|_| http_error(404, "Not Found"))?;
    let mut entries = Vec::new();
    let walked = tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
        let kind = if entry.kind() == Some(ObjectType::Tree) { "tree" } else { "blob" };
        let path = format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes()));
        let mode = format!("{:06o}", entry.filemode());
        entries.push(json!({"path": path, "mode": mode, "type": kind, "sha": entry.id().to_string()}));
        git2::TreeWalkResult::Ok
    });
    walked.map_err(|error| invalid(&error))?;
    Ok((200, json!({"sha": id, "tree": entries, "truncated": false})))
}

fn write_tree(repository: &Repository, base: Option<Oid>, entries: &[Value]) -> Result<Oid, git2::Error> {
    let mut files: BTreeMap<String, (Oid, i32)> = BTreeMap::new();
    if let Some(base) = base {
        repository.find_tree(base)?.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() != Some(ObjectType::Tree) {
                let path = format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes()));
                files.insert(path, (entry.id(), entry.filemode()));
            }
            git2::TreeWalkResult::Ok
        })?;
    }
    for entry in entries {
        let path = entry["path"].as_str().unwrap_or_default().to_owned();
        if entry.get("sha").is_some_and(Value::is_null) {
            files.remove(&path).ok_or_else(|| git2::Error::from_str("GitRPC::BadObjectState"))?;
            continue;
        }
        let id = match (entry["content"].as_str(), entry["sha"].as_str()) {
            (Some(content), None) => repository.blob(content.as_bytes())?,
            (None, Some(sha)) => repository.find_blob(Oid::from_str(sha)?)?.id(),
            _ => return Err(git2::Error::from_str("one of content and sha is wanted")),
        };
        let mode = i32::from_str_radix(entry["mode"].as_str().unwrap_or_default(), 8).unwrap_or(0);
        files.insert(path, (id, mode));
    }
    nested(repository, &files)
}

fn nested(repository: &Repository, files: &BTreeMap<String, (Oid, i32)>) -> Result<Oid, git2::Error> {
    let mut builder = repository.treebuilder(None)?;
    let mut folders: BTreeMap<&str, BTreeMap<String, (Oid, i32)>> = BTreeMap::new();
    for (path, &entry) in files {
        match path.split_once('/') {
            Some((folder, rest)) => {
                folders.entry(folder).or_default().insert(rest.to_owned(), entry);
            }
            None => {
                builder.insert(path, entry.0, entry.1)?;
            }
        }
    }
    for (folder, files) in folders {
        builder.insert(folder, nested(repository, &files)?, 0o040_000)?;
    }
    builder.write()
}

fn write_commit(repository: &Repository, body: &Value) -> Answer {
    let tree = repository.find_tree(oid(&body["tree"])?).map_err(|_| http_error(422, "Tree does not exist"))?;
    let mut parents = Vec::new();
    for parent in body["parents"].as_array().into_iter().flatten() {
        parents.push(repository.find_commit(oid(parent)?).map_err(|_| http_error(422, "Parent does not exist"))?);
    }
    let who = |value: &Value| {
        let field = |name: &str, usual: &str| value[name].as_str().unwrap_or(usual).to_owned();
        git2::Signature::new(
            &field("name", "me"),
            &field("email", "me@example.com"),
            &git2::Time::new(1_700_000_000, 0),
        )
    };
    let author = who(&body["author"]).map_err(|error| invalid(&error))?;
    let committer = if body["committer"].is_null() {
        author.clone()
    } else {
        who(&body["committer"]).map_err(|error| invalid(&error))?
    };
    let message = body["message"].as_str().unwrap_or_default();
    let parents: Vec<_> = parents.iter().collect();
    let id = repository.commit(None, &author, &committer, message, &tree, &parents).map_err(|error| invalid(&error))?;
    Ok((201, json!({"sha": id.to_string()})))
}

fn described(full: &str) -> Value {
    let (owner, name) = full.split_once('/').unwrap_or((full, ""));
    json!({"full_name": full, "name": name, "owner": {"login": owner}, "default_branch": "main"})
}

fn reference(name: &str, id: Oid) -> Value {
    json!({"ref": name, "object": {"type": "commit", "sha": id.to_string()}})
}

fn oid(value: &Value) -> Result<Oid, (u16, String)> {
    value.as_str().and_then(|text| Oid::from_str(text).ok()).ok_or_else(|| http_error(422, "not an object id"))
}

fn decoded(path: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).unwrap_or(0);
        out.push(if byte == b'%' {
            u8::try_from(hex(bytes.next()) * 16 + hex(bytes.next())).unwrap_or(b'?')
        } else {
            byte
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}
