//! Which of two commits is older, by GitHub's own history.

use super::{GitHub, GitHubError, Repository, text};

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
