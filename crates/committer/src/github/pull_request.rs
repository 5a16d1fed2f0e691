//! One open pull request for a branch: opened where there is none, updated in place where there is one.

use serde_json::{Value, json};

use super::{Connection, GitHub, GitHubError, Repository, text};

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
    /// People who are asked to look.
    pub reviewers: Vec<String>,
    /// Labels; others that are there stay.
    pub labels: Vec<String>,
    /// Update title and body of an open one; ghcp leaves them.
    pub update: bool,
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
}

/// The pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullOutcome {
    /// What was done.
    pub action: PullAction,
    /// Its number.
    pub number: u64,
    /// Its page.
    pub url: String,
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
            None => (PullAction::Opened, connection.open(wanted, &base)?),
        };
        let number = pull["number"].as_u64().ok_or_else(|| super::incomplete("the pull request", "number"))?;
        let changed = connection.decorate(wanted, &pull, number)?;
        let action = if changed && action == PullAction::Unchanged { PullAction::Updated } else { action };
        Ok(PullOutcome { action, number, url: text(&pull, "/html_url", "the pull request")? })
    }
}

impl Connection {
    fn open_one(&self, wanted: &PullRequest, base: &str) -> Result<Option<Value>, GitHubError> {
        let head = format!("{}:{}", wanted.head.owner, wanted.head_branch);
        let query = format!("state=open&head={}&base={}", in_query(&head), in_query(base));
        let found = self.get(&format!("/repos/{}/pulls?{query}", wanted.base))?;
        Ok(found.as_array().and_then(|list| list.first()).cloned())
    }

    fn open(&self, wanted: &PullRequest, base: &str) -> Result<Value, GitHubError> {
        let head = if wanted.head == wanted.base {
            wanted.head_branch.clone()
        } else {
            format!("{}:{}", wanted.head.owner, wanted.head_branch)
        };
        let body =
            json!({"title": wanted.title, "body": wanted.body, "head": head, "base": base, "draft": wanted.draft});
        match self.post(&format!("/repos/{}/pulls", wanted.base), &body) {
            // Another run, or a request of ours whose answer was lost, has opened it meanwhile.
            Err(error) if error.status() == 422 => self.open_one(wanted, base)?.ok_or(error),
            other => other,
        }
    }

    fn update(&self, wanted: &PullRequest, open: Value) -> Result<(PullAction, Value), GitHubError> {
        let same = open["title"] == wanted.title.as_str() && open["body"].as_str().unwrap_or_default() == wanted.body;
        if same || !wanted.update {
            return Ok((PullAction::Unchanged, open));
        }
        let route = format!("/repos/{}/pulls/{}", wanted.base, open["number"]);
        let changed = self.patch(&route, &json!({"title": wanted.title, "body": wanted.body}))?;
        Ok((PullAction::Updated, changed))
    }

    /// Labels and reviewers that are missing. GitHub tells those that are there in the pull request.
    fn decorate(&self, wanted: &PullRequest, pull: &Value, number: u64) -> Result<bool, GitHubError> {
        let there = |list: &str, field: &str| -> Vec<String> {
            let list = pull[list].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(|entry| entry[field].as_str().map(str::to_owned)).collect()
        };
        let missing = |wanted: &[String], there: &[String]| -> Vec<String> {
            wanted.iter().filter(|name| !there.contains(name)).cloned().collect()
        };
        let labels = missing(&wanted.labels, &there("labels", "name"));
        if !labels.is_empty() {
            self.post(&format!("/repos/{}/issues/{number}/labels", wanted.base), &json!({ "labels": labels }))?;
        }
        let reviewers = missing(&wanted.reviewers, &there("requested_reviewers", "login"));
        if !reviewers.is_empty() {
            let route = format!("/repos/{}/pulls/{number}/requested_reviewers", wanted.base);
            self.post(&route, &json!({ "reviewers": reviewers }))?;
        }
        Ok(!labels.is_empty() || !reviewers.is_empty())
    }
}

fn in_query(text: &str) -> String {
    super::escaped(text).replace('/', "%2F")
}
