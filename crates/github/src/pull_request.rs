//! Pull requests: at most one open request for a branch, which is updated in place.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::connection::{Connection, GitHub, GraphQl, text};
use crate::error::GitHubError;
use crate::request::encode_query;
use crate::types::Repository;

/// The desired state of a pull request.
#[derive(Clone, Debug)]
pub struct PullRequest {
    /// The repository in which it is opened.
    pub base: Repository,
    /// The branch to merge into; the default branch if absent.
    pub base_branch: Option<String>,
    /// The repository of the head branch.
    pub head: Repository,
    /// The branch to merge.
    pub head_branch: String,
    /// The title.
    pub title: String,
    /// The body.
    pub body: String,
    /// Open it as a draft. An open request is not changed.
    pub draft: bool,
    /// Users to request a review from, and teams as `ORG/TEAM`. The author and users who have reviewed are not requested.
    pub reviewers: Vec<String>,
    /// Labels to add. Others stay.
    pub labels: Vec<String>,
    /// How title and body of an open request change.
    pub rewrite: Rewrite,
    /// Enable auto-merge with this method: `MERGE`, `SQUASH` or `REBASE`.
    pub auto_merge: Option<String>,
    /// A commit of the head branch. If a request for it was closed without merging, none is opened.
    pub known: Option<String>,
}

/// How title and body of an open request change.
#[derive(Clone)]
pub enum Rewrite {
    /// They stay, as with ghcp.
    Never,
    /// They are replaced.
    Whole,
    /// They are computed from the present ones.
    From(Arc<MakeText>),
}

/// Returns the new title and body for the present ones.
pub type MakeText = dyn Fn(&str, &str) -> (String, String) + Send + Sync;

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "Never",
            Self::Whole => "Whole",
            Self::From(_) => "From(…)",
        })
    }
}

/// What happened to a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullAction {
    /// It was opened.
    Opened,
    /// The open request was changed.
    Updated,
    /// The open request is up to date.
    Unchanged,
    /// A request for this commit was closed; none was opened.
    Declined,
    /// The base branch contains the head; none was opened.
    Merged,
}

/// The result for a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullOutcome {
    /// What happened.
    pub action: PullAction,
    /// The number; 0 if there is none.
    pub number: u64,
    /// The URL of its page; empty if there is none.
    pub url: String,
    /// Labels, reviewers or auto-merge that GitHub rejected, each with its message.
    pub warnings: Vec<String>,
}

impl GitHub {
    /// Opens a pull request, or updates the open one for the same branches.
    ///
    /// # Errors
    /// GitHub's, and [`GitHubError::BranchNotFound`] for the head branch.
    pub fn pull_request(&self, request: &PullRequest) -> Result<PullOutcome, GitHubError> {
        let connection = self.connect(&request.base)?;
        if connection.head(&request.head, &request.head_branch)?.is_none() {
            let (repository, branch) = (request.head.to_string(), request.head_branch.clone());
            return Err(GitHubError::BranchNotFound { repository, branch });
        }
        let base = match &request.base_branch {
            Some(base) => base.clone(),
            None => text(&connection.get(&format!("/repos/{}", request.base))?, "/default_branch", "the repository")?,
        };
        let (action, pull) = match connection.find_open(request, &base)? {
            Some(open) => connection.update(request, open)?,
            None => match connection.declined(request, &base)? {
                Some(pull) => (PullAction::Declined, pull),
                None => connection.open(request, &base)?,
            },
        };
        let Some(number) = pull["number"].as_u64() else {
            return Ok(PullOutcome { action, number: 0, url: String::new(), warnings: Vec::new() });
        };
        let mut outcome =
            PullOutcome { action, number, url: text(&pull, "/html_url", "the pull request")?, warnings: Vec::new() };
        if action != PullAction::Declined {
            let changed = connection.decorate(request, &pull, &mut outcome)?;
            if changed && action == PullAction::Unchanged {
                outcome.action = PullAction::Updated;
            }
        }
        Ok(outcome)
    }

    /// Closes the open pull request for these branches with a comment. Returns its number and the URL of its page, or `None`.
    ///
    /// # Errors
    /// GitHub's.
    pub fn close_pull_request(
        &self,
        request: &PullRequest,
        comment: &str,
    ) -> Result<Option<(u64, String)>, GitHubError> {
        let connection = self.connect(&request.base)?;
        let base = request.base_branch.clone().unwrap_or_default();
        let Some(open) = connection.find_open(request, &base)? else { return Ok(None) };
        let number = open["number"].as_u64().ok_or_else(|| GitHubError::missing_field("the pull request", "number"))?;
        let repository = &request.base;
        connection.post(&format!("/repos/{repository}/issues/{number}/comments"), &json!({ "body": comment }))?;
        connection.patch(&format!("/repos/{repository}/pulls/{number}"), &json!({ "state": "closed" }))?;
        Ok(Some((number, text(&open, "/html_url", "the pull request")?)))
    }

    /// Returns the open pull requests of a repository, at most the newest thousand.
    ///
    /// # Errors
    /// GitHub's.
    pub fn open_pull_requests(&self, repository: &Repository) -> Result<Vec<OpenPull>, GitHubError> {
        let connection = self.connect(repository)?;
        let mut all = Vec::new();
        for page in 1..=10 {
            let found = connection.get(&format!("/repos/{repository}/pulls?state=open&per_page=100&page={page}"))?;
            let found = found.as_array().cloned().unwrap_or_default();
            let field = |pull: &Value, pointer: &str| {
                pull.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            all.extend(found.iter().map(|pull| OpenPull {
                head: field(pull, "/head/ref"),
                base: field(pull, "/base/ref"),
                number: pull["number"].as_u64().unwrap_or_default(),
                url: field(pull, "/html_url"),
                title: field(pull, "/title"),
            }));
            if found.len() < 100 {
                break;
            }
        }
        Ok(all)
    }
}

/// An open pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPull {
    /// The head branch.
    pub head: String,
    /// The base branch.
    pub base: String,
    /// The number.
    pub number: u64,
    /// The URL of its page.
    pub url: String,
    /// The title.
    pub title: String,
}

impl Connection {
    fn pulls(&self, request: &PullRequest, base: &str, state: &str) -> Result<Vec<Value>, GitHubError> {
        let head = format!("{}:{}", request.head.owner, request.head_branch);
        let query = format!("state={state}&head={}&base={}", encode_query(&head), encode_query(base));
        let found = self.get(&format!("/repos/{}/pulls?{query}", request.base))?;
        Ok(found.as_array().cloned().unwrap_or_default())
    }

    fn find_open(&self, request: &PullRequest, base: &str) -> Result<Option<Value>, GitHubError> {
        Ok(self.pulls(request, base, "open")?.into_iter().next())
    }

    /// The request for the known commit that was closed without merging.
    fn declined(&self, request: &PullRequest, base: &str) -> Result<Option<Value>, GitHubError> {
        let Some(known) = &request.known else { return Ok(None) };
        let closed = self.pulls(request, base, "closed")?;
        let same = |pull: &Value| pull["merged_at"].is_null() && pull.pointer("/head/sha") == Some(&json!(known));
        Ok(closed.into_iter().find(same))
    }

    fn open(&self, request: &PullRequest, base: &str) -> Result<(PullAction, Value), GitHubError> {
        let head = if request.head == request.base {
            request.head_branch.clone()
        } else {
            format!("{}:{}", request.head.owner, request.head_branch)
        };
        let body =
            json!({"title": request.title, "body": request.body, "head": head, "base": base, "draft": request.draft});
        match self.post(&format!("/repos/{}/pulls", request.base), &body) {
            Ok(opened) => Ok((PullAction::Opened, opened)),
            // The change was merged in the meantime.
            Err(error) if error.status() == Some(422) && error.to_string().contains("No commits between") => {
                Ok((PullAction::Merged, Value::Null))
            }
            // Another run opened it, or the request was repeated after its response was lost.
            Err(error) if error.status() == Some(422) => match self.find_open(request, base)? {
                Some(open) => self.update(request, open),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    fn update(&self, request: &PullRequest, open: Value) -> Result<(PullAction, Value), GitHubError> {
        let (old_title, old_body) =
            (open["title"].as_str().unwrap_or_default(), open["body"].as_str().unwrap_or_default());
        let (title, body) = match &request.rewrite {
            Rewrite::Never => return Ok((PullAction::Unchanged, open)),
            Rewrite::Whole => (request.title.clone(), request.body.clone()),
            Rewrite::From(make) => make(old_title, old_body),
        };
        if title == old_title && body == old_body.replace("\r\n", "\n") {
            return Ok((PullAction::Unchanged, open));
        }
        let route = format!("/repos/{}/pulls/{}", request.base, open["number"]);
        let changed = self.patch(&route, &json!({"title": title, "body": body}))?;
        Ok((PullAction::Updated, changed))
    }

    /// Adds missing labels, reviewers and auto-merge. What GitHub rejects becomes a warning, since the pull request exists.
    fn decorate(&self, request: &PullRequest, pull: &Value, outcome: &mut PullOutcome) -> Result<bool, GitHubError> {
        let number = outcome.number;
        let mut changed = false;
        let mut settle = |what: &str, done: Result<(), GitHubError>| match done {
            Ok(()) => {
                changed = true;
                Ok(())
            }
            Err(error) if matches!(error.status(), Some(403 | 404 | 422)) => {
                outcome.warnings.push(format!("{what}: {error}"));
                Ok(())
            }
            Err(error) => Err(error),
        };
        let labels = missing(&request.labels, &names(&pull["labels"], "name"));
        if !labels.is_empty() {
            let route = format!("/repos/{}/issues/{number}/labels", request.base);
            settle("labels", self.post(&route, &json!({ "labels": labels })).map(drop))?;
        }
        if let Some(body) = self.reviewers(request, pull, number)? {
            let route = format!("/repos/{}/pulls/{number}/requested_reviewers", request.base);
            settle("reviewers", self.post(&route, &body).map(drop))?;
        }
        if let Some(method) = &request.auto_merge {
            let on = pull.pointer("/auto_merge/merge_method").and_then(Value::as_str).unwrap_or_default();
            if !on.eq_ignore_ascii_case(method) {
                match self.enable_auto_merge(pull, method)? {
                    None => changed = true,
                    Some(warning) => outcome.warnings.push(warning),
                }
            }
        }
        Ok(changed)
    }

    /// The reviewers to request: those who are not requested, have not reviewed and are not the author. GitHub rejects a request that
    /// contains the author.
    fn reviewers(&self, request: &PullRequest, pull: &Value, number: u64) -> Result<Option<Value>, GitHubError> {
        let (teams, people): (Vec<&String>, Vec<&String>) =
            request.reviewers.iter().partition(|name| name.contains('/'));
        let author = pull.pointer("/user/login").and_then(Value::as_str).unwrap_or_default();
        let people: Vec<String> =
            people.into_iter().filter(|name| !name.eq_ignore_ascii_case(author)).cloned().collect();
        let teams: Vec<String> =
            teams.iter().map(|name| name.split_once('/').map_or(name.as_str(), |(_, team)| team).to_owned()).collect();
        let mut people = missing(&people, &names(&pull["requested_reviewers"], "login"));
        let mut teams = missing(&teams, &names(&pull["requested_teams"], "slug"));
        if people.is_empty() && teams.is_empty() {
            return Ok(None);
        }
        let reviews = self.get(&format!("/repos/{}/pulls/{number}/reviews?per_page=100", request.base))?;
        let reviews = reviews.as_array().map(Vec::as_slice).unwrap_or_default();
        let reviewed: Vec<String> = reviews
            .iter()
            .filter_map(|review| review.pointer("/user/login").and_then(Value::as_str).map(str::to_owned))
            .collect();
        people = missing(&people, &reviewed);
        if !reviewed.is_empty() {
            // GitHub removes a team once a member has reviewed, and does not say which member that was.
            teams.clear();
        }
        Ok((!people.is_empty() || !teams.is_empty()).then(|| json!({ "reviewers": people, "team_reviewers": teams })))
    }

    /// Enables auto-merge. Returns GitHub's message as a warning if it refuses.
    fn enable_auto_merge(&self, pull: &Value, method: &str) -> Result<Option<String>, GitHubError> {
        let query = "mutation($id: ID!, $method: PullRequestMergeMethod!) { \
                     enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method}) { clientMutationId } }";
        let response = self.graphql(query, &json!({ "id": pull["node_id"], "method": method }))?;
        let GraphQl::Rejected(message) = response else { return Ok(None) };
        let lower = message.to_lowercase();
        let hint = if lower.contains("clean status") {
            "; protect the branch by reviews or checks, or merge the request, which waits for nothing"
        } else if lower.contains("not allowed") {
            "; allow auto-merge in the repository's settings"
        } else {
            ""
        };
        Ok(Some(format!("auto-merge: {message}{hint}")))
    }
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|entry| entry[field].as_str().map(str::to_owned)).collect()
}

/// Returns the names that are not among the present ones. GitHub's names are case-insensitive.
fn missing(names: &[String], present: &[String]) -> Vec<String> {
    let is_present = |name: &String| present.iter().any(|other| other.eq_ignore_ascii_case(name));
    names.iter().filter(|name| !is_present(name)).cloned().collect()
}
