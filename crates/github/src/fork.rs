//! A commit to a fork of one's own.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{ApiCommit, ApiOutcome, Connection, GitHub, GitHubError, Parent, Repository, text};

/// GitHub makes forks in the background; after so long it is an error.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A commit to a fork.
#[derive(Clone, Debug)]
pub struct ForkCommit {
    /// The commit; its repository is the upstream one, and its parent is looked up there.
    pub commit: ApiCommit,
}

impl GitHub {
    /// Forks the repository for whom the token stands for (or finds the fork), and commits there. A dry run forks nothing.
    ///
    /// # Errors
    /// GitHub's, and a fork that is not ready in time.
    pub fn fork_commit(&self, fork: &ForkCommit) -> Result<(Repository, ApiOutcome), GitHubError> {
        let upstream = &fork.commit.repository;
        let connection = self.connect(upstream)?;
        if fork.commit.dry_run {
            let outcome = connection.commit(&fork.commit, upstream)?;
            return Ok((upstream.clone(), outcome));
        }
        let made = connection.post(&format!("/repos/{upstream}/forks"), &json!({"default_branch_only": true}))?;
        let repository =
            Repository { owner: text(&made, "/owner/login", "the fork")?, name: text(&made, "/name", "the fork")? };
        connection.wait_for(&repository)?;
        let mut commit = fork.commit.clone();
        commit.repository = repository.clone();
        if commit.parent == Parent::Branch {
            // A new branch of the fork starts from upstream's default branch, not from the fork's, which may be old.
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
            if start.elapsed() > LONGEST_WAIT {
                return Err(GitHubError::Refused(format!(
                    "{repository}: the fork is not ready after {} s: run it again",
                    LONGEST_WAIT.as_secs()
                )));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(10));
        }
        Ok(())
    }
}
