//! The source commit that a delivery records.

use std::path::Path;

use git::source::{CommitInfo, SourceRepository};

use crate::error::Failure;
use crate::plan::Plan;

/// The source repository and the commit that is rendered.
pub(crate) struct RecordedCommit {
    pub(crate) source: SourceRepository,
    /// The commit.
    pub(crate) head: CommitInfo,
    /// The repository's URL without credentials, or its path where it has no remote.
    pub(crate) url: String,
}

impl RecordedCommit {
    /// Returns the source of a plan's units at a revision, by default HEAD.
    ///
    /// # Errors
    /// A source that is not a git repository, a revision that it does not have.
    pub(crate) fn read(plan: &Plan, revision: Option<&str>) -> Result<Self, Failure> {
        let source = SourceRepository::discover(Path::new(&plan.root))?;
        let head = source.commit(revision.unwrap_or("HEAD"))?;
        let url = plan.source_repository.as_ref().map(ToString::to_string).or_else(|| source.origin());
        let url = url.unwrap_or_else(|| source.root().display().to_string());
        Ok(RecordedCommit { source, head, url })
    }
}
