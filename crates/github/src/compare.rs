//! Which of two commits is older, by GitHub's own history.

use crate::{GitHub, GitHubError, Repository, text};

impl GitHub {
    /// Whether `older` is `newer` or one of its ancestors; both are commit ids.
    ///
    /// # Errors
    /// GitHub's; a commit that the repository does not have is one (404).
    pub fn is_ancestor(&self, repository: &Repository, older: &str, newer: &str) -> Result<bool, GitHubError> {
        let connection = self.connect(repository)?;
        let found = connection.get(&format!("/repos/{repository}/compare/{older}...{newer}?per_page=1"))?;
        Ok(matches!(text(&found, "/status", "the comparison")?.as_str(), "ahead" | "identical"))
    }
}

/// The history of a repository as GitHub knows it.
pub struct RepositoryHistory {
    /// Where GitHub is, and who we are there.
    pub github: GitHub,
    /// The repository.
    pub repository: Repository,
}

impl git::source::HistoryService for RepositoryHistory {
    fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, Box<dyn std::error::Error>> {
        Ok(self.github.is_ancestor(&self.repository, older, newer)?)
    }
}
