//! Commits to a fork.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::commit::{ApiCommit, ApiOutcome, Parent};
use crate::connection::{Connection, GitHub, text};
use crate::error::GitHubError;
use crate::types::Repository;

/// The maximum time for GitHub to create a fork, which it does in the background.
const FORK_TIMEOUT: Duration = Duration::from_secs(300);

/// A commit to a fork.
#[derive(Clone, Debug)]
pub struct ForkCommit {
    /// The commit. Its repository is the upstream, in which the parent is looked up.
    pub commit: ApiCommit,
}

impl GitHub {
    /// Forks the repository for the login, unless there is a fork, and commits to the fork. A dry run creates no fork.
    ///
    /// # Errors
    /// GitHub's, and [`GitHubError::ForkNotReady`].
    pub fn fork_commit(&self, fork: &ForkCommit) -> Result<(Repository, ApiOutcome), GitHubError> {
        let upstream = &fork.commit.repository;
        let connection = self.connect(upstream)?;
        if fork.commit.dry_run {
            let outcome = connection.commit(&fork.commit, upstream)?;
            return Ok((upstream.clone(), outcome));
        }
        let fork_response =
            connection.post(&format!("/repos/{upstream}/forks"), &json!({"default_branch_only": true}))?;
        let repository = Repository {
            owner: text(&fork_response, "/owner/login", "the fork")?,
            name: text(&fork_response, "/name", "the fork")?,
        };
        connection.wait_for(&repository)?;
        let mut commit = fork.commit.clone();
        commit.repository = repository.clone();
        if commit.parent == Parent::Branch {
            // A new branch starts from the upstream's default branch, since the fork's may be outdated.
            let branch = commit.branch.clone().unwrap_or_default();
            if connection.head(&repository, &branch)?.is_some() {
                let outcome = connection.commit(&commit, &repository)?;
                return Ok((repository, outcome));
            }
        }
        let outcome = connection.commit(&commit, upstream)?;
        Ok((repository, outcome))
    }
}

impl Connection {
    fn wait_for(&self, repository: &Repository) -> Result<(), GitHubError> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(250);
        while self.find(&format!("/repos/{repository}/git/matching-refs/heads"))?.is_none_or(|refs| refs == json!([])) {
            if start.elapsed() > FORK_TIMEOUT {
                let (repository, seconds) = (repository.to_string(), FORK_TIMEOUT.as_secs());
                return Err(GitHubError::ForkNotReady { repository, seconds });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(10));
        }
        Ok(())
    }
}
