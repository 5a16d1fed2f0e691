//! One open pull request for a branch: opened where there is none, updated in place where there is one.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::{Connection, GitHub, GitHubError, Repository, text};

/// A pull request as it is to be.
#[derive(Clone, Debug)]
pub struct PullRequest {
    /// The repository that it is opened in.
    pub base: Repository,
    /// The branch that it is to be merged into; without one the default branch.
    pub base_branch: Option<String>,
    /// The repository that holds the head.
    pub head: Repository,
    /// The branch to be merged.
    pub head_branch: String,
    /// The title.
    pub title: String,
    /// The body.
    pub body: String,
    /// Open it as a draft; an open one stays what it is.
    pub draft: bool,
    /// People who are asked to look, and teams as `ORG/TEAM`. The request's author is left out, and who has looked is not asked again.
    pub reviewers: Vec<String>,
    /// Labels; others that are there stay.
    pub labels: Vec<String>,
    /// What becomes of title and body of an open one.
    pub rewrite: Rewrite,
    /// Let GitHub merge it when its rules allow it: `MERGE`, `SQUASH` or `REBASE`.
    pub auto_merge: Option<String>,
    /// A commit of the head branch that may have been proposed before: where a person has closed that request, none is opened.
    pub known: Option<String>,
}

/// What becomes of title and body of a request that is open.
#[derive(Clone)]
pub enum Rewrite {
    /// They stay; ghcp's way.
    Never,
    /// They become those of the [`PullRequest`].
    Whole,
    /// They are made of those that are there.
    From(Arc<MakeText>),
}

/// Makes a title and a body of those that are there.
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

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullAction {
    /// A new one was opened.
    Opened,
    /// The open one was changed.
    Updated,
    /// The open one is as it is to be.
    Unchanged,
    /// A person has closed the one for this very commit; none was opened.
    Declined,
    /// The base holds the head already; none was opened.
    Merged,
}

/// The pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullOutcome {
    /// What was done.
    pub action: PullAction,
    /// Its number; 0 where there is none.
    pub number: u64,
    /// Its page; empty where there is none.
    pub url: String,
    /// What GitHub did not do of what was asked beside (labels, reviewers, auto-merge), each with its words.
    pub undone: Vec<String>,
}

impl GitHub {
    /// Opens a pull request, or updates the one that is open for the same branches. There is never a second one.
    ///
    /// # Errors
    /// GitHub's, and a head branch that does not exist.
    pub fn pull_request(&self, wanted: &PullRequest) -> Result<PullOutcome, GitHubError> {
        let connection = self.connect(&wanted.base)?;
        if connection.head(&wanted.head, &wanted.head_branch)?.is_none() {
            let words =
                format!("{}: there is no branch {}: push or commit to it first", wanted.head, wanted.head_branch);
            return Err(GitHubError::Refused(words));
        }
        let base = match &wanted.base_branch {
            Some(base) => base.clone(),
            None => text(&connection.get(&format!("/repos/{}", wanted.base))?, "/default_branch", "the repository")?,
        };
        let (action, pull) = match connection.open_one(wanted, &base)? {
            Some(open) => connection.update(wanted, open)?,
            None => match connection.declined(wanted, &base)? {
                Some(pull) => (PullAction::Declined, pull),
                None => connection.open(wanted, &base)?,
            },
        };
        let Some(number) = pull["number"].as_u64() else {
            return Ok(PullOutcome { action, number: 0, url: String::new(), undone: Vec::new() });
        };
        let mut outcome =
            PullOutcome { action, number, url: text(&pull, "/html_url", "the pull request")?, undone: Vec::new() };
        if action != PullAction::Declined {
            let changed = connection.decorate(wanted, &pull, &mut outcome)?;
            if changed && action == PullAction::Unchanged {
                outcome.action = PullAction::Updated;
            }
        }
        Ok(outcome)
    }

    /// Closes the open pull request for these branches with a comment, if there is one; gives its number and page.
    ///
    /// # Errors
    /// GitHub's.
    pub fn close_pull_request(
        &self,
        wanted: &PullRequest,
        comment: &str,
    ) -> Result<Option<(u64, String)>, GitHubError> {
        let connection = self.connect(&wanted.base)?;
        let base = wanted.base_branch.clone().unwrap_or_default();
        let Some(open) = connection.open_one(wanted, &base)? else { return Ok(None) };
        let number = open["number"].as_u64().ok_or_else(|| crate::incomplete("the pull request", "number"))?;
        let repository = &wanted.base;
        connection.post(&format!("/repos/{repository}/issues/{number}/comments"), &json!({ "body": comment }))?;
        connection.patch(&format!("/repos/{repository}/pulls/{number}"), &json!({ "state": "closed" }))?;
        Ok(Some((number, text(&open, "/html_url", "the pull request")?)))
    }

    /// The open pull requests of a repository: head branch, base branch, number and page. At most the newest thousand.
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
    /// Its number.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
}

impl Connection {
    fn pulls(&self, wanted: &PullRequest, base: &str, state: &str) -> Result<Vec<Value>, GitHubError> {
        let head = format!("{}:{}", wanted.head.owner, wanted.head_branch);
        let query = format!("state={state}&head={}&base={}", in_query(&head), in_query(base));
        let found = self.get(&format!("/repos/{}/pulls?{query}", wanted.base))?;
        Ok(found.as_array().cloned().unwrap_or_default())
    }

    fn open_one(&self, wanted: &PullRequest, base: &str) -> Result<Option<Value>, GitHubError> {
        Ok(self.pulls(wanted, base, "open")?.into_iter().next())
    }

    /// The request that proposed the known commit and was closed unmerged.
    fn declined(&self, wanted: &PullRequest, base: &str) -> Result<Option<Value>, GitHubError> {
        let Some(known) = &wanted.known else { return Ok(None) };
        let closed = self.pulls(wanted, base, "closed")?;
        let same = |pull: &Value| pull["merged_at"].is_null() && pull.pointer("/head/sha") == Some(&json!(known));
        Ok(closed.into_iter().find(same))
    }

    fn open(&self, wanted: &PullRequest, base: &str) -> Result<(PullAction, Value), GitHubError> {
        let head = if wanted.head == wanted.base {
            wanted.head_branch.clone()
        } else {
            format!("{}:{}", wanted.head.owner, wanted.head_branch)
        };
        let body =
            json!({"title": wanted.title, "body": wanted.body, "head": head, "base": base, "draft": wanted.draft});
        match self.post(&format!("/repos/{}/pulls", wanted.base), &body) {
            Ok(opened) => Ok((PullAction::Opened, opened)),
            // What was to be proposed has been merged meanwhile.
            Err(error) if error.status() == 422 && error.to_string().contains("No commits between") => {
                Ok((PullAction::Merged, Value::Null))
            }
            // Another run, or a request of ours whose answer was lost, has opened it meanwhile.
            Err(error) if error.status() == 422 => match self.open_one(wanted, base)? {
                Some(open) => self.update(wanted, open),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    fn update(&self, wanted: &PullRequest, open: Value) -> Result<(PullAction, Value), GitHubError> {
        let (old_title, old_body) =
            (open["title"].as_str().unwrap_or_default(), open["body"].as_str().unwrap_or_default());
        let (title, body) = match &wanted.rewrite {
            Rewrite::Never => return Ok((PullAction::Unchanged, open)),
            Rewrite::Whole => (wanted.title.clone(), wanted.body.clone()),
            Rewrite::From(make) => make(old_title, old_body),
        };
        if title == old_title && body == old_body.replace("\r\n", "\n") {
            return Ok((PullAction::Unchanged, open));
        }
        let route = format!("/repos/{}/pulls/{}", wanted.base, open["number"]);
        let changed = self.patch(&route, &json!({"title": title, "body": body}))?;
        Ok((PullAction::Updated, changed))
    }

    /// Labels, reviewers and auto-merge that are missing. GitHub tells those that are there in the pull request. What it refuses of them is
    /// written down and no error: the request is there.
    fn decorate(&self, wanted: &PullRequest, pull: &Value, outcome: &mut PullOutcome) -> Result<bool, GitHubError> {
        let number = outcome.number;
        let mut changed = false;
        let mut settle = |what: &str, done: Result<(), GitHubError>| match done {
            Ok(()) => {
                changed = true;
                Ok(())
            }
            Err(error) if matches!(error.status(), 403 | 404 | 422) => {
                outcome.undone.push(format!("{what}: {error}"));
                Ok(())
            }
            Err(error) => Err(error),
        };
        let labels = missing(&wanted.labels, &names(&pull["labels"], "name"));
        if !labels.is_empty() {
            let route = format!("/repos/{}/issues/{number}/labels", wanted.base);
            settle("labels", self.post(&route, &json!({ "labels": labels })).map(drop))?;
        }
        if let Some(body) = self.reviewers(wanted, pull, number)? {
            let route = format!("/repos/{}/pulls/{number}/requested_reviewers", wanted.base);
            settle("reviewers", self.post(&route, &body).map(drop))?;
        }
        if let Some(method) = &wanted.auto_merge {
            let on = pull.pointer("/auto_merge/merge_method").and_then(Value::as_str).unwrap_or_default();
            if !on.eq_ignore_ascii_case(method) {
                match self.enable_auto_merge(pull, method)? {
                    Ok(()) => changed = true,
                    Err(words) => outcome.undone.push(words),
                }
            }
        }
        Ok(changed)
    }

    /// Whom to ask: those who are not asked yet, have not looked yet and are not the author, whom GitHub refuses together with all others.
    fn reviewers(&self, wanted: &PullRequest, pull: &Value, number: u64) -> Result<Option<Value>, GitHubError> {
        let (teams, people): (Vec<&String>, Vec<&String>) =
            wanted.reviewers.iter().partition(|name| name.contains('/'));
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
        let looked = self.get(&format!("/repos/{}/pulls/{number}/reviews?per_page=100", wanted.base))?;
        let looked = looked.as_array().map(Vec::as_slice).unwrap_or_default();
        let who: Vec<String> = looked
            .iter()
            .filter_map(|review| review.pointer("/user/login").and_then(Value::as_str).map(str::to_owned))
            .collect();
        people = missing(&people, &who);
        if !who.is_empty() {
            // A team is no longer asked once one of it has looked, and who that was GitHub does not tell.
            teams.clear();
        }
        Ok((!people.is_empty() || !teams.is_empty()).then(|| json!({ "reviewers": people, "team_reviewers": teams })))
    }

    fn enable_auto_merge(&self, pull: &Value, method: &str) -> Result<Result<(), String>, GitHubError> {
        let query = "mutation($id: ID!, $method: PullRequestMergeMethod!) { \
                     enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method}) { clientMutationId } }";
        let answer = self.graphql(query, &json!({ "id": pull["node_id"], "method": method }))?;
        Ok(answer.map(drop).map_err(|words| {
            let lower = words.to_lowercase();
            let advice = if lower.contains("clean status") {
                "nothing holds the request back, so there is nothing to wait for: protect the branch by reviews or checks, or merge it"
            } else if lower.contains("not allowed") {
                "allow it in the repository's settings"
            } else {
                "see GitHub's words"
            };
            format!("auto-merge: GitHub: {words}: {advice}")
        }))
    }
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|entry| entry[field].as_str().map(str::to_owned)).collect()
}

/// GitHub's names do not tell cases apart.
fn missing(wanted: &[String], there: &[String]) -> Vec<String> {
    let is_there = |name: &String| there.iter().any(|there| there.eq_ignore_ascii_case(name));
    wanted.iter().filter(|name| !is_there(name)).cloned().collect()
}

fn in_query(text: &str) -> String {
    crate::escaped(text).replace('/', "%2F")
}
