//! Which of two commits is older, by GitHub's history.

use git::source::HistoryService;

use crate::connection::{GitHub, text};
use crate::error::GitHubError;
use crate::types::Repository;

impl GitHub {
    /// Returns whether `older` is `newer` or one of its ancestors; both are commit ids.
    ///
    /// # Errors
    /// GitHub's, also for a commit that the repository does not have (404).
    pub fn is_ancestor(&self, repository: &Repository, older: &str, newer: &str) -> Result<bool, GitHubError> {
        let connection = self.connect(repository)?;
        let found = connection.get(&format!("/repos/{repository}/compare/{older}...{newer}?per_page=1"))?;
        Ok(matches!(text(&found, "/status", "the comparison")?.as_str(), "ahead" | "identical"))
    }
}

/// The history of a repository on GitHub.
pub struct RepositoryHistory {
    /// GitHub.
    pub github: GitHub,
    /// The repository.
    pub repository: Repository,
}

impl HistoryService for RepositoryHistory {
    fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, Box<dyn std::error::Error>> {
        Ok(self.github.is_ancestor(&self.repository, older, newer)?)
    }
}
